"""From text to the tree: a file, one expression, or one path. No text makes it raise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archdsl.syntax import ast
from archdsl.syntax.codes import limits, syntax
from archdsl.syntax.complaints import complain
from archdsl.syntax.decoding import MAX_BYTES
from archdsl.syntax.diagnostics import Diagnostic
from archdsl.syntax.lalr import MAX_DEPTH, Machine, TooDeep
from archdsl.syntax.nodes import ACTIONS
from archdsl.syntax.recovery import close, recover, runs_into_declaration
from archdsl.syntax.source import Source, Span
from archdsl.syntax.table import END, table
from archdsl.syntax.tokens import ERROR, MAX_ERRORS, Tokens, tokenize

EDITION = 1


def parse(source: Source) -> tuple[ast.File, list[Diagnostic]]:
    """The file, and every independent error in it; where there are errors the file holds what could be read."""
    oversized = _oversized(source)
    if oversized:
        return ast.File(EDITION, (), span=Span(source, 0, len(source.text))), oversized
    tokens = tokenize(source)
    machine = Machine(table(), ACTIONS, source, "file")
    at = _edition(machine, tokens)
    file = _run(machine, tokens, at)
    if not isinstance(file, ast.File):
        file = ast.File(EDITION, _declarations(machine), span=Span(source, 0, len(source.text)))
    if len(tokens.diagnostics) >= MAX_ERRORS:
        last = max((diagnostic.span for diagnostic in tokens.diagnostics if diagnostic.span), key=lambda span: span.start)
        tokens.diagnostics.append(limits.ERRORS.error(last, f"after {MAX_ERRORS} errors the rest of the file was not read"))
    whole = Span(source, 0, len(source.text))
    return replace(file, comments=tuple(tokens.comments), span=whole), _ordered(tokens.diagnostics)


def parse_expression(source: Source) -> tuple[ast.Expr | None, list[Diagnostic]]:
    """One expression, such as a value given on the command line."""
    value, diagnostics = _single(source, "expr")
    return value, diagnostics


def parse_path(source: Source) -> tuple[ast.Path | None, list[Diagnostic]]:
    """One path, such as a key of a genotype in YAML."""
    value, diagnostics = _single(source, "path")
    return value, diagnostics


def _single(source: Source, start: str) -> tuple[Any, list[Diagnostic]]:
    oversized = _oversized(source)
    if oversized:
        return None, oversized
    tokens = tokenize(source)
    machine = Machine(table(), ACTIONS, source, start)
    try:
        for at, kind in enumerate(tokens.kinds):
            if kind == ERROR:
                break
            if not machine.feed(kind, tokens.texts[at], tokens.starts[at], tokens.ends[at], at):
                tokens.diagnostics.append(complain(machine, tokens, at))
                break
    except TooDeep as deep:
        tokens.diagnostics.append(_too_deep(deep))
    return (None if tokens.diagnostics else machine.values[-1]), _ordered(tokens.diagnostics)


def _run(machine: Machine, tokens: Tokens, at: int) -> Any:
    """Feeds the tokens from one index on, past every error; None where a limit stopped it."""
    diagnostics = tokens.diagnostics
    try:
        while True:
            kind, position = tokens.kinds[at], tokens.starts[at]
            if runs_into_declaration(machine, tokens, at):
                diagnostics.append(complain(machine, tokens, at))
                close(machine, at, position)
            if len(diagnostics) >= MAX_ERRORS:
                return None
            if machine.feed(kind, tokens.texts[at], position, tokens.ends[at], at):
                if kind == END:
                    return machine.values[-1]
                at += 1
                continue
            if kind != ERROR:
                diagnostics.append(complain(machine, tokens, at))
            at = recover(machine, tokens, at)
            if tokens.kinds[at] == END:
                close(machine, at, tokens.starts[at])
    except TooDeep as deep:
        diagnostics.append(_too_deep(deep))
        return None


def _edition(machine: Machine, tokens: Tokens) -> int:
    """Reads `arch 1`, or reports what stands in its place and goes on as if it were there."""
    source, kinds = tokens.source, tokens.kinds
    at = 0
    edition = str(EDITION)
    if kinds[0] == "arch" and kinds[1] not in ("=", END):
        at = 2
        if kinds[1] != "INT" or int(tokens.texts[1]) != EDITION:
            known = f"this version of archdsl knows edition {EDITION}"
            tokens.diagnostics.append(syntax.UNKNOWN_EDITION.error(tokens.span(1), f"unknown edition `{tokens.texts[1][:20]}`", help=known))
            at = 2 if kinds[1] in ("INT", "FLOAT") else 1
    else:
        span = tokens.span(0) if kinds[0] != END else Span(source, 0, 0)
        at = 1 if kinds[0] == "arch" else 0
        tokens.diagnostics.append(
            syntax.NO_EDITION.error(span, "the file does not begin with its edition", help=f"write `arch {EDITION}` on the first line")
        )
    start = tokens.starts[0]
    machine.feed("arch", "arch", start, start, 0)
    machine.feed("INT", edition, start, start, 0)
    return at


def _declarations(machine: Machine) -> tuple[ast.Declaration, ...]:
    """The declarations that were complete when a limit stopped the parse."""
    found: list[Any] = []
    for value in machine.values[3:4]:
        found = value if isinstance(value, list) else []
    return tuple(value for value in found if isinstance(value, ast.Node))  # type: ignore[misc]  # of a list of declarations


def _oversized(source: Source) -> list[Diagnostic]:
    if len(source.text) <= MAX_BYTES:
        return []
    return [limits.BYTES.error(Span(source, 0, 0), f"the file has {len(source.text)} characters; the limit is {MAX_BYTES}")]


def _too_deep(deep: TooDeep) -> Diagnostic:
    return limits.DEPTH.error(deep.span, f"nested more than {MAX_DEPTH} levels deep", help="give parts of it names")


def _ordered(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """By place; diagnostics at one place keep the order in which they were found."""
    return sorted(diagnostics, key=lambda diagnostic: diagnostic.span.start if diagnostic.span else 0)

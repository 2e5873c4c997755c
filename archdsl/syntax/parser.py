"""From text to the tree: a file, one expression, or one path. No text makes it raise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lark import Token, Tree, UnexpectedToken

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.decoding import MAX_BYTES
from archdsl.syntax.depth import MAX_DEPTH, below, too_deep
from archdsl.syntax.edition import EDITION, stated
from archdsl.syntax.nodes import node
from archdsl.syntax.table import parser
from archdsl.syntax.tokens import MAX_ERRORS, Tokens, tokenize


def parse(source: Source) -> tuple[ast.File, list[Diagnostic]]:
    """The file, and every independent error in it; where there are errors the file holds what could be
    read.
    """
    whole = Span(source, 0, len(source.text))
    oversized = _oversized(source)
    if oversized:
        return ast.File(EDITION, (), span=whole), oversized
    tokens = tokenize(source)
    tree = _sound(tokens, "file") if stated(tokens) else None
    if tree is None:
        from archdsl.syntax.repair import repaired  # only where there is an error

        tree = repaired(tokens)
    if len(tokens.diagnostics) >= MAX_ERRORS:
        last = max(
            (diagnostic.span for diagnostic in tokens.diagnostics if diagnostic.span),
            key=lambda span: span.start,
        )
        tokens.diagnostics.append(
            limits.ERRORS.error(last, f"after {MAX_ERRORS} errors the rest of the file was not read")
        )
    tree.children[1:] = [
        part for part in tree.children[1:] if isinstance(part, Tree) and _shallow(part, tokens, MAX_DEPTH - 1)
    ]
    file: ast.File = node(tree, source)
    return replace(file, comments=tuple(tokens.comments), span=whole), _ordered(tokens.diagnostics)


def parse_expression(source: Source) -> tuple[ast.Expr | None, list[Diagnostic]]:
    """One expression, such as a value given on the command line."""
    return _single(source, "expr")


def parse_path(source: Source) -> tuple[ast.Path | None, list[Diagnostic]]:
    """One path, such as a key of a genotype in YAML."""
    return _single(source, "path")


def _single(source: Source, start: str) -> tuple[Any, list[Diagnostic]]:
    oversized = _oversized(source)
    if oversized:
        return None, oversized
    tokens = tokenize(source)
    tree = _sound(tokens, start)
    if tree is None:
        from archdsl.syntax.repair import refused  # only where there is an error

        tokens.diagnostics += refused(tokens, start)
    if tree is None or not _shallow(tree, tokens) or tokens.diagnostics:
        return None, _ordered(tokens.diagnostics)
    return node(tree, source), []


def _sound(tokens: Tokens, start: str) -> Tree[Token] | None:
    """The tree of a text without syntax errors; None where there is one."""
    machine = parser().parse_interactive(start=start)
    tree: Tree[Token] | None = None
    try:
        for token in tokens.texts:
            tree = machine.feed_token(token)
    except UnexpectedToken:
        return None
    return tree


def _shallow(tree: Tree[Token], tokens: Tokens, levels: int = MAX_DEPTH) -> bool:
    """Is the nesting within the limit? Reports where it is not."""
    deep = below(tree, levels)
    if deep is not None and len(tokens.diagnostics) < MAX_ERRORS:
        tokens.diagnostics.append(too_deep(Span(tokens.source, deep.meta.start_pos, deep.meta.end_pos)))
    return deep is None


def _oversized(source: Source) -> list[Diagnostic]:
    if len(source.text) <= MAX_BYTES:
        return []
    return [
        limits.BYTES.error(
            Span(source, 0, 0), f"the file has {len(source.text)} characters; the limit is {MAX_BYTES}"
        )
    ]


def _ordered(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """By place; diagnostics at one place keep the order in which they were found."""
    return sorted(diagnostics, key=lambda diagnostic: diagnostic.span.start if diagnostic.span else 0)

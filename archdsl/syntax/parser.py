"""From text to the tree: a file, one expression, or one path. No text makes it raise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.decoding import MAX_BYTES
from archdsl.syntax.edition import EDITION, stated
from archdsl.syntax.reading import read
from archdsl.syntax.tokens import tokenize


def parse(source: Source) -> tuple[ast.File, list[Diagnostic]]:
    """The file, and every independent error in it; where there are errors the file holds what could be
    read.
    """
    whole = Span(source, 0, len(source.text))
    oversized = _oversized(source)
    if oversized:
        return ast.File(EDITION, (), span=whole), oversized
    tokens = tokenize(source)
    file: ast.File | None = (
        read(tokens, "file") if stated(tokens) and not tokens.diagnostics else None
    )
    if file is None:
        from archdsl.syntax.repair import repaired  # only where there is an error

        file = repaired(tokens)
    return replace(file, comments=tuple(tokens.comments), span=whole), _ordered(
        tokens.diagnostics
    )


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
    found = None if tokens.diagnostics else read(tokens, start)
    if found is None:
        from archdsl.syntax.repair import refuse  # only where there is an error

        refuse(tokens, start)
    return found, _ordered(tokens.diagnostics)


def _oversized(source: Source) -> list[Diagnostic]:
    if len(source.text) <= MAX_BYTES:
        return []
    return [
        limits.BYTES.error(
            Span(source, 0, 0),
            f"the file has {len(source.text)} characters; the limit is {MAX_BYTES}",
        )
    ]


def _ordered(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """By place; diagnostics at one place keep the order in which they were found."""
    return sorted(
        diagnostics, key=lambda diagnostic: diagnostic.span.start if diagnostic.span else 0
    )

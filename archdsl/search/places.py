"""Where in a plan a problem comes from that shows only when it is carried out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span


@contextmanager
def placed(span: Span | None, families: tuple[str, ...] = ("E",)) -> Iterator[None]:
    """Gives errors that have no place this one, where their code begins as one of `families` does."""
    try:
        yield
    except DiagnosticError as error:
        found = [replace(d, span=span) if d.span is None and d.code.startswith(families) else d for d in error.diagnostics]
        raise DiagnosticError(*found) from error

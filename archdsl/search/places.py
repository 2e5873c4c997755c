"""Where in a plan a problem comes from that shows only when it is carried out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import get_args

from archdsl.diagnostics.diagnostic import About, DiagnosticError
from archdsl.diagnostics.source import Span


@contextmanager
def placed(span: Span | None, about: Collection[About] = get_args(About)) -> Iterator[None]:
    """Gives errors that have no place this one, where they are about one of these things."""
    try:
        yield
    except DiagnosticError as error:
        found = [
            replace(d, span=span) if d.span is None and d.about in about else d
            for d in error.diagnostics
        ]
        raise DiagnosticError(*found) from error

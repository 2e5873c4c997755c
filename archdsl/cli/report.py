"""Diagnostics on standard error, and the exit code that they mean."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from archdsl.cli.output import show
from archdsl.cli.terminal import has_color
from archdsl.diagnostics.diagnostic import Diagnostic

FINE, NO, UNASKABLE = 0, 1, 2


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Prints diagnostics to standard error."""
    from archdsl.diagnostics.rendering import render

    for diagnostic in diagnostics:
        show(render(diagnostic, color=has_color(sys.stderr)), to_errors=True)


def exit_code(diagnostics: Sequence[Diagnostic]) -> int:
    """What is wrong with the question itself means that it could not be asked."""
    errors = [d for d in diagnostics if d.severity == "error"]
    if any(d.about == "question" for d in errors):
        return UNASKABLE
    return NO if errors else FINE

"""Diagnostics: values with a code, a place and a hint, and how they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from archdsl.diagnostics.source import Span
from archdsl.diagnostics.visible import visible

Severity = Literal["error", "warning"]

# What a code is about; whoever acts on diagnostics goes by this, never by a number.
#   text       what is written cannot be read
#   bounds     what is written is beyond a limit, or has no end
#   meaning    what is written cannot be meant
#   choices    what choices and requirements allow
#   plan       how a search is planned and run
#   question   files, options and what is installed: what was asked could not be answered at all
About = Literal["text", "bounds", "meaning", "choices", "plan", "question"]


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first: where a size came from, say."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, or that deserves a warning. `items` are what the message counts, a line
    each.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = "error"
    labels: tuple[Label, ...] = ()
    help: str | None = None
    about: About = "meaning"
    items: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """The diagnostic as `--json` prints it; positions count from 1, 0 means no place."""
        line = column = end_line = end_column = 0
        if self.span is not None:
            line, column = self.span.source.position(self.span.start)
            end_line, end_column = self.span.source.position(self.span.end)
        return {
            "file": self.span.source.name if self.span is not None else "",
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "help": self.help,
        }


class DiagnosticError(Exception):
    """Carries diagnostics to whoever asked; the command line prints them, nothing else does."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(map(_line, diagnostics)))
        self.diagnostics = diagnostics


def _line(diagnostic: Diagnostic) -> str:
    """A diagnostic on one line: what an exception says of it."""
    place = f"{diagnostic.span}: " if diagnostic.span else ""
    listed = f": {', '.join(diagnostic.items)}" if diagnostic.items else ""
    return visible(f"{place}{diagnostic.code}: {diagnostic.message}{listed}")


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic. `explanation` is what `archdsl explain` and the docs page print: what, why,
    example, use instead.
    """

    id: str
    title: str
    explanation: str
    about: About = "meaning"

    def error(
        self,
        span: Span | None,
        message: str,
        *,
        help: str | None = None,
        labels: Iterable[Label] = (),
        items: Iterable[str] = (),
    ) -> Diagnostic:
        return Diagnostic(
            self.id, message, span, "error", tuple(labels), help, self.about, tuple(items)
        )

    def warning(
        self,
        span: Span | None,
        message: str,
        *,
        help: str | None = None,
        labels: Iterable[Label] = (),
    ) -> Diagnostic:
        return Diagnostic(
            self.id, message, span, "warning", tuple(labels), help, self.about
        )


def table(*codes: Code) -> Mapping[str, Code]:
    """The codes of one family by id."""
    return {code.id: code for code in codes}

"""The value of an expression that has none: of `4 // k` where k is 0, say."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Code
from archdsl.diagnostics.source import Span


class Undefined(Exception):
    """What is wrong, and where the text says it; also raised by lifted functions.

    An undefined value is no error by itself. It is one where a live operation, a guard, a domain or a
    requirement needs it: `if ratio > 0 { x = x -> conv(8 // ratio) }` never asks for `8 // 0`.
    """

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        code: Code | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.code = code
        self.help = help

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Undefined) and (other.message, other.span) == (
            self.message,
            self.span,
        )

    def __hash__(self) -> int:
        return hash((self.message, self.span))

    def placed(
        self, span: Span | None, code: Code | None = None, help: str | None = None
    ) -> Undefined:
        """The same with a place, unless it has one already: the innermost place is where it went wrong."""
        if self.span is not None or span is None:
            return self
        return Undefined(self.message, span, self.code or code, self.help or help)

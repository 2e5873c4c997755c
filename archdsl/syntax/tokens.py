"""From text to tokens and comments. Tokens do not depend on the parser, so tools may use them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isinf

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.table import END, lexer, terminals

MAX_TOKENS = 100_000
MAX_ERRORS = 50
MAX_DIGITS = 18  # of one integer: every one fits in 64 bits


@dataclass(slots=True)
class Tokens:
    """Parallel lists, closed by one END token.

    A kind is the text of a terminal that has only one (`->`, `for`), else its name (`INT`).
    """

    source: Source
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)  # as the parser takes them
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    comments: list[ast.Comment] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def span(self, index: int) -> Span:
        return Span(self.source, self.starts[index], self.ends[index])

    def first_on_line(self, index: int) -> bool:
        """Nothing but white space stands before the token on its line."""
        start = self.starts[index]
        return not self.source.text[
            self.source.text.rfind("\n", 0, start) + 1 : start
        ].strip()

    def replace(self, start: int, end: int, put: Sequence[tuple[str, str]]) -> None:
        """Other tokens, each of a kind and a text, at the place of those from one index to before another."""
        first = self.starts[start]
        last = self.ends[end - 1] if end > start else first
        self.kinds[start:end] = [kind for kind, _ in put]
        self.texts[start:end] = [text for _, text in put]
        self.starts[start:end] = [last if i else first for i in range(len(put))]
        self.ends[start:end] = [last for _ in put]

    def column(self, index: int) -> int:
        return self.starts[index] - self.source.text.rfind("\n", 0, self.starts[index])


def tokenize(source: Source) -> Tokens:
    """Everything in the text but white space; what cannot be a token is reported, and one that can stands in
    its place.

    Stops at MAX_TOKENS, and after MAX_ERRORS errors.
    """
    tokens = Tokens(source)
    at, full = 0, False
    while at < len(source.text) and not full:
        found = lexer().match(source.text, at)
        if found is None:
            at = _misspelt(tokens, at)
            full = _full(tokens)
            continue
        kind, text, start, at = found.lastgroup or "", found.group(), at, found.end()
        if kind == "COMMENT":
            tokens.comments.append(ast.Comment(text, span=Span(source, start, at)))
        elif kind != "WHITE_SPACE":
            if kind in _NUMBERS:
                text = _bounded(tokens, kind, text, start)
            _add(tokens, text if text in terminals() else kind, text, start, at)
            full = _full(tokens)
    # The end lies behind the last token, not behind trailing white space: that is where something is missing.
    end = tokens.ends[-1] if tokens.ends else 0
    _add(tokens, END, "", end, end)
    return tokens


def _misspelt(tokens: Tokens, at: int) -> int:
    """Reports what is no token, and puts one that can stand for it; where the text goes on."""
    from archdsl.syntax.misspellings import misspelt  # only where there is one

    kind, text, end, diagnostic = misspelt(tokens.source, at)
    tokens.diagnostics.append(diagnostic)
    _add(tokens, kind, text, at, end)
    return end


def _add(tokens: Tokens, kind: str, text: str, start: int, end: int) -> None:
    tokens.kinds.append(kind)
    tokens.texts.append(text)
    tokens.starts.append(start)
    tokens.ends.append(end)


def _full(tokens: Tokens) -> bool:
    """Is a limit reached? Reports that of tokens; the parser does that of errors."""
    if len(tokens.kinds) < MAX_TOKENS:
        return len(tokens.diagnostics) >= MAX_ERRORS
    tokens.diagnostics.append(
        limits.TOKENS.error(tokens.span(-1), f"a file of more than {MAX_TOKENS} tokens")
    )
    return True


# The kinds of numbers, each with one that can stand for a broken one.
_NUMBERS = {"INT": "0", "SIZE": "1x1", "FLOAT": "0.0", "QUANTITY": "0K"}


def _bounded(tokens: Tokens, kind: str, text: str, start: int) -> str:
    """The number, or what stands for it where it is too large."""
    if not _too_long(kind, text):
        return text
    span = Span(tokens.source, start, start + len(text))
    tokens.diagnostics.append(
        limits.DIGITS.error(
            span, f"a number of more than {MAX_DIGITS} digits, or beyond every float"
        )
    )
    return _NUMBERS[kind]


def _too_long(kind: str, text: str) -> bool:
    if kind in ("INT", "SIZE"):
        return len(text) > MAX_DIGITS and max(map(len, text.split("x"))) > MAX_DIGITS
    return len(text) > 2 * MAX_DIGITS or ("e" in text.lower() and isinf(float(text)))

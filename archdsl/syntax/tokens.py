"""From text to tokens and comments, by lark's lexer. Tokens do not depend on the parser, so tools may use
them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isinf

from lark import TextSlice, Token, UnexpectedCharacters
from lark.lexer import LexerState

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.table import END, lexer, place, spellings, terminals

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
    texts: list[Token] = field(default_factory=list)  # as the parser takes them
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    comments: list[ast.Comment] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def span(self, index: int) -> Span:
        return Span(self.source, self.starts[index], self.ends[index])

    def first_on_line(self, index: int) -> bool:
        """Nothing but white space stands before the token on its line."""
        start = self.starts[index]
        return not self.source.text[self.source.text.rfind("\n", 0, start) + 1 : start].strip()

    def replace(self, start: int, end: int, put: Sequence[tuple[str, str]]) -> None:
        """Other tokens, each of a kind and a text, at the place of those from one index to before another."""
        first = self.starts[start]
        last = self.ends[end - 1] if end > start else first
        made = [
            place(terminals().get(kind, kind), text, last if i else first, last)
            for i, (kind, text) in enumerate(put)
        ]
        self.kinds[start:end] = [kind for kind, _ in put]
        self.texts[start:end] = made
        self.starts[start:end] = [token.start_pos or 0 for token in made]
        self.ends[start:end] = [last for _ in made]

    def column(self, index: int) -> int:
        return self.starts[index] - self.source.text.rfind("\n", 0, self.starts[index])


def tokenize(source: Source) -> Tokens:
    """Everything in the text but white space; what cannot be a token is reported, and one that can stands in
    its place.

    Stops at MAX_TOKENS, and after MAX_ERRORS errors.
    """
    tokens = Tokens(source)
    state = LexerState(TextSlice(source.text, 0, len(source.text)))
    while not _read(tokens, state):
        pass
    # The end lies behind the last token, not behind trailing white space: that is where something is missing.
    end = tokens.ends[-1] if tokens.ends else 0
    _add(tokens, place(END, "", end, end))
    return tokens


def _read(tokens: Tokens, state: LexerState) -> bool:
    """Reads up to and including the next thing that is no token; True at the end or at a limit."""
    source = tokens.source
    try:
        for token in lexer().lex(state, None):
            if token.type == "COMMENT":
                tokens.comments.append(ast.Comment(token.value, span=Span(source, *_extent(token))))
                continue
            _add(tokens, _bounded(tokens, token) if token.type in _NUMBERS else token)
            if _full(tokens):
                return True
    except UnexpectedCharacters:
        from archdsl.syntax.misspellings import misspelt  # only where there is one

        at = state.line_ctr.char_pos
        token, diagnostic = misspelt(source, at)
        tokens.diagnostics.append(diagnostic)
        state.line_ctr.feed(source.text[at : token.end_pos])
        _add(tokens, token)
        return _full(tokens)
    return True


def _add(tokens: Tokens, token: Token) -> None:
    start, end = _extent(token)
    tokens.kinds.append(spellings().get(token.type, token.type))
    tokens.texts.append(token)
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


def _extent(token: Token) -> tuple[int, int]:
    assert token.start_pos is not None and token.end_pos is not None
    return token.start_pos, token.end_pos


# The kinds of numbers, each with one that can stand for a broken one.
_NUMBERS = {"INT": "0", "SIZE": "1x1", "FLOAT": "0.0", "QUANTITY": "0K"}


def _bounded(tokens: Tokens, token: Token) -> Token:
    """The number, or what stands for it where it is too large."""
    if not _too_long(token.type, token.value):
        return token
    span = Span(tokens.source, *_extent(token))
    tokens.diagnostics.append(
        limits.DIGITS.error(span, f"a number of more than {MAX_DIGITS} digits, or beyond every float")
    )
    return token.update(value=_NUMBERS[token.type])


def _too_long(kind: str, text: str) -> bool:
    if kind in ("INT", "SIZE"):
        return len(text) > MAX_DIGITS and max(map(len, text.split("x"))) > MAX_DIGITS
    return len(text) > 2 * MAX_DIGITS or ("e" in text.lower() and isinf(float(text)))

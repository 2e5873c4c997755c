"""From text to tokens and comments. Tokens do not depend on the parser, so tools may use them alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import isinf

from archdsl.syntax import ast
from archdsl.syntax.codes import limits, syntax
from archdsl.syntax.diagnostics import Diagnostic
from archdsl.syntax.source import Source, Span
from archdsl.syntax.table import END, table

ERROR = "$ERROR"  # stands where no token could be read; its diagnostic is made already
MAX_TOKENS = 100_000
MAX_ERRORS = 50
MAX_DIGITS = 18  # of one integer: every one fits in 64 bits


@dataclass(slots=True)
class Tokens:
    """Parallel lists, closed by one END token; `kinds` are the terminals of the table."""

    source: Source
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
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

    def column(self, index: int) -> int:
        return self.starts[index] - self.source.text.rfind("\n", 0, self.starts[index])


def tokenize(source: Source) -> Tokens:
    """Everything in the text but white space; what cannot be a token is reported and becomes an ERROR token.

    Stops at MAX_TOKENS, and after MAX_ERRORS errors.
    """
    tokens = Tokens(source)
    literals = table().literals
    for match in _scan(source.text):
        kind, text = match.lastgroup or "", match[0]
        if kind == "COMMENT":
            tokens.comments.append(ast.Comment(text, span=Span(source, match.start(), match.end())))
            continue
        if kind.startswith("bad_"):
            kind = _bad(kind, Span(source, match.start(), match.end()), tokens)
            text = "0" if kind == "INT" else text
        elif kind == "OPERATOR" or text in literals:
            kind = text
        elif kind in _NUMBERS and _too_long(kind, text):
            span = Span(source, match.start(), match.end())
            tokens.diagnostics.append(limits.DIGITS.error(span, f"a number of more than {MAX_DIGITS} digits, or beyond every float"))
            text = _NUMBERS[kind]
        tokens.kinds.append(kind)
        tokens.texts.append(text)
        tokens.starts.append(match.start())
        tokens.ends.append(match.end())
        if len(tokens.diagnostics) >= MAX_ERRORS:
            break
        if len(tokens.kinds) >= MAX_TOKENS:
            span = Span(source, match.start(), match.end())
            tokens.diagnostics.append(limits.TOKENS.error(span, f"a file of more than {MAX_TOKENS} tokens"))
            break
    # The end lies behind the last token, not behind trailing white space: that is where something is missing.
    end = tokens.ends[-1] if tokens.ends else 0
    tokens.kinds.append(END)
    tokens.texts.append("")
    tokens.starts.append(end)
    tokens.ends.append(end)
    return tokens


# The kinds of numbers, each with one that can stand for a broken one.
_NUMBERS = {"INT": "0", "SIZE": "1x1", "FLOAT": "0.0", "QUANTITY": "0K"}


def _too_long(kind: str, text: str) -> bool:
    if kind in ("INT", "SIZE"):
        return len(text) > MAX_DIGITS and max(map(len, text.split("x"))) > MAX_DIGITS
    return len(text) > 2 * MAX_DIGITS or ("e" in text.lower() and isinf(float(text)))


def _scan(text: str) -> Iterator[re.Match[str]]:
    position, match = 0, _pattern().match
    skip = _WHITE.match
    while True:
        position = skip(text, position).end()  # type: ignore[union-attr]  # it matches the empty string
        found = match(text, position)
        if found is None:
            return
        yield found
        position = found.end()


_WHITE = re.compile(r"[ \t\r\n]*")
_BAD = (
    ("bad_number", r"[0-9][A-Za-z0-9_]*(?:\.[0-9][A-Za-z0-9_]*)?"),
    ("bad_string", r'"[^"\r\n]*"?'),
    ("bad_axes", r"@[A-Za-z0-9_]*"),
    ("bad_character", r"[^ \t\r\nA-Za-z0-9_\"#@(){}\[\],.:=~+\-*/%<>!]+|."),
)


@cache
def _pattern() -> re.Pattern[str]:
    """All patterns as one: the longest first, as lark orders them, then operators, then what is no token."""
    patterns = table().patterns
    operators = sorted((text for text in table().literals if not text[0].isalpha()), key=lambda text: (-len(text), text))
    groups = [*patterns.items(), ("OPERATOR", "|".join(map(re.escape, operators))), *_BAD]
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in groups))


def _bad(kind: str, span: Span, tokens: Tokens) -> str:
    """Reports what is no token and says as which kind of token to go on."""
    text = span.text
    shown = text if len(text) <= 20 else text[:20] + "…"
    if kind == "bad_number":
        tokens.diagnostics.append(
            syntax.BAD_NUMBER.error(
                span,
                f"`{shown}` is not a number",
                help="numbers: 24, 2.25, 1e-3, 1x3x3, 2.0G (K, M, G, T); a name cannot begin with a digit",
            )
        )
        return "INT"
    if kind == "bad_string":
        closed = len(text) > 1 and text.endswith('"')
        message = "a string may not contain control characters" if closed else "this string is not closed on its line"
        tokens.diagnostics.append(syntax.BAD_STRING.error(span, message, help=None if closed else 'close it with `"`'))
        return "STRING"
    if kind == "bad_axes":
        help = "a set of dimensions is `@` and their letters in lower case: `@hw`"
        tokens.diagnostics.append(syntax.BAD_AXES.error(span, f"`{shown}` is not a set of dimensions", help=help))
        return "AXES"
    tokens.diagnostics.append(syntax.BAD_CHARACTER.error(span, f"{_named(text)} means nothing here", help=_SLIPS.get(text)))
    return ERROR


def _named(text: str) -> str:
    if len(text) == 1 and not text.isprintable():
        return f"the character U+{ord(text):04X}"
    return f"`{text[:8]}`" if text.isprintable() else "this run of characters"


_SLIPS = {
    ";": "statements need no separator",
    "'": 'strings are written with `"`',
    "&": "write `and`",
    "&&": "write `and`",
    "|": "write `or`",
    "||": "write `or`",
    "!": "write `not`",
    "^": "there are no powers; multiply",
    "→": "write `->`",
    "×": "a size is written `1x3x3`, a product `a * b`",
    "·": "write `*`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "“": 'strings are written with `"`',
    "”": 'strings are written with `"`',
    "?": "write `if test then a else b`",
}

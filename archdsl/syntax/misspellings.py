"""What cannot be a token: how far it reaches, what to say about it, and the token to go on with."""

from __future__ import annotations

import re

from lark import Token

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax.tokens import place

ERROR = "$ERROR"  # a terminal that no rule has

_KINDS = re.compile(
    r"""
    (?P<INT>[0-9][A-Za-z0-9_]*(?:\.[0-9][A-Za-z0-9_]*)?)
    | (?P<STRING>"[^"\r\n]*"?)
    | (?P<AXES>@[A-Za-z0-9_]*)
    | (?P<OTHER>[^ \t\r\nA-Za-z0-9_"#@(){}\[\],.:=~+\-*/%<>!]+|.)
    """,
    re.VERBOSE,
)


def misspelt(source: Source, at: int) -> tuple[Token, Diagnostic]:
    """What stands at a place where no token begins."""
    found = _KINDS.match(source.text, at)
    assert found is not None and found.lastgroup is not None
    span = Span(source, *found.span())
    text = found[0]
    shown = text if len(text) <= 20 else text[:20] + "…"
    match found.lastgroup:
        case "INT":
            help = "numbers: 24, 2.25, 1e-3, 1x3x3, 2.0G (K, M, G, T); a name cannot begin with a digit"
            return place("INT", "0", span.start, span.end), syntax.BAD_NUMBER.error(span, f"`{shown}` is not a number", help=help)
        case "STRING":
            closed = len(text) > 1 and text.endswith('"')
            message = "a string may not contain control characters" if closed else "this string is not closed on its line"
            diagnostic = syntax.BAD_STRING.error(span, message, help=None if closed else 'close it with `"`')
        case "AXES":
            help = "a set of dimensions is `@` and their letters in lower case: `@hw`"
            diagnostic = syntax.BAD_AXES.error(span, f"`{shown}` is not a set of dimensions", help=help)
        case _:
            diagnostic = syntax.BAD_CHARACTER.error(span, f"{_named(text)} means nothing here", help=_SLIPS.get(text))
            return place(ERROR, text, span.start, span.end), diagnostic
    return place(found.lastgroup, text, span.start, span.end), diagnostic


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

"""What cannot be a token: how far it reaches, what to say about it, and the token to go on with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax.table import BROKEN

ERROR = "$ERROR"  # a terminal that no rule has

_KINDS = re.compile(
    r"""
    (?P<INT>[0-9][A-Za-z0-9_]*(?:\.[0-9][A-Za-z0-9_]*)?)
    | (?P<STRING>"[^"\r\n]*"|"[\w./-]*)
    | (?P<PIPE>\|>)
    | (?P<QUOTED>'''[^\r\n]*?'''|'[^'\r\n]*'|“[^”\r\n]*”|‘[^’\r\n]*’)
    | (?P<AXES>@[A-Za-z0-9_]*)
    | (?P<OTHER>[^ \t\r\nA-Za-z0-9_"#@(){}\[\],.:=~+\-*/%<>!]+|.)
    """,
    re.VERBOSE,
)


def misspelt(source: Source, at: int) -> tuple[str, str, int, Diagnostic]:
    """What stands at a place where no token begins: kind and text of a token for it, where it ends, and what
    is said.
    """
    found = _KINDS.match(source.text, at)
    assert found is not None and found.lastgroup is not None
    span = Span(source, *found.span())
    kind, text, diagnostic = _READINGS[found.lastgroup](span)
    return kind, text, span.end, diagnostic


Reading: TypeAlias = tuple[
    str, str, Diagnostic
]  # the kind and the text of the token to go on with, and what is said


def _number(span: Span) -> Reading:
    help = "numbers: 24, 2.25, 1e-3, 1x3x3, 2.0G (K, M, G, T); a name cannot begin with a digit"
    return (
        BROKEN,
        "",
        syntax.BAD_NUMBER.error(span, f"`{_shown(span)}` is not a number", help=help),
    )


def _string(span: Span) -> Reading:
    closed = len(span.text) > 1 and span.text.endswith('"')
    if closed:
        return (
            "STRING",
            span.text,
            syntax.BAD_STRING.error(
                span,
                "a string may not contain control characters, nor bytes that are no text",
            ),
        )
    return (
        "STRING",
        f'{span.text}"',
        syntax.BAD_STRING.error(
            span, "this string is not closed on its line", help='close it with `"`'
        ),
    )


def _axes(span: Span) -> Reading:
    help = "a set of dimensions is `@` and their letters in lower case: `@hw`"
    if span.text == "@":
        help += "; a product over a dimension is `(x, y) -> dot(@c)`"
    diagnostic = syntax.BAD_AXES.error(
        span, f"`{_shown(span)}` is not a set of dimensions", help=help
    )
    return ("AXES", "@", diagnostic) if span.text == "@" else (BROKEN, "", diagnostic)


def _pipe(span: Span) -> Reading:
    return (
        "->",
        "->",
        syntax.BAD_CHARACTER.error(span, "`|>` is no arrow", help="write `->`"),
    )


def _quoted(span: Span) -> Reading:
    plain = '"' + span.text.strip("'“”‘’").replace('"', "") + '"'
    help = f"write `{plain}`" if len(plain) <= 40 else 'write `"…"`'
    return (
        "STRING",
        plain,
        syntax.BAD_CHARACTER.error(span, 'a text has double quotes, `"`', help=help),
    )


def _other(span: Span) -> Reading:
    meant = _MEANT.get(span.text)
    diagnostic = syntax.BAD_CHARACTER.error(
        span, f"{_named(span.text)} means nothing here", help=_SLIPS.get(span.text)
    )
    return (meant, meant, diagnostic) if meant else (ERROR, span.text, diagnostic)


_READINGS: Mapping[str, Callable[[Span], Reading]] = {
    "INT": _number,
    "STRING": _string,
    "AXES": _axes,
    "PIPE": _pipe,
    "QUOTED": _quoted,
    "OTHER": _other,
}


def _shown(span: Span) -> str:
    return span.text if len(span.text) <= 20 else span.text[:20] + "…"


def _named(text: str) -> str:
    if len(text) == 1 and not text.isprintable():
        return f"the character U+{ord(text):04X}"
    return f"`{text[:8]}`" if text.isprintable() else "this run of characters"


# What goes on as the word or sign that is meant.
_MEANT = {
    "&": "and",
    "&&": "and",
    "|": "or",
    "||": "or",
    "!": "not",
    "→": "->",
    "⇒": "->",
    "×": "*",
    "·": "*",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "∈": "~",
}
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
    "∈": "write `~` for a choice, `in` for a loop",
    "⇒": "write `->`",
    "“": 'strings are written with `"`',
    "”": 'strings are written with `"`',
    "?": "write `if test then a else b`",
}

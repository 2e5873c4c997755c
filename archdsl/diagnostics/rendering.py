"""How a diagnostic is printed: a headline with its place, the lines it is about with carets, and help."""

from __future__ import annotations

import unicodedata

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.visible import visible

_TAB = 4
_LONGEST = 4_000  # characters of a message
_WIDEST = 160  # columns of a source line that are shown
_COLORS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "label": "\x1b[1;34m",
    "plain": "\x1b[1m",
}
_RESET = "\x1b[0m"


def render(diagnostic: Diagnostic, color: bool = False) -> str:
    """`file:line:col: error[E0123]: message`, the source with carets under the span, every label likewise,
    then `help:`. Whatever of it is a stranger's is shown by `visible`.

    No newline at the end. With `color`, ANSI sequences.
    """

    def paint(kind: str, text: str) -> str:
        return f"{_COLORS[kind]}{text}{_RESET}" if color else text

    place = f"{_place(diagnostic.span)}: " if diagnostic.span is not None else ""
    headline = (
        f"{place}{paint(diagnostic.severity, f'{diagnostic.severity}[{diagnostic.code}]')}: "
        f"{paint('plain', _cut(visible(diagnostic.message)))}"
    )
    parts = [
        (diagnostic.span, "", "^", diagnostic.severity),
        *((label.span, visible(label.text), "-", "label") for label in diagnostic.labels),
    ]
    shown = [
        (span, text, mark, kind) for span, text, mark, kind in parts if span is not None
    ]
    gutter = max((len(str(_lines(span)[1])) for span, *_ in shown), default=0)
    lines = [headline, *(f"  {visible(item)}" for item in diagnostic.items)]
    previous = diagnostic.span.source.name if diagnostic.span is not None else ""
    for span, text, mark, kind in shown:
        if span.source.name != previous:
            lines.append(f"{' ' * gutter} --> {_place(span)}")
            previous = span.source.name
        lines += [
            f"{number:>{gutter}} | {source}".rstrip()
            if number
            else f"{' ' * gutter} | {paint(kind, source)}"
            for number, source in _excerpt(span, text, mark)
        ]
    if diagnostic.help is not None:
        lines.append(f"{paint('plain', 'help:')} {visible(diagnostic.help)}")
    return "\n".join(lines)


def _cut(text: str) -> str:
    """What a person reads of a text that repeats a whole file."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _place(span: Span) -> str:
    line, column = span.source.position(span.start)
    return f"{visible(span.source.name)}:{line}:{column}"


def _lines(span: Span) -> tuple[int, int]:
    """First and last line of a span; one that ends with a line's end does not reach the next."""
    first = span.source.position(span.start)[0]
    last, column = span.source.position(max(span.end, span.start))
    return first, last - 1 if column == 1 and last > first else last


def _excerpt(span: Span, text: str, mark: str) -> list[tuple[int, str]]:
    """Numbered source lines, and under them, with number 0, lines of marks. Of a long span the first and the
    last line.
    """
    first, last = _lines(span)
    excerpt: list[tuple[int, str]] = []
    for number in (first, last) if last > first else (first,):
        line = span.source.line(number)
        start = (
            span.source.position(span.start)[1] - 1
            if number == first
            else len(line) - len(line.lstrip())
        )
        line_end, end_column = span.source.position(span.end)
        end = end_column - 1 if number == line_end else len(line)
        if len(line) > _WIDEST:
            cut = max(0, start - _WIDEST // 4)
            line, start, end = (
                "…" + line[cut : cut + _WIDEST],
                start - cut + 1,
                min(end - cut + 1, _WIDEST + 1),
            )
        before, under = _shown(line[:start]), _shown(line[start:end])
        marks = mark * max(_width(under), 1)
        if number == last and text:
            marks = f"{marks} {text}"
        if number == last and last > first + 1:
            excerpt.append((0, "…"))
        excerpt += [(number, _shown(line)), (0, " " * _width(before) + marks)]
    return excerpt


def _shown(line: str) -> str:
    """Tabs as spaces, and nothing that would move the cursor of a terminal."""
    return visible(line.replace("\t", " " * _TAB))


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

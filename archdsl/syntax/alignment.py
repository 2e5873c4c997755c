"""Columns over consecutive lines, as a table is printed; the last pass of the formatter. It only adds spaces.

A run ends at a blank line, at a comment of its own line, at what takes several lines and where the kind of
line changes. A run whose columns would make a line wider than the limit is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from archdsl.syntax import ast
from archdsl.syntax.forms import Line, bodies, head
from archdsl.syntax.spelling import entry, join, path


@dataclass(frozen=True, slots=True)
class Row:
    """A line: cells with `gap` between them, a comment behind. Rows of one kind up to a cell have what
    follows it in one column.
    """

    cells: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    gap: str = " "
    comment: str = ""
    # A statement or an entry on one line: its comment stands below those of its neighbours.
    whole: bool = False

    @property
    def text(self) -> str:
        return self.gap.join(self.cells)


def plain(text: str) -> Row:
    """A line without columns."""
    return Row((text,))


def statement(node: Line, text: str) -> Row:
    """The row of a statement that takes one line. Assignments in bodies have no columns: they are not a
    table.
    """
    indent = text[: len(text) - len(text.lstrip())]
    match node:
        case ast.Choose() | ast.Setting():
            return _cut(indent + node.name, text, type(node).__name__)
        case ast.NarrowEdit():
            return _cut(indent + path(node.path), text, "NarrowEdit")
        case ast.Net() if node.params is None and node.value is not None:
            return _cut(f"{indent}{node.kind} {node.name}", text, "Net")
        case ast.Open() | ast.Freeze() | ast.Fix() | ast.Budget() | ast.Require():
            return Row(
                (text,), ("Setting",), whole=True
            )  # stands among the settings without a column
        case ast.GroupEdit() if node.edits:
            return _group(node, indent + path(node.path), text)
    return Row((text,), whole=True)


def _cut(first: str, text: str, kind: str) -> Row:
    return Row((first, text[len(first) + 1 :]), (kind,), whole=True)


def _group(node: ast.GroupEdit, first: str, text: str) -> Row:
    """`group[0] { kernel = 3x3x3  channels = 24 }`: the brace, then every assignment."""
    first += " "  # the cells hold what separates them: one space before the brace, two behind an assignment
    if any(bodies(edit) for edit in node.edits):
        return Row((first, text[len(first) :]), ("GroupEdit",), gap="", whole=True)
    edits = [join(head(edit)) for edit in node.edits]
    kinds = [
        path(edit.path) if isinstance(edit, ast.SetEdit | ast.NarrowEdit) else text
        for edit, text in zip(node.edits, edits, strict=True)
    ]
    cells = [f"{edit}  " for edit in edits[:-1]] + [f"{edits[-1]} }}"]
    return Row(
        (first, "{ " + cells[0], *cells[1:]), ("GroupEdit", *kinds), gap="", whole=True
    )


def list_entry(node: ast.Entry, text: str) -> Row:
    """The row of an entry that takes one line, with its comma: a tuple has a column for each of its cells."""
    if (
        node.label is not None
        or not isinstance(node.value, ast.Tuple)
        or len(node.value.entries) < 2
    ):
        return Row((text,), whole=True)
    cells = [join(entry(each)) + "," for each in node.value.entries]
    cells[0] = text[: len(text) - len(text.lstrip())] + "(" + cells[0]
    cells[-1] = cells[-1][:-1] + "),"
    return Row(tuple(cells), ("Tuple",) * len(cells), whole=True)


def aligned(rows: Sequence[Row], width: int) -> list[str]:
    """The lines of the rows, in columns."""
    padded: list[Row] = []
    for _, run in groupby(rows, lambda row: row.kinds[:1]):
        before = list(run)
        after = _columns(before, 0)
        padded += after if all(len(row.text) <= width for row in after) else before
    lines: list[str] = []
    for commented, run in groupby(padded, lambda row: row.whole and row.comment != ""):
        lines += _commented(list(run), commented, width)
    return lines


def _columns(rows: list[Row], at: int) -> list[Row]:
    """The rows with their cells from one on padded; all of them are of one kind up to that cell."""
    wide = max((len(row.cells[at]) for row in rows if len(row.cells) > at + 1), default=0)
    rows = [_padded(row, at, wide) for row in rows]
    done: list[Row] = []
    for kind, run in groupby(rows, lambda row: row.kinds[at + 1 : at + 2]):
        same = list(run)
        done += _columns(same, at + 1) if kind else same
    return done


def _padded(row: Row, at: int, wide: int) -> Row:
    if len(row.cells) <= at + 1:
        return row
    return replace(
        row, cells=(*row.cells[:at], row.cells[at].ljust(wide), *row.cells[at + 1 :])
    )


def _commented(rows: list[Row], commented: bool, width: int) -> list[str]:
    wide = max(len(row.text) for row in rows) if commented else 0
    if any(wide + 2 + len(row.comment) > width for row in rows):
        wide = 0
    return [
        f"{row.text.ljust(wide)}  {row.comment}" if row.comment else row.text
        for row in rows
    ]

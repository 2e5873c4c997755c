"""Which columns of two macro views correspond, so that they can stand under each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from archdsl.compare.difference import Difference
from archdsl.compare.edits import Moved
from archdsl.outline.paths import KeyPath, spelled_out
from archdsl_draw.plan import Plan


def aligned(plans: Sequence[Plan], difference: Difference) -> list[Plan]:
    """The two plans with columns in common: those of the same boxes, in order; what stands between such
    columns, side by side.
    """
    above, below = plans
    renamed: dict[KeyPath, KeyPath] = {}
    for edit in difference.edits:
        if isinstance(edit, Moved):
            renamed.update(zip(spelled_out(edit.path), spelled_out(edit.to), strict=False))
    known = partial(_known, renamed=renamed)
    pairs = _common(
        [set(map(known, paths)) for paths in _paths(above)], list(map(set, _paths(below)))
    )
    ends = (_columns(above), _columns(below))
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    a = b = column = 0
    for i, j in (*pairs, ends):
        for side, start, stop in ((first, a, i), (second, b, j)):
            side.update((c, column + c - start) for c in range(start, stop))
        column += max(i - a, j - b)
        if (i, j) != ends:
            first[i] = second[j] = column
            column += 1
        a, b = i + 1, j + 1
    return [_moved(plan, places) for plan, places in ((above, first), (below, second))]


def _columns(plan: Plan) -> int:
    return max(band.last for band in plan.bands) + 1


def _paths(plan: Plan) -> list[list[str]]:
    """The paths of the boxes in each column."""
    found: list[list[str]] = [[] for _ in range(_columns(plan))]
    for unit in plan.macro.units:
        found[unit.column].append(unit.path)
    return found


def _known(path: str, renamed: Mapping[KeyPath, KeyPath]) -> str:
    """What the second architecture calls a path of the first."""
    here = KeyPath.parse(path)
    old = next((p for p in renamed if here.startswith(p)), None)
    return path if old is None else str(here.moved(old, renamed[old]))


def _common(above: Sequence[set[str]], below: Sequence[set[str]]) -> list[tuple[int, int]]:
    """The longest chain of pairs of columns that share a box."""
    start = 0
    while start < min(len(above), len(below)) and above[start] & below[start]:
        start += 1
    end = 0
    while end < min(len(above), len(below)) - start and above[-1 - end] & below[-1 - end]:
        end += 1
    rows, columns = range(start, len(above) - end), range(start, len(below) - end)
    length = [[0] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    for i in reversed(range(len(rows))):
        for j in reversed(range(len(columns))):
            same = bool(above[start + i] & below[start + j])
            length[i][j] = (
                length[i + 1][j + 1] + 1
                if same
                else max(length[i + 1][j], length[i][j + 1])
            )
    middle = []
    i = j = 0
    while i < len(rows) and j < len(columns):
        if above[start + i] & below[start + j]:
            middle.append((start + i, start + j))
            i, j = i + 1, j + 1
        elif length[i + 1][j] >= length[i][j + 1]:
            i += 1
        else:
            j += 1
    tail = [(len(above) - end + k, len(below) - end + k) for k in range(end)]
    return [*((k, k) for k in range(start)), *middle, *tail]


def _moved(plan: Plan, places: Mapping[int, int]) -> Plan:
    for unit in plan.macro.units:
        unit.column = places[unit.column]
    bands = [
        replace(band, first=places[band.first], last=places[band.last])
        for band in plan.bands
    ]
    return replace(plan, bands=tuple(bands))

"""Where arrows run: straight along a lane, up or down into a neighbouring lane, else on a track between the
lanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from string import ascii_lowercase
from typing import Literal

from archdsl_draw.macro import Unit

Kind = Literal["straight", "rise", "fork", "track", "wrap", "jump"]


@dataclass(slots=True)
class Route:
    """One arrow. A `rise` runs along the source's lane and enters the target from below or above; a `fork`
    leaves the source that way; a `track` runs in the gap above `gap`, in `slot`; a `wrap` goes on in the next
    row; a `jump` is a pair of letters.
    """

    source: Unit
    target: Unit
    kind: Kind
    gap: int = 0
    slot: int = 0
    out: int = 0  # slot in the gutter behind the source
    into: int = 0  # slot in the gutter before the target


@dataclass(slots=True)
class Routes:
    routes: list[Route]
    gutters: dict[int, int] = field(
        default_factory=dict
    )  # column -> verticals in the gutter behind it
    tracks: dict[tuple[int, int], int] = field(
        default_factory=dict
    )  # (row, lane) -> tracks above the lane


def routes(units: Sequence[Unit], row_of: Mapping[int, int]) -> Routes:
    """A route for every edge between boxes; `row_of` says in which row of the drawing a column stands."""
    taken = {(u.column, u.lane) for u in units}
    found = Routes([])
    intervals: dict[tuple[int, int], list[list[tuple[int, int]]]] = {}
    for target in units:
        for source in target.before:
            route = Route(source, target, _kind(source, target, taken, row_of))
            found.routes.append(route)
            if route.kind == "track":
                _assign(route, found, intervals, row_of)
    return found


def _kind(
    source: Unit, target: Unit, taken: set[tuple[int, int]], row_of: Mapping[int, int]
) -> Kind:
    between = range(source.column + 1, target.column)
    here, there = row_of[source.column], row_of[target.column]
    if here != there:
        is_next = there == here + 1 and source.lane == target.lane
        is_free = not any(
            (c, source.lane) in taken for c in between if row_of[c] in (here, there)
        )
        return "wrap" if is_next and is_free else "jump"
    if source.lane == target.lane:
        return "track" if any((c, source.lane) in taken for c in between) else "straight"
    crossed = range(min(source.lane, target.lane) + 1, max(source.lane, target.lane))
    along = (*between, target.column)
    if not any((c, source.lane) in taken for c in along) and not any(
        (target.column, n) in taken for n in crossed
    ):
        return "rise"
    back = (source.column, *between)
    if not any((c, target.lane) in taken for c in back) and not any(
        (source.column, n) in taken for n in crossed
    ):
        return "fork"
    return "track"


def _assign(
    route: Route,
    found: Routes,
    intervals: dict[tuple[int, int], list[list[tuple[int, int]]]],
    row_of: Mapping[int, int],
) -> None:
    """The first track of the gap that is free over the route's columns, and slots in both gutters."""
    start, end = route.source.column, route.target.column
    route.gap = max(route.source.lane, route.target.lane)
    gap = (row_of[start], route.gap)
    for slot, tracks in enumerate(intervals.setdefault(gap, [])):
        if all(end <= a or b <= start for a, b in tracks):
            tracks.append((start, end))
            route.slot = slot
            break
    else:
        route.slot = len(intervals[gap])
        intervals[gap].append([(start, end)])
    found.tracks[gap] = len(intervals[gap])
    route.out = found.gutters.get(start, 0)
    found.gutters[start] = route.out + 1
    route.into = found.gutters.get(end - 1, 0)
    found.gutters[end - 1] = route.into + 1


def letters() -> Iterator[str]:
    """a, b, … z, aa, ab, …"""
    names = [""]
    while True:
        names = [name + letter for name, letter in product(names, ascii_lowercase)]
        yield from names

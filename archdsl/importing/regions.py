"""The calls of a network as a tree of its modules: what becomes blocks, under which names.

    layer1.0.conv1.weight, layer1.0.bn1.weight, layer1.1.conv1.weight …
        root: [region layer1[0]: [conv1, bn1, relu], region layer1[1]: [conv1, …]]

A module is a region where layers with weights lie in it; whatever else it calls belongs to the nearest one.
A list of regions (`layer1`) is none itself: its name and their numbers are the way that the language writes a
loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from archdsl.importing.calls import Call, Lifted

_NUMBERED = re.compile(r"(.*?)_?(\d+)")


@dataclass(frozen=True, slots=True)
class Segment:
    """What an instance is called in its scope: `layer1[0]`, or `conv1` without an index."""

    name: str
    index: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """A module's part of the network. `path` is where it lies in the source."""

    path: str
    segment: Segment
    items: tuple[Item, ...]
    kind: str = ""

    def calls(self) -> Iterable[Call]:
        """All calls in it, in order."""
        for item in self.items:
            if isinstance(item, Region):
                yield from item.calls()
            else:
                yield item.call


@dataclass(frozen=True, eq=False, slots=True)
class Leaf:
    """A call, and what its instance is called."""

    call: Call
    segment: Segment


Item: TypeAlias = Region | Leaf


def tree(lifted: Lifted) -> Region:
    """The root region of a network."""
    return _Tree(lifted).root()


@dataclass(eq=False, slots=True)
class _Tree:
    lifted: Lifted
    inhabited: set[str] = field(default_factory=set)  # paths with weights below
    lists: set[str] = field(default_factory=set)  # of those, lists of regions

    def __post_init__(self) -> None:
        for call in self.lifted.calls:
            if call.weights:
                self.inhabited.update(_prefixes(call.scope))
        for path in self.inhabited:
            parent, _, last = path.rpartition(".")
            if last.isdigit() and parent and not parent.rpartition(".")[2].isdigit():
                self.lists.add(parent)

    def root(self) -> Region:
        ways = [(call, self._way(call)) for call in self.lifted.calls]
        return Region("", Segment(""), self._items("", ways, 0), "")

    def _way(self, call: Call) -> tuple[str, ...]:
        """The regions that a call lies in, from the outside."""
        return tuple(
            p for p in _prefixes(call.scope) if p in self.inhabited and p not in self.lists
        )

    def _items(
        self, path: str, ways: Sequence[tuple[Call, tuple[str, ...]]], depth: int
    ) -> tuple[Item, ...]:
        below = [way[depth] if len(way) > depth else None for _, way in ways]
        spans = _spans(below)
        broken = {
            p for p in spans if any(q != p and _cross(spans[p], spans[q]) for q in spans)
        }
        items: list[Item] = []
        at = 0
        while at < len(ways):
            child = next(
                (p for p, (first, _) in spans.items() if first == at and p not in broken),
                None,
            )
            if child is None:
                items.append(Leaf(ways[at][0], self._leaf(path, ways[at][0])))
                at += 1
                continue
            end = spans[child][1] + 1
            inner = [
                (
                    call,
                    way
                    if len(way) > depth and way[depth] == child
                    else (*way[:depth], child),
                )
                for call, way in ways[at:end]
            ]
            for run in _runs(inner):
                kind = self.lifted.kinds.get(child, "").rpartition(".")[2]
                items.append(
                    Region(
                        child,
                        self._segment(path, child),
                        self._items(child, run, depth + 1),
                        kind,
                    )
                )
            at = end
        return tuple(items)

    def _segment(self, scope: str, path: str) -> Segment:
        parts = path[len(scope) :].strip(".").split(".")
        if len(parts) == 1 and parts[0].isdigit():
            return Segment("block", int(parts[0]))
        if parts[-1].isdigit():
            return Segment("_".join(parts[:-1]), int(parts[-1]))
        return Segment("_".join(parts))

    def _leaf(self, scope: str, call: Call) -> Segment:
        if not call.weights:
            return Segment("")
        path = f"{call.scope}.{call.name}".strip(".")
        inside = path[len(scope) :].strip(".").split(".")
        if inside[-1].isdigit():
            return Segment("")
        return Segment("_".join(inside))


def numbered(name: str) -> tuple[str, int] | None:
    """`encoder_layer_3` as its name and number."""
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2])) if match and match[1] else None


def _prefixes(path: str) -> list[str]:
    """`a.b.c`: a, a.b, a.b.c."""
    parts = path.split(".") if path else []
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _spans(below: Sequence[str | None]) -> Mapping[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for place, child in enumerate(below):
        if child is not None:
            first, _ = found.get(child, (place, place))
            found[child] = (first, place)
    return found


def _cross(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _runs(
    ways: Sequence[tuple[Call, tuple[str, ...]]],
) -> list[list[tuple[Call, tuple[str, ...]]]]:
    """A module that is called again begins a new run where one of its weights comes again."""
    runs: list[list[tuple[Call, tuple[str, ...]]]] = [[]]
    seen: set[str] = set()
    for call, way in ways:
        keys = {held.key for held in call.weights}
        if keys & seen and call.op != "param":
            runs.append([])
            seen = set()
        seen |= keys
        runs[-1].append((call, way))
    return runs

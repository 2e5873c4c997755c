"""Counting and drawing the paths of a diagram under a bound on their cost.

Every cost is counted above the least that is possible, and floored to a fraction of what the bound leaves.
Histograms of the floored costs to come then say how many completions fit. Flooring only admits too many, so
rejecting a path whose exact cost is over the bound leaves a uniform draw; flooring bounds the count from
above, ceiling from below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, frexp
from random import Random
from typing import Any, TypeAlias

from archdsl.diagnostics.codes.choices import TOO_LARGE
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.choice import Choice
from archdsl.ir.frontier import Diagram, Layer

BINS = 8192
_EXACT_STEPS = 300_000  # what an exact count by distinct sums may take before an interval is given instead
_MEMORY = 256 << 20  # bytes of histograms
_BATCH = 256  # draws made together
_DRAWS_LIMIT = 200_000  # rejections in a row before the draw is given up


LeapEdge: TypeAlias = tuple[tuple[int, ...], int, int]


@dataclass(frozen=True, slots=True)
class _Leap:
    """Several layers as one: an edge sets several choices. `edges[state]` lists (values, state, cost)."""

    choices: tuple[Choice, ...]
    edges: list[list[LeapEdge]]


def count_at_most(diagram: Diagram, limit: float) -> tuple[int, int]:
    """The least and the greatest number that the count of paths with a cost of at most `limit` can be.

    Equal where it is known exactly: for a limit outside the extremes, and for spaces with few distinct costs.
    """
    extremes = diagram.extremes()
    if extremes is None or limit < extremes[0]:
        return 0, 0
    counts = diagram.completions()
    total = counts[0][0]
    if limit >= extremes[1]:
        return total, total
    exact = _exact(diagram, floor(limit) - diagram.constant, counts)
    if exact is not None:
        return exact, exact
    table = _Table(diagram, floor(limit))
    upper = table.total(table.histograms(rounded_up=False), exact=total < 1 << 53, up=True)
    lower = table.total(table.histograms(rounded_up=True), exact=total < 1 << 53, up=False)
    return lower, min(upper, total)


class Draws:
    """Draws paths uniformly among those with a cost of at most `limit`.

    Uniform up to the rounding of floating-point counts. The k-th candidate depends on the seed and on k only.
    Raises DiagnosticError E0509 where hardly any candidate is within the limit.
    """

    def __init__(self, diagram: Diagram, limit: float, seed: str) -> None:
        self._table = _Table(diagram, floor(limit))
        self._limit = floor(limit)
        self._constant = diagram.constant
        self._seed = seed
        self._arrays = _arrays(self._table)

    def __iter__(self) -> Iterator[dict[Choice, int]]:
        attempt, in_vain = 0, 0
        while in_vain < _DRAWS_LIMIT:
            for assignment, cost in self._candidates(attempt):
                if cost + self._constant <= self._limit:
                    in_vain = 0
                    yield assignment
                else:
                    in_vain += 1
            attempt += _BATCH
        raise DiagnosticError(
            TOO_LARGE.error(
                None,
                f"hardly any architecture costs {self._limit:,} or less, too few to draw from",
            )
        )

    def _candidates(self, attempt: int) -> Iterator[tuple[dict[Choice, int], int]]:
        """A batch of candidates with their costs; all that stand at one state draw their next edge
        together.
        """
        import numpy as np

        leaps = self._table.leaps
        uniform = np.array(
            [_uniforms(self._seed, attempt + k, len(leaps)) for k in range(_BATCH)]
        )
        state: Any = np.zeros(_BATCH, np.int64)
        left: Any = np.full(_BATCH, self._table.bins, np.int64)
        cost: Any = np.zeros(_BATCH, np.int64)
        picked: Any = np.zeros((_BATCH, len(leaps)), np.int64)
        for i, arrays in enumerate(self._arrays):
            following = self._table.histograms()[i + 1]
            target = np.zeros_like(state)
            for here in np.unique(state):
                at = np.nonzero(state == here)[0]
                targets, bins, costs = arrays[here]
                room = left[at, None] - bins
                weights = np.where(room >= 0, following[targets, np.maximum(room, 0)], 0.0)
                sums = np.cumsum(weights, axis=1)
                edge = (sums <= uniform[at, i, None] * sums[:, -1:]).sum(axis=1)
                edge = np.minimum(
                    edge, (sums < sums[:, -1:]).sum(axis=1)
                )  # never an edge without weight
                picked[at, i], target[at] = edge, targets[edge]
                left[at] -= bins[edge]
                cost[at] += costs[edge]
            state = target
        for row, total in zip(picked.tolist(), cost.tolist(), strict=True):
            yield self._assignment(row), total

    def _assignment(self, edges: Sequence[int]) -> dict[Choice, int]:
        state = 0
        found: dict[Choice, int] = {}
        for leap, edge in zip(self._table.leaps, edges, strict=True):
            values, state, _ = leap.edges[state][edge]
            found.update(zip(leap.choices, values, strict=True))
        return found


class _Table:
    """The histograms of the costs to come, in bins of what the limit leaves above the least cost."""

    def __init__(self, diagram: Diagram, limit: int) -> None:
        self.leaps = _leaps(diagram)
        least = [[0]]
        for leap in reversed(self.leaps):
            least.append([_least(edges, least[-1]) for edges in leap.edges])
        least.reverse()
        self._least = least
        self._room = limit - diagram.constant - least[0][0]
        states = sum(len(leap.edges) for leap in self.leaps) + 1
        self.bins = BINS
        while self.bins > 512 and states * self.bins * 8 > _MEMORY:
            self.bins //= 2
        self._kept: list[Any] = []
        self._scale = 0

    def bin(
        self, layer: int, state: int, target: int, cost: int, rounded_up: bool = False
    ) -> int:
        """The bins that an edge takes up."""
        extra = cost + self._least[layer + 1][target] - self._least[layer][state]
        if self._room <= 0:
            return 0 if extra <= self._room else self.bins + 1
        bins = (
            -(-extra * self.bins // self._room)
            if rounded_up
            else extra * self.bins // self._room
        )
        return min(bins, self.bins + 1)

    def histograms(self, rounded_up: bool = False) -> list[Any]:
        """For each layer an array [state, bins + 1]: how many completions fit into so many bins, up to a
        power of two.
        """
        import numpy as np

        if self._kept and not rounded_up:
            return self._kept
        self._scale = 0
        tables = [np.ones((1, self.bins + 1))]
        for layer in range(len(self.leaps) - 1, -1, -1):
            after = tables[-1]
            here = np.zeros((len(self.leaps[layer].edges), self.bins + 1))
            for state, edges in enumerate(self.leaps[layer].edges):
                equal: dict[tuple[int, int], int] = {}
                for _, target, cost in edges:
                    key = target, self.bin(layer, state, target, cost, rounded_up)
                    equal[key] = equal.get(key, 0) + 1
                row = here[state]
                for (target, bins), times in equal.items():
                    if bins <= self.bins:
                        part = after[target, : self.bins + 1 - bins]
                        row[bins:] += part if times == 1 else times * part
            exponent = max(
                0, frexp(float(here.max()))[1] - 512
            )  # far below the largest float
            self._scale += exponent
            tables.append(here * 2.0**-exponent if exponent else here)
        tables.reverse()
        if not rounded_up:
            self._kept = tables
        return tables

    def total(self, tables: list[Any], *, exact: bool, up: bool) -> int:
        """The count at the start as a whole number, rounded outwards by more than all additions can have
        lost.
        """
        value = float(tables[0][0, self.bins])
        if exact:
            return int(value)
        additions = sum([2 + sum(map(len, leap.edges)) for leap in self.leaps])
        slack = additions * 2.0**-52
        bound = ceil(value * (1 + slack)) if up else floor(value * (1 - slack))
        return bound << self._scale


def _least(edges: Sequence[LeapEdge], after: Sequence[int]) -> int:
    return min([after[target] + cost for _, target, cost in edges], default=0)


def _leaps(diagram: Diagram) -> list[_Leap]:
    """Layers joined wherever that makes no more edges: fewer states need a histogram."""
    leaps: list[_Leap] = []
    for layer in diagram.layers:
        now = _leap(layer)
        joined = _joined(leaps[-1], now) if leaps else None
        if joined is not None:
            leaps[-1] = joined
        else:
            leaps.append(now)
    return leaps


def _leap(layer: Layer) -> _Leap:
    """A layer as a leap of its own."""
    if layer.choice is None:
        return _Leap((), [[] for _ in layer.edges])
    edges: list[list[LeapEdge]] = []
    for state in layer.edges:
        edges.append([((value,), target, cost) for value, target, cost in state])
    return _Leap((layer.choice,), edges)


def _joined(before: _Leap, now: _Leap) -> _Leap | None:
    """Two leaps as one; None where that makes more edges."""
    ways = [len(edges) for edges in now.edges]
    together = 0
    for state in before.edges:
        together += sum([ways[target] for _, target, _ in state])
    if together > sum(map(len, before.edges)) + sum(ways):
        return None
    joined = [_through(state, now.edges) for state in before.edges]
    return _Leap(before.choices + now.choices, joined)


def _through(
    state: Sequence[LeapEdge], following: Sequence[Sequence[LeapEdge]]
) -> list[LeapEdge]:
    """The edges of a state, each led on by those of where it leads."""
    found = []
    for values, target, cost in state:
        for more, end, further in following[target]:
            found.append((values + more, end, cost + further))
    return found


def _arrays(table: _Table) -> list[list[tuple[Any, Any, Any]]]:
    """For each layer and state: the targets, bins and costs of its edges as arrays."""
    import numpy as np

    result = []
    for layer, leap in enumerate(table.leaps):
        rows = []
        for state, edges in enumerate(leap.edges):
            bins = [table.bin(layer, state, t, c) for _, t, c in edges]
            rows.append(
                (
                    np.array([t for _, t, _ in edges]),
                    np.array(bins),
                    np.array([c for _, _, c in edges]),
                )
            )
        result.append(rows)
    return result


def _uniforms(seed: str, attempt: int, n: int) -> list[float]:
    random = Random(f"{seed}:{attempt}")
    return [random.random() for _ in range(n)]


def _exact(diagram: Diagram, limit: int, counts: list[list[int]]) -> int | None:
    """The count by distinct partial sums, as long as they are few; None where they are not."""
    low, high = diagram.suffixes()
    total, steps = 0, 0
    sums: dict[int, dict[int, int]] = {0: {0: 1}}
    for depth, layer in enumerate(diagram.layers):
        following: dict[int, dict[int, int]] = {}
        for state, partial in sums.items():
            for _, target, cost in layer.edges[state]:
                steps += len(partial)
                if steps > _EXACT_STEPS:
                    return None
                least, most, paths = (
                    low[depth + 1][target],
                    high[depth + 1][target],
                    counts[depth + 1][target],
                )
                for before, times in partial.items():
                    now = before + cost
                    if now + most <= limit:
                        total += times * paths
                    elif now + least <= limit:
                        there = following.setdefault(target, {})
                        there[now] = there.get(now, 0) + times
        sums = following
    return total

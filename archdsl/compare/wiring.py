"""Which ops read from elsewhere, once added, removed and moved ops are looked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, operands
from archdsl.ops.table import PRIMITIVES

Pairs: TypeAlias = Mapping[Value, Value]


@dataclass(frozen=True, slots=True)
class _Sources:
    """The paired values that a value stands for. `loose` where an unpaired join or selection lies between:
    that it came or went accounts for more or fewer of them.
    """

    values: frozenset[Value]
    loose: bool


def rewired(
    a: Graph, b: Graph, pairs: Pairs, moved: set[Value]
) -> Iterator[tuple[Value | None, tuple[Value, ...], tuple[Value, ...]]]:
    """For each op of `b` that reads from elsewhere: it, and what it and its twin in `a` read. None is the
    output.
    """
    known_b = set(pairs.values())
    seen_a = _sources(a, lambda v: v in pairs and v not in moved)
    moved_b = {pairs[v] for v in moved if v in pairs}
    seen_b = _sources(b, lambda v: v in known_b and v not in moved_b)
    for x, y in pairs.items():
        if isinstance(x, Input) or isinstance(y, Input) or x in moved:
            continue
        ours, theirs = [seen_a[o] for o in operands(x)], [seen_b[o] for o in operands(y)]
        if not _alike((x, ours), (y, theirs), pairs):
            yield y, operands(x), operands(y)
    if not _in_turn([seen_a[v] for v in a.outputs], [seen_b[v] for v in b.outputs], pairs):
        yield None, a.outputs, b.outputs


def _sources(graph: Graph, opaque: Callable[[Value], bool]) -> dict[Value, _Sources]:
    """For every value, operands first: itself where it is opaque, else what its operands stand for."""
    found: dict[Value, _Sources] = {}
    for value in (*graph.inputs, *graph.values):
        if opaque(value):
            found[value] = _Sources(frozenset((value,)), False)
        else:
            parts = [found[o] for o in operands(value)]
            found[value] = _joined(parts, len(parts) > 1 or any(p.loose for p in parts))
    return found


def _joined(parts: Sequence[_Sources], loose: bool) -> _Sources:
    return _Sources(frozenset().union(*(part.values for part in parts)), loose)


Reader: TypeAlias = tuple[
    Value, Sequence[_Sources]
]  # a value and the sources of its operands


def _alike(one: Reader, other: Reader, pairs: Pairs) -> bool:
    (a, ours), (b, theirs) = one, other
    if (
        isinstance(a, Select | Pick)
        or isinstance(b, Select | Pick)
        or len(ours) != len(theirs)
    ):
        return _equal(_joined(ours, loose=True), _joined(theirs, loose=True), pairs)
    if _in_turn(ours, theirs, pairs):
        return True
    if not isinstance(a, Op) or not PRIMITIVES[a.name].commutes:
        return False
    equal = [(m, n) for m, n in product(ours, theirs) if _equal(m, n, pairs)]
    return {m for m, _ in equal} >= set(ours) and {n for _, n in equal} >= set(theirs)


def _in_turn(ours: Sequence[_Sources], theirs: Sequence[_Sources], pairs: Pairs) -> bool:
    if len(ours) != len(theirs):
        return False
    return all(_equal(m, n, pairs) for m, n in zip(ours, theirs, strict=True))


def _equal(a: _Sources, b: _Sources, pairs: Pairs) -> bool:
    ours = {pairs[v] for v in a.values}
    if ours == b.values:
        return True
    return (a.loose or b.loose) and (ours <= b.values or ours >= b.values)

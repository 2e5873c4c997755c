"""Which ops read from elsewhere, once added, removed and moved ops are looked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, operands
from archdsl.ops.table import PRIMITIVES


@dataclass(frozen=True, slots=True)
class _Sources:
    """The paired values that a value stands for. `loose` where an unpaired join or selection lies between:
    that it came or went accounts for more or fewer of them.
    """

    values: frozenset[Value]
    loose: bool


def rewired(
    a: Graph, b: Graph, pairs: Mapping[Value, Value], moved: set[Value]
) -> Iterator[tuple[Value | None, tuple[Value, ...], tuple[Value, ...]]]:
    """For each op of `b` that reads from elsewhere: it, and what it and its twin in `a` read. None is the
    output.
    """
    known_b = set(pairs.values())
    seen_a = _sources(a, lambda v: v in pairs and v not in moved)
    moved_b = {pairs[v] for v in moved if v in pairs}
    seen_b = _sources(b, lambda v: v in known_b and v not in moved_b)
    for x, y in pairs.items():
        if (
            not isinstance(x, Input)
            and not isinstance(y, Input)
            and x not in moved
            and not _alike(x, y, seen_a, seen_b, pairs)
        ):
            yield y, operands(x), operands(y)
    ends_a, ends_b = [seen_a[v] for v in a.outputs], [seen_b[v] for v in b.outputs]
    if len(ends_a) != len(ends_b) or not all(
        _equal(m, n, pairs) for m, n in zip(ends_a, ends_b, strict=True)
    ):
        yield None, a.outputs, b.outputs


def _sources(graph: Graph, opaque: Callable[[Value], bool]) -> dict[Value, _Sources]:
    """For every value, operands first: itself where it is opaque, else what its operands stand for."""
    found: dict[Value, _Sources] = {}
    for value in (*graph.inputs, *graph.values):
        if opaque(value):
            found[value] = _Sources(frozenset((value,)), False)
        else:
            parts = [found[o] for o in operands(value)]
            loose = len(parts) > 1 or any(p.loose for p in parts)
            found[value] = _Sources(frozenset().union(*(p.values for p in parts)), loose)
    return found


def _alike(
    a: Value,
    b: Value,
    seen_a: Mapping[Value, _Sources],
    seen_b: Mapping[Value, _Sources],
    pairs: Mapping[Value, Value],
) -> bool:
    ours, theirs = [seen_a[o] for o in operands(a)], [seen_b[o] for o in operands(b)]
    if isinstance(a, Select | Pick) or isinstance(b, Select | Pick) or len(ours) != len(theirs):
        joined_a = _Sources(frozenset().union(*(s.values for s in ours)), True)
        return _equal(joined_a, _Sources(frozenset().union(*(s.values for s in theirs)), True), pairs)
    if all(_equal(m, n, pairs) for m, n in zip(ours, theirs, strict=True)):
        return True
    if not isinstance(a, Op) or not PRIMITIVES[a.name].commutes:
        return False
    covered = all(any(_equal(m, n, pairs) for n in theirs) for m in ours)
    return covered and all(any(_equal(m, n, pairs) for m in ours) for n in theirs)


def _equal(a: _Sources, b: _Sources, pairs: Mapping[Value, Value]) -> bool:
    ours = {pairs[v] for v in a.values}
    if ours == b.values:
        return True
    return (a.loose or b.loose) and (ours <= b.values or ours >= b.values)

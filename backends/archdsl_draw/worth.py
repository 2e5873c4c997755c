"""What a part of a graph costs: params and MACs, of a space their bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

from archdsl.compare.text import amount
from archdsl.ir.activity import Activity
from archdsl.ir.expr import TRUE, Expr, TooWide, Undefined, Variable, lift
from archdsl.ir.graph import Op, Pick, Value

Bounds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Worth:
    """Least and most; of a model both are equal and exact, of a space each is bounded by what its operations need."""

    params: Bounds
    macs: Bounds

    def lines(self) -> list[str]:
        """`2.1M params`, `3.4G MACs`, without what is 0."""
        return [f"{spread(b)} {what}" for b, what in ((self.params, "params"), (self.macs, "MACs")) if b[1]]


def spread(bounds: Bounds) -> str:
    """`1.96G`, or `3.1M–41M`."""
    low, high = map(amount, bounds)
    return low if low == high else f"{low}–{high}"


def worth(values: Iterable[Value], live: Activity) -> Worth:
    """The cost of values; a weight that several of them share counts once."""
    values = list(values)
    macs = _sum((v.macs, live.values.get(v)) for v in values if isinstance(v, Op))
    weights = {w.identity: w for v in values if isinstance(v, Op | Pick) for w in v.weights}
    return Worth(_sum((lift(_size, *w.shape), live.weights.get(i)) for i, w in weights.items()), macs)


def _sum(terms: Iterable[tuple[Expr, Expr | None]]) -> Bounds:
    """Bounds of a sum; terms over the same choices are added before their bounds are taken."""
    tables: dict[tuple[Variable, ...], list[int]] = {}
    low = high = 0
    for cost, guard in terms:
        try:
            here = cost if guard is None or guard == TRUE else lift(_guarded, guard, cost)
        except TooWide:
            values = list(_numbers(cost.table))
            high += max(values)
            continue
        numbers = list(_numbers(here.table))
        known = tables.get(here.scope)
        tables[here.scope] = numbers if known is None else [a + b for a, b in zip(known, numbers, strict=True)]
    return low + sum(map(min, tables.values())), high + sum(map(max, tables.values()))


def _numbers(table: Iterable[object]) -> Iterator[int]:
    return (0 if isinstance(v, Undefined) else int(v) for v in table)  # type: ignore[call-overload]


def _size(*shape: int) -> int:
    return prod(shape)


def _guarded(active: bool, cost: int) -> int:
    return cost if active else 0

"""Costs of a graph as sums of small expressions: one for each operation or weight, 0 where it is not live."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import Literal

from archdsl.ir.activity import Activity
from archdsl.ir.expr import Expr, constant, product, where
from archdsl.ir.graph import CostBound, Graph
from archdsl.ir.terms import merged

Metric = Literal["params", "macs"]
METRICS: tuple[Metric, ...] = ("params", "macs")


def single_costs(graph: Graph, metric: Metric, active: Activity) -> tuple[Expr, ...]:
    """The cost of each operation or weight, 0 where it is not live; a weight that is shared counts once."""
    zero = constant(0)
    if metric == "macs":
        return tuple([where(active.values[op], op.macs, zero) for op in graph.ops()])
    weights = graph.weights()
    return tuple(
        [
            where(here, product(weights[identity].shape), zero)
            for identity, here in active.weights.items()
        ]
    )


def cost_terms(graph: Graph, metric: Metric, active: Activity) -> tuple[Expr, ...]:
    """Expressions whose sum is the cost, as few as that takes."""
    return merged(single_costs(graph, metric, active))


def limits(bounds: Iterable[CostBound]) -> tuple[int | None, int | None]:
    """The least and the greatest whole cost within all bounds, which are of one metric; None where there is
    no bound.
    """
    low: list[int] = []
    high: list[int] = []
    for bound in bounds:
        if bound.op in ("<=", "<"):
            high.append(floor(bound.limit) if bound.op == "<=" else ceil(bound.limit) - 1)
        else:
            low.append(ceil(bound.limit) if bound.op == ">=" else floor(bound.limit) + 1)
    return max(low, default=None), min(high, default=None)

"""How many architectures a space has."""

from __future__ import annotations

from archdsl.ir.activity import Activity
from archdsl.ir.budget import count_at_most
from archdsl.ir.costs import METRICS, cost_terms, limits
from archdsl.ir.graph import CostBound, Graph
from archdsl.questions.diagram import diagram, live


def architectures(graph: Graph) -> int | tuple[int, int]:
    """The exact number of architectures: of distinct complete genotypes that satisfy every requirement.

    Under a bound on cost it may be known between two numbers only; both are proven, and equal ones are given
    as one. Raises DiagnosticError E0508 or E0509 where an exact answer is out of reach.
    """
    active = live(graph)
    if not graph.bounds:
        return diagram(graph, active=active).count()
    total = 0
    parts: list[tuple[int, int]] = []
    for metric in METRICS:
        bounds = tuple(b for b in graph.bounds if b.metric == metric)
        if bounds:
            total, least, most = _within(graph, bounds, active)
            parts.append((least, most))
    least = max(
        0, sum(low for low, _ in parts) - (len(parts) - 1) * total
    )  # as many as must be in all parts at once
    most = min(high for _, high in parts)
    return least if least == most else (least, most)


def _within(
    graph: Graph, bounds: tuple[CostBound, ...], active: Activity
) -> tuple[int, int, int]:
    """The number of all architectures, and the interval of those within bounds of one metric."""
    space = diagram(graph, cost_terms(graph, bounds[0].metric, active), active)
    total = space.count()
    low, high = limits(bounds)
    least, most = (total, total) if high is None else count_at_most(space, high)
    below = (0, 0) if low is None else count_at_most(space, low - 1)
    return total, max(0, least - below[1]), max(0, most - below[0])

"""The diagram of a graph's architectures: what counting, drawing and bounding ask."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

from archdsl.diagnostics.codes.choices import TOO_WIDE
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import Activity, activity, binding
from archdsl.ir.expr import Expr, TooWide
from archdsl.ir.frontier import Diagram, frontier
from archdsl.ir.graph import CostBound, Graph


def live(graph: Graph) -> Activity:
    """The activity of a graph. Raises DiagnosticError E0508 where a guard is too wide to be decided."""
    try:
        return activity(graph.outputs)
    except TooWide as wide:
        raise DiagnosticError(TOO_WIDE.error(graph.root.span, f"`{graph.name}`: {wide}")) from None


def diagram(graph: Graph, terms: Iterable[Expr] = (), active: Activity | None = None) -> Diagram:
    """Every architecture once, with the sum of the terms; requirements hold, bounds on cost are left to the caller.

    Raises DiagnosticError E0508 or E0509 where an exact answer is out of reach.
    """
    active = active or live(graph)
    try:
        return frontier(graph.choices, active.choices, [binding(r, active) for r in graph.requirements], terms)
    except TooWide as wide:
        raise DiagnosticError(TOO_WIDE.error(graph.root.span, f"`{graph.name}`: {wide}")) from None


def limits(bounds: Iterable[CostBound]) -> tuple[int | None, int | None]:
    """The least and the greatest whole cost within all bounds, which are of one metric; None where there is no bound."""
    low: list[int] = []
    high: list[int] = []
    for bound in bounds:
        if bound.op in ("<=", "<"):
            high.append(floor(bound.limit) if bound.op == "<=" else ceil(bound.limit) - 1)
        else:
            low.append(ceil(bound.limit) if bound.op == ">=" else floor(bound.limit) + 1)
    return max(low, default=None), min(high, default=None)

"""The diagram of a graph's architectures: what counting, drawing and bounding ask."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.diagnostics.codes.choices import TOO_WIDE
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import Activity, activity, binding
from archdsl.ir.expr import Expr, TooWide
from archdsl.ir.frontier import Diagram, frontier
from archdsl.ir.graph import Graph


def live(graph: Graph) -> Activity:
    """The activity of a graph. Raises DiagnosticError E0508 where a guard is too wide to be decided."""
    try:
        return activity(graph.outputs)
    except TooWide as wide:
        raise DiagnosticError(
            TOO_WIDE.error(graph.root.span, f"`{graph.name}`: {wide}")
        ) from None


def diagram(
    graph: Graph, terms: Iterable[Expr] = (), active: Activity | None = None
) -> Diagram:
    """Every architecture once, with the sum of the terms; requirements hold, bounds on cost are left to the
    caller.

    Raises DiagnosticError E0508 or E0509 where an exact answer is out of reach.
    """
    active = active or live(graph)
    try:
        return frontier(
            graph.choices,
            active.choices,
            [binding(r, active) for r in graph.requirements],
            terms,
        )
    except TooWide as wide:
        raise DiagnosticError(
            TOO_WIDE.error(graph.root.span, f"`{graph.name}`: {wide}")
        ) from None

"""What an architecture or a space amounts to."""

from __future__ import annotations

from archdsl.compare.difference import Totals
from archdsl.ir.activity import binding
from archdsl.ir.extremes import extremes
from archdsl.ir.graph import Graph
from archdsl.questions.cost import Metric, cost_terms
from archdsl.questions.count import architectures
from archdsl.questions.diagram import live
from archdsl.syntax.diagnostics import DiagnosticError


def totals(graph: Graph) -> Totals:
    """Params, MACs at the declared sizes, and the number of architectures.

    None for what the exact engine refuses as too large; bounds on cost are left out of the extremes.
    """
    return Totals(_ends(graph, "params"), _ends(graph, "macs"), _count(graph))


def _ends(graph: Graph, metric: Metric) -> tuple[int, int] | None:
    try:
        active = live(graph)
        return extremes(cost_terms(graph, metric, active), [binding(r, active) for r in graph.requirements])
    except DiagnosticError:
        return None


def _count(graph: Graph) -> tuple[int, int] | None:
    try:
        count = architectures(graph)
    except DiagnosticError:
        return None
    return (count, count) if isinstance(count, int) else count

"""What an architecture or a space amounts to."""

from __future__ import annotations

from archdsl.compare.difference import Totals
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import binding
from archdsl.ir.costs import METRICS, cost_terms
from archdsl.ir.extremes import extremes_of
from archdsl.ir.graph import Graph
from archdsl.questions.count import architectures
from archdsl.questions.diagram import live


def totals(graph: Graph) -> Totals:
    """Params, MACs at the declared sizes, and the number of architectures.

    None for what the exact engine refuses as too large; bounds on cost are left out of the extremes.
    """
    return Totals(*_ends(graph), _count(graph))


def _ends(graph: Graph) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    try:
        active = live(graph)
        required = [binding(r, active) for r in graph.requirements]
        found = extremes_of(
            [cost_terms(graph, metric, active) for metric in METRICS],
            required,
            active.choices,
        )
    except DiagnosticError:
        found = None
    return (found[0], found[1]) if found is not None else (None, None)


def _count(graph: Graph) -> tuple[int, int] | None:
    try:
        count = architectures(graph)
    except DiagnosticError:
        return None
    return (count, count) if isinstance(count, int) else count

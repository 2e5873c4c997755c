"""Whether the requirements of a graph leave anything: what an architecture, or every one of a space,
breaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archdsl.diagnostics.codes.choices import UNSATISFIABLE
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError, Label
from archdsl.ir.activity import Activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.costs import METRICS, Metric, cost_terms, limits
from archdsl.ir.expr import TRUE, Expr
from archdsl.ir.extremes import extremes
from archdsl.ir.frontier import Diagram, frontier, witness
from archdsl.ir.graph import CostBound, Graph
from archdsl.ir.notation import exact

_NAMES = {"macs": "MACs", "params": "params"}
_FEW = 4_096  # architectures that are looked at one by one


def unmet(graph: Graph, live: Activity) -> list[Diagnostic]:
    """Why no architecture of the graph satisfies its requirements; nothing where one does.

    Of several bounds on cost at once, a space of many architectures is looked at for one metric at a time.
    """
    required = [binding(r, live) for r in graph.requirements]
    if required and witness(TRUE, required) is None:
        others = [
            Label(r.span, "together with this one")
            for r in graph.requirements[1:4]
            if r.span is not None
        ]
        message = (
            "no architecture satisfies all requirements"
            if others
            else "no architecture satisfies this requirement"
        )
        return [UNSATISFIABLE.error(graph.requirements[0].span, message, labels=others)]
    for metric in METRICS:
        bounds = [b for b in graph.bounds if b.metric == metric]
        problem = _beyond(graph, metric, bounds, required, live) if bounds else None
        if problem is not None:
            return [problem]
    if len(graph.bounds) > 1 and graph.choices and _none_of_few(graph, required, live):
        others = [
            Label(b.span, "together with this one")
            for b in graph.bounds[1:4]
            if b.span is not None
        ]
        message = "no architecture satisfies all requirements"
        return [UNSATISFIABLE.error(graph.bounds[0].span, message, labels=others)]
    return []


def _beyond(
    graph: Graph,
    metric: Metric,
    bounds: Sequence[CostBound],
    required: Sequence[Expr],
    live: Activity,
) -> Diagnostic | None:
    """What is wrong where even the best architecture is beyond a bound."""
    try:
        ends = extremes(cost_terms(graph, metric, live), required, live.choices)
    except DiagnosticError:
        return None  # out of reach: whoever counts or draws is told
    assert ends is not None, "the requirements on choices can be met"
    for bound in bounds:
        low, high = limits([bound])
        message = None
        if not graph.choices:
            message = _beyond_text(bound, ends[0])
        elif high is not None and ends[0] > high:
            message = (
                f"no architecture satisfies this requirement: the least is {exact(ends[0])} "
                f"{_NAMES[metric]}"
            )
        elif low is not None and ends[1] < low:
            most = f"{exact(ends[1])} {_NAMES[metric]}"
            message = f"no architecture satisfies this requirement: the most is {most}"
        if message is not None:
            return UNSATISFIABLE.error(bound.span, message)
    return None


def _none_of_few(graph: Graph, required: Sequence[Expr], live: Activity) -> bool:
    """Whether none of the architectures of a small space is within all bounds."""
    try:
        space = frontier(graph.choices, live.choices, required)
    except DiagnosticError:
        return False
    if space.count() > _FEW:
        return False
    asked = Requirements.of(graph, live)
    return all(
        asked.broken(assignment) is not None for assignment in _paths(space, space.count())
    )


@dataclass(frozen=True, slots=True)
class Requirements:
    """All requirements of a graph, to be asked of many architectures."""

    graph: Graph
    conditions: tuple[Expr, ...]  # of each requirement, as it binds
    totals: Mapping[
        Metric, tuple[Expr, ...]
    ]  # of each metric with a bound, the terms of the cost

    @staticmethod
    def of(graph: Graph, live: Activity) -> Requirements:
        metrics = dict.fromkeys([b.metric for b in graph.bounds])
        totals = {metric: cost_terms(graph, metric, live) for metric in metrics}
        return Requirements(
            graph, tuple([binding(r, live) for r in graph.requirements]), totals
        )

    def broken(self, assignment: Mapping[Choice, int]) -> Diagnostic | None:
        """What the architecture of an assignment of every choice breaks first: E0504; None where it satisfies
        all.
        """
        for requirement, condition in zip(
            self.graph.requirements, self.conditions, strict=True
        ):
            if not condition.at(assignment):
                return UNSATISFIABLE.error(
                    requirement.span, "this architecture does not satisfy this requirement"
                )
        for metric, terms in self.totals.items():
            total = sum([t.at(assignment) for t in terms])
            for bound in self.graph.bounds:
                message = _beyond_text(bound, total) if bound.metric == metric else None
                if message is not None:
                    return UNSATISFIABLE.error(bound.span, message)
        return None


def _beyond_text(bound: CostBound, total: int) -> str | None:
    low, high = limits([bound])
    name = _NAMES[bound.metric]
    if high is not None and total > high:
        return (
            f"this architecture has {exact(total)} {name}; `require {bound.metric} {bound.op} …` allows "
            f"{exact(high)}"
        )
    if low is not None and total < low:
        return (
            f"this architecture has {exact(total)} {name}; `require {bound.metric} {bound.op} …` asks for "
            f"{exact(low)}"
        )
    return None


def _paths(space: Diagram, count: int) -> list[dict[Choice, int]]:
    counts = space.completions()
    return [space.path(rank, counts) for rank in range(count)]

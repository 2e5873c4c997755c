"""The most probable architecture among those that meet the requirements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.ir.activity import Activity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant, where
from archdsl.ir.graph import Graph
from archdsl.questions.diagram import diagram

_NEVER = 1e12  # the cost of an alternative without any probability


def favourite(
    space: Graph, active: Activity, logs: Mapping[Choice, Sequence[float]]
) -> dict[Choice, int] | None:
    """The assignment with the greatest sum of log probabilities over active choices; None where there is
    none.

    Raises DiagnosticError E0509 where the space is too large to be searched exactly.
    """
    costs = []
    for choice in space.choices:
        if len(set(logs[choice])) > 1:
            cost = Expr((choice,), tuple([min(-p, _NEVER) for p in logs[choice]]))
            costs.append(where(active.guard(choice), cost, constant(0.0)))
    found = diagram(space, costs, active)
    if not found.possible:
        return None
    # of each state: the least cost to the end, the alternative, the next state
    best: list[list[tuple[float, int, int]]] = [[(0.0, 0, 0)]]
    for layer in reversed(found.layers):
        after = best[-1]
        here = []
        for edges in layer.edges:
            here.append(
                min(
                    (cost + after[target][0], value, target)
                    for value, target, cost in edges
                )
            )
        best.append(here)
    best.reverse()
    state, at = 0, dict.fromkeys(space.choices, 0)
    for layer, here in zip(found.layers, best, strict=False):
        _, value, state = here[state]
        if layer.choice is not None:
            at[layer.choice] = value
    return None if best[0][0][0] >= _NEVER else at

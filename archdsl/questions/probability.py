"""How likely choices are to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.ir.frontier import probability
from archdsl.ir.graph import Graph
from archdsl.questions.diagram import live


def active_probabilities(
    graph: Graph, weights: Mapping[str, Sequence[float]] | None = None
) -> dict[str, float]:
    """For each choice, by path, the probability that it is active where every choice is drawn by its weights.

    `weights` are by path and sum to 1; a choice without any is uniform. Choices are drawn one by one, so this
    is not the share of architectures in which they are active. Requirements are left out of account.
    """
    active = live(graph)
    by_choice = {c: (weights or {})[c.path] for c in graph.choices if c.path in (weights or {})}
    return {c.path: probability(active.guard(c), by_choice) for c in graph.choices}

"""Parameters and multiply–accumulates, of one architecture, of a million, or of a whole space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archdsl.ir import decision
from archdsl.ir import extremes as sums
from archdsl.ir.activity import Activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.costs import METRICS, Metric, cost_terms
from archdsl.ir.expr import Expr, fits, lift
from archdsl.ir.graph import Graph
from archdsl.questions.diagram import live
from archdsl.questions.genotype import Genotype, complete

_ROWS = 16_384  # genotypes costed together, so that what is being added stays in the cache


@dataclass(frozen=True, slots=True)
class Totals:
    """Learnable numbers, and multiply–accumulates at the nominal sizes and batch."""

    params: int
    macs: int


def cost(graph: Graph, genotype: Mapping[str, str]) -> Totals:
    """The cost of one architecture. Raises DiagnosticError where the genotype does not fit or leaves a choice
    open.
    """
    active = live(graph)
    assignment = complete(graph, genotype, active)

    def total(metric: Metric) -> int:
        return sum([term.at(assignment) for term in cost_terms(graph, metric, active)])

    return Totals(total("params"), total("macs"))


def extremes(graph: Graph, metric: Metric) -> tuple[int, int] | None:
    """The least and the greatest cost of an architecture, exactly; None where no architecture satisfies the
    requirements.

    Bounds on cost (`require macs <= 2.0G`) are left out of account.
    """
    active = live(graph)
    return sums.extremes(
        cost_terms(graph, metric, active),
        [binding(r, active) for r in graph.requirements],
        active.choices,
    )


def costs(graph: Graph, genotypes: Any) -> dict[str, Any]:
    """The costs of many architectures as integer arrays [n], under "params" and "macs".

    `genotypes` is a sequence of complete genotypes, or an integer array [n, choices] of the alternatives'
    indices in the order of `graph.choices`; what it holds for inactive choices has no effect. Raises
    DiagnosticError where a genotype does not fit, ValueError for an array of another shape or with an index
    outside a domain.
    """
    import numpy as np

    active = live(graph)
    if isinstance(genotypes, Sequence):
        genotypes = _answered(graph, genotypes, active)
    indices = np.asarray(genotypes)
    if indices.ndim != 2 or indices.shape[1] != len(graph.choices):
        raise ValueError(
            f"an array [n, {len(graph.choices)}] of indices is needed, not one of shape {list(indices.shape)}"
        )
    sizes = np.array([c.size for c in graph.choices], np.int64)
    if indices.size and ((indices < 0) | (indices >= sizes)).any():
        raise ValueError("an index lies outside the domain of its choice")
    columns = np.ascontiguousarray(indices.T.astype(np.int32))
    return {
        metric: _sum_tables(cost_terms(graph, metric, active), graph.choices, columns)
        for metric in METRICS
    }


def _answered(
    graph: Graph, genotypes: Sequence[Mapping[str, str]], active: Activity
) -> Any:
    """The indices [n, choices] of complete genotypes, 0 for choices that are inactive."""
    import numpy as np

    width = 1 + max([c.size for c in graph.choices], default=0)
    codes: dict[
        tuple[str, str], int
    ] = {}  # of an answer, both where its choice stands and its index
    for place, choice in enumerate(graph.choices):
        for index, label in enumerate(choice.labels()):
            codes[choice.path, label] = place * width + index
    found: list[int] = []  # of all genotypes, one after the other
    lengths = []
    for genotype in genotypes:
        answers = genotype.answers if isinstance(genotype, Genotype) else genotype.items()
        try:
            own = [codes[answer] for answer in answers]
        except (KeyError, TypeError):  # an answer by value, or one that fits nothing
            given = complete(graph, genotype, active)
            own = [i * width + given[c] for i, c in enumerate(graph.choices)]
        found += own
        lengths.append(len(own))
    indices: Any = np.full((len(genotypes), len(graph.choices)), -1, np.int32)
    places, values = np.divmod(np.array(found, np.int64), width)
    indices[np.repeat(np.arange(len(lengths)), lengths), places] = values
    open_ = indices < 0
    settled = np.where(open_, 0, indices)
    columns = np.ascontiguousarray(settled.T)
    for column in np.nonzero(open_.any(axis=0))[0].tolist():
        asked = _sum_tables(
            [lift(int, active.guard(graph.choices[column]))], graph.choices, columns
        )
        lacking = np.nonzero(open_[:, column] & (asked > 0))[0]
        if len(lacking):
            complete(graph, genotypes[int(lacking[0])], active)  # raises what is missing
    return settled


def _sum_tables(terms: Sequence[Expr], choices: Sequence[Choice], columns: Any) -> Any:
    """The sum of terms at each column of indices [choices, n]."""
    import numpy as np

    place = {c: i for i, c in enumerate(choices)}
    tables = [(t.scope, np.array(t.table, np.int64)) for t in terms if fits(t.scope)]
    walks = [_Walk.of(t) for t in terms if not fits(t.scope)]
    total = np.zeros(columns.shape[1], np.int64)
    for start in range(0, columns.shape[1], _ROWS):
        rows = columns[:, start : start + _ROWS]
        part = total[start : start + _ROWS]
        for scope, table in tables:
            index: Any = 0
            for choice in scope:
                index = index * choice.size + rows[place[choice]]
            part += table[index]
        for walk in walks:
            part += walk.values(rows, place)
    return total


@dataclass(frozen=True, slots=True)
class _Walk:
    """A decision diagram walked by many architectures together.

    `steps` has for each choice the place to go to [places, alternatives] from every place; what does not ask
    the choice stays. `ends` is the value of each place.
    """

    steps: tuple[tuple[Choice, Any], ...]
    start: int
    ends: Any

    @staticmethod
    def of(term: Expr) -> _Walk:
        import numpy as np

        nodes = decision.nodes_of(term.root)
        places: dict[decision.Diagram, int] = {node: i for i, node in enumerate(nodes)}
        for node in nodes:
            for kid in node.kids:
                places.setdefault(kid, len(places))
        ends = np.array(
            [0 if isinstance(p, decision.Node) else p.value for p in places], np.int64
        )
        steps = []
        for choice in reversed(term.scope):  # as a diagram asks
            step = np.repeat(
                np.arange(len(places), dtype=np.int32)[:, None], choice.size, axis=1
            )
            for node in nodes:
                if node.choice is choice:
                    step[places[node]] = [places[kid] for kid in node.kids]
            steps.append((choice, step))
        return _Walk(tuple(steps), places[term.root], ends)

    def values(self, rows: Any, place: Mapping[Choice, int]) -> Any:
        """The value for each column of indices [choices, n]."""
        import numpy as np

        at: Any = np.full(rows.shape[1], self.start, np.int32)
        for choice, step in self.steps:
            at = step[at, rows[place[choice]]]
        return self.ends[at]

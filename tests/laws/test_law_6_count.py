"""Law 6: count(S) is the number of distinct genotypes that enumeration yields; exact for the large."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import assume, given

from archdsl.ir.activity import activity
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.questions.cost import cost, costs, extremes
from archdsl.questions.count import architectures
from archdsl.questions.genotype import genotype_of
from archdsl.questions.sample import sample
from tests.laws.subjects import (
    SHIPPED,
    SPACES,
    SPECS,
    architectures_of,
    assignments,
    examples,
    grid,
    shipped_graph,
)
from tests.strategies.specs import Spec, elaborate, spec_of, specs

SIZES = {
    "zoo/autox3d.arch:autox3d": 2_772_966_130_520_300_167_135_179_571_200
}  # the product of the paper's tables
ENUMERABLE = 4096


def check_count(graph: Graph) -> None:
    found = architectures_of(graph)
    assert architectures(graph) == len(found)
    drawn = sample(graph, 20, seed=1)
    assert set(drawn) <= set(found)
    assert drawn[:5] == sample(graph, 5, seed=1)


def check_costs(graph: Graph) -> None:
    """The exact extremes, and the costs of all at once, against those of each alone."""
    found = list(architectures_of(graph))
    totals = [cost(graph, g) for g in found]
    many = costs(graph, found)
    for metric in ("params", "macs"):
        each = [getattr(t, metric) for t in totals]
        assert many[metric].tolist() == each
        assert extremes(graph, metric) == (min(each), max(each))


def check_activity(graph: Graph) -> None:
    """What a genotype leaves out decides nothing, and what it answers is all that can matter.

    This holds activity to partial evaluation alone: equal genotypes give one model, and a choice of which
    another answer changes the model is answered by the genotype.
    """
    live = activity(graph.outputs)
    printed, genotypes, models = {}, {}, defaultdict(set)
    for assignment in assignments(graph):
        indices = tuple(assignment.values())
        printed[indices] = print_graph(fix(graph, assignment))
        genotypes[indices] = genotype_of(graph, assignment, live)
        models[genotypes[indices]].add(printed[indices])
    assert all(len(different) == 1 for different in models.values())
    for indices, genotype in genotypes.items():
        for position, choice in enumerate(graph.choices):
            others = [
                (*indices[:position], i, *indices[position + 1 :])
                for i in range(choice.size)
            ]
            assert choice.path in genotype or len({printed[o] for o in others}) == 1, (
                choice.path,
                genotype,
            )


@pytest.mark.parametrize("feature", SPACES)
def test_of_every_feature(feature: str) -> None:
    for name in SPECS[feature].names:
        graph = elaborate(SPECS[feature], name)
        check_count(graph)
        check_costs(graph)
        if grid(graph) <= 48:
            check_activity(graph)


@given(specs(choices=True))
@examples(60)
def test_of_random_specs(spec: Spec) -> None:
    for name in spec.names:
        graph = elaborate(spec, name)
        assume(grid(graph) <= ENUMERABLE)
        check_count(graph)


@given(specs(choices=True, must={"conditional"}, grid=32))
@examples(20)
def test_activity_is_what_partial_evaluation_shows(spec: Spec) -> None:
    check_activity(elaborate(spec))


@pytest.mark.parametrize("seed", range(6))
def test_under_a_bound_on_cost_the_interval_is_proven(seed: int) -> None:
    graph = elaborate(
        spec_of(f"bound:{seed}", must={"cost_bound", "width_range", "conditional"})
    )
    (bound,) = graph.bounds
    inside = [
        g
        for g in architectures_of(graph)
        if getattr(cost(graph, g), bound.metric) <= bound.limit
    ]
    count = architectures(graph)
    least, most = count if isinstance(count, tuple) else (count, count)
    assert least <= len(inside) <= most
    if inside:
        assert set(sample(graph, 10)) <= set(inside)


@pytest.mark.parametrize("reference", SIZES)
def test_sizes_of_the_papers_spaces(reference: str) -> None:
    assert architectures(shipped_graph(reference)) == SIZES[reference]


@pytest.mark.parametrize("reference", SHIPPED)
def test_of_what_ships(reference: str) -> None:
    graph = shipped_graph(reference)
    count = architectures(graph)
    if not graph.choices:
        assert count == 1
    elif grid(graph) <= ENUMERABLE and not graph.bounds:
        check_count(graph)
    else:
        low, high = count if isinstance(count, tuple) else (count, count)
        assert 0 < low <= high <= grid(graph)

"""The axes of supergraphs: what each architecture takes of which super-axis."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.complete import complete
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import assignment, genotype_of
from archdsl_torch.supergraph.layouts import Layouts
from tests.backends.channel_labels import Evaluation, Made, fair, naive
from tests.laws.subjects import SPACES, Assignment, answers, assignments, examples, graph_of, grid, some_answers
from tests.strategies.specs import Spec, elaborate, specs


def check(graph: Graph, wholes: Iterable[Assignment], channels: str) -> None:
    """Every dimension of every live value against labels carried through the graph."""
    layouts = Layouts(graph, channels)
    known: dict[Hashable, int] = {}
    for whole in wholes:
        at = assignment(graph, genotype_of(graph, whole))
        at = {c: at.get(c, 0) for c in graph.choices}
        carried = Evaluation(graph, at, fair if channels == "fair" else naive).run()
        given = tuple((c, at[c]) for c in graph.choices if c.kind == "list")
        for value in complete(graph, at)[1].values():
            for dim, size in value.shape.items():
                positions, labels = layouts.positions(value, dim, at, given), carried[value][dim]
                assert len(positions) == len(set(positions)) == len(labels) == size.at(at)
                assert max(positions) < layouts.super_size(value, dim, given) <= layouts.super_size(value, dim)
                for position, label in zip(positions, labels, strict=True):
                    assert known.setdefault((value, dim, given, label), position) == position, (value, dim)
                    if isinstance(label, Made) and label.by == id(value):
                        assert label.position == position, (value, dim)


def some(graph: Graph, seed: str) -> list[Assignment]:
    """Every assignment of a small space, or some of them."""
    return list(assignments(graph)) if grid(graph) <= 32 else [some_answers(graph, f"{seed}:{i}") for i in range(16)]


@pytest.mark.parametrize("feature", SPACES)
def test_of_every_feature(feature: str) -> None:
    graph = graph_of(feature)
    for channels in ("fair", "naive"):
        check(graph, some(graph, feature), channels)


@given(specs(choices=True, must={"wide"}), st.data(), st.sampled_from(["fair", "naive"]))
@examples(20)
def test_of_random_specs(spec: Spec, data: st.DataObject, channels: str) -> None:
    graph = elaborate(spec, data.draw(st.sampled_from(spec.names)))
    check(graph, [data.draw(answers(graph)) for _ in range(4)], channels)

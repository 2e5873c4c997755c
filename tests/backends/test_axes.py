"""The axes of supergraphs: what each architecture takes of which super-axis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.architecture import load
from archdsl.ir.complete import complete
from archdsl.ir.graph import Graph, Op
from archdsl.questions.genotype import assignment, genotype_of
from archdsl_lowering.supergraph.axes import Window, same
from archdsl_lowering.supergraph.layouts import Layouts
from tests.backends.channel_labels import Evaluation, Made, fair, naive
from tests.laws.small_spaces import SMALL
from tests.laws.subjects import (
    SPACES,
    Assignment,
    answers,
    assignments,
    examples,
    graph_of,
    grid,
    some_answers,
)
from tests.strategies.specs import Spec, elaborate, spec_of, specs


def check(graph: Graph, wholes: Iterable[Assignment], channels: str) -> None:
    """Every dimension of every live value against labels carried through the graph."""
    layouts = Layouts(graph, channels)
    known: dict[
        Hashable, dict[Hashable, int]
    ] = {}  # the position of each label, by value, dimension and answers to lists
    for whole in wholes:
        at = settled(graph, whole)
        carried = Evaluation(graph, at, fair if channels == "fair" else naive).run()
        given = tuple((c, at[c]) for c in graph.choices if c.kind == "list")
        for value in complete(graph, at)[1].values():
            for dim, size in value.shape.items():
                positions, labels = (
                    layouts.positions(value, dim, at, given),
                    carried[value][dim],
                )
                assert len(positions) == len(set(positions)) == len(labels) == size.at(at)
                assert (
                    max(positions)
                    < layouts.super_size(value, dim, given)
                    <= layouts.super_size(value, dim)
                )
                places = known.setdefault((value, dim, given), {})
                for position, label in zip(positions, labels, strict=True):
                    assert places.setdefault(label, position) == position, (value, dim)
                    if isinstance(label, Made) and label.by == id(value):
                        assert label.position == position, (value, dim)


def settled(graph: Graph, whole: Assignment) -> Assignment:
    """The assignment with the first alternative for each choice that is inactive."""
    answers = assignment(graph, genotype_of(graph, whole))
    return {c: answers.get(c, 0) for c in graph.choices}


def some(graph: Graph, seed: str) -> list[Assignment]:
    """Every assignment of a small space, or some of them."""
    return (
        list(assignments(graph))
        if grid(graph) <= 32
        else [some_answers(graph, f"{seed}:{i}") for i in range(16)]
    )


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


def test_random_specs_move_searched_channels_about() -> None:
    """What the oracle and law 5 are tried on: axes that are no plain windows, and windows that are no
    prefixes.
    """
    found: Counter[str] = Counter()
    for seed in range(40):
        graph = elaborate(spec_of(f"axes:{seed}", choices=True, must={"wide"}))
        layouts = Layouts(graph, "fair")
        at = settled(graph, some_answers(graph, str(seed)))
        seen: set[str] = set()
        for value in complete(graph, at)[1].values():
            axis = layouts.of(value).get("c")
            if axis is None or (isinstance(axis, Window) and axis.size.is_constant):
                continue
            positions = layouts.positions(value, "c", at)
            if positions != tuple(range(len(positions))):
                seen.add("window that is no prefix")
            if isinstance(value, Op):
                seen.add(value.name)
                if value.name == "conv" and not value.attrs["groups"].is_constant:
                    seen.add("depthwise")
                elif value.name == "conv" and value.attrs["groups"].value > 1:
                    seen.add("grouped")
                if value.name == "add" and not same(layouts.of(value.inputs[1])["c"], axis):
                    seen.add("join of different axes")
        found.update(seen)
    for feature in (
        "concat",
        "split",
        "merge",
        "chunk",
        "take",
        "add",
        "grouped",
        "depthwise",
        "join of different axes",
    ):
        assert found[feature] >= 4, (feature, found)
    assert found["window that is no prefix"] >= 20, found


@pytest.mark.parametrize(("reference", "settings"), SMALL)
def test_of_what_ships(reference: str, settings: dict[str, str]) -> None:
    graph = load(reference, settings=settings).graph
    for channels in ("fair", "naive"):
        check(graph, [some_answers(graph, f"{reference}:{i}") for i in range(3)], channels)

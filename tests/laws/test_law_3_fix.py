"""Law 3: fix(fix(S, g1), g2) == fix(S, g1 + g2), and a complete genotype leaves no choice; as printed IR."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.activity import activity
from archdsl.ir.fix import fix, simplify
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.ir.verify import verify
from archdsl.questions.genotype import assignment, genotype_of
from tests.laws.subjects import (
    SHIPPED,
    SPACES,
    SPECS,
    answers,
    architectures_of,
    examples,
    graph_of,
    is_allowed,
    shipped_graph,
)
from tests.strategies.specs import Spec, elaborate, specs


def check(graph: Graph, data: st.DataObject) -> None:
    whole = data.draw(answers(graph))
    first = data.draw(
        st.sets(st.sampled_from(graph.choices)) if graph.choices else st.just(set())
    )
    second = data.draw(
        st.sets(st.sampled_from(graph.choices)) if graph.choices else st.just(set())
    )
    one, two = {c: whole[c] for c in first}, {c: whole[c] for c in second}
    half = fix(graph, one)
    verify(half)
    assert print_graph(fix(half, two)) == print_graph(fix(graph, one | two))
    assert print_graph(simplify(half)) == print_graph(half)

    model = fix(graph, whole)
    verify(model)
    assert model.kind == "model" and not model.choices
    genotype = genotype_of(graph, whole)
    assert print_graph(fix(graph, assignment(graph, genotype))) == print_graph(
        model
    )  # inactive answers change nothing
    live = activity(graph.outputs)
    if is_allowed(graph, live, whole):
        assert not model.requirements


@pytest.mark.parametrize("feature", SPACES)
@given(data=st.data())
@examples(3)
def test_of_every_feature(feature: str, data: st.DataObject) -> None:
    for name in SPECS[feature].names:
        check(elaborate(SPECS[feature], name), data)


@given(specs(choices=True), st.data())
@examples(60)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    for name in spec.names:
        check(elaborate(spec, name), data)


@pytest.mark.parametrize("reference", SHIPPED)
@given(data=st.data())
@examples(2)
def test_of_what_ships(reference: str, data: st.DataObject) -> None:
    check(shipped_graph(reference), data)


def text_of_answers(spec: Spec, graph: Graph, data: st.DataObject) -> None:
    genotype = data.draw(
        st.sampled_from(list(architectures_of(graph)))
    )  # what a requirement forbids is no text either
    some = {
        p: genotype[p]
        for p in data.draw(
            st.sets(st.sampled_from(list(genotype)), min_size=1)
            if len(genotype)
            else st.just(set())
        )
    }
    lines = "\n".join(f"  {path} = {label}" for path, label in some.items())
    written = replace(spec, text=f"{spec.text}genotype drawn of base {{\n{lines}\n}}\n")
    given_as_text = elaborate(written, "drawn")
    fixed = fix(graph, assignment(graph, some))
    assert print_graph(replace(given_as_text, name="", kind="space")) == print_graph(
        replace(fixed, name="", kind="space")
    )


@pytest.mark.parametrize("feature", SPACES)
@given(data=st.data())
@examples(3)
def test_a_genotype_as_text_fixes_the_same(feature: str, data: st.DataObject) -> None:
    """The edits of the language and partial evaluation agree: answers may settle while elaborating, or
    afterwards.
    """
    text_of_answers(SPECS[feature], graph_of(feature), data)

"""Law 4: static params and MACs are those of the compiled module, counted by PyTorch on the meta device."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl_torch
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.instance import key
from archdsl.questions.cost import cost
from archdsl.questions.sample import sample
from archdsl_torch.count import macs, params
from tests.laws.subjects import (
    SHIPPED,
    SPECS,
    answers,
    examples,
    graph_of,
    shipped_graph,
    some_answers,
)
from tests.strategies.specs import Spec, elaborate, specs


def check(model: Graph) -> None:
    """A model's totals, by every way in which they are stated."""
    total = cost(model, {})
    assert total.macs == sum(op.macs.value for op in model.ops())
    assert total.params == sum(
        math.prod(size.value for size in w.shape) for w in model.weights().values()
    )
    compiled = archdsl_torch.compile(model, meta=True)
    assert params(compiled) == total.params
    assert macs(compiled, model) == total.macs
    keys = {
        key(w.full_name): tuple(size.value for size in w.shape)
        for w in model.weights().values()
    }
    assert {name: tuple(p.shape) for name, p in compiled.named_parameters()} == keys


@pytest.mark.parametrize("feature", SPECS)
def test_of_every_feature(feature: str) -> None:
    graph = graph_of(feature)
    for seed in ("a", "b")[: 2 if graph.choices else 1]:
        check(fix(graph, some_answers(graph, seed + feature)))


@given(specs(), st.data())
@examples(40)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    graph = elaborate(spec, data.draw(st.sampled_from(spec.names)))
    whole = data.draw(answers(graph))
    model = fix(graph, whole)
    check(model)
    in_space = cost(graph, {c.path: c.alternatives[i].label for c, i in whole.items()})
    assert in_space == cost(model, {})


@pytest.mark.parametrize("reference", SHIPPED)
def test_of_what_ships(reference: str) -> None:
    graph = shipped_graph(reference)
    (genotype,) = sample(graph, 1, seed=4)
    model = fix(
        graph,
        {
            c: c.labels().index(genotype[c.path])
            for c in graph.choices
            if c.path in genotype
        },
    )
    assert cost(graph, genotype) == cost(model, {})
    check(model)

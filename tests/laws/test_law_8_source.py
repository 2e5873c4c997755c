"""Law 8, of `.py` against fx: the generated source traces to the fx module node for node, and computes the
same numbers.
"""

from __future__ import annotations

from inspect import signature
from types import FunctionType
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import fx
from torch.fx.operator_schemas import normalize_function

import archdsl_python
import archdsl_torch
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl_torch.export import examples as inputs_of
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

SEED = 5


def executed(source: str) -> torch.nn.Module:
    """The model of a source, as a stranger who pastes it gets it."""
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(source, "generated.py", "exec"), names)
    model = names["model"](SEED)
    assert isinstance(model, torch.nn.Module)
    return model


def lines(graph: fx.Graph) -> list[tuple[str, str, str]]:
    """The nodes by number; a call says the same however its arguments are written."""
    numbers = {node: f"%{i}" for i, node in enumerate(graph.nodes)}
    return [(node.op, str(node.target), _arguments(node, numbers)) for node in graph.nodes]


def _arguments(node: fx.Node, numbers: dict[fx.Node, str]) -> str:
    args, kwargs = node.args, dict(node.kwargs)
    if node.op == "call_function" and isinstance(node.target, FunctionType):
        named = normalize_function(
            node.target, args, kwargs, normalize_to_only_use_kwargs=True
        )
        assert named is not None
        args = named.args
        defaults = _DISPATCHED | {
            name: p.default for name, p in signature(node.target).parameters.items()
        }
        kwargs = {
            name: value
            for name, value in named.kwargs.items()
            if name not in defaults or defaults[name] != value
        }
    return repr(fx.node.map_arg((args, sorted(kwargs.items())), numbers.__getitem__))


# Defaults of the poolings, whose signatures PyTorch hides behind a dispatch.
_DISPATCHED: dict[str, Any] = {"return_indices": False, "ceil_mode": False, "dilation": 1}


def check(model: Graph, *, run: bool = True) -> None:
    ours = archdsl_torch.compile(model, seed=SEED, meta=not run)
    source = archdsl_python.source(model)
    theirs = executed(source)
    assert lines(fx.symbolic_trace(theirs).graph) == lines(ours.graph)
    for node in ours.graph.nodes:
        if node.op == "call_module":
            assert repr(ours.get_submodule(node.target)) == repr(
                theirs.get_submodule(node.target)
            )
    a, b = ours.state_dict(), theirs.state_dict()
    assert {name: t.shape for name, t in a.items()} == {
        name: t.shape for name, t in b.items()
    }
    if not run:
        return
    assert all(torch.equal(a[name], b[name]) for name in a)
    inputs = [
        torch.randn(x.shape, generator=torch.Generator().manual_seed(SEED))
        for x in inputs_of(model)
    ]
    results = [m.eval()(*inputs) for m in (ours, theirs)]
    for one, other in zip(
        *((r if isinstance(r, tuple) else (r,)) for r in results), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("feature", SPECS)
def test_of_every_feature(feature: str) -> None:
    graph = graph_of(feature)
    check(fix(graph, some_answers(graph, feature)))


@given(specs(), st.data())
@examples(30)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    graph = elaborate(spec, data.draw(st.sampled_from(spec.names)))
    check(fix(graph, data.draw(answers(graph))))


@pytest.mark.parametrize("reference", SHIPPED)
def test_of_what_ships(reference: str) -> None:
    graph = shipped_graph(reference)
    check(fix(graph, dict.fromkeys(graph.choices, 1)), run=False)


@pytest.mark.parametrize(
    "edit",
    [
        "after narrow insert batch_norm",
        "before narrow insert batch_norm",
        "before narrow insert conv(4)",
        "after pair insert conv(2, 3)",
    ],
)
def test_of_layers_inserted_beside_others(edit: str) -> None:
    """What is inserted has its path under the layer that it stands next to, which may be no container."""
    text = f"""arch 1
block two = conv(4) as first -> relu -> conv(3) as second
model base {{
  input x: [b, c = 4, t = 2, h = 5, w = 4]
  output x -> conv(4, 3) as narrow -> two as pair
}}
model edited = base() with {{ {edit} }}
"""
    check(elaborate(Spec(text, ("base", "edited"), frozenset()), "edited"))


def test_of_windows_that_reach_past_a_small_input() -> None:
    text = 'arch 1\nmodel m { input x: [b, c = 2, t = 2, h = 2, w = 6]  output x -> avg_pool(3, 1, "half") -> max_pool(3, 2, "half") }\n'
    check(elaborate(Spec(text, ("m",), frozenset())))

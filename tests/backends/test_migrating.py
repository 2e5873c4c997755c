"""Weights carried over an edit: what the diff pairs, in their places, and the function where it is the
same.
"""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given

import archdsl_torch
from archdsl.compare import diff
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl_torch.migrating import Migrated, migrate_weights
from tests.compare.pairs import BASE, PAIRS, network
from tests.laws.subjects import examples
from tests.strategies.specs import Spec, elaborate, specs

# The pair "answer_changed" compares models already; of the others, the model of the same answers.
ONE_FUNCTION = {
    "formatting_only",
    "instance_renamed",
    "loop_renamed",
    "block_moved",
    "choice_widened",
    "domain_reordered",
}


@cache
def sides(name: str) -> tuple[Graph, Graph]:
    text = BASE
    for old, new in PAIRS[name][0]:
        text = text.replace(old, new)
    return network(BASE, "fixed"), network(text, "fixed")


@cache
def before_net() -> torch.nn.Module:
    before = network(BASE, "fixed")
    return archdsl_torch.compile(before, weights=filled(before)).eval()


def filled(graph: Graph) -> dict[str, torch.Tensor]:
    """A state dict in which no two numbers are alike."""
    state = archdsl_torch.compile(graph, seed=5).state_dict()
    random = torch.Generator().manual_seed(2)
    return {
        key: torch.rand(t.shape, generator=random) + 0.5 if t.is_floating_point() else t + 3
        for key, t in state.items()
    }


def model(body: str, name: str = "net") -> Graph:
    return network(f"arch 1\n\n{body}\n", name)


def migrated(before: Graph, after: Graph) -> tuple[dict[str, torch.Tensor], Migrated]:
    state = filled(before)
    return state, migrate_weights(before, after, state, seed=1)


@pytest.mark.parametrize("name", PAIRS)
def test_the_new_model_loads_what_the_diff_says(name: str) -> None:
    before, after = sides(name)
    state = before_net().state_dict()
    found = migrate_weights(before, after, state, seed=1)
    net = archdsl_torch.compile(after, seed=1)
    fresh = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    net.load_state_dict(dict(found.weights), strict=True)
    inherits = diff(before, after).inherits
    assert inherits == found.inherits and inherits is not None
    learnt = {key for key, _ in net.named_parameters()}
    moved = {m.key: m for m in found.moved}
    assert moved.keys() == fresh.keys()
    assert (
        sum(fresh[k].numel() for k in learnt if moved[k].how in ("same", "moved"))
        == inherits.same
    )
    assert (
        sum(fresh[k].numel() for k in learnt if moved[k].how == "sliced")
        <= inherits.sliceable
    )
    for key, m in moved.items():
        if m.how == "anew":
            assert torch.equal(found.weights[key], fresh[key])
        elif m.how != "sliced":
            assert m.source is not None and torch.equal(found.weights[key], state[m.source])
    assert set(found.dropped) == set(state) - {m.source for m in found.moved}
    if name in ONE_FUNCTION:  # nothing but names: every bit of what comes out is the same
        assert all(m.how in ("same", "moved") for m in found.moved) and not found.dropped
        clip = torch.randn(2, 3, 4, 32, 32, generator=torch.Generator().manual_seed(1))
        assert torch.equal(net.eval()(clip), before_net()(clip))


@given(specs(choices=False))
@examples(15)
def test_a_model_migrates_to_itself(spec: Spec) -> None:
    graph = elaborate(spec)
    state, found = migrated(graph, graph)
    assert {m.how for m in found.moved} <= {"same"} and all(
        torch.equal(found.weights[k], t) for k, t in state.items()
    )


@given(specs(choices=False), specs(choices=False))
@examples(15)
def test_any_model_migrates_to_any_other(one: Spec, other: Spec) -> None:
    """Unlike as they are: a whole state dict, and what the diff says."""
    before, after = elaborate(one), elaborate(other)
    _, found = migrated(before, after)
    archdsl_torch.compile(after).load_state_dict(dict(found.weights), strict=True)
    assert found.inherits == diff(before, after).inherits


# -- where sizes differ ------------------------------------------------------------------------------

CHAIN = """model net(kernel = 1x3x3, width = 8, classes = 5) {
  input x: [b, c = 3, t = 6, h = 7, w = 5]
  output x -> conv(width, kernel) as a -> batch_norm as norm -> relu -> mean(@thw) -> linear(classes) as classify
}"""


def test_a_larger_kernel_is_the_same_function_at_first() -> None:
    before = model(CHAIN)
    x = torch.randn(2, 3, 6, 7, 5, generator=torch.Generator().manual_seed(1))
    expected = archdsl_torch.compile(before, weights=filled(before)).eval()(x)
    for kernel in ("3x3x3", "1x5x7", "5x3x5"):
        after = model(CHAIN.replace("kernel = 1x3x3", f"kernel = {kernel}"))
        _, found = migrated(before, after)
        torch.testing.assert_close(
            archdsl_torch.compile(after, weights=found.weights).eval()(x), expected
        )


def test_a_smaller_kernel_is_the_middle() -> None:
    before, after = (
        model(CHAIN.replace("1x3x3", "3x5x4")),
        model(CHAIN.replace("1x3x3", "1x3x3")),
    )
    state, found = migrated(before, after)
    assert torch.equal(found.weights["a.weight"], state["a.weight"][:, :, 1:2, 1:4, 0:3])


def test_channels_are_prefixes_and_statistics_go_with_them() -> None:
    before = model(CHAIN)
    for width in (5, 11):
        after = model(CHAIN.replace("width = 8", f"width = {width}"))
        state, found = migrated(before, after)
        both = min(8, width)
        fresh = archdsl_torch.compile(after, seed=1).state_dict()
        for key in (
            "a.weight",
            "norm.weight",
            "norm.bias",
            "norm.running_mean",
            "norm.running_var",
        ):
            assert torch.equal(
                found.weights[key][:both], state[key][:both]
            ) and torch.equal(found.weights[key][both:], fresh[key][both:])
        assert torch.equal(
            found.weights["classify.weight"][:, :both], state["classify.weight"][:, :both]
        )
        assert torch.equal(found.weights["classify.bias"], state["classify.bias"])
        assert torch.equal(
            found.weights["norm.num_batches_tracked"], state["norm.num_batches_tracked"]
        )
        assert {m.key: m.carried for m in found.moved}["a.weight"] == both * 3 * 9


JOINED = """model net(left = 4, right = 3) {
  input x: [b, c = 3, t = 2, h = 4, w = 4]
  l = x -> conv(left, 1) as l -> batch_norm as norm
  r = x -> conv(right, 1) as r
  both = [l, r] -> concat(@c)
  output both -> conv(6, 1) as mix -> mean(@thw) -> linear(2) as classify
}"""


def test_channels_behind_a_concatenation_are_found_by_where_they_come_from() -> None:
    before = model(JOINED)
    state, found = migrated(before, model(JOINED.replace("left = 4", "left = 6")))
    old, new = state["mix.weight"], found.weights["mix.weight"]
    assert torch.equal(new[:, :4], old[:, :4]) and torch.equal(new[:, 6:], old[:, 4:])
    state, found = migrated(before, model(JOINED.replace("left = 4", "left = 2")))
    old, new = state["mix.weight"], found.weights["mix.weight"]
    assert torch.equal(new[:, :2], old[:, :2]) and torch.equal(new[:, 2:], old[:, 4:])
    extra = JOINED.replace("[l, r]", "[x -> conv(5, 1) as extra, l, r]")
    state, found = migrated(before, model(extra))
    fresh = archdsl_torch.compile(model(extra), seed=1).state_dict()
    assert torch.equal(found.weights["mix.weight"][:, 5:], state["mix.weight"])
    assert torch.equal(found.weights["mix.weight"][:, :5], fresh["mix.weight"][:, :5])


ATTEND = """model net(width = 8) {
  input x: [b, n = 5, c = 6]
  y = x -> linear(width) as enter
  q, k, v = y -> linear(3 * y.c) as qkv -> chunk(c = 3)
  output (q, k, v) -> attend(@n) -> linear(4) as proj
}"""


def test_parts_of_a_projection_grow_each_by_itself() -> None:
    state, found = migrated(model(ATTEND), model(ATTEND.replace("width = 8", "width = 10")))
    old, new = (
        state["qkv.weight"].unflatten(0, (3, 8)),
        found.weights["qkv.weight"].unflatten(0, (3, 10)),
    )
    assert torch.equal(new[:, :8, :8], old)
    old, new = (
        state["qkv.bias"].unflatten(0, (3, 8)),
        found.weights["qkv.bias"].unflatten(0, (3, 10)),
    )
    assert torch.equal(new[:, :8], old)
    assert torch.equal(found.weights["proj.weight"][:, :8], state["proj.weight"])


GROUPED = """model net(width = 8, groups = 8) {
  input x: [b, c = 3, h = 4, w = 4]
  output x -> conv(width, 1) as enter -> conv(width, 3x3, groups = groups) as spread -> mean(@hw)
}"""


def test_depthwise_layers_keep_their_channels_and_regrouped_ones_start_anew() -> None:
    before = model(GROUPED)
    state, found = migrated(
        before, model(GROUPED.replace("width = 8, groups = 8", "width = 12, groups = 12"))
    )
    assert torch.equal(found.weights["spread.weight"][:8], state["spread.weight"])
    _, found = migrated(before, model(GROUPED.replace("groups = 8", "groups = 2")))
    assert {m.key: m.how for m in found.moved}["spread.weight"] == "anew"


def test_shared_weights_are_carried_once() -> None:
    body = """block unit(name) { input x  output x -> conv(3, 3x3) as conv -> relu }
model net {
  input x: [b, c = 3, h = 4, w = 4]
  own = shared unit("a")
  output x -> own -> own -> mean(@hw)
}"""
    before = model(body)
    state, found = migrated(before, model(body.replace("own", "mine")))
    assert len(found.moved) == len(state) and all(m.how == "moved" for m in found.moved)


def test_a_space_and_weights_of_another_model_are_refused() -> None:
    before = model(CHAIN)
    with pytest.raises(DiagnosticError, match="E0950"):
        migrate_weights(before, network(BASE, "base"), filled(before))
    with pytest.raises(DiagnosticError, match="E0952"):
        migrate_weights(model(JOINED), before, filled(before))

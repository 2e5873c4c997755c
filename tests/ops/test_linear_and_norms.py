"""Linear maps, weights of their own, normalisation, activations."""

from __future__ import annotations

import pytest
from primitive_calls import call, choice, tensor

from archdsl.ir.graph import Init


def test_linear() -> None:
    out = call("linear", tensor(b=1, n=197, c=768), width=2304)
    assert out.sizes == {"b": 1, "n": 197, "c": 2304}
    assert out.weight("weight") == (2304, 768) and out.weight("bias") == (2304,)
    assert out.weights["weight"].init.value == Init("fan_in")
    assert out.macs.value == 197 * 768 * 2304


def test_linear_over_another_dimension() -> None:
    out = call("linear", tensor(b=1, s=256, n=128), width=64, dim="n", bias=False)
    assert out.sizes == {"b": 1, "s": 256, "n": 64}
    assert list(out.weights) == ["weight"] and out.weight("weight") == (64, 128)
    assert out.macs.value == 256 * 128 * 64


def test_linear_over_several_dimensions() -> None:
    out = call("linear", tensor(b=1, c=8, t=4, h=3, w=2), width=16, dim="chw")
    assert out.sizes == {"b": 1, "t": 4, "c": 16}
    assert out.weight("weight") == (16, 48)
    assert out.macs.value == 4 * 48 * 16
    assert call("linear", tensor(c=8, h=3, w=2), width=5, dim="hw").sizes == {
        "c": 8,
        "h": 5,
    }


def test_linear_over_choices() -> None:
    a, c = choice(0, 24, 48)
    b, width = choice(1, 5, 6)
    out = call("linear", tensor(b=1, c=c), width=width)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert out.macs.at({a: i, b: j}) == (24, 48)[i] * (5, 6)[j]
    assert out.weights["weight"].shape == (width, c)


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"width": 0}, "E0407", "width is 0; it must be at least 1"),
        ({"width": 1.5}, "E0408", "width is 1.5, which is not a whole number"),
        (
            {"width": 8, "dim": "n"},
            "E0401",
            "dimension `n` is missing; the tensor has [b, c, t]",
        ),
        (
            {"width": 8, "dim": "b"},
            "E0406",
            "`b` is the batch and cannot be named in an operation",
        ),
        ({"width": 8, "dim": "cc"}, "E0405", "dimension `c` is named twice in @cc"),
    ],
)
def test_linear_refused(given: dict[str, object], code: str, message: str) -> None:
    out = call("linear", tensor(b=1, c=8, t=2), **given)
    assert (out.codes, out.messages) == ([code], [message])


def test_weight() -> None:
    out = call("weight", n=197, c=768, init=Init("trunc_normal", (0.02,)))
    assert out.sizes == {"n": 197, "c": 768}
    assert out.weight("") == (197, 768)
    assert out.weights[""].init.value == Init("trunc_normal", (0.02,))
    assert out.macs.value == 0


def test_weight_refused() -> None:
    assert call("weight", b=1, c=3).messages == [
        "a weight is the same for every sample, so it has no `b`"
    ]
    assert call("weight", c=0).messages == ["c is 0; it must be at least 1"]


def test_batch_norm() -> None:
    _, c = choice(0, 24, 48)
    out = call("batch_norm", tensor(b=1, c=c, t=4), gamma=0)
    assert (
        out.shape["c"] == c
        and out.weights["weight"].shape == (c,)
        and out.weights["bias"].shape == (c,)
    )
    assert out.weights["weight"].init.value == Init("constant", (0.0,))
    assert call("batch_norm", tensor(c=8)).weights["weight"].init.value == Init(
        "constant", (1.0,)
    )
    assert not call("batch_norm", tensor(c=8), affine=False).weights


def test_batch_norm_refused() -> None:
    assert call("batch_norm", tensor(h=8)).messages == [
        "dimension `c` is missing; the tensor has [h]"
    ]
    assert call("batch_norm", tensor(c=8), eps=0).messages == [
        "`eps` is 0; it must be above 0"
    ]
    assert call("batch_norm", tensor(c=8), momentum=2).messages == [
        "`momentum` is 2; it must be from 0 to 1"
    ]
    assert not call("batch_norm", tensor(c=8), momentum=1).problems


def test_layer_norm() -> None:
    out = call("layer_norm", tensor(b=1, n=4, c=8))
    assert out.weight("weight") == (8,) and out.weight("bias") == (8,)
    assert call("layer_norm", tensor(b=1, n=4, c=8), dim="cn").weight("weight") == (8, 4)
    assert not call("layer_norm", tensor(c=8), affine=False).weights
    assert call("layer_norm", tensor(c=8), dim="n").messages == [
        "dimension `n` is missing; the tensor has [c]"
    ]
    assert call("layer_norm", tensor(c=8), eps="x").messages == [
        '`eps` is "x", not a number'
    ]


def test_group_norm() -> None:
    out = call("group_norm", tensor(b=1, c=8, h=4), groups=2)
    assert (
        out.sizes == {"b": 1, "c": 8, "h": 4} and not out.problems and out.macs.value == 0
    )
    assert out.weight("weight") == out.weight("bias") == (8,)
    assert not call("group_norm", tensor(c=8), groups=8, affine=False).weights
    assert call("group_norm", tensor(c=8), groups=3).messages == [
        "8 channels cannot be divided into 3 groups"
    ]
    assert call("group_norm", tensor(c=8), groups=0).messages == [
        "groups is 0; it must be at least 1"
    ]
    assert call("group_norm", tensor(h=8), groups=1).messages == [
        "dimension `c` is missing; the tensor has [h]"
    ]
    assert call("group_norm", tensor(c=8, h=4), groups=2, over="w").messages == [
        "dimension `w` is missing; the tensor has [c, h]"
    ]
    assert call("group_norm", tensor(c=8), groups=2, over="c").messages == [
        "`over` names positions; the channels of a group always count"
    ]
    width, c = choice(0, 6, 8)
    out = call("group_norm", tensor(b=1, c=c), groups=4)
    assert [out.problems[0].message.at({width: i}) for i in (0, 1)] == [
        "6 channels cannot be divided into 4 groups",
        None,
    ]


@pytest.mark.parametrize(
    "name", ["identity", "relu", "relu6", "swish", "hardswish", "sigmoid", "gelu", "tanh"]
)
def test_activations_keep_the_shape(name: str) -> None:
    out = call(name, tensor(b=1, c=8))
    assert (
        out.sizes == {"b": 1, "c": 8}
        and not out.weights
        and out.macs.value == 0
        and not out.problems
    )


def test_softmax() -> None:
    assert call("softmax", tensor(b=1, k=9), over="k").sizes == {"b": 1, "k": 9}
    assert call("softmax", tensor(b=1, c=9), over="k").messages == [
        "dimension `k` is missing; the tensor has [b, c]"
    ]
    assert call("softmax", tensor(b=1, c=9), over="b").codes == ["E0406"]


@pytest.mark.parametrize("name", ["dropout", "drop_path"])
def test_dropout(name: str) -> None:
    assert not call(name, tensor(c=8), p=0).problems
    assert not call(name, tensor(c=8), p=0.5).problems
    assert call(name, tensor(c=8), p=1.0).messages == [
        "`p` is 1.0; it must be at least 0 and below 1"
    ]
    probability, p = choice(0, 0.5, -0.1)
    out = call(name, tensor(c=8), p=p)
    assert [out.problems[0].message.at({probability: i}) for i in (0, 1)] == [
        None,
        "`p` is -0.1; it must be at least 0 and below 1",
    ]

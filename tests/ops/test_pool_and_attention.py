"""Pooling, averages, and products of tensors."""

from __future__ import annotations

import pytest
from primitive_calls import call, choice, tensor

from archdsl.ir.graph import Shape


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
def test_pools(name: str) -> None:
    clip = tensor(b=1, c=64, t=32, h=112, w=112)
    out = call(name, clip, window=(1, 3, 3), stride=(1, 2, 2), padding="same")
    assert out.sizes == {"b": 1, "c": 64, "t": 32, "h": 56, "w": 56}
    assert not out.weights and out.macs.value == 0 and not out.problems
    assert call(name, clip, window=2, stride=2).sizes == {
        "b": 1,
        "c": 64,
        "t": 16,
        "h": 56,
        "w": 56,
    }
    assert call(name, tensor(c=1, h=5, w=5), window=(3, 3)).sizes == {
        "c": 1,
        "h": 3,
        "w": 3,
    }


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
def test_pools_refuse(name: str) -> None:
    clip = tensor(c=4, t=2, h=7, w=7)
    out = call(name, clip, window=(3, 3, 3))
    assert (out.codes, out.messages) == (["E0403"], ["3x3x3 window exceeds t = 2"])
    out = call(name, clip, window=2, padding=2)
    assert set(out.codes) == {"E0407"}
    assert (
        out.messages[0]
        == "padding 2 leaves windows of 2 without input; it must be smaller than the window"
    )
    out = call(name, tensor(b=1, c=4), window=2)
    assert out.messages == ["there is none of t, h, w to slide over; the tensor has [b, c]"]
    assert call(name, clip, window=2, stride=0).messages == [
        "stride is 0; it must be at least 1"
    ]


def test_pool_over_choices() -> None:
    window, k = choice(0, (1, 2, 2), (1, 4, 4))
    out = call("max_pool", tensor(c=4, t=2, h=8, w=8), window=k, stride=k)
    assert out.shape["t"].value == 2
    assert [out.shape["w"].at({window: i}) for i in (0, 1)] == [4, 2]


def test_mean() -> None:
    clip = tensor(b=1, c=8, t=2, h=7, w=7)
    assert call("mean", clip, over="thw").sizes == {"b": 1, "c": 8}
    assert call("mean", clip, like=tensor(b=1, c=8)).sizes == {"b": 1, "c": 8}
    assert call("mean", clip, like=tensor(b=1, c=8, t=2, h=7, w=7)).sizes == {
        "b": 1,
        "c": 8,
        "t": 2,
        "h": 7,
        "w": 7,
    }


def test_mean_refused() -> None:
    assert call("mean", tensor(b=1, c=8)).codes == ["E0414"]
    assert call("mean", tensor(b=1, c=8), over="w").messages == [
        "dimension `w` is missing; the tensor has [b, c]"
    ]
    assert call("mean", tensor(b=1, c=8, t=2, h=4), over="w").messages == [
        "dimension `w` is missing; the tensor has [b, c, t, h]"
    ]
    assert call("mean", tensor(b=1, c=8), over="b").codes == ["E0406"]
    assert (
        call("mean", tensor(b=1, c=8), like=tensor(b=1, n=3)).messages[0]
        == "dimension `n` of `like` is missing; the tensor has [b, c]"
    )
    assert call("mean", tensor(b=1, c=8), like=tensor(c=8)).codes == []  # the batch stays


def test_dot() -> None:
    state, assign = tensor(b=1, s=256, t=4, h=14, w=14), tensor(b=1, n=128, t=4, h=14, w=14)
    out = call("dot", state, assign, over="thw")
    assert out.sizes == {"b": 1, "s": 256, "n": 128}
    assert out.macs.value == 256 * 128 * 4 * 14 * 14
    back = call("dot", out.shape, assign, over="n")
    assert back.sizes == {"b": 1, "s": 256, "t": 4, "h": 14, "w": 14}
    assert back.macs.value == 256 * 128 * 4 * 14 * 14


def test_dot_over_choices() -> None:
    states, s = choice(0, 2, 3)
    nodes, n = choice(1, 5, 7)
    out = call("dot", tensor(b=2, s=s, h=4), tensor(b=2, n=n, h=4), over="h")
    assert [out.macs.at({states: i, nodes: j}) for i in (0, 1) for j in (0, 1)] == [
        2 * 4 * x * y for x in (2, 3) for y in (5, 7)
    ]


def test_dot_refused() -> None:
    assert call("dot", tensor(s=2, h=4), tensor(n=3, h=5), over="h").messages == [
        "sizes of `h` differ: 4 and 5"
    ]
    assert call("dot", tensor(c=2, h=4), tensor(c=3, h=4), over="h").messages == [
        "channels differ: 2 and 3"
    ]
    assert call("dot", tensor(s=2, h=4), tensor(n=3), over="h").messages == [
        "dimension `h` is missing; the tensor has [n]"
    ]


def attended(n: int, c: int) -> Shape:
    return tensor(b=1, n=n, c=c)


def test_attend() -> None:
    out = call(
        "attend",
        attended(197, 768),
        attended(197, 768),
        attended(197, 768),
        over="n",
        heads=12,
    )
    assert out.sizes == {"b": 1, "n": 197, "c": 768}
    assert out.macs.value == 2 * 197 * 197 * 768
    assert not out.problems and not out.weights


def test_attend_to_fewer_keys() -> None:
    query = tensor(b=2, c=256, t=4, h=28, w=28)
    key, value = tensor(b=2, c=256, t=4, h=14, w=14), tensor(b=2, c=512, t=4, h=14, w=14)
    out = call("attend", query, key, value, over="thw", scale=1)
    assert out.sizes == {"b": 2, "t": 4, "h": 28, "w": 28, "c": 512}
    positions = 4 * 28 * 28 * 4 * 14 * 14
    assert out.macs.value == 2 * positions * (256 + 512)


def test_attend_repeats_what_the_key_lacks_and_carries_what_the_value_has() -> None:
    query, key = tensor(b=1, g=3, t=8, c=16), tensor(b=1, t=8, c=16)
    out = call("attend", query, key, tensor(b=1, t=8, h=2, w=2, c=4), over="t")
    assert out.sizes == {"b": 1, "g": 3, "t": 8, "h": 2, "w": 2, "c": 4}
    assert out.macs.value == 3 * 64 * 16 + 3 * 64 * 4 * 4


def test_attend_over_choices() -> None:
    width, c = choice(0, 16, 32)
    out = call("attend", tensor(n=4, c=c), tensor(n=4, c=c), tensor(n=4, c=8), over="n")
    assert [out.macs.at({width: i}) for i in (0, 1)] == [16 * (16 + 8), 16 * (32 + 8)]
    assert not out.problems


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"over": "t"},
            "E0401",
            "dimension `t` is missing from the query; it has [b, c, n]",
        ),
        ({"over": "n", "heads": 3}, "E0404", "16 channels cannot be divided into 3 heads"),
        ({"over": "n", "heads": 0}, "E0407", "heads is 0; it must be at least 1"),
        ({"over": "n", "act": "sofmax"}, "E0407", '`act` is "sofmax", which is not one of'),
        ({"over": "n", "scale": "x"}, "E0407", '`scale` is "x", neither a number nor none'),
        (
            {"over": "c"},
            "E0407",
            "`over` names positions; c is what describes each of them",
        ),
        ({"over": "bn"}, "E0406", "`b` is the batch and cannot be named in an operation"),
    ],
)
def test_attend_refused(given: dict[str, object], code: str, message: str) -> None:
    out = call("attend", attended(4, 16), attended(4, 16), attended(4, 16), **given)
    assert out.messages[0].startswith(message) and out.codes[0] == code


def test_attend_refuses_misfits() -> None:
    assert call(
        "attend", attended(4, 16), attended(4, 8), attended(4, 8), over="n"
    ).messages == ["channels differ: 16 and 8"]
    assert call(
        "attend", attended(4, 16), attended(5, 16), attended(6, 16), over="n"
    ).messages == ["sizes of `n` differ: 5 and 6"]
    out = call(
        "attend", attended(4, 16), tensor(b=1, g=2, n=4, c=16), attended(4, 16), over="n"
    )
    assert out.messages == ["the key has a dimension `g` that the query [b, c, n] lacks"]
    assert call(
        "attend", attended(4, 16), attended(4, 16), tensor(b=1, n=4), over="n"
    ).codes == ["E0401"]

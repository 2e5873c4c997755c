"""Concatenation, arithmetic by name, weighted sums."""

from __future__ import annotations

import pytest
from primitive_calls import call, choice, tensor

from archdsl.ir.graph import Init


def test_concat() -> None:
    out = call("concat", tensor(b=1, c=24, t=4), tensor(b=1, c=8, t=4), dim="c")
    assert out.sizes == {"b": 1, "c": 32, "t": 4} and not out.problems


def test_concat_repeats_missing_dimensions() -> None:
    out = call("concat", tensor(c=768), tensor(b=2, t=8, n=196, c=768), dim="n")
    assert out.sizes == {"b": 2, "t": 8, "n": 197, "c": 768} and not out.problems


def test_concat_over_choices() -> None:
    first, a = choice(0, 24, 32)
    second, b = choice(1, 8, 16)
    out = call("concat", tensor(c=a), tensor(c=b), tensor(c=2), dim="c")
    assert [out.shape["c"].at({first: i, second: j}) for i in (0, 1) for j in (0, 1)] == [
        34,
        42,
        42,
        50,
    ]


def test_concat_refused() -> None:
    assert call("concat", dim="c").codes == ["E0413"]
    assert call("concat", tensor(c=2, t=4), tensor(c=3, t=5), dim="c").messages == [
        "sizes of `t` differ: 4 and 5"
    ]
    assert call("concat", tensor(c=2), tensor(c=2), dim="n").messages == [
        "dimension `n` is missing; the tensors have [c]"
    ]
    assert call("concat", tensor(b=1, c=2), tensor(b=1, c=2), dim="b").codes == ["E0406"]
    assert call("concat", tensor(c=2, t=4), tensor(c=2, t=4), dim="ct").messages == [
        "`dim` names one dimension, not 2 (@ct)"
    ]


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic_by_name(name: str) -> None:
    image, gate = tensor(b=1, c=8, h=4, w=4), tensor(b=1, c=8)
    assert call(name, image, gate).sizes == {"b": 1, "c": 8, "h": 4, "w": 4}
    assert call(name, gate, image).sizes == {"b": 1, "c": 8, "h": 4, "w": 4}
    assert call(name, image, tensor(b=1, c=4)).messages == ["channels differ: 8 and 4"]
    assert call(name, image, tensor(b=1, c=1)).messages == ["channels differ: 8 and 1"]
    out = call(name, tensor(c=8, h=4), tensor(c=8, t=2))
    assert (out.codes, out.messages) == (
        ["E0409"],
        ["dimensions differ: [c, h] and [c, t]; one must include the other"],
    )


def test_sums_over_choices() -> None:
    left, a = choice(0, 24, 48)
    right, b = choice(1, 24, 48)
    assert not call("add", tensor(c=a), tensor(c=a)).problems
    out = call("add", tensor(c=a), tensor(c=b))
    assert out.codes == ["E0402"]
    message = out.problems[0].message
    assert message.at({left: 0, right: 0}) is None
    assert message.at({left: 0, right: 1}) == "channels differ: 24 and 48"
    assert message.at({left: 1, right: 0}) == "channels differ: 48 and 24"


def test_add_of_a_list() -> None:
    assert call("add", tensor(c=8), tensor(c=8, t=2), tensor(t=2)).sizes == {"c": 8, "t": 2}
    assert call("add").codes == ["E0413"]


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_scalar(op: str) -> None:
    out = call("scalar", tensor(b=1, c=8), op=op, by=2.5)
    assert out.sizes == {"b": 1, "c": 8} and not out.problems


def test_scalar_refused() -> None:
    assert call("scalar", tensor(c=8), op="div", by=0).messages == [
        "a tensor cannot be divided by 0"
    ]
    assert not call("scalar", tensor(c=8), op="div", by=0, left=True).problems
    assert call("scalar", tensor(c=8), op="mul", by="x").messages == [
        'a tensor cannot be combined with "x"'
    ]
    assert call("scalar", tensor(c=8), op="pow", by=2).messages == [
        '`op` is "pow", which is not one of "add", "sub", "mul", "div"'
    ]


def test_weighted_sum() -> None:
    out = call("weighted_sum", tensor(c=8), tensor(c=8), tensor(c=8), tensor(c=8))
    assert out.weight("weight") == (4,)
    assert out.weights["weight"].init.value == Init("constant", (0.25,))
    assert call("weighted_sum").codes == ["E0413"]
    assert call("weighted_sum", tensor(c=8), tensor(c=9)).messages == [
        "channels differ: 8 and 9"
    ]

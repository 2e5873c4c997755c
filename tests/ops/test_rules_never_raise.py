"""A rule answers every call: with a sound shape, or with the best guess and a problem."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitive_calls import call, choice, tensor

from archdsl.ir.expr import Expr, Undefined, constant
from archdsl.ir.graph import Init
from archdsl.ops.primitive import Kind, Primitive
from archdsl.ops.table import PRIMITIVES

WHOLE = st.integers(-2, 9) | st.just(10**30)
NUMBERS = WHOLE | st.floats(-2, 9) | st.sampled_from([float("inf"), float("nan")])
STRANGE = st.sampled_from(
    [
        None,
        "half",
        "same",
        "x",
        (),
        (1,),
        (0.5, 1),
        ("x", None),
        True,
        range(2),
        Undefined("division by zero"),
    ]
)
SIZES = WHOLE | st.tuples(WHOLE, WHOLE) | st.tuples(WHOLE, WHOLE, WHOLE)
RANGES = st.builds(range, st.integers(-2, 9), st.integers(-2, 9), st.integers(1, 3))
AXES = st.text("bcthwn", max_size=3)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    "int": NUMBERS,
    "number": NUMBERS,
    "size": SIZES,
    "padding": SIZES | st.sampled_from(["half", "same", "x"]),
    "init": NUMBERS | st.just(Init("normal", (-1.0,))),
    "range": RANGES,
    "index": WHOLE | RANGES,
    "amounts": st.tuples(NUMBERS, NUMBERS),
    "string": st.sampled_from(["add", "div", "softmax", ""]),
}


def values(kind: Kind) -> st.SearchStrategy[Expr]:
    """A constant, or two values by a choice."""
    if kind == "axes":
        return AXES.map(constant)
    if kind == "bool":
        return st.booleans().map(constant)
    one = VALUES[kind] | STRANGE
    return one.map(constant) | st.builds(
        lambda order, a, b: choice(order, a, b)[1], st.integers(0, 99), one, one
    )


def tensors() -> st.SearchStrategy[dict[str, Expr]]:
    size = st.integers(1, 9)
    some = size.map(constant) | st.builds(
        lambda order, a, b: choice(order, a, b)[1], st.integers(100, 199), size, size
    )
    return st.dictionaries(st.sampled_from("bcthwn"), some, max_size=6)


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=lambda p: p.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rules_never_raise(primitive: Primitive, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 3)) if primitive.arity == "many" else primitive.arity
    inputs = [data.draw(tensors()) for _ in range(count)]
    given = {
        p.name: data.draw(values(p.kind)) for p in primitive.parameters if p.kind != "like"
    }
    if primitive.dims is not None:
        given |= data.draw(
            st.dictionaries(st.sampled_from("bcthwn"), values(primitive.dims), max_size=3)
        )
    like = data.draw(st.none() | tensors()) if primitive.like is not None else None
    out = call(primitive.name, *inputs, like=like, **given)
    messages = [m for p in out.problems for m in p.message.table]
    assert all(m is None or isinstance(m, str | Undefined) for m in messages)
    for size in out.shape.values():
        for n in size.table:
            assert isinstance(n, Undefined) or (n.__class__ is int and n >= 1), (
                "sizes are whole and positive, whatever was given"
            )


def test_what_is_undefined_stays_undefined() -> None:
    divided, c = choice(0, 8, Undefined("division by zero"))
    out = call("conv", tensor(c=4, h=4), channels=c)
    assert out.shape["c"].at({divided: 0}) == 8
    assert out.problems[0].message.at({divided: 0}) is None
    assert out.problems[0].message.at({divided: 1}) == Undefined("division by zero")

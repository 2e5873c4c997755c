"""Functions of numbers, some of which share their name with a layer: what they are called with decides."""

from __future__ import annotations

import math
from typing import Any

import pytest

from archdsl.elaborate.evaluation.builtin import BUILTINS
from archdsl.elaborate.evaluation.functions import FUNCTION_NAMES, NUMBER_FUNCTIONS
from archdsl.elaborate.evaluation.values import FunctionV, PrimitiveL
from archdsl.ops.table import PRIMITIVES
from tests.elaborate.texts import warnings
from tests.strategies.specs import Spec, elaborate

NUMBERS = {
    "int(exp(0))": 1,
    "int(1000 * exp(1))": 2718,
    "round(log(exp(3)))": 3,
    "round(10 * sin(pi / 2))": 10,
    "round(10 + cos(pi))": 9,
    "pow(2, 5)": 32,
    "int(pow(2, 0.5) * 100)": 141,
    "int(8 * pow(2, -1))": 4,
    "abs(-7)": 7,
    "max(3, 8)": 8,
    "min([3, 8])": 3,
    "sum([3, 8])": 11,
    "int(sqrt(16))": 4,
    "max([f(i) for i in range(4)])": 9,
}


def width(expression: str) -> Any:
    text = f"arch 1\nfn f(i) = i * i\nmodel m {{\n  input x: [b, c = 4]\n  output x -> linear({expression})\n}}\n"
    return elaborate(Spec(text, ("m",), frozenset())).outputs[0].shape["c"].value


@pytest.mark.parametrize("expression", NUMBERS)
def test_of_numbers(expression: str) -> None:
    assert width(expression) == NUMBERS[expression]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("log(0)", "`log`: 0 has no logarithm"),
        ("exp(1000)", "`exp`: the result is too large"),
        ("pow(0, -1)", "`pow`: 0 has no power -1"),
        ("pow(-2, 0.5)", "`pow`: -2 has no power 0.5"),
        ("pow(10.0, 400)", "`pow`: the result is too large"),
        ("abs(true)", "`abs`: a number is needed, not true"),
        ("exp(1, 2)", "`exp` takes 1 argument, not 2"),
    ],
)
def test_what_has_no_value(expression: str, message: str) -> None:
    body = f"\nmodel m {{\n  input x: [b, c = 4]\n  output x -> linear(int({expression}))\n}}\n"
    assert any(message in found for _, found in warnings(body))


def test_a_power_of_any_size_takes_no_time() -> None:
    """Whole numbers have any number of digits; a power that would have many is one with a point."""
    assert math.isclose(NUMBER_FUNCTIONS["pow"].call(3, 600), 3.0**600)
    assert NUMBER_FUNCTIONS["pow"].call(-3, 3) == -27


def test_names_that_are_both_stand_for_the_layer() -> None:
    both = FUNCTION_NAMES & PRIMITIVES.keys()
    assert both == {"abs", "sqrt", "exp", "log", "sin", "cos", "pow", "min", "max", "sum"}
    for name in FUNCTION_NAMES:
        assert isinstance(BUILTINS[name], PrimitiveL if name in both else FunctionV)


def test_a_layer_by_such_a_name() -> None:
    """Set in steps, as a value, and with a choice of layers."""
    text = """arch 1
block gated(act: layer = sqrt, over: layer = max(@hw)) {
  input x
  output x * (x -> over) -> act
}
space s {
  input x: [b, c = 4, h = 3, w = 3]
  act ~ [exp, pow(2)]
  output x -> gated(act) -> gated(over = sum(@hw)) as again
}
"""
    assert [c.path for c in elaborate(Spec(text, ("s",), frozenset())).choices] == ["act"]


def test_a_tensor_in_parentheses_is_told() -> None:
    body = "\nmodel m {\n  input x: [b, c = 4]\n  output exp(x)\n}\n"
    assert any("the arrow feeds it" in found for _, found in warnings(body))


def test_a_name_of_a_file_comes_first() -> None:
    text = "arch 1\nblock norm = batch_norm\nmodel m {\n  input x: [b, c = 4]\n  output x -> norm\n}\n"
    assert (
        elaborate(Spec(text, ("m",), frozenset()))
        .values[-1]
        .instance.path.startswith("norm")
    )

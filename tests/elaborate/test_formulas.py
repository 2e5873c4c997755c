"""`const`: what a formula may be made of, and what is said of anything else."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Op
from tests.elaborate.texts import warnings
from tests.strategies.specs import Spec, elaborate


def formula_of(body: str, kind: str = "model") -> Op:
    text = f"arch 1\nfn near(a, b = 2) = abs(a) < b\n{kind} m {{\n  input x: [b, c = 4]\n  {body}\n  output x * m\n}}\n"
    graph = elaborate(Spec(text, ("m",), frozenset()))
    (found,) = [v for v in graph.values if isinstance(v, Op) and v.name == "const"]
    return found


def test_what_is_the_same_everywhere_is_a_number() -> None:
    op = formula_of("k = 3 const m: [c = x.c] = if k > 2 then k * c else 0")
    assert op.attrs["formula"].value == "(3 * c)" and op.attrs["c"].value == 4
    assert not op.weights and op.macs.value == 0


def test_choices_make_formulas() -> None:
    op = formula_of(
        "k ~ [1, 2] w ~ [4] const m: [c = w] = if near(c - k) then -0.5 else c / k", "space"
    )
    assert op.attrs["formula"].distinct() == (
        "(if (abs((c - 1)) < 2) then (-0.5) else (c / 1))",
        "(if (abs((c - 2)) < 2) then (-0.5) else (c / 2))",
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("const m: [c = 4] = c > 2", "a number is needed here, not a truth value"),
        (
            "const m: [c = 4] = if c then 1 else 0",
            "a truth value is needed here, not a number",
        ),
        ("const m: [c = 4] = not c", "a truth value is needed here, not a number"),
        ("const m: [c = 4] = c + true", "a number is needed here, not a truth value"),
        (
            "const m: [c = 4] = c * x",
            "a part of a formula must be a number, not a tensor [b, c]",
        ),
        (
            "const m: [c = 4] = [c, 1][0]",
            "the positions of a constant go into arithmetic, comparisons",
        ),
        (
            "const m: [c = 4] = sum([c])",
            "positions of a constant go into functions of numbers alone",
        ),
        (
            "const m: [c = 4] = relu(c)",
            "positions of a constant go into functions of numbers alone",
        ),
        ("const m: [c = 4] = exp(c, 1)", "`exp` takes numbers by position, at least 1"),
        ("const m: [c = 4] = pow(c)", "`pow` takes numbers by position, at least 2"),
        ("const m: [c = 4] = c in [1, 2]", "`in` does not apply to positions"),
        ('const m: [c = 4] = "half"', 'a formula has numbers, not "half"'),
        ("const m: [c = 4] = 1 / 0 + c", "division by zero"),
        ("const m: [c] = c", "dimension `c` of a constant needs a size"),
        ("const m: [b = 1, c = 4] = c", "a constant has no batch"),
        ("const m: [c = 4, c = 4] = c", "dimension `c` occurs twice"),
        ("const m: [cc = 4] = 1", "dimensions have one-letter names, not `cc`"),
        ("const m: [c = 0] = c", "c is 0; it must be at least 1"),
        (
            "const m: [c = 1000000, n = 1000] = c",
            "a constant of 1,000,000,000 elements; at most 16,777,216",
        ),
        (
            "const m: [c = 4] = f(f(f(f(f(f(f(f(c))))))))",
            "a formula of more than 4,096 characters",
        ),
        ("const forward: [c = 4] = c m = forward", "`forward` cannot name a constant"),
        ("const m: [c = 4] = d", "unknown name `d`"),
        ("const m: [c = 4] = 1 n = c", "unknown name `c`"),
    ],
)
def test_what_is_no_formula_is_told(statement: str, message: str) -> None:
    text = f"\nfn f(a) = a * a + a\nmodel net {{\n  input x: [b, c = 4]\n  {statement}\n  output x * m\n}}\n"
    assert any(message in found for _, found in warnings(text))

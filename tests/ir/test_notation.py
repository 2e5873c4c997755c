"""One spelling: what the language writes is what everything prints, however large a number is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.compare import as_facts, as_text, diff
from archdsl.ir.graph import Init
from archdsl.ir.notation import (
    Axes,
    amount,
    amounts,
    count,
    digits,
    domain_text,
    exact,
    factor,
    percent,
    scientific,
    value_text,
)
from tests.compare.pairs import network

CHAIN = """arch 1
space {name} {{
  input x: [b, c = 4, h = 8, w = 8]
  for i in range({turns}) {{
    act ~ [relu, gelu, tanh]
    x = x -> act
  }}
  output x -> conv(4) as z
}}
"""
PAIR = """arch 1
model a {
  input x: [b, c = 4, t = 8, h = 8, w = 8]
  k = x -> take(t = 0..6 by 2) -> mean(@hw) -> linear(4) as k
  output (k, k, k) -> attend(@t, scale = 0.5)
}
model b {
  input x: [b, c = 4, t = 8, h = 8, w = 8]
  k = x -> take(t = 0..4 by 2) -> mean(@wh) -> linear(4) as k
  output (k, k, k) -> attend(@t)
}
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, ""),
        (0.5, "0.5"),
        ((1, 3, 3), "1x3x3"),
        ((3,), "(3)"),
        ((0, -1), "(0, -1)"),
        ("half", '"half"'),
        (Axes("hw"), "@hw"),
        (range(0, 7, 2), "0..6 by 2"),
        (range(3), "0..2"),
        (Init("normal", (0.01,)), "normal(0.01)"),
        (Init("constant", (0.0,)), "0.0"),
        (10**300, "1.00e300"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert value_text(value) == text


def test_domains() -> None:
    assert domain_text(["relu", "gelu"]) == "{relu, gelu}"
    assert domain_text(["2", "3", "4"], "range") == "2..4"
    assert domain_text(["3", "5", "7"]) == "{3, 5, 7}"
    assert domain_text(["8", "16", "12", "20"]) == "8..20 by 4"


def test_numbers() -> None:
    assert [amount(n) for n in (0, 999, 1000, 1999, 999_499, 999_500, 2 * 10**9)] == [
        "0",
        "999",
        "1.00K",
        "2.00K",
        "999K",
        "1.00M",
        "2.00G",
    ]
    assert amount(10**400) == "1.00e400"
    assert amounts((5, 5)) == "5" and amounts((1000, 2000)) == "1.00K–2.00K"
    assert count(10**9 - 1) == "999,999,999"
    assert (
        count(1_076_700_000_000_000_000) == "1.08e18"
        and scientific(9_496 * 10**53) == "9.50e56"
    )
    assert (
        factor(4, 6) == "×1.5"
        and factor(3**700, 3**699) == "÷3"
        and factor(1, 10**400) == "×1.00e400"
    )
    assert factor(10**6, 10**6 + 7) == "+7", "a change is never told as none"
    assert (
        percent(2_000_000, 2_001_296) == "+0.1%"
        and percent(20_000_000, 20_001_296) == "+1,296"
    )
    assert percent(20_001_296, 20_000_000) == "-1,296"


@given(st.integers(min_value=1000, max_value=10**40))
def test_rounding_is_to_the_nearest(value: int) -> None:
    mantissa, _, exponent = scientific(value).partition("e")
    unit = 10 ** (int(exponent) - 2)
    assert abs(int(mantissa.replace(".", "")) * unit - value) * 2 <= unit


def test_numbers_beyond_what_python_prints() -> None:
    assert digits(10**5000) == "1" + "0" * 5000
    assert (
        exact(10**5001).startswith("1,000,000,000") and scientific(10**5000) == "1.00e5000"
    )


def test_spaces_of_more_architectures_than_a_float_holds(tmp_path: Path) -> None:
    a, b = (
        network(CHAIN.format(name=name, turns=turns), name)
        for name, turns in (("big", 700), ("big2", 701))
    )
    assert "architectures 9.66e333 → 2.90e334 (×3)" in as_text(diff(a, b))
    assert as_facts(diff(a, b))["before"]["architectures"]["min"] == digits(3**700)


def test_a_difference_is_written_as_the_language_writes_it() -> None:
    lines = [
        " ".join(line.split())
        for line in as_text(diff(network(PAIR, "a"), network(PAIR, "b"))).splitlines()
    ]
    assert lines[:3] == [
        "- attend.scale 0.5 shape",
        "~ mean.over @hw → @wh shape",
        "~ take.t 0..6 by 2 → 0..4 by 2 shape",
    ]

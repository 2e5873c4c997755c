"""The numbers of ranges, and what is said of those that miss their end."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.architecture import load
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.evaluation.ranges import numbers, refusal

_TEXT = """
arch 1
space net(domain = 8..16 by 8, depth = 1) {
  input x: [b, c = 3]
  width ~ domain
  for i in 1..depth by 2 { x = x -> relu }
  output x -> linear(width)
}
"""


@given(
    st.integers(0, 50),
    st.integers(1, 9),
    st.integers(0, 20),
    st.integers(0, 8),
    st.sampled_from([0, 1, 2]),
)
def test_a_range_reaches_its_end_or_names_the_numbers_around_it(
    low: int, step: int, count: int, over: int, digits: int
) -> None:
    scale = 10**digits
    high, over = low + count * step + over % step, over % step
    ends = [low / scale, high / scale, step / scale] if digits else [low, high, step]
    refused = refusal(*ends)
    if not over:
        found = numbers(*ends)
        assert refused is None
        assert found == tuple(
            float(Fraction(low + i * step, scale)) for i in range(count + 1)
        )
        assert all(type(number) is (float if digits else int) for number in found)
        return
    assert refused is not None
    below = low + count * step
    near = [str(n / scale) if digits else str(n) for n in (below, below + step)]
    assert refused.message.endswith(f"the nearest ends are {near[0]} and {near[1]}")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            {"domain": "8..30 by 4"},
            "8..30 by 4 does not reach 30: the nearest ends are 28 and 32",
        ),
        ({"depth": "4"}, "1..4 by 2 does not reach 4: the nearest ends are 3 and 5"),
    ],
)
def test_what_set_gives_is_judged_alike(
    tmp_path: Path, setting: dict[str, str], said: str
) -> None:
    file = tmp_path / "net.arch"
    file.write_text(_TEXT.lstrip(), encoding="utf-8")
    with pytest.raises(DiagnosticError) as raised:
        load(str(file), settings=setting)
    assert [(d.code, d.message) for d in raised.value.diagnostics] == [("E0318", said)]

"""How values, domains, amounts and counts are written: one spelling for all that is printed or drawn.

What the language writes is what everything prints:

    (1, 3, 3)  1x3x3        range(0, 7, 2)  0..6 by 2        Axes("hw")  @hw
    True       true         0.5             0.5              None        (nothing: the empty text)

A domain is `{relu, gelu}`, numbers in equal steps `24..64 by 8`, a subset `2 of 6`. What runs from a least to
a most is `2.08M–13.5M`. Amounts have three digits and a unit (`1.96G`); counts are exact below a billion and
then have three digits (`1.08e18`). All rounding is done in whole numbers, so that no size is too large.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from math import log10
from typing import Any

from archdsl.ir.choice import Choice, Kind
from archdsl.ir.expr import Expr, Undefined
from archdsl.ir.graph import Init

_UNITS = ("", "K", "M", "G", "T", "P")
_EXACT_BELOW = 10**9  # counts
_LARGEST_NUMBER = 10**18  # a whole number from here on is written with three digits
_MOST_VALUES = 12  # that are told one by one
_FEWEST_OF_A_RANGE, _FEWEST_OF_A_LIST = 3, 4  # numbers that read better as a range
_SAFE_BITS = 14_000  # of numbers of fewer than 4,300 digits


class Axes(str):
    """`@hw`: a set of dimensions; a string of its own kind, so that it is never taken for a text."""

    __slots__ = ()


# -- values ------------------------------------------------------------------------------------------


def value_text(value: Any) -> str:
    """A value as a file writes it, which is also the label of an alternative; "" for what is absent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"@{value}" if isinstance(value, Axes) else f'"{value}"'
    if isinstance(value, tuple):
        return _tuple_text(value)
    if isinstance(value, range):
        last = value[-1] if value else value.start - value.step
        return f"{value.start}..{last}" + (f" by {value.step}" if value.step != 1 else "")
    if isinstance(value, int) and abs(value) >= _LARGEST_NUMBER:
        return f"-{scientific(-value)}" if value < 0 else scientific(value)
    if isinstance(value, Init) and value.name == "constant":
        return repr(value.args[0])
    return str(value)


def _tuple_text(value: tuple[Any, ...]) -> str:
    is_size = len(value) > 1 and all(v.__class__ is int and v >= 0 for v in value)
    if is_size:
        return "x".join(map(str, value))
    return f"({', '.join(map(value_text, value))})"


# -- domains -----------------------------------------------------------------------------------------


def choice_text(choice: Choice) -> str:
    """What a choice is between: `{relu, gelu}`, `24..64 by 8`, `2 of 6`, `1..3 of 6`."""
    if choice.kind != "subset":
        return domain_text(choice.labels(), choice.kind)
    counts = sorted({len(value) for value in choice.values()})
    among = set().union(*choice.values())
    picked = str(counts[0]) if len(counts) == 1 else f"{counts[0]}..{counts[-1]}"
    return f"{picked} of {len(among)}"


def domain_text(labels: Sequence[str], kind: Kind = "list") -> str:
    """`{relu, gelu}`, or `12..28 by 4` for five numbers in equal steps, in whatever order they are given.

    Of what the text writes as a range three numbers are one (`2..4`), of a list four.
    """
    steps = _equal_steps(
        labels, _FEWEST_OF_A_RANGE if kind == "range" else _FEWEST_OF_A_LIST
    )
    if steps is None:
        return "{" + ", ".join(labels) + "}"
    low, high, step = steps
    return f"{low}..{high}" + ("" if step == 1 else f" by {step:.12g}")


def _equal_steps(labels: Sequence[str], fewest: int) -> tuple[str, str, float] | None:
    """The least, the most and the step of numbers that are better told so."""
    numbers = [_number(label) for label in labels]
    values = sorted(n for n in numbers if n is not None)
    if len(values) < max(len(labels), fewest):
        return None
    steps = {round(y - x, 9) for x, y in pairwise(values)}
    if len(steps) > 1:
        return None
    ordered = sorted(labels, key=float)
    return ordered[0], ordered[-1], steps.pop()


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def values_text(expr: Expr, write: Callable[[Any], str] = value_text) -> str:
    """The value of an expression, or all that it can take: `3x3`, `{relu, gelu}`, `24..64 by 8`."""
    values = list(dict.fromkeys(write(v) for v in defined(expr)))
    if len(values) == 1:
        return values[0]
    if len(values) > _MOST_VALUES and _equal_steps(values, _FEWEST_OF_A_LIST) is None:
        return f"{values[0]} … {values[-1]} ({len(values)} values)"
    return domain_text(values)


def extent_text(expr: Expr) -> str:
    """A size: its value, or the least and the most that it can be, `24–64`; without an order, `a or b`."""
    values = defined(expr)
    if not values:
        return "?"
    if all(isinstance(v, int | float) for v in values) or all(
        isinstance(v, tuple) for v in values
    ):
        return between(value_text(min(values)), value_text(max(values)))
    return " or ".join(dict.fromkeys(map(value_text, values)))


def defined(expr: Expr) -> list[Any]:
    """The distinct values that there are: not those of a division by zero, say."""
    return [v for v in expr.distinct() if not isinstance(v, Undefined)]


def between(low: str, high: str) -> str:
    """`2.08M–13.5M`, or the one text where both are the same."""
    return low if low == high else f"{low}–{high}"


# -- numbers -----------------------------------------------------------------------------------------


def digits(value: int) -> str:
    """All digits of a whole number; Python's own `str` ends at 4,300 of them."""
    return str(value) if value.bit_length() < _SAFE_BITS else f"{Decimal(value):f}"


def exact(value: int) -> str:
    """`1,962,892,112`."""
    return f"{value:,}" if value.bit_length() < _SAFE_BITS else f"{Decimal(value):,f}"


def amount(value: int) -> str:
    """Three digits and a unit: `1.96G`, `2.00G`; what is below a thousand as it is."""
    if value < 1000:
        return str(value)
    first, exponent = _three_digits(value)
    power, shift = divmod(exponent, 3)
    if power >= len(_UNITS):
        return scientific(value)
    whole, rest = first[: shift + 1], first[shift + 1 :]
    return f"{whole}.{rest}{_UNITS[power]}" if rest else f"{whole}{_UNITS[power]}"


def amounts(ends: tuple[int, int]) -> str:
    """`1.96G`, or `3.10M–41.0M`."""
    return between(amount(ends[0]), amount(ends[1]))


def macs_word(batch: int) -> str:
    """MACs are told for one sample; for another batch, which somebody asked for, that is said beside them."""
    return "MACs" if batch == 1 else f"MACs at batch {batch:,}"


def count(value: int) -> str:
    """`89,120`, and from a billion on `1.08e18`."""
    return exact(value) if value < _EXACT_BELOW else scientific(value)


def counts(ends: tuple[int, int]) -> str:
    """`1,024`, or `between 900 and 1,024` of what is known between two numbers only."""
    low, high = map(count, ends)
    return low if ends[0] == ends[1] else f"between {low} and {high}"


def scientific(value: int) -> str:
    """`2.77e30`; numbers of up to three digits as they are."""
    if value < 1000:
        return str(value)
    first, exponent = _three_digits(value)
    return f"{first[0]}.{first[1:]}e{exponent}"


def _three_digits(value: int) -> tuple[str, int]:
    """The first three digits of a number that has them, rounded, and the power of ten of the first: ("277",
    30).
    """
    exponent = int(log10(value))
    exponent += (10 ** (exponent + 1) <= value) - (
        10**exponent > value
    )  # the logarithm is only close
    unit = 10 ** (exponent - 2)
    rounded = (2 * value + unit) // (2 * unit)
    if rounded == 1000:
        return "100", exponent + 1
    return str(rounded), exponent


def factor(before: int, after: int) -> str:
    """How much more or less: `×1.5`, `÷2`, `×2.77e30`; what would read `×1` is told in full, `+1,296`.
    Neither is 0."""
    sign, high, low = ("×", after, before) if after >= before else ("÷", before, after)
    whole = high // low
    if whole >= 1000:
        return sign + scientific(whole)
    times = f"{high / low:.3g}"
    return step(before, after) if times == "1" else sign + times


def percent(before: int, after: int) -> str:
    """A change in per cent, `+9.7%`, or in full where that reads as nothing: `+1,296`. `before` is not 0."""
    text = f"{100 * (after - before) / before:+.1f}%"
    return text if text.strip("+-0.%") else step(before, after)


def step(before: int, after: int) -> str:
    """A change in full, `+1,296`, from a billion on in three digits."""
    if before == after:
        return "0"
    return f"-{count(before - after)}" if after < before else f"+{count(after - before)}"

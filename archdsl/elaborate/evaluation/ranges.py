"""Which numbers `low..high by step` has.

Both ends belong to a range, so its step has to reach its end: `8..32 by 8` is 8, 16, 24, 32, and `8..30 by 4`
is refused, because it would pass 30 between 28 and 32. An end one step before the start leaves nothing:
`1..0` is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, isclose, isfinite
from sys import float_info

_ROUNDING = 1e-12  # what arithmetic leaves of `3 * 0.1` is taken for 0.3


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a range has no numbers, and what to write instead."""

    message: str
    help: str | None = None


def refusal(low: float, high: float, step: float) -> Refused | None:
    """What is wrong with a range; None for one that is right."""
    if not step > 0:
        return Refused(
            f"a range cannot go in steps of {step}",
            "steps are larger than 0; lists go down: `[8, 4]`",
        )
    if not all(map(isfinite, (low, high, step))):
        return Refused(f"a range runs over numbers, not from {low} to {high} by {step}")
    steps = _steps(low, high, step)
    if steps < -1:
        return Refused(
            f"a range ends at its largest number: {low}..{high} has none",
            f"write `{high}..{low}`, from the smallest on",
        )
    return None if steps.denominator == 1 else _missed(low, high, step)


def numbers(low: float, high: float, step: float) -> tuple[float, ...]:
    """The numbers of a range that `refusal` does not refuse: whole ones where all three are, else decimals,
    exact.
    """
    start, by = Fraction(str(low)), Fraction(str(step))
    found = [start + i * by for i in range(int(_steps(low, high, step)) + 1)]
    return (
        tuple(int(number) for number in found)
        if _whole(low, high, step)
        else tuple(map(float, found))
    )


def _steps(low: float, high: float, step: float) -> Fraction:
    """How many steps lie between the ends; a whole number if only the rounding of floats keeps it from being
    one.
    """
    start, end, by = (Fraction(str(number)) for number in (low, high, step))
    steps = (end - start) / by
    nearest = round(steps)
    if not _whole(low, high, step) and isclose(
        start + nearest * by, end, rel_tol=_ROUNDING
    ):
        return Fraction(nearest)
    return steps


def _missed(low: float, high: float, step: float) -> Refused:
    """The two numbers between which a range passes its end; only the second where the start comes after the
    first.
    """
    start, by = Fraction(str(low)), Fraction(str(step))
    below = start + floor(_steps(low, high, step)) * by
    around = [number for number in (below, below + by) if start <= number <= float_info.max]
    near = [
        str(int(number) if _whole(low, high, step) else float(number)) for number in around
    ]
    written = " or ".join(f"`{low}..{end} by {step}`" for end in near)
    are = "the nearest ends are" if len(near) > 1 else "the nearest end is"
    return Refused(
        f"{low}..{high} by {step} does not reach {high}: {are} {' and '.join(near)}",
        f"write {written}",
    )


def _whole(*ends: float) -> bool:
    return all(isinstance(number, int) for number in ends)

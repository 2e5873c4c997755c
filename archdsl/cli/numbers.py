"""Numbers as people read them."""

from __future__ import annotations

_UNITS = ("", "K", "M", "G", "T", "P")


def exact(value: int) -> str:
    """`1,962,892,112`."""
    return f"{value:,}"


def short(value: int) -> str:
    """Three digits and a unit: `1.96G`; what is below a thousand as it is."""
    if value < 1000:
        return str(value)
    for power, unit in enumerate(_UNITS):
        scaled = value / 1000**power
        if scaled < 999.5 or unit == _UNITS[-1]:
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{digits}f}{unit}"
    raise AssertionError("the last unit fits every number")


def scientific(value: int) -> str:
    """`2.773e30`, rounded from the exact digits."""
    digits = str(value)
    if len(digits) <= 4:
        return digits
    rounded = str((int(digits[:5]) + 5) // 10)
    exponent = len(digits) - 1 + (len(rounded) > 4)
    return f"{rounded[0]}.{rounded[1:4]}e{exponent}"

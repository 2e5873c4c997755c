"""The number functions of the language: one table with what each does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archdsl.ir.expr import Undefined
from archdsl.ir.notation import value_text


@dataclass(frozen=True, slots=True)
class NumberFunction:
    """A function of scalars, applied pointwise over choices; `arity` is (least, most) arguments, most None
    for any.
    """

    name: str
    arity: tuple[int, int | None]
    call: Callable[..., Any]
    doc: str


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Undefined(f"a number is needed, not {value_text(value)}")
    return value


def _int(x: Any) -> int:
    return int(_number(x))


def _sqrt(x: Any) -> float:
    if _number(x) < 0:
        raise Undefined(f"{x} has no square root")
    return math.sqrt(x)


def _min(*xs: Any) -> Any:
    return min(map(_number, xs))


def _max(*xs: Any) -> Any:
    return max(map(_number, xs))


NUMBER_FUNCTIONS = {
    f.name: f
    for f in (
        NumberFunction("int", (1, 1), _int, "the whole part of a number: `int(2.7)` is 2"),
        NumberFunction(
            "floor",
            (1, 1),
            lambda x: math.floor(_number(x)),
            "the greatest whole number not above",
        ),
        NumberFunction(
            "ceil",
            (1, 1),
            lambda x: math.ceil(_number(x)),
            "the least whole number not below",
        ),
        NumberFunction(
            "round",
            (1, 1),
            lambda x: round(_number(x)),
            "the nearest whole number, halves to even as in Python",
        ),
        NumberFunction("sqrt", (1, 1), _sqrt, "the square root"),
        NumberFunction(
            "min", (1, None), _min, "the least of several numbers, or of a list"
        ),
        NumberFunction(
            "max", (1, None), _max, "the greatest of several numbers, or of a list"
        ),
    )
}

# Functions of lists; their arguments are not scalars, so `expressions` evaluates them.
LIST_FUNCTIONS = {
    "len": "the number of elements of a list, tuple or size",
    "sum": "the sum of a list of numbers",
    "range": (
        "`range(n)` counts 0 to n-1, `range(a, b)` a to b-1, `range(a, b, c)` in steps; n may be a choice"
    ),
    "zip": "tuples of the elements of several lists of one length",
    "enumerate": "tuples of a counter and each element",
}

FUNCTION_NAMES = frozenset(NUMBER_FUNCTIONS) | frozenset(LIST_FUNCTIONS)

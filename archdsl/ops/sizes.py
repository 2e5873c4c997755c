"""Arithmetic of sizes: products, broadcasting by name, windows and their padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import Expr, constant, lift
from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.checks import Problems
from archdsl.ops.primitive import Result

SPATIAL = "thw"
ONE = constant(1)
PADDING_MODES = ("half", "same")


# -- products ------------------------------------------------------------------------------------


def volume(factors: Iterable[Expr]) -> Expr:
    """The product of sizes: constants first, then the narrowest tables, so the joint tables stay small."""
    fixed = 1
    open_: list[Expr] = []
    for factor in factors:
        if factor.is_constant and factor.value.__class__ is int:
            fixed *= factor.value
        else:
            open_.append(factor)
    if not open_:
        return constant(fixed)
    open_.sort(key=lambda e: len(e.table))
    result = open_[0]
    for factor in open_[1:]:
        result = lift(_times, result, factor)
    return result if fixed == 1 else lift(_times, result, fixed)


def numel(shape: Shape) -> Expr:
    """The number of elements, the batch included."""
    return volume(shape.values())


def quotient(value: Expr, parts: Expr) -> Expr:
    """`value // parts`, at least 1; whether it divides is a separate check."""
    if parts.is_constant and parts.value == 1:
        return value
    return ONE if value == parts else lift(_quotient, value, parts)


def narrower(a: Expr, b: Expr) -> Expr:
    """Of two sizes that must be equal, the one that depends on less."""
    return a if len(a.table) <= len(b.table) else b


# -- broadcasting by name ------------------------------------------------------------------------


def broadcast(inputs: Sequence[Shape]) -> Result:
    """The shape of elementwise arithmetic: one input has the dimensions of all others, common sizes are
    equal.
    """
    if not inputs:
        return Result(
            {},
            (
                checks.problem(
                    shapes.NOTHING_TO_COMBINE,
                    "there is nothing to combine: the list is empty",
                ),
            ),
        )
    widest = max(inputs, key=len)
    found: Problems = ()
    for other in inputs:
        if any(d not in widest for d in other):
            message = (
                f"dimensions differ: {checks.listing(widest)} and {checks.listing(other)}; one must "
                "include the other"
            )
            found += (checks.problem(shapes.DIMENSIONS_DIFFER, message),)
            break
    shape, clashes = agree(inputs)
    return Result(shape, found + clashes)


def agree(inputs: Sequence[Shape], apart: str = "") -> tuple[dict[str, Expr], Problems]:
    """The union of dimensions; those that inputs share have equal sizes, except the ones `apart`, which are
    left out.
    """
    shape: dict[str, Expr] = {}
    found: Problems = ()
    for one in inputs:
        for dim, size in one.items():
            if dim in apart:
                continue
            known = shape.get(dim)
            if known is None:
                shape[dim] = size
            elif known is not size and known != size:
                found += checks.equal(dim, known, size)
                shape[dim] = narrower(known, size)
    return shape, found


# -- windows -------------------------------------------------------------------------------------


def padding_amounts(
    value: str | int, n: int, k: int, s: int, d: int = 1
) -> tuple[int, int]:
    """What is added before and after `n` positions for a window of `k` at stride `s` and dilation `d`.

    "half" is d·(k−1)//2 a side. "same" is TensorFlow's: the output has ceil(n/s) positions, and where the
    total is odd the extra one goes to the end. A number is added on both sides.
    """
    if value == "half":
        return (d * (k - 1) // 2,) * 2
    if value == "same":
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        return total // 2, total - total // 2
    assert isinstance(value, int)
    return value, value


def window_count(n: int, k: int, s: int, padding: str | int, d: int = 1) -> int:
    """How many windows fit: the size of the output. 0 or less where none does."""
    low, high = padding_amounts(padding, n, k, s, d)
    return (n + low + high - d * (k - 1) - 1) // s + 1


def window_dims(value: Any, dims: Iterable[str]) -> str:
    """The dimensions that a kernel speaks of, in the order t, h, w, for a tensor with these dimensions; ""
    for no size.
    """
    if isinstance(value, tuple):
        return {3: "thw", 2: "hw"}.get(len(value), "")
    present = set(dims)
    return "".join([d for d in SPATIAL if d in present])


def along(value: Any, position: int) -> Any:
    """The part of a size for one dimension of the kernel: a single number or mode holds for all."""
    return value[position] if isinstance(value, tuple) else value


def _times(a: int, b: int) -> int:
    return a * b


def _quotient(value: int, parts: int) -> int:
    return max(1, value // parts)

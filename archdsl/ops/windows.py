"""Kernels and pooling windows: which dimensions they slide over, and what is left of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import Expr, lift
from archdsl.ir.graph import Shape
from archdsl.ir.notation import value_text
from archdsl.ops import checks
from archdsl.ops.axes import Dims, Over
from archdsl.ops.call import Call
from archdsl.ops.checks import Problems
from archdsl.ops.sizes import ONE, PADDING_MODES, padding_amounts, window_count, window_dims


@dataclass(frozen=True, slots=True)
class Window:
    """A window along one dimension; `out` is the number of its positions."""

    dim: str
    out: Expr


def windows(call: Call, name: str) -> tuple[tuple[Window, ...], Problems]:
    """The windows of a convolution or pooling, by the parameter `name` and `stride`, `padding` and maybe
    `dilation`.

        A dimension that the kernel speaks of and the tensor lacks counts as size 1.
    """
    spelled = call.attrs[name]
    dims, found = _spoken(name, spelled, call.input)
    kernel, wrong = _sizes(name, spelled, 1)
    found += wrong
    stride, wrong = _sizes("stride", call.attrs["stride"], 1)
    found += wrong
    dilation, wrong = _sizes("dilation", call.attrs.get("dilation", ONE), 1)
    found += wrong
    padding, wrong = _sizes("padding", call.attrs["padding"], 0)
    found += wrong
    for other, value in (("stride", stride), ("dilation", dilation), ("padding", padding)):
        if dims and any(v.__class__ is tuple and len(v) != len(dims) for v in value.table):
            found += checks.unless(shapes.SIZE_RANK, _rank_differs, other, value, dims)
    result = []
    for i, dim in enumerate(dims):
        n = call.input.get(dim, ONE)
        k, s, d, p = (
            _part(kernel, i),
            _part(stride, i),
            _part(dilation, i),
            _part(padding, i),
        )
        out = lift(window_count, n, k, s, p, d)
        if not all(v.__class__ is int and v >= 1 for v in out.table):
            missing = "" if dim in call.input else "the missing dimension "
            fits = lift(_misfit, n, k, s, p, d)
            found += checks.unless(
                shapes.WINDOW_TOO_LARGE, _exceeds, f"{missing}{dim}", n, spelled, fits
            )
            out = lift(_at_least_one, out)
        if dim not in call.input and out != ONE:
            found += checks.unless(shapes.MISSING_DIMENSION, _appears, dim, out)
        if name == "window" and any(v.__class__ is int and v > 0 for v in p.table):
            found += checks.unless(shapes.ATTRIBUTE, _empty_window, p, k)
        result.append(Window(dim, out))
    return tuple(result), found


def spoken(call: Call, name: str) -> str:
    """The dimensions that a window speaks of."""
    sizes = checks.defined(call.attrs[name])
    return window_dims(sizes[0] if sizes else 1, call.input)


def _slid_over(call: Call, out: Shape) -> str:
    return spoken(call, "kernel" if "kernel" in call.attrs else "window")


WINDOWED = Over(
    "counted", Dims("the dimensions of the window", _slid_over), "a window moves along it"
)


def kernel_sizes(call: Call, name: str) -> tuple[Expr, ...]:
    """The size of the window along each dimension that it speaks of."""
    dims = spoken(call, name)
    kernel, _ = _sizes(name, call.attrs[name], 1)
    return tuple(_part(kernel, i) for i in range(len(dims)))


def _spoken(name: str, kernel: Expr, shape: Shape) -> tuple[str, Problems]:
    """The dimensions of a kernel, the same for all its alternatives."""
    spoken = checks.defined(kernel) or (1,)
    dims = window_dims(spoken[0], shape)
    if not all(window_dims(v, shape) == dims for v in spoken):
        values = " or ".join(value_text(v) for v in kernel.distinct())
        return dims, (
            checks.problem(
                shapes.SIZE_RANK,
                f"`{name}` is {values} by a choice, which speak of different dimensions",
            ),
        )
    if dims:
        return dims, ()
    if isinstance(spoken[0], tuple):
        written = value_text(spoken[0])
        message = f"`{name}` is {written}; it is one number, or three for t, h, w, or two for h, w"
        return "", (checks.problem(shapes.SIZE_RANK, message),)
    message = (
        f"there is none of t, h, w to slide over; the tensor has {checks.listing(shape)}"
    )
    help = "use linear(…), or write the kernel out as 1x1x1" if name == "kernel" else None
    return "", (checks.problem(shapes.MISSING_DIMENSION, message, help),)


def _sizes(name: str, value: Expr, least: int) -> tuple[Expr, Problems]:
    """A size of which every part is a whole number; where one is not, the nearest that is, with a problem."""
    if all(_wrong_part(name, v, least) is None for v in value.table):
        return value, ()
    found: Problems = ()
    if any(checks.fractional(v) for v in value.table):
        found = checks.unless(shapes.FRACTIONAL, _fraction, name, value, help=checks.ROUND)
    found += checks.unless(shapes.ATTRIBUTE, _wrong_size, name, value, least)
    return lift(_sound, name, value, least), found


def _part(value: Expr, i: int) -> Expr:
    """The part of a size for one dimension of the kernel: a single number or mode holds for all."""
    if any(v.__class__ is tuple for v in value.table):
        return lift(_along, value, i)
    return value


def _along(value: Any, i: int) -> Any:
    if not isinstance(value, tuple):
        return value
    return value[min(i, len(value) - 1)] if value else 1


def _wrong_part(name: str, value: Any, least: int) -> str | None:
    """What is wrong with the first bad part of a size."""
    for part in value if isinstance(value, tuple) else (value,):
        if name == "padding" and part in PADDING_MODES:
            continue
        if part.__class__ is int and part >= least:
            continue
        if name == "padding" and not isinstance(part, int | float):
            near = checks.suggestion(part, PADDING_MODES) if isinstance(part, str) else ""
            return f'padding is {value_text(part)}; it must be "half", "same" or whole numbers{near}'
        return checks.not_whole(name, part, least)
    return None


def _fraction(name: str, value: Any) -> str | None:
    return _wrong_part(name, value, 0) if checks.fractional(value) else None


def _wrong_size(name: str, value: Any, least: int) -> str | None:
    return None if checks.fractional(value) else _wrong_part(name, value, least)


def _sound(name: str, value: Any, least: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_sound(name, v, least) for v in value)
    return (
        value
        if name == "padding" and value in PADDING_MODES
        else checks.nearest(value, least)
    )


def _rank_differs(name: str, value: Any, dims: str) -> str | None:
    if not isinstance(value, tuple) or len(value) == len(dims):
        return None
    return (
        f"`{name}` is {value_text(value)}, but the window speaks of {len(dims)} dimensions "
        f"({', '.join(dims)})"
    )


def _at_least_one(value: int) -> int:
    return max(1, value)


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Why no window fits: how far apart its positions are, and the padding that is not enough."""

    dilation: int
    padding: tuple[int, int]


def _misfit(n: int, k: int, s: int, padding: str | int, d: int) -> _Misfit | None:
    if window_count(n, k, s, padding, d) >= 1:
        return None
    return _Misfit(d, padding_amounts(padding, n, k, s, d))


def _exceeds(dim: str, n: int, spelled: Any, misfit: _Misfit | None) -> str | None:
    if misfit is None:
        return None
    window = f"{value_text(spelled)} window"
    if misfit.dilation > 1:
        window += f" with dilation {misfit.dilation}"
    place = f"{dim}, which counts as 1" if " " in dim else f"{dim} = {n}"
    low, high = misfit.padding
    if low or high:
        place += f" padded by {low}" if low == high else f" padded by {low} and {high}"
    return f"{window} exceeds {place}"


def _appears(dim: str, out: int) -> str | None:
    if out == 1:
        return None
    return f"dimension `{dim}` is missing, and the padding would make {out} positions of it"


def _empty_window(padding: str | int, k: int) -> str | None:
    """A pooling window that lies in the padding alone has no maximum and no average."""
    if isinstance(padding, str) or padding < k:
        return None
    return f"padding {padding} leaves windows of {k} without input; it must be smaller than the window"

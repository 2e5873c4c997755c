"""Conditions that many rules share, as problems with their messages. Each costs a look at a table where it
holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from archdsl.diagnostics.codes import shapes
from archdsl.diagnostics.diagnostic import Code
from archdsl.diagnostics.suggestions import closest
from archdsl.ir.expr import Expr, Undefined, constant, lift
from archdsl.ir.graph import Init, Shape
from archdsl.ir.notation import value_text
from archdsl.ops.primitive import Problem

Problems = tuple[Problem, ...]

ROUND = "write int(…) around it, or use // instead of /"


def problem(code: Code, message: str, help: str | None = None) -> Problem:
    """A problem whatever is chosen."""
    return Problem(constant(message), code, help)


def unless(
    code: Code, fn: Callable[..., str | None], *args: Any, help: str | None = None
) -> Problems:
    """`fn` lifted over the arguments is the message; nothing where it is None for all choices."""
    message = lift(fn, *args)
    return () if all(v is None for v in message.table) else (Problem(message, code, help),)


def ordered(dims: Iterable[str]) -> list[str]:
    """Dimensions as papers write them: b, c, t, h, w, then the others by letter."""
    return sorted(dims, key=lambda d: ("bcthw".find(d) % 6, d))


def listing(dims: Iterable[str]) -> str:
    return f"[{', '.join(ordered(dims))}]"


def present(shape: Shape, dims: str) -> Problems:
    """Each dimension of an axes text is there, is not the batch, and occurs once."""
    found = [
        problem(
            shapes.MISSING_DIMENSION,
            f"dimension `{d}` is missing; the tensor has {listing(shape)}",
        )
        for d in dict.fromkeys(dims)
        if d != "b" and d not in shape
    ]
    return named(dims) + tuple(found)


def named(dims: str) -> Problems:
    """An axes text does not name the batch and names no dimension twice."""
    found: list[Problem] = []
    if "b" in dims:
        found.append(
            problem(
                shapes.BATCH_NAMED, "`b` is the batch and cannot be named in an operation"
            )
        )
    found += [
        problem(shapes.DUPLICATE_DIMENSION, f"dimension `{d}` is named twice in @{dims}")
        for d in dict.fromkeys(dims)
        if dims.count(d) > 1
    ]
    return tuple(found)


def vacant(kept: Iterable[str], dims: str) -> Problems:
    """Dimensions that are made do not exist already."""
    kept = tuple(kept)
    return tuple(
        problem(
            shapes.DUPLICATE_DIMENSION,
            f"dimension `{d}` exists already; the tensor has {listing(kept)}",
        )
        for d in dict.fromkeys(dims)
        if d in kept and d != "b"
    )


def single(name: str, dims: str) -> Problems:
    """An axes text names exactly one dimension."""
    if len(dims) == 1:
        return ()
    return (
        problem(
            shapes.ATTRIBUTE, f"`{name}` names one dimension, not {len(dims)} (@{dims})"
        ),
    )


def whole(name: str, value: Expr, least: int = 1) -> tuple[Expr, Problems]:
    """A whole number that is at least `least`; where it is not, the nearest that is, with a problem."""
    if all(v.__class__ is int and v >= least for v in value.table):
        return value, ()
    found: Problems = ()
    if any(fractional(v) for v in value.table):
        found = unless(shapes.FRACTIONAL, _fraction, name, value, help=ROUND)
    found += unless(shapes.ATTRIBUTE, _wrong_value, name, value, least)
    return lift(nearest, value, least), found


def number(
    name: str,
    value: Expr,
    holds: Callable[[float], bool],
    bounds: str,
    help: str | None = None,
) -> Problems:
    """A number for which `holds` is true; `bounds` says in words which those are."""
    if all(v.__class__ in (int, float) and holds(v) for v in value.table):
        return ()
    return unless(shapes.ATTRIBUTE, _not_number, name, value, holds, bounds, help=help)


def one_of(name: str, value: Expr, options: Sequence[str]) -> Problems:
    """One of several modes."""
    if all(v in options for v in value.table):
        return ()
    return unless(shapes.ATTRIBUTE, _not_one_of, name, value, tuple(options))


def initial(name: str, value: Expr) -> Problems:
    """A number, or an initialiser whose numbers are not negative."""
    if all(v.__class__ is Init and not v.args for v in value.table):
        return ()
    return unless(shapes.ATTRIBUTE, _not_initial, name, value)


def settled(name: str, value: Expr) -> tuple[Any, Problems]:
    """The value of a parameter that no choice may reach; the first alternative, with a problem, where one
    does.
    """
    if value.is_constant:
        return value.value, ()
    values = " or ".join(value_text(v) for v in value.distinct())
    return value.table[0], (
        problem(
            shapes.UNSETTLED,
            f"`{name}` is {values} by a choice, but it decides which weights or dimensions there are",
        ),
    )


def defined(value: Expr) -> tuple[Any, ...]:
    """The values that there are: not those of a division by zero, say."""
    return tuple([v for v in value.table if v.__class__ is not Undefined])


def equal(dim: str, a: Expr, b: Expr) -> Problems:
    """Two sizes of one dimension agree."""
    return () if a is b or a == b else unless(shapes.SIZES_DIFFER, _differ, dim, a, b)


def divisible(value: Expr, parts: Expr, what: str, into: str) -> Problems:
    """A size can be cut into equally large parts: "54 channels cannot be divided into 4 groups"."""
    if (parts.is_constant and parts.value == 1) or value == parts:
        return ()
    return unless(shapes.NOT_DIVISIBLE, _indivisible, value, parts, what, into)


def fractional(value: Any) -> bool:
    """Whether a size, or a part of one, is the result of arithmetic with fractions."""
    return (
        any(v.__class__ is float for v in value)
        if isinstance(value, tuple)
        else value.__class__ is float
    )


def not_whole(name: str, value: Any, least: int) -> str | None:
    """What keeps a value from being a whole number of at least `least`."""
    if value.__class__ is float:
        return f"{name} is {value}, which is not a whole number" + (
            " but the result of arithmetic with fractions" if value.is_integer() else ""
        )
    if value.__class__ is not int:
        return f"{name} is {value_text(value)}, not a whole number"
    return None if value >= least else f"{name} is {value}; it must be at least {least}"


def nearest(value: Any, least: int) -> int:
    """A sound number in place of a wrong one, so that elaboration can go on."""
    return (
        max(least, int(value))
        if value.__class__ in (int, float) and abs(value) < 1e18
        else least
    )


def suggestion(name: str, options: Iterable[str]) -> str:
    """`; did you mean …?` where a name is close to a known one, else nothing."""
    near = closest(name, options)
    return f'; did you mean "{near[0]}"?' if near else ""


def _fraction(name: str, value: Any) -> str | None:
    return not_whole(name, value, 0) if fractional(value) else None


def _wrong_value(name: str, value: Any, least: int) -> str | None:
    return None if fractional(value) else not_whole(name, value, least)


def _not_number(
    name: str, value: Any, holds: Callable[[float], bool], bounds: str
) -> str | None:
    if value.__class__ not in (int, float):
        return f"`{name}` is {value_text(value)}, not a number"
    return None if holds(value) else f"`{name}` is {value}; it must be {bounds}"


def _not_one_of(name: str, value: Any, options: tuple[str, ...]) -> str | None:
    if value in options:
        return None
    near = suggestion(value, options) if isinstance(value, str) else ""
    return f"`{name}` is {value_text(value)}, which is not one of {', '.join(map(value_text, options))}{near}"


def _not_initial(name: str, value: Any) -> str | None:
    if value.__class__ in (int, float):
        return None
    if not isinstance(value, Init):
        return f"`{name}` is {value_text(value)}, neither a number nor an initialiser"
    if value.name != "constant" and any(a < 0 for a in value.args):
        return f"`{name}` is {value}; its number cannot be negative"
    return None


def _differ(dim: str, a: Any, b: Any) -> str | None:
    if a == b:
        return None
    return (
        f"channels differ: {a} and {b}"
        if dim == "c"
        else f"sizes of `{dim}` differ: {a} and {b}"
    )


def _indivisible(value: int, parts: int, what: str, into: str) -> str | None:
    return (
        None
        if value % parts == 0
        else f"{what.format(value)} cannot be divided into {parts} {into}"
    )

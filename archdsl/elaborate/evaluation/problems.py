"""What is wrong with a call of a primitive, as checks that are decided over the whole space."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import Label
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.place import Place
from archdsl.ir.expr import Expr, Undefined, each
from archdsl.ir.graph import Check, Value
from archdsl.ops.primitive import Problem

# Problems that the shapes of the inputs explain; the others lie in the parameters alone.
_ABOUT_INPUTS = frozenset(
    {
        shape_codes.MISSING_DIMENSION,
        shape_codes.SIZES_DIFFER,
        shape_codes.WINDOW_TOO_LARGE,
        shape_codes.NOT_DIVISIBLE,
        shape_codes.DUPLICATE_DIMENSION,
        shape_codes.DIMENSIONS_DIFFER,
        shape_codes.OUT_OF_BOUNDS,
        shape_codes.SIZE_RANK,
    }
)


def check_of(problem: Problem, inputs: tuple[Value, ...], place: Place) -> Check:
    message = each(told, problem.message) if problem.message.is_partial else problem.message
    labels = labels_of(inputs, place.span) if problem.code in _ABOUT_INPUTS else ()
    return homed(Check(message, problem.code, place.span, labels, problem.help), place)


def homed(check: Check, place: Place) -> Check:
    """A check inside a block that ships, at the user's call of it; any other as it is."""
    if check.span is None:
        return check
    span, inside = place.state.home(check.span)
    return replace(check, span=span, labels=(*inside, *check.labels)) if inside else check


def undefined_checks(exprs: Iterable[Expr]) -> list[Check]:
    """One check for each parameter that is undefined for some answers: it is live where the op is."""
    found = []
    for value in exprs:
        if value.is_partial:
            undefined = next(v for v in value.distinct() if isinstance(v, Undefined))
            code = undefined.code or codes.NO_VALUE
            found.append(
                Check(each(_message, value), code, undefined.span, help=undefined.help)
            )
    return found


def labels_of(inputs: tuple[Value, ...], span: Span) -> tuple[Label, ...]:
    """Where the first few inputs come from, and their sizes."""
    labels: dict[Label, None] = {}
    for value in inputs[:3]:
        if value.span is not None and value.span != span:
            sizes = ", ".join(
                [_dimension_text(dim, size) for dim, size in value.shape.items()]
            )
            labels[Label(value.span, f"this gives [{sizes}]")] = None
    return tuple(labels)


def is_real(problem: Problem) -> bool:
    return not (problem.message.is_constant and problem.message.value is None)


def told(message: Any) -> Any:
    return message.message if isinstance(message, Undefined) else message


def _message(value: Any) -> str | None:
    return value.message if isinstance(value, Undefined) else None


def _dimension_text(dim: str, size: Expr) -> str:
    if dim == "b":
        return dim
    values = [v for v in size.distinct() if not isinstance(v, Undefined)]
    if len(values) == 1:
        return f"{dim} = {values[0]}"
    return f"{dim} = {min(values)}..{max(values)}" if values else f"{dim} = ?"

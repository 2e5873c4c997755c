"""Operators on values: pointwise on numbers, element by element on tensors, joining on lists."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from operator import not_
from typing import Any

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import elaboration as bound_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation import primitives
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.sequences import LENGTH_LIMIT, iterate, size_expr
from archdsl.elaborate.evaluation.state import State, fail, too_wide_help
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    CountV,
    ListV,
    Poison,
    RangeV,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import (
    FALSE,
    TRUE,
    Expr,
    TooWide,
    Undefined,
    both,
    constant,
    either,
    lift,
    placed,
)
from archdsl.ir.notation import Axes, value_text
from archdsl.syntax.ast import BinaryOp


def _numbers(a: Any, b: Any) -> None:
    for value in (a, b):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Undefined(
                f"arithmetic needs numbers, not {value_text(value)}",
                code=codes.BAD_OPERANDS,
            )
        if isinstance(value, int) and value.bit_length() > 256:
            raise Undefined("a number of more than 256 bits")


def finite(value: Any) -> Any:
    """The value, unless it is a float beyond the greatest. Raises Undefined."""
    if value.__class__ is float and not isfinite(value):
        raise Undefined("a number beyond every float")
    return value


def _add(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return finite(a + b)


def _sub(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return finite(a - b)


def _mul(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return finite(a * b)


def _div(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return finite(a / b)


def _floordiv(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return a // b


def _mod(a: Any, b: Any) -> Any:
    _numbers(a, b)
    return a % b


def _same(a: Any, b: Any) -> bool:
    return (
        bool(a == b)
        and isinstance(a, str) == isinstance(b, str)
        and isinstance(a, Axes) == isinstance(b, Axes)
    )


def _differ(a: Any, b: Any) -> bool:
    return not _same(a, b)


def _le(a: Any, b: Any) -> bool:
    _numbers(a, b)
    return bool(a <= b)


def _lt(a: Any, b: Any) -> bool:
    _numbers(a, b)
    return bool(a < b)


def _ge(a: Any, b: Any) -> bool:
    _numbers(a, b)
    return bool(a >= b)


def _gt(a: Any, b: Any) -> bool:
    _numbers(a, b)
    return bool(a > b)


POINTWISE: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _sub,
    "*": _mul,
    "/": _div,
    "//": _floordiv,
    "%": _mod,
    "==": _same,
    "!=": _differ,
    "<=": _le,
    "<": _lt,
    ">=": _ge,
    ">": _gt,
}
_TENSOR_OPS = ("+", "-", "*", "/")
_IDENTITIES = {("+", 0), ("-", 0), ("*", 1), ("/", 1)}


def truth(value: Thing, span: Span, what: str) -> Expr:
    """A condition as a boolean expression.

    Raises DiagnosticError for anything but truth values.
    """
    if not isinstance(value, Expr) or not all(
        isinstance(v, bool | Undefined) for v in value.distinct()
    ):
        fail(codes.WRONG_KIND, span, f"{what} must be true or false, not {describe(value)}")
    return value


def binary(op: BinaryOp, left: Thing, right: Thing, span: Span, frame: Frame) -> Thing:
    """`left op right`."""
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return _tensors(op, left, right, span, frame)
    if op in POINTWISE:
        _refuse_layers(op, (left, right), span, "(x -> layer)")
    if op in ("and", "or"):
        a, b = (
            truth(left, span, f"the left of `{op}`"),
            truth(right, span, f"the right of `{op}`"),
        )
        return both(a, b) if op == "and" else either(a, b)
    if op == "in":
        return _member(left, right, span, frame.state)
    if isinstance(left, ListV) and isinstance(right, ListV):
        if op == "+":
            return _joined(left, right, span, frame.state)
        if op in ("==", "!="):
            equal = _equal(left, right, span, frame)
            return equal if op == "==" else lift(not_, equal)
    return _pointwise(op, left, right, span, frame.state)


def _joined(left: ListV, right: ListV, span: Span, state: State) -> ListV:
    if len(left.items) + len(right.items) > LENGTH_LIMIT:
        fail(
            bound_codes.TOO_MUCH_WORK,
            span,
            f"a list of more than {LENGTH_LIMIT:,} elements",
        )
    state.tick(span, 1 + len(right.items) // 10)
    return ListV(left.items + right.items)


def _equal(left: ListV, right: ListV, span: Span, frame: Frame) -> Expr:
    equal = TRUE if len(left.items) == len(right.items) else FALSE
    frame.state.tick(span, 2 * len(left.items))
    for one, other in zip(left.values(), right.values(), strict=False):
        element = binary("==", one, other, span, frame)
        equal = both(equal, element) if isinstance(element, Expr) else FALSE
    return equal


def _pointwise(op: BinaryOp, left: Thing, right: Thing, span: Span, state: State) -> Expr:
    a, b = size_expr(left), size_expr(right)
    if a is None or b is None:
        fail(
            codes.BAD_OPERANDS,
            span,
            f"`{op}` does not apply to {describe(left)} and {describe(right)}",
        )
    try:
        result = lift(POINTWISE[op], a, b)
        state.tick(span, result.weight // 4)
        return placed(result, span, codes.NO_VALUE)
    except TooWide as wide:
        fail(choice_codes.TOO_WIDE, span, str(wide), help=too_wide_help(wide))


def _refuse_layers(
    op: BinaryOp, sides: tuple[Thing, Thing], span: Span, instead: str
) -> None:
    for side in sides:
        if isinstance(side, LAYERS):
            fail(
                codes.LAYER_IN_ARITHMETIC,
                span,
                f"{describe(side)} cannot be an operand of `{op}`",
                help=f"the arrow binds last: apply the layer in parentheses, `{instead}`",
            )


def negative(value: Thing, span: Span, frame: Frame) -> Thing:
    """`-value`."""
    if isinstance(value, Tensor):
        return primitives.scalar("-", value, constant(0), True, span, frame)
    return binary("-", constant(0), value, span, frame)


def _tensors(op: BinaryOp, left: Thing, right: Thing, span: Span, frame: Frame) -> Thing:
    _refuse_layers(op, (left, right), span, "x + (x -> layer)")
    if not isinstance(left, Tensor | Expr) or not isinstance(right, Tensor | Expr):
        fail(
            codes.BAD_OPERANDS,
            span,
            f"`{op}` does not apply to {describe(left)} and {describe(right)}",
        )
    if op not in _TENSOR_OPS:
        fail(
            codes.BAD_OPERANDS,
            span,
            f"`{op}` does not apply to tensors",
            help="tensors have `+`, `-`, `*` and `/`; sizes (`x.c`) can be compared",
        )
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return primitives.arithmetic(op, (left, right), span, frame)
    tensor, number = (left, right) if isinstance(left, Tensor) else (right, left)
    assert isinstance(tensor, Tensor) and isinstance(number, Expr)
    first = number is left
    plain = number.is_constant and (op, number.value) in _IDENTITIES
    if plain and (not first or op in "+*"):
        return tensor
    return primitives.scalar(op, tensor, number, first, span, frame)


def _member(left: Thing, right: Thing, span: Span, state: State) -> Thing:
    if not isinstance(right, ListV | TupleV | RangeV | CountV):
        fail(
            codes.BAD_OPERANDS,
            span,
            f"`in` looks into a list or a range, not {describe(right)}",
        )
    needle = size_expr(left)
    if needle is None:
        fail(
            codes.BAD_OPERANDS,
            span,
            f"`in` looks for a number or a text, not {describe(left)}",
        )
    found = FALSE
    if isinstance(right, ListV | TupleV):
        state.tick(span, 2 * len(right.items))
        elements = list(right.values())
    else:
        elements = iterate(right, span, state)
    for element in elements:
        value = size_expr(element)
        if value is not None:
            found = either(found, lift(_same, needle, value))
    return found

"""Parameters of a call of a primitive, as expressions over choices."""

from __future__ import annotations

from functools import partial
from typing import Any

from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.sequences import range_expr, size_expr
from archdsl.elaborate.evaluation.state import State, fail
from archdsl.elaborate.evaluation.values import (
    ChosenL,
    ModeL,
    NamedL,
    PrimitiveL,
    RangeV,
    Tensor,
    Thing,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, constant, lift, select
from archdsl.ir.graph import Init, Shape, Value
from archdsl.ir.notation import value_text
from archdsl.ops.call import Call
from archdsl.ops.primitive import REQUIRED, Kind, Parameter, Primitive, Problem

_ACCEPTED: dict[Kind, tuple[type, ...]] = {
    "int": (int, float),  # a fraction is refused by the rule, with a hint to round it
    "number": (int, float),
    "bool": (bool,),
    "size": (int, float, tuple),
    "padding": (int, tuple, str),
    "init": (int, float, Init),
    "range": (range, int),
    "string": (str,),
    "index": (range, int),
    "amounts": (tuple, int),
}
_WANTED = {
    "int": "a whole number",
    "number": "a number",
    "bool": "true or false",
    "size": "a number or a size like 1x3x3",
    "padding": '"half", "same", a number or a size',
    "init": "a number or an initialiser like normal(0.01)",
    "range": "a number or a range a..b",
    "string": "a text",
    "index": "a position or a range of positions a..b",
    "amounts": "two numbers (low, high)",
    "axes": "dimensions like @thw",
    "like": "a tensor",
}


LARGEST = (
    2**31 - 1
)  # of a size: beyond it no tensor can be made, and totals leave the range of 64 bits


def too_large(value: Any) -> bool:
    """Whether a size, or a part of one, is larger than any tensor can be."""
    if isinstance(value, tuple):
        return any(map(too_large, value))
    return value.__class__ is int and value > LARGEST


def state_shape(value: Value, state: State) -> Shape:
    """The shape of a value inside the current region."""
    if not state.pinned:
        return value.shape
    return {dim: state.settled(size) for dim, size in value.shape.items()}


def arguments(
    layer: PrimitiveL, shapes: tuple[Shape, ...], place: Place
) -> tuple[Call, tuple[Problem, ...]]:
    """A call with every parameter and dimension keyword, and what `like` could not resolve.

    Raises DiagnosticError for parameters that are missing or of another kind.
    """
    primitive, state, span = layer.primitive, place.state, layer.span or place.span
    attrs: dict[str, Expr] = {}
    like: Value | None = None
    for parameter in primitive.parameters:
        given = layer.args.get(parameter.name)
        if parameter.kind == "like":
            like = _like(given, primitive, span)
        else:
            attrs[parameter.name] = _given(parameter, given, primitive, span, state)
    dims: dict[str, Expr] = {}
    for name, given in layer.args.items():
        if primitive.parameter(name) is None:
            assert primitive.dims is not None
            dims[name] = _argument(
                Parameter(name, primitive.dims), given, primitive, span, state
            )
    call = Call(shapes, attrs, dims)
    if like is None or primitive.like is None:
        return call, ()
    likeness = primitive.like(call, state_shape(like, state))
    for dim in likeness.dims.keys() - dims.keys():
        state.size(like, dim)
    return Call(
        shapes, {**attrs, **likeness.attrs}, {**dims, **likeness.dims}
    ), likeness.problems


def _like(given: Thing | None, primitive: Primitive, span: Span) -> Value | None:
    if given is None:
        return None
    if isinstance(given, Tensor):
        return given.value
    fail(
        codes.WRONG_KIND,
        span,
        f"`like` of `{primitive.name}` is a tensor, not {describe(given)}",
    )


def _given(
    parameter: Parameter,
    given: Thing | None,
    primitive: Primitive,
    span: Span,
    state: State,
) -> Expr:
    if given is not None:
        return _argument(parameter, given, primitive, span, state)
    if parameter.default is REQUIRED:
        fail(
            codes.MISSING_PARAMETER,
            span,
            f"`{primitive.name}` needs `{parameter.name}`",
            help=parameter.doc and f"`{parameter.name}`: {parameter.doc}",
        )
    return parameter.usual


def _argument(
    parameter: Parameter, given: Thing, primitive: Primitive, span: Span, state: State
) -> Expr:
    kind = parameter.kind
    what = f"`{parameter.name}` of `{primitive.name}`"
    value = _expression(kind, given)
    if value is None:
        fail(
            codes.WRONG_KIND,
            span,
            f"{what} is {_WANTED.get(kind, kind)}, not {describe(given)}",
        )
    value = state.settled(value)
    if kind == "axes":
        axes = state.concrete(value, span, what)
        if not isinstance(axes, str) or type(axes) is str:
            fail(
                codes.WRONG_KIND, span, f"{what} is {_WANTED[kind]}, not {describe(given)}"
            )
        return constant(str(axes))
    if kind not in _ACCEPTED:
        return value
    if not value.scope and _fits(kind, value.value):
        return value
    return state.told(lift(partial(_fitting, kind, what), value), span, codes.NO_VALUE)


def _expression(kind: Kind, given: Thing) -> Expr | None:
    if kind == "string" and isinstance(given, PrimitiveL | NamedL | ModeL | ChosenL):
        return _activation(given)
    return range_expr(given) if isinstance(given, RangeV) else size_expr(given)


def _activation(layer: Thing) -> Expr | None:
    """The name of an activation, where a layer stands for a text: `act = relu`."""
    if isinstance(layer, NamedL | ModeL):
        return _activation(layer.layer)
    if isinstance(layer, PrimitiveL):
        return constant(layer.primitive.name)
    if not isinstance(layer, ChosenL):
        return None
    names = [name for name in map(_activation, layer.options) if name is not None]
    return select(layer.index, names) if len(names) == len(layer.options) else None


def _fits(kind: Kind, entry: Any) -> bool:
    """Whether a parameter can have a value."""
    return entry.__class__ in _ACCEPTED[kind] and not too_large(entry)


def _fitting(kind: Kind, what: str, entry: Any) -> Any:
    """A value of a parameter. Raises Undefined for one that does not fit."""
    if _fits(kind, entry):
        return entry
    if entry.__class__ not in _ACCEPTED[kind]:
        raise Undefined(
            f"{what} is {_WANTED[kind]}, not {value_text(entry)}", code=codes.WRONG_KIND
        )
    raise Undefined(
        f"{what} is {value_text(entry)}; sizes end at {LARGEST:,}",
        code=shape_codes.ATTRIBUTE,
    )

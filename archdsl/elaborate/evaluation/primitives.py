"""Applies primitives to tensors: the rules of the table give shape, weights, cost, checks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.arguments import arguments, state_shape
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.picks import combined, picked_tensors
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.problems import check_of, is_real, undefined_checks
from archdsl.elaborate.evaluation.rules import ruled_by
from archdsl.elaborate.evaluation.state import fail, too_wide_help
from archdsl.elaborate.evaluation.values import (
    POISON,
    Item,
    ListV,
    PickV,
    PrimitiveL,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, TooWide, Undefined, constant, mend
from archdsl.ir.graph import Check, Op, Value, Weight
from archdsl.ir.instance import Instance
from archdsl.ops.call import Call
from archdsl.ops.primitive import REQUIRED, Primitive, Problem, WeightRule
from archdsl.ops.table import PRIMITIVES

_MOST_CHUNKS = 4096
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div"}


def apply(layer: PrimitiveL, argument: Thing, place: Place) -> Thing:
    """The primitive applied to a tensor, a tuple of tensors, a list or a pick.

    Raises DiagnosticError for missing or misfit parameters and for the wrong number of inputs.
    """
    primitive = layer.primitive
    if primitive.name == "identity":
        return argument
    if isinstance(argument, PickV):
        return _picked(layer, argument, place)
    inputs = _inputs(primitive, argument, place.span)
    if primitive.name == "weighted_sum" and len(inputs) == 1:
        return Tensor(inputs[0])
    shapes = tuple([state_shape(v, place.state) for v in inputs])
    call, extra = arguments(layer, shapes, place)
    if primitive.name == "chunk":
        return _chunk(primitive, inputs, call, place)
    return Tensor(operation(primitive, inputs, call.attrs, call.dims, place, extra))


def arithmetic(op: str, pair: tuple[Tensor, Tensor], span: Span, frame: Frame) -> Tensor:
    """`x + y` of two tensors; broadcasting is by name."""
    name = _ARITHMETIC[op]
    instance = Instance(frame.segment(name), frame.instance, name, "primitive", span)
    place = Place(instance, span, frame.state)
    return Tensor(
        operation(PRIMITIVES[name], (pair[0].value, pair[1].value), {}, {}, place)
    )


def scalar(
    op: str, tensor: Tensor, number: Expr, left: bool, span: Span, frame: Frame
) -> Tensor:
    """`x * 2` or, with `left`, `2 * x`."""
    name = _ARITHMETIC[op]
    attrs = {"op": constant(name), "by": number, "left": constant(left)}
    instance = Instance(frame.segment(name), frame.instance, "scalar", "primitive", span)
    place = Place(instance, span, frame.state)
    return Tensor(operation(PRIMITIVES["scalar"], (tensor.value,), attrs, {}, place))


def operation(
    primitive: Primitive,
    inputs: tuple[Value, ...],
    attrs: Mapping[str, Expr],
    dims: Mapping[str, Expr],
    place: Place,
    extra: tuple[Problem, ...] = (),
) -> Op:
    """An op from the table's rules, with what is wrong with it for some answers, or for all."""
    state, span = place.state, place.span
    state.tick(span, 25)
    reasons = undefined_checks(chain(attrs.values(), dims.values()))
    if reasons:
        attrs, dims = _mended(attrs, primitive), _mended(dims, primitive)
    call = Call(tuple([state_shape(v, state) for v in inputs]), attrs, dims)
    try:
        ruled = ruled_by(primitive, call)
    except TooWide as wide:
        fail(
            choice_codes.TOO_WIDE,
            span,
            f"`{primitive.name}`: {wide}",
            help=too_wide_help(wide),
        )
    state.tick(span, ruled.macs.weight)
    weights = _weights(ruled.weights, place)
    problems = [check_of(p, inputs, place) for p in (*extra, *ruled.problems) if is_real(p)]
    op = Op(
        primitive.name,
        inputs,
        {**attrs, **dims},
        ruled.shape,
        weights,
        ruled.macs,
        place.instance,
        span,
        (*reasons, *problems),
    )
    _note_wrong(op, place, decided=not reasons)
    return op


def _note_wrong(op: Op, place: Place, *, decided: bool) -> None:
    """Fails where the op is wrong for everybody; elsewhere that is decided at the end, if somebody needs
    it, and what is wrong whatever is chosen is remembered, with what is computed from it.
    """
    state = place.state
    certain: Check | None = next((c for c in op.checks if c.problem.is_constant), None)
    if certain is not None and decided and state.is_plain:
        message = str(certain.problem.value)
        fail(certain.code, certain.span, message, help=certain.help, labels=certain.labels)
    known = next((state.wrong[v] for v in op.inputs if v in state.wrong), certain)
    if known is not None:
        state.wrong[op] = known


def _weights(rules: tuple[WeightRule, ...], place: Place) -> tuple[Weight, ...]:
    """The weights of an op, registered under their paths."""
    found = []
    for rule in rules:
        weight = Weight(
            place.instance.weights_path,
            rule.name,
            rule.shape,
            rule.init,
            place.state.variant,
        )
        found.append(place.state.weight(weight, place.instance, place.span))
    return tuple(found)


def _mended(exprs: Mapping[str, Expr], primitive: Primitive) -> dict[str, Expr]:
    """Parameters with some value where they have none: the first that there is, the default, or 1."""
    mended = dict(exprs)
    for name, value in exprs.items():
        if value.is_partial:
            parameter = primitive.parameter(name)
            default = (
                1
                if parameter is None or parameter.default is REQUIRED
                else parameter.default
            )
            defined = (v for v in value.distinct() if not isinstance(v, Undefined))
            mended[name] = mend(value, next(defined, default))
    return mended


def _inputs(primitive: Primitive, argument: Thing, span: Span) -> tuple[Value, ...]:
    name, arity = primitive.name, primitive.arity
    parts: tuple[Thing, ...] = (
        argument.values() if isinstance(argument, ListV | TupleV) else ()
    )
    if arity == 1:
        parts = (argument,)
    elif arity == "many" and not isinstance(argument, ListV | TupleV):
        message = f"`{name}` takes a list of tensors, not {describe(argument)}"
        fail(codes.WRONG_INPUTS, span, message, help=f"`[x, y] -> {name}`")
    elif arity != "many" and len(parts) != arity:
        fail(
            codes.WRONG_INPUTS,
            span,
            f"`{name}` takes {arity} tensors, not {describe(argument)}",
        )
    values = []
    for part in parts:
        if not isinstance(part, Tensor):
            wanted = "one tensor" if arity == 1 else "tensors"
            code = codes.WRONG_INPUTS if arity == 1 else codes.WRONG_KIND
            fail(code, span, f"`{name}` takes {wanted}, not {describe(part)}")
        values.append(part.value)
    return tuple(values)


def _chunk(
    primitive: Primitive, inputs: tuple[Value, ...], call: Call, place: Place
) -> Thing:
    """One operation for each of the chunks."""
    counts = list(call.dims.values())
    number = (
        place.state.concrete(counts[0], place.span, "the number of chunks") if counts else 1
    )
    if not isinstance(number, int) or number < 1:
        number = 1  # refused by the rule
    if number > _MOST_CHUNKS:
        message = f"{number:,} chunks; at most {_MOST_CHUNKS:,} can be made"
        fail(bounds.TOO_MUCH_WORK, place.span, message)
    parts = []
    for i in range(number):
        attrs = {**call.attrs, "index": constant(i)}
        parts.append(Item(Tensor(operation(primitive, inputs, attrs, call.dims, place))))
    return TupleV(tuple(parts))


def _picked(layer: PrimitiveL, picked: PickV, place: Place) -> Thing:
    values = picked_tensors(layer.primitive.name, picked, place.span)
    if values is None:
        return POISON
    subset = place.state.settled(picked.subset)
    if not subset.is_constant:
        return combined(layer, values, subset, place)
    chosen = ListV(tuple(picked.items[i] for i in subset.value))
    return apply(layer, chosen, place) if len(chosen.items) > 1 else chosen.items[0].value

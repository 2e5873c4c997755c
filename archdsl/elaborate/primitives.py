"""Applies primitives to tensors: parameters become expressions, the table's rules give shape, weights, cost, checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.elaborate.scope import Frame
from archdsl.elaborate.sequences import range_expr, size_expr
from archdsl.elaborate.state import State, fail, too_wide_help
from archdsl.elaborate.values import (
    ChosenL,
    Item,
    ListV,
    ModeL,
    NamedL,
    PickV,
    Poison,
    PrimitiveL,
    RangeV,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir import expr as exprs
from archdsl.ir.expr import TRUE, Expr, TooWide, Undefined, constant, lift, select
from archdsl.ir.graph import Check, Init, Op, Pick, Shape, Value, Weight
from archdsl.ir.instance import Instance
from archdsl.ir.notation import value_text
from archdsl.ops.primitive import REQUIRED, Call, Kind, Parameter, Primitive, Problem
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax.codes import choices as choice_codes
from archdsl.syntax.codes import elaboration as bounds
from archdsl.syntax.codes import shapes as shape_codes
from archdsl.syntax.codes import values as codes
from archdsl.syntax.diagnostics import Label
from archdsl.syntax.source import Span

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


LARGEST = 2**31 - 1  # of a size: beyond it no tensor can be made, and totals leave the range of 64 bits
_MOST_CHUNKS = 4096
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


def too_large(value: Any) -> bool:
    """Whether a size, or a part of one, is larger than any tensor can be."""
    return any(map(too_large, value)) if isinstance(value, tuple) else value.__class__ is int and value > LARGEST


def apply(layer: PrimitiveL, argument: Thing, instance: Instance, span: Span, state: State) -> Thing:
    """The primitive applied to a tensor, a tuple of tensors, a list or a pick.

    Raises DiagnosticError for missing or misfit parameters and for the wrong number of inputs.
    """
    primitive = layer.primitive
    if primitive.name == "identity":
        return argument
    if isinstance(argument, PickV):
        return _pick(layer, argument, instance, span, state)
    inputs = _inputs(primitive, argument, span)
    if primitive.name == "weighted_sum" and len(inputs) == 1:
        return Tensor(inputs[0])
    attrs, dims, extra = arguments(layer, tuple(state_shape(v, state) for v in inputs), span, state)
    if primitive.name == "chunk":
        return _chunk(primitive, inputs, attrs, dims, instance, span, state)
    return Tensor(operation(primitive, inputs, attrs, dims, instance, span, state, extra))


def arithmetic(name: str, pair: tuple[Tensor, Tensor], span: Span, frame: Frame, state: State) -> Tensor:
    """`x + y` of two tensors; broadcasting is by name."""
    primitive = PRIMITIVES[name]
    instance = Instance(frame.segment(name), frame.instance, name, "primitive", span)
    return Tensor(operation(primitive, (pair[0].value, pair[1].value), {}, {}, instance, span, state))


def scalar(op: str, tensor: Tensor, number: Expr, left: bool, span: Span, frame: Frame, state: State) -> Tensor:
    """`x * 2` or, with `left`, `2 * x`."""
    primitive = PRIMITIVES["scalar"]
    names = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
    attrs = {"op": constant(names[op]), "by": number, "left": constant(left)}
    instance = Instance(frame.segment(names[op]), frame.instance, "scalar", "primitive", span)
    return Tensor(operation(primitive, (tensor.value,), attrs, {}, instance, span, state))


def state_shape(value: Value, state: State) -> Shape:
    """The shape of a value inside the current region."""
    if not state.pinned:
        return value.shape
    return {dim: state.settled(size) for dim, size in value.shape.items()}


def operation(
    primitive: Primitive,
    inputs: tuple[Value, ...],
    attrs: Mapping[str, Expr],
    dims: Mapping[str, Expr],
    instance: Instance,
    span: Span,
    state: State,
    extra: tuple[Problem, ...] = (),
) -> Op:
    """An op from the table's rules. Raises DiagnosticError where a rule finds a problem everywhere."""
    state.tick(span, 25)
    call = Call(tuple(state_shape(v, state) for v in inputs), attrs, dims)
    try:
        result = primitive.shape(call)
        weights = tuple(
            state.weight(Weight(instance.weights_path, w.name, w.shape, w.init, state.variant), instance, span)
            for w in primitive.weights(call, result.shape)
        )
        macs = primitive.macs(call, result.shape)
    except TooWide as wide:
        fail(choice_codes.TOO_WIDE, span, f"`{primitive.name}`: {wide}", help=too_wide_help(wide))
    state.tick(span, len(macs.table) + sum(len(size.table) for size in result.shape.values()))
    checks = [_check(p, inputs, span) for p in (*extra, *result.problems) if _is_real(p)]
    certain = [c for c in checks if c.problem.is_constant]
    if certain and state.condition == TRUE and not state.pinned:  # under a choice it is decided with the guard, at the end
        first = certain[0]
        fail(first.code, span, str(first.problem.value), help=first.help, labels=first.labels)
    return Op(primitive.name, inputs, {**attrs, **dims}, result.shape, weights, macs, instance, span, tuple(checks))


def arguments(
    layer: PrimitiveL, shapes: tuple[Shape, ...], span: Span, state: State
) -> tuple[dict[str, Expr], dict[str, Expr], tuple[Problem, ...]]:
    """Every parameter of a call as an expression, its dimension keywords, and what `like` could not resolve."""
    primitive = layer.primitive
    attrs: dict[str, Expr] = {}
    like: Shape | None = None
    for parameter in primitive.parameters:
        given = layer.args.get(parameter.name)
        if parameter.kind == "like":
            if isinstance(given, Tensor):
                like = state_shape(given.value, state)
            elif given is not None:
                fail(codes.WRONG_KIND, layer.span or span, f"`like` of `{primitive.name}` is a tensor, not {describe(given)}")
            continue
        if given is not None:
            attrs[parameter.name] = _argument(parameter, given, primitive, layer.span or span, state)
        elif parameter.default is REQUIRED:
            fail(
                codes.MISSING_PARAMETER,
                layer.span or span,
                f"`{primitive.name}` needs `{parameter.name}`",
                help=parameter.doc and f"`{parameter.name}`: {parameter.doc}",
            )
        else:
            attrs[parameter.name] = constant(parameter.default)
    dims: dict[str, Expr] = {}
    for name, given in layer.args.items():
        if primitive.parameter(name) is None:
            assert primitive.dims is not None
            dims[name] = _argument(Parameter(name, primitive.dims), given, primitive, layer.span or span, state)
    if like is None or primitive.like is None:
        return attrs, dims, ()
    likeness = primitive.like(Call(shapes, attrs, dims), like)
    return {**attrs, **likeness.attrs}, {**dims, **likeness.dims}, likeness.problems


def _argument(parameter: Parameter, given: Thing, primitive: Primitive, span: Span, state: State) -> Expr:
    kind = parameter.kind
    value: Expr | None
    if kind == "string" and isinstance(given, PrimitiveL | NamedL | ModeL | ChosenL):
        value = _activation(given)
    elif isinstance(given, RangeV):
        value = range_expr(given)
    else:
        value = size_expr(given)
    what = f"`{parameter.name}` of `{primitive.name}`"
    if value is None:
        fail(codes.WRONG_KIND, span, f"{what} is {_WANTED.get(kind, kind)}, not {describe(given)}")
    value = state.settled(value)
    if kind == "axes":
        axes = state.concrete(value, span, what)
        if not isinstance(axes, str) or type(axes) is str:
            fail(codes.WRONG_KIND, span, f"{what} is {_WANTED[kind]}, not {describe(given)}")
        return constant(str(axes))
    accepted = _ACCEPTED.get(kind)
    if accepted is None:
        return value
    for entry in value.table:
        if isinstance(entry, Undefined):
            if value.is_constant:
                fail(codes.NO_VALUE, span, f"{what}: {entry.message}")
        elif (
            (isinstance(entry, bool) and bool not in accepted)
            or not isinstance(entry, accepted)
            or entry.__class__ not in (*accepted, *(() if kind == "string" else (Init,)))
        ):
            fail(codes.WRONG_KIND, span, f"{what} is {_WANTED[kind]}, not {value_text(entry)}")
        elif too_large(entry):
            fail(shape_codes.ATTRIBUTE, span, f"{what} is {value_text(entry)}; sizes end at {LARGEST:,}")
    return value


def _activation(layer: Thing) -> Expr | None:
    if isinstance(layer, NamedL | ModeL):
        return _activation(layer.layer)
    if isinstance(layer, PrimitiveL):
        return constant(layer.primitive.name)
    if isinstance(layer, ChosenL):
        options = [_activation(o) for o in layer.options]
        return select(layer.index, [o for o in options if o is not None]) if None not in options else None
    return None


def _inputs(primitive: Primitive, argument: Thing, span: Span) -> tuple[Value, ...]:
    parts: tuple[Thing, ...]
    if primitive.arity == "many":
        if not isinstance(argument, ListV | TupleV):
            fail(
                codes.WRONG_INPUTS,
                span,
                f"`{primitive.name}` takes a list of tensors, not {describe(argument)}",
                help=f"`[x, y] -> {primitive.name}`",
            )
        parts = argument.values()
    elif primitive.arity == 1:
        parts = (argument,)
    else:
        if not isinstance(argument, TupleV | ListV) or len(argument.items) != primitive.arity:
            fail(codes.WRONG_INPUTS, span, f"`{primitive.name}` takes {primitive.arity} tensors, not {describe(argument)}")
        parts = argument.values()
    values = []
    for part in parts:
        if not isinstance(part, Tensor):
            fail(
                codes.WRONG_INPUTS if primitive.arity == 1 else codes.WRONG_KIND,
                span,
                f"`{primitive.name}` takes {'one tensor' if primitive.arity == 1 else 'tensors'}, not {describe(part)}",
            )
        values.append(part.value)
    return tuple(values)


def _chunk(
    primitive: Primitive,
    inputs: tuple[Value, ...],
    attrs: Mapping[str, Expr],
    dims: Mapping[str, Expr],
    instance: Instance,
    span: Span,
    state: State,
) -> Thing:
    counts = list(dims.values())
    number = state.concrete(counts[0], span, "the number of chunks") if counts else 1
    if isinstance(number, int) and number > _MOST_CHUNKS:
        fail(bounds.TOO_MUCH_WORK, span, f"{number:,} chunks; at most {_MOST_CHUNKS:,} can be made")
    parts = []
    for i in range(number if isinstance(number, int) and number > 0 else 1):
        parts.append(Item(Tensor(operation(primitive, inputs, {**attrs, "index": constant(i)}, dims, instance, span, state))))
    return TupleV(tuple(parts))


def _pick(layer: PrimitiveL, picked: PickV, instance: Instance, span: Span, state: State) -> Thing:
    name = layer.primitive.name
    if name not in ("weighted_sum", "add", "concat"):
        fail(codes.WRONG_INPUTS, span, f"what is picked from a list is combined by `weighted_sum`, `add` or `concat`, not by `{name}`")
    values = []
    for item in picked.items:
        if isinstance(item.value, Poison):
            return item.value
        if not isinstance(item.value, Tensor):
            fail(codes.WRONG_KIND, span, f"`{name}` combines tensors, not {describe(item.value)}")
        values.append(item.value.value)
    subset = state.settled(picked.subset)
    if subset.is_constant:
        chosen = ListV(tuple(picked.items[i] for i in subset.value))
        return apply(layer, chosen, instance, span, state) if len(chosen.items) > 1 else chosen.items[0].value
    shapes = tuple(state_shape(v, state) for v in values)
    attrs, dims, extra = arguments(layer, shapes, span, state)
    call = Call(shapes, attrs, dims)
    result = layer.primitive.shape(call)
    checks = [_check(p, tuple(values), span) for p in (*extra, *result.problems) if _is_real(p)]
    for check in checks:
        if check.problem.is_constant:
            fail(check.code, span, str(check.problem.value), help=check.help, labels=check.labels)
    shape = dict(result.shape)
    dim: str | None = None
    if name == "concat":
        dim = attrs["dim"].value
        assert dim is not None
        shape[dim] = lift(_chosen_sum, subset, *(s.get(dim, constant(1)) for s in shapes))
    weights: tuple[Weight, ...] = ()
    if name == "weighted_sum":
        rule = layer.primitive.weights(call, result.shape)[0]
        weights = (
            state.weight(
                Weight(instance.weights_path, rule.name, (lift(_combined, subset),), lift(_even, subset), state.variant), instance, span
            ),
        )
    state.tick(span, 25 + len(values) * len(subset.table) // 2)  # which is live is asked of every operand
    combine = {"weighted_sum": "weighted", "add": "sum", "concat": "concat"}[name]
    return Tensor(Pick(subset, tuple(values), combine, dim, weights, shape, instance, span, tuple(checks)))  # type: ignore[arg-type]


def _check(problem: Problem, inputs: tuple[Value, ...], span: Span) -> Check:
    message = problem.message
    if any(isinstance(v, Undefined) for v in message.table):
        undefined = exprs.problems(message)
        message = undefined if message.is_constant else message
    labels = []
    for value in inputs[:3] if problem.code in _ABOUT_INPUTS else ():
        if value.span is not None and value.span != span:
            sizes = ", ".join(dim if dim == "b" else f"{dim} = {_size_text(size)}" for dim, size in value.shape.items())
            labels.append(Label(value.span, f"this gives [{sizes}]"))
    return Check(message, problem.code, span, tuple(dict.fromkeys(labels)), problem.help)


def _is_real(problem: Problem) -> bool:
    return not (problem.message.is_constant and problem.message.value is None)


def _size_text(size: Expr) -> str:
    values = [v for v in size.distinct() if not isinstance(v, Undefined)]
    if len(values) == 1:
        return str(values[0])
    return f"{min(values)}..{max(values)}" if values else "?"


def _chosen_sum(subset: tuple[int, ...], *sizes: Any) -> Any:
    return sum(sizes[i] for i in subset)


def _combined(subset: tuple[int, ...]) -> int:
    return len(subset) if len(subset) > 1 else 0


def _even(subset: tuple[int, ...]) -> Init:
    return Init("constant", (1 / max(len(subset), 1),))

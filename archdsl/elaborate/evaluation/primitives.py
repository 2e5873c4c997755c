"""Applies primitives to tensors: parameters become expressions, the table's rules give shape, weights, cost,
checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import Label
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.scope import Frame
from archdsl.elaborate.evaluation.sequences import range_expr, size_expr
from archdsl.elaborate.evaluation.state import State, fail, too_wide_help
from archdsl.elaborate.evaluation.values import (
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
from archdsl.ir.expr import Expr, TooWide, Undefined, constant, each, lift, mend, select
from archdsl.ir.graph import Check, Init, Op, Pick, Shape, Value, Weight
from archdsl.ir.instance import Instance
from archdsl.ir.notation import value_text
from archdsl.ops.call import Call
from archdsl.ops.primitive import REQUIRED, Kind, Parameter, Primitive, Problem, Result
from archdsl.ops.table import PRIMITIVES

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
_MOST_CASES = 4096  # subsets of unlike tensors
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
    return (
        any(map(too_large, value)) if isinstance(value, tuple) else value.__class__ is int and value > LARGEST
    )


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


def scalar(
    op: str, tensor: Tensor, number: Expr, left: bool, span: Span, frame: Frame, state: State
) -> Tensor:
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
    """An op from the table's rules, with what is wrong with it for some answers, or for all."""
    state.tick(span, 25)
    reasons: list[Check] = []
    if any(map(_is_partial, attrs.values())) or any(map(_is_partial, dims.values())):
        reasons = _undefined_problems({**attrs, **dims})
        attrs = {name: _mended(value, primitive, name) for name, value in attrs.items()}
        dims = {name: _mended(value, primitive, name) for name, value in dims.items()}
    call = Call(tuple([state_shape(v, state) for v in inputs]), attrs, dims)
    try:
        result = primitive.shape(call)
        weights = _weights(primitive, call, result.shape, instance, span, state)
        macs = mend(primitive.macs(call, result.shape), 0)
    except TooWide as wide:
        fail(choice_codes.TOO_WIDE, span, f"`{primitive.name}`: {wide}", help=too_wide_help(wide))
    shape = result.shape
    if any(map(_is_partial, shape.values())):
        shape = {dim: mend(size, 1) for dim, size in shape.items()}
    state.tick(span, macs.weight)
    checks = reasons
    if extra or result.problems:
        checks = [
            *reasons,
            *[_check(p, inputs, span, state) for p in (*extra, *result.problems) if _is_real(p)],
        ]
    op = Op(primitive.name, inputs, {**attrs, **dims}, shape, weights, macs, instance, span, tuple(checks))
    certain = next((c for c in checks if c.problem.is_constant), None) if checks else None
    if (
        certain is not None and state.is_plain and not reasons
    ):  # otherwise it is decided at the end whether somebody needs the op
        fail(certain.code, certain.span, str(certain.problem.value), help=certain.help, labels=certain.labels)
    known = next((state.wrong[v] for v in inputs if v in state.wrong), certain) if state.wrong else certain
    if known is not None:
        state.wrong[op] = known
    return op


def _weights(
    primitive: Primitive, call: Call, shape: Shape, instance: Instance, span: Span, state: State
) -> tuple[Weight, ...]:
    """The weights of an op, registered under their paths."""
    found = []
    for rule in primitive.weights(call, shape):
        sizes = tuple([mend(size, 1) for size in rule.shape])
        weight = Weight(instance.weights_path, rule.name, sizes, rule.init, state.variant)
        found.append(state.weight(weight, instance, span))
    return tuple(found)


def _undefined_problems(exprs: Mapping[str, Expr]) -> list[Check]:
    """One problem for each parameter that is undefined for some answers: it is live where the op is."""
    found = []
    for value in exprs.values():
        if value.is_partial:
            undefined = next(v for v in value.distinct() if isinstance(v, Undefined))
            code = undefined.code or codes.NO_VALUE
            found.append(Check(each(_message, value), code, undefined.span, help=undefined.help))
    return found


def _is_partial(value: Expr) -> bool:
    return value.is_partial


def _message(value: Any) -> str | None:
    return value.message if isinstance(value, Undefined) else None


def _mended(value: Expr, primitive: Primitive, name: str) -> Expr:
    """A parameter with some value where it has none: the first that there is, its default, or 1."""
    if not value.is_partial:
        return value
    parameter = primitive.parameter(name)
    default = parameter.default if parameter is not None and parameter.default is not REQUIRED else 1
    return mend(value, next((v for v in value.distinct() if not isinstance(v, Undefined)), default))


def arguments(
    layer: PrimitiveL, shapes: tuple[Shape, ...], span: Span, state: State
) -> tuple[dict[str, Expr], dict[str, Expr], tuple[Problem, ...]]:
    """Every parameter of a call as an expression, its dimension keywords, and what `like` could not
    resolve.
    """
    primitive = layer.primitive
    attrs: dict[str, Expr] = {}
    like: Value | None = None
    for parameter in primitive.parameters:
        given = layer.args.get(parameter.name)
        if parameter.kind == "like":
            if isinstance(given, Tensor):
                like = given.value
            elif given is not None:
                fail(
                    codes.WRONG_KIND,
                    layer.span or span,
                    f"`like` of `{primitive.name}` is a tensor, not {describe(given)}",
                )
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
            dims[name] = _argument(
                Parameter(name, primitive.dims), given, primitive, layer.span or span, state
            )
    if like is None or primitive.like is None:
        return attrs, dims, ()
    likeness = primitive.like(Call(shapes, attrs, dims), state_shape(like, state))
    for dim in likeness.dims.keys() - dims.keys():
        state.size(like, dim)
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
    return state.told(lift(partial(_fitting, kind, what), value), span, codes.NO_VALUE)


def _fitting(kind: Kind, what: str, entry: Any) -> Any:
    """A value of a parameter. Raises Undefined for one of another kind."""
    accepted = _ACCEPTED[kind]
    exact = accepted if kind == "string" else (*accepted, Init)
    if (
        (isinstance(entry, bool) and bool not in accepted)
        or not isinstance(entry, accepted)
        or entry.__class__ not in exact
    ):
        raise Undefined(f"{what} is {_WANTED[kind]}, not {value_text(entry)}", code=codes.WRONG_KIND)
    if too_large(entry):
        raise Undefined(
            f"{what} is {value_text(entry)}; sizes end at {LARGEST:,}", code=shape_codes.ATTRIBUTE
        )
    return entry


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
            fail(
                codes.WRONG_INPUTS,
                span,
                f"`{primitive.name}` takes {primitive.arity} tensors, not {describe(argument)}",
            )
        parts = argument.values()
    values = []
    for part in parts:
        if not isinstance(part, Tensor):
            fail(
                codes.WRONG_INPUTS if primitive.arity == 1 else codes.WRONG_KIND,
                span,
                f"`{primitive.name}` takes {'one tensor' if primitive.arity == 1 else 'tensors'}, not "
                f"{describe(part)}",
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
        parts.append(
            Item(
                Tensor(
                    operation(primitive, inputs, {**attrs, "index": constant(i)}, dims, instance, span, state)
                )
            )
        )
    return TupleV(tuple(parts))


def _pick(layer: PrimitiveL, picked: PickV, instance: Instance, span: Span, state: State) -> Thing:
    name = layer.primitive.name
    if name not in ("weighted_sum", "add", "concat"):
        fail(
            codes.WRONG_INPUTS,
            span,
            f"what is picked from a list is combined by `weighted_sum`, `add` or `concat`, not by `{name}`",
        )
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
    shapes = tuple([state_shape(v, state) for v in values])
    attrs, dims, extra = arguments(layer, shapes, span, state)
    whole = layer.primitive.shape(Call(shapes, attrs, dims))
    alike = len({frozenset(shape) for shape in shapes}) == 1 and not any(
        map(_is_real, (*extra, *whole.problems))
    )
    dim: str | None = attrs["dim"].value if name == "concat" else None
    checks: list[Check] = []
    shape = dict(whole.shape)
    if not alike:
        cases = _cases(layer.primitive, subset, Call(shapes, attrs, dims), span)
        shape, problem = _shape_of_cases(subset, cases)
        labels = _labels(tuple(values), span)
        checks = [_check(p, tuple(values), span, state) for p in extra if _is_real(p)]
        if any(message is not None for message in problem.distinct()):
            checks.append(_homed(Check(problem, shape_codes.SIZES_DIFFER, span, labels), state))
    elif dim is not None:
        shape[dim] = lift(_chosen_sum, subset, *[s.get(dim, constant(1)) for s in shapes])
    weights: tuple[Weight, ...] = ()
    if name == "weighted_sum":
        rule = layer.primitive.weights(Call(shapes, attrs, dims), shape)[0]
        size = (lift(_combined, subset),)
        weight = Weight(instance.weights_path, rule.name, size, lift(_even, subset), state.variant)
        weights = (state.weight(weight, instance, span),)
    state.tick(span, 25 + len(values))
    combine = {"weighted_sum": "weighted", "add": "sum", "concat": "concat"}[name]
    return Tensor(Pick(subset, tuple(values), combine, dim, weights, shape, instance, span, tuple(checks)))  # type: ignore[arg-type]


def _cases(primitive: Primitive, subset: Expr, call: Call, span: Span) -> dict[tuple[int, ...], Result]:
    """What each of the subsets gives that can be picked; a single one is itself."""
    found: dict[tuple[int, ...], Result] = {}
    subsets = subset.distinct()
    if len(subsets) > _MOST_CASES:
        message = (
            f"{len(subsets):,} subsets of tensors that differ in their sizes; at most {_MOST_CASES:,} can "
            "be looked at"
        )
        fail(
            bounds.TOO_MUCH_WORK,
            span,
            message,
            help="bring the tensors to one shape before they are picked from",
        )
    for chosen in subsets:
        parts = tuple([call.inputs[i] for i in chosen])
        found[chosen] = (
            Result(parts[0]) if len(parts) == 1 else primitive.shape(Call(parts, call.attrs, call.dims))
        )
    return found


def _shape_of_cases(subset: Expr, cases: Mapping[tuple[int, ...], Result]) -> tuple[dict[str, Expr], Expr]:
    """The sizes of what is picked, by what is picked, and what is wrong with it: dimensions have to be the
    same.
    """
    first = next(iter(cases.values())).shape
    messages = []
    for case in cases.values():
        real = [p.message for p in case.problems if _is_real(p)]
        if real:
            messages.append(each(_told, real[0]))
        elif set(case.shape) != set(first):
            a, b = ", ".join(first), ", ".join(case.shape)
            messages.append(constant(f"dimensions differ: [{a}] and [{b}]"))
        else:
            messages.append(constant(None))
    number = lift({chosen: i for i, chosen in enumerate(cases)}.__getitem__, subset)
    shape = {}
    for dim, size in first.items():
        shape[dim] = mend(select(number, [case.shape.get(dim, size) for case in cases.values()]), 1)
    return shape, select(number, messages)


def _check(problem: Problem, inputs: tuple[Value, ...], span: Span, state: State) -> Check:
    message = each(_told, problem.message) if problem.message.is_partial else problem.message
    labels = _labels(inputs, span) if problem.code in _ABOUT_INPUTS else ()
    return _homed(Check(message, problem.code, span, labels, problem.help), state)


def _homed(check: Check, state: State) -> Check:
    """A check inside a block that ships, at the user's call of it; any other as it is."""
    if check.span is None:
        return check
    place, inside = state.home(check.span)
    return replace(check, span=place, labels=(*inside, *check.labels)) if inside else check


def _labels(inputs: tuple[Value, ...], span: Span) -> tuple[Label, ...]:
    """Where the first few inputs come from, and their sizes."""
    labels: dict[Label, None] = {}
    for value in inputs[:3]:
        if value.span is not None and value.span != span:
            sizes = ", ".join(
                [dim if dim == "b" else f"{dim} = {_size_text(size)}" for dim, size in value.shape.items()]
            )
            labels[Label(value.span, f"this gives [{sizes}]")] = None
    return tuple(labels)


def _told(message: Any) -> Any:
    return message.message if isinstance(message, Undefined) else message


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

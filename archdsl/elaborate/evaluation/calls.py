"""Parentheses: setting the parameters of layers, calling number functions and initialisers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import closest, did_you_mean, quoted
from archdsl.elaborate.evaluation import layers
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.evaluator import attempt, evaluate
from archdsl.elaborate.evaluation.frame import Frame, file_frame
from archdsl.elaborate.evaluation.functions import NUMBER_FUNCTIONS
from archdsl.elaborate.evaluation.misuse import holds_tensors, misused
from archdsl.elaborate.evaluation.operators import finite
from archdsl.elaborate.evaluation.sequences import items_of, iterate, size_expr, turns_of
from archdsl.elaborate.evaluation.state import DEPTH_LIMIT, State, fail
from archdsl.elaborate.evaluation.synonyms import theirs
from archdsl.elaborate.evaluation.unknown import method, no_parameter
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    BlockL,
    ChainL,
    ChosenL,
    CountV,
    FunctionV,
    InitialiserV,
    Item,
    Layer,
    ListV,
    ModeL,
    NamedL,
    NetV,
    PickV,
    Poison,
    PrimitiveL,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, constant, each, lift, placed
from archdsl.ir.graph import Init
from archdsl.ir.notation import value_text
from archdsl.ir.work import Exhausted
from archdsl.ops.table import INITIALISERS
from archdsl.syntax import ast

Arguments = Sequence[tuple[ast.Arg, Thing]]
# Parameters whose values are written alike in other libraries.
_NUMBERS = frozenset({"channels", "kernel", "window", "stride", "width", "groups"})


def call(node: ast.Call, frame: Frame) -> Thing:
    """`callee(args)`."""
    if isinstance(node.callee, ast.Attr):
        _method(node, node.callee, frame)
    callee = evaluate(node.callee, frame)
    args = [(a, attempt(a.value, frame)) for a in node.args]
    if isinstance(callee, Poison) or any(isinstance(v, Poison) for _, v in args):
        return POISON
    if isinstance(callee, FunctionV):
        return _function(callee, args, node.span, frame)
    if isinstance(callee, InitialiserV):
        return _initialiser(callee, args, node.span, frame.state)
    if isinstance(callee, LAYERS):
        problem = misused(node, callee, args)
        if problem is not None:
            return _fed(node, callee, args, problem, frame)
        problems: list[Diagnostic] = []
        layer = bind(callee, args, node.span, problems)
        if problems and frame.constant:
            raise DiagnosticError(*problems)
        frame.state.report(*problems)
        return layer
    if isinstance(callee, NetV):
        fail(
            codes.WRONG_KIND,
            node.span,
            f"{describe(callee)} is a whole network, not a layer",
            help="declare another with it: `model name = net(…)`; a reusable part is a `block`",
        )
    fail(codes.WRONG_KIND, node.callee.span, f"{describe(callee)} cannot be called")


def _fed(
    node: ast.Call, callee: Layer, args: Arguments, problem: Diagnostic, frame: Frame
) -> Thing:
    """What `conv(x, 3)` would be as `x -> conv(3)`, once it has been reported, so that what follows is still
    checked.
    """
    frame.state.report(problem)
    known = dict(frame.state.diagnostics)
    tensors = [value for _, value in args if holds_tensors(value)]
    try:
        parameters = [(a, v) for a, v in args if not holds_tensors(v)]
        layer = bind(callee, parameters, node.span)
        if frame.state.fed is node:
            return layer
        argument = (
            tensors[0] if len(tensors) == 1 else ListV(tuple(Item(t) for t in tensors))
        )
        return layers.apply(layer, argument, called(node), node.span, frame)
    except Exhausted:
        raise
    except DiagnosticError:
        return POISON
    finally:
        # the call may be meant otherwise: what is wrong with this reading is not told
        frame.state.diagnostics.clear()
        frame.state.diagnostics.update(known)


def _method(node: ast.Call, callee: ast.Attr, frame: Frame) -> None:
    """Refuses `x.view(…)`. Raises DiagnosticError with what is written here for it."""
    value = evaluate(callee.value, frame)
    if not isinstance(value, Tensor) or callee.name in value.shape:
        return
    tensor = callee.value.span.text if isinstance(callee.value, ast.Ref) else "x"
    help = method(callee.name, tensor, node)
    fail(
        name_codes.UNKNOWN_MEMBER,
        callee.span,
        f"a tensor has no method `{callee.name}`",
        help=help or "a layer is applied by the arrow",
    )


def bind(
    layer: Layer, args: Arguments, span: Span, problems: list[Diagnostic] | None = None
) -> Layer:
    """The layer with further parameters set, each once.

    Unknown parameters join the `problems` where these are given, and what they probably mean is set.

    Raises DiagnosticError for unknown, repeated or surplus arguments.
    """
    if isinstance(layer, NamedL | ModeL):
        return replace(layer, layer=bind(layer.layer, args, span, problems))
    if isinstance(layer, ChosenL):
        options = [bind(option, args, span, problems) for option in layer.options]
        return replace(layer, options=tuple(options))
    if isinstance(layer, ChainL):
        if args:
            fail(
                codes.TOO_MANY_ARGUMENTS,
                span,
                "a composition of layers has no parameters of its own",
                help="set them on its parts, or give it a name: `block name(params) = …`",
            )
        return layer
    if isinstance(layer, BlockL):
        block = layer.block
        names = [p.name for p in block.params or ()]
        values = match(
            names, layer.args, args, f"the block `{block.name}`", problems=problems
        )
        return BlockL(block, layer.module, values, span)
    primitive = layer.primitive
    names = [p.name for p in primitive.parameters]
    letters = primitive.dims is not None
    values = match(names, layer.args, args, f"`{primitive.name}`", letters, problems)
    return PrimitiveL(primitive, values, span)


def match(
    names: list[str],
    given: Mapping[str, Thing],
    args: Arguments,
    what: str,
    letters: bool = False,
    problems: list[Diagnostic] | None = None,
) -> dict[str, Thing]:
    """Assigns arguments to parameters: by name, or by position to those not set yet.

    Raises DiagnosticError for what cannot be assigned; names that are no parameters join `problems` where
    these are given.
    """
    values = dict(given)
    here: set[str] = set()
    for arg, value in args:
        name = arg.name
        if name is None:
            name = _next(names, values, arg, what)
        elif name not in names and not (letters and len(name) == 1):
            unknown, meant = _unknown(arg, name, names, what)
            if problems is None:
                raise DiagnosticError(unknown)
            problems.append(unknown)
            if meant is not None:
                values.setdefault(meant, value if meant in _NUMBERS else POISON)
            continue
        elif name in values:
            again = f"`{name}` of {what} is set already, where this layer was made"
            fail(
                codes.SET_TWICE,
                arg.span,
                f"`{name}` is set twice in one call" if name in here else again,
            )
        if name == "b" and letters:
            fail(
                shape_codes.BATCH_NAMED,
                arg.span,
                "`b` is the batch and cannot be named in an op",
            )
        values[name] = value
        here.add(name)
    return values


def _next(names: list[str], values: Mapping[str, Thing], arg: ast.Arg, what: str) -> str:
    """The first parameter that is open, for an argument without a name."""
    name = next((n for n in names if n not in values), None)
    if name is None:
        takes = ", ".join(quoted(names)) or "none"
        fail(
            codes.TOO_MANY_ARGUMENTS,
            arg.span,
            f"too many arguments for {what}: it takes {takes}",
        )
    return name


def _unknown(
    arg: ast.Arg, name: str, names: list[str], what: str
) -> tuple[Diagnostic, str | None]:
    """The error for a name that is no parameter, and the parameter that is probably meant."""
    has = f"it has {', '.join(quoted(names))}" if names else None
    hint = no_parameter(name, arg.value.span.text, names) or did_you_mean(name, names, has)
    meant = theirs(name, tuple(names)) or next(iter(closest(name, names)), None)
    return codes.UNKNOWN_PARAMETER.error(
        arg.span, f"{what} has no parameter `{name}`", help=hint
    ), meant


def _initialiser(callee: InitialiserV, args: Arguments, span: Span, state: State) -> Thing:
    parameters = INITIALISERS[callee.name].parameters
    values = match([p.name for p in parameters], {}, args, f"`{callee.name}`")
    numbers: list[Any] = []
    for parameter in parameters:
        if parameter.name not in values:
            fail(codes.MISSING_PARAMETER, span, f"`{callee.name}` needs `{parameter.name}`")
        number = size_expr(values[parameter.name])
        if number is None:
            fail(
                codes.WRONG_KIND,
                span,
                f"`{parameter.name}` of `{callee.name}` is a number, not {describe(values[parameter.name])}",
            )
        numbers.append(number)
    return placed(lift(partial(_init, callee.name), *numbers), span, codes.WRONG_KIND)


def _init(name: str, *numbers: Any) -> Init:
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise Undefined(f"`{name}` takes numbers, not {value_text(number)}")
    return Init(name, tuple(map(float, numbers)))


def _function(callee: FunctionV, args: Arguments, span: Span, frame: Frame) -> Thing:
    if callee.definition is not None:
        return _defined(callee, args, span, frame.state)
    name = callee.name
    for arg, _ in args:
        if arg.name is not None:
            fail(
                codes.UNKNOWN_PARAMETER,
                arg.span,
                f"`{name}` takes its arguments by position",
            )
    values = [v for _, v in args]
    if name in NUMBER_FUNCTIONS:
        return _number_function(name, values, span, frame.state)
    if name in ("len", "sum", "enumerate"):
        _arity(name, values, 1, 1, span)
    return _LIST_FUNCTIONS[name](values, span, frame.state)


def _sum(values: list[Thing], span: Span, state: State) -> Thing:
    total: Expr = constant(0)
    for value in iterate(values[0], span, state):
        number = size_expr(value)
        if number is None:
            message = f"`sum` adds numbers, not {describe(value)}"
            fail(codes.WRONG_KIND, span, message, help="tensors are added by `xs -> add`")
        total = placed(lift(_plus, total, number), span, codes.NO_VALUE)
    return total


def _enumerate(values: list[Thing], span: Span, state: State) -> Thing:
    elements = iterate(values[0], span, state)
    return _rows([(constant(i), v) for i, v in enumerate(elements)])


def _zip(values: list[Thing], span: Span, state: State) -> Thing:
    lists = [iterate(v, span, state) for v in values]
    if len({len(xs) for xs in lists}) != 1:
        lengths = " and ".join(str(len(xs)) for xs in lists) or "none"
        fail(codes.UNPACK, span, f"`zip` needs lists of one length, not {lengths}")
    return _rows(list(zip(*lists, strict=True)))


def _rows(rows: Sequence[Sequence[Thing]]) -> ListV:
    """A list of tuples."""
    return ListV(tuple(Item(TupleV(tuple(map(Item, row)))) for row in rows))


def _length(values: list[Thing], span: Span, state: State) -> Expr:
    """How many elements a value has: of what is picked, or counted up to a choice, an expression."""
    value = values[0]
    if isinstance(value, PickV):
        return lift(len, value.subset)
    if isinstance(value, CountV):
        return turns_of(value, span, state)
    items = items_of(value)
    if items is not None:
        return constant(len(items))
    if isinstance(value, Expr) and any(isinstance(v, tuple) for v in value.distinct()):
        return placed(lift(_parts, value), span, codes.WRONG_KIND)
    return constant(len(iterate(value, span, state)))


def _parts(value: Any) -> int:
    if not isinstance(value, tuple):
        raise Undefined(f"{value_text(value)} has no elements")
    return len(value)


def _number_function(name: str, values: list[Thing], span: Span, state: State) -> Thing:
    function = NUMBER_FUNCTIONS[name]
    if (
        name in ("min", "max")
        and len(values) == 1
        and isinstance(values[0], ListV | TupleV)
    ):
        values = list(values[0].values())
    _arity(name, values, *function.arity, span)
    numbers = []
    for value in values:
        if not isinstance(value, Expr):
            fail(codes.WRONG_KIND, span, f"`{name}` takes numbers, not {describe(value)}")
        numbers.append(value)
    return placed(_named(lift(function.call, *numbers), name), span, codes.NO_VALUE)


def _named(result: Expr, name: str) -> Expr:
    """What is undefined says which function it is of, unless it came in with an argument."""
    return each(partial(_of_function, name), result) if result.is_partial else result


def _of_function(name: str, value: Any) -> Any:
    if isinstance(value, Undefined) and value.span is None:
        return Undefined(f"`{name}`: {value.message}", code=value.code)
    return value


def _range(values: list[Thing], span: Span, state: State) -> Thing:
    _arity("range", values, 1, 3, span)
    numbers = []
    for value in values:
        if not isinstance(value, Expr):
            fail(codes.WRONG_KIND, span, f"`range` counts numbers, not {describe(value)}")
        numbers.append(value)
    if len(numbers) == 1:
        numbers.insert(0, constant(0))
    if len(numbers) == 2:
        numbers.append(constant(1))
    return CountV(*numbers)


def _defined(callee: FunctionV, args: Arguments, span: Span, state: State) -> Thing:
    definition, module = callee.definition, callee.module
    assert definition is not None and module is not None
    values = match(
        [p.name for p in definition.params], {}, args, f"the function `{callee.name}`"
    )
    if state.depth >= DEPTH_LIMIT:
        fail(
            bounds.TOO_DEEP,
            span,
            f"functions call functions more than {DEPTH_LIMIT} levels deep",
        )
    frame = file_frame(module, state)
    for parameter in definition.params:
        if parameter.name in values:
            frame.env.names[parameter.name] = values[parameter.name]
        elif parameter.default is not None:
            frame.env.names[parameter.name] = evaluate(parameter.default, frame)
        else:
            fail(
                codes.MISSING_PARAMETER,
                span,
                f"the function `{callee.name}` needs `{parameter.name}`",
            )
    state.depth += 1
    try:
        return evaluate(definition.value, frame)
    finally:
        state.depth -= 1


def _arity(
    name: str, values: Sequence[Thing], least: int, most: int | None, span: Span
) -> None:
    if least <= len(values) and (most is None or len(values) <= most):
        return
    wanted = f"{least} to {most}"
    if most is None or least == most:
        wanted = f"at least {least}" if most is None else f"{least}"
    plural = "" if wanted.endswith("1") else "s"
    code = codes.TOO_MANY_ARGUMENTS if len(values) > least else codes.MISSING_PARAMETER
    fail(code, span, f"`{name}` takes {wanted} argument{plural}, not {len(values)}")


def _plus(a: Any, b: Any) -> Any:
    if isinstance(b, bool) or not isinstance(b, int | float):
        raise Undefined(f"`sum` adds numbers, not {value_text(b)}")
    return finite(a + b)


_LIST_FUNCTIONS: dict[str, Callable[[list[Thing], Span, State], Thing]] = {
    "len": _length,
    "sum": _sum,
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
}

"""Runs the statements of a body: assignments, choices, loops, branches, requirements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation import branches, layers, operators
from archdsl.elaborate.evaluation.binding import assign, bound
from archdsl.elaborate.evaluation.bodies import assigned, run
from archdsl.elaborate.evaluation.choose import declare
from archdsl.elaborate.evaluation.evaluator import evaluate, scalar
from archdsl.elaborate.evaluation.primitives import LARGEST, operation, too_large
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.elaborate.evaluation.results import check_shapes, record, written
from archdsl.elaborate.evaluation.scope import Env, Frame
from archdsl.elaborate.evaluation.sequences import (
    count_turns,
    is_undefined,
    iterate,
    most_turns,
    turns_of,
    unpack,
)
from archdsl.elaborate.evaluation.state import State, fail, reason
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    CountV,
    Item,
    Poison,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, constant, lift, negate, test
from archdsl.ir.graph import Input
from archdsl.ir.instance import Instance
from archdsl.ir.notation import value_text
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax import ast


def choose(node: ast.Choose, frame: Frame, state: State) -> None:
    # A choice lives in the turn that declares it: it never rebinds an outer name, so each turn asks again.
    frame.env.names[node.name] = bound(declare(node, frame, state), node.name, frame)


def broken(node: ast.Broken, frame: Frame, state: State) -> None:
    state.broken = True
    for name in node.names:
        frame.env.assign(name, POISON)


def bind(node: ast.Bind, frame: Frame, state: State) -> None:
    before, reads = state.traces(), len(state.reads)
    values = [evaluate(e, frame, state) for e in node.values]
    if (
        len(state.reads) > reads
        and state.traces() == before
        and all(_stands_once(name, node) for name in node.targets)
    ):
        for read in list(state.reads)[reads:]:  # nothing follows from what is not mentioned again
            del state.reads[read]
    parts: Sequence[Thing] = values
    if len(node.targets) != len(values):
        if len(values) != 1:
            fail(codes.UNPACK, node.span, f"{len(node.targets)} names for {len(values)} values")
        parts = unpack(values[0], len(node.targets), node.span)
    for name, value in zip(node.targets, parts, strict=True):
        frame.env.assign(name, bound(value, name, frame))


def _stands_once(name: str, node: ast.Bind) -> bool:
    """Whether a name stands nowhere else in its file, so that nothing can read it."""
    return len(re.findall(rf"\b{name}\b", node.span.source.text)) == 1


def output(node: ast.Output, frame: Frame, state: State) -> None:
    if frame.outputs:
        fail(
            codes.NO_OUTPUT,
            node.span,
            "a second `output` in one body",
            help="several values go into one: `output a, b`",
        )
    values = []
    for e in node.values:
        value = evaluate(e, frame, state)
        if isinstance(value, LAYERS):
            fail(
                codes.MISPLACED_LAYER,
                e.span,
                f"{describe(value)} is not a tensor",
                help="apply it: `output x -> layer`",
            )
        if is_undefined(value):
            assert isinstance(value, Expr)
            raise DiagnosticError(reason(value.value, e.span))
        values.append(value)
    check_shapes(node, values, frame, state)
    if frame.inputs is None:
        record(written(node, values), state)
    if any(isinstance(v, Poison) for v in values):
        frame.outputs.append(POISON)
    else:
        frame.outputs.append(values[0] if len(values) == 1 else TupleV(tuple(Item(v) for v in values)))


def inputs(node: ast.Input, frame: Frame, state: State) -> None:
    for port in node.ports:
        if frame.inputs is None:
            frame.env.assign(port.name, _net_input(port, frame, state))
            continue
        value = frame.inputs.pop(0)
        if isinstance(value, LAYERS):
            fail(
                codes.MISPLACED_LAYER,
                port.span,
                f"the input `{port.name}` is a tensor, not {describe(value)}",
            )
        if port.shape is not None and isinstance(value, Tensor) and value.value not in state.wrong:
            value = _matches(port, value, frame, state)
        frame.env.assign(port.name, value)


def _matches(port: ast.Port, value: Tensor, frame: Frame, state: State) -> Thing:
    """What a block is fed, undefined where it does not have the declared shape."""
    assert port.shape is not None
    checked: Thing = value
    for dim in port.shape:
        if dim.name not in value.shape and dim.name != "b":
            fail(
                shape_codes.MISSING_DIMENSION,
                port.span,
                f"the input `{port.name}` needs dimension `{dim.name}`; it is fed [{', '.join(value.shape)}]",
            )
        if dim.size is not None:
            size = state.size(value.value, dim.name)
            wanted = scalar(dim.size, frame, state, f"the size of `{dim.name}`")
            fits = state.told(
                lift(partial(_fed, port.name, dim.name), size, wanted), dim.span, shape_codes.SIZES_DIFFER
            )
            if fits.is_partial:
                checked = branches.join(fits, (checked,), (port.name,), dim.span, frame.instance, state)
    extra = set(value.shape) - {d.name for d in port.shape} - {"b"}
    if extra:
        fail(
            shape_codes.MISSING_DIMENSION,
            port.span,
            f"the input `{port.name}` has no dimension `{sorted(extra)[0]}`, but is fed "
            f"[{', '.join(value.shape)}]",
        )
    return checked


def _fed(port: str, dim: str, size: Any, wanted: Any) -> int:
    if size != wanted:
        raise Undefined(
            f"the input `{port}` has {dim} = {value_text(wanted)}, but is fed {dim} = {value_text(size)}"
        )
    return 0


def _net_input(port: ast.Port, frame: Frame, state: State) -> Thing:
    if port.shape is None:
        fail(
            codes.MISSING_PARAMETER,
            port.span,
            f"the input `{port.name}` of a network needs its shape",
            help=f"`input {port.name}: [b, c = 3, t, h, w]` with sizes",
        )
    sizes: dict[str, Expr] = {}
    given = state.sizes.get(port.name, {})
    for dim in port.shape:
        if dim.name in sizes:
            fail(shape_codes.DUPLICATE_DIMENSION, dim.span, f"dimension `{dim.name}` occurs twice")
        if len(dim.name) != 1 or not dim.name.islower():
            fail(
                shape_codes.MISSING_DIMENSION,
                dim.span,
                f"dimensions have one-letter names, not `{dim.name}`",
                help=f"for example `[b, c = 3, h = 224, w = 224]`; here `{dim.name[0].lower()}`"
                if dim.name[0].isalpha()
                else None,
            )
        if dim.name == "b":
            sizes["b"] = constant(given.get("b", 1))
            continue
        if dim.size is None:
            fail(
                codes.MISSING_PARAMETER,
                dim.span,
                f"dimension `{dim.name}` of the input `{port.name}` needs a size",
            )
        size = state.concrete(
            scalar(dim.size, frame, state, f"the size of `{dim.name}`"),
            dim.span,
            "the size of an input",
        )
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            fail(
                codes.WRONG_KIND,
                dim.span,
                f"the size of `{dim.name}` is a whole number of at least 1, not {value_text(size)}",
            )
        if too_large(size):
            fail(
                shape_codes.ATTRIBUTE,
                dim.span,
                f"the size of `{dim.name}` is {value_text(size)}; sizes end at {LARGEST:,}",
            )
        sizes[dim.name] = constant(given.get(dim.name, size))
    known = next((i for i in state.inputs if i.name == port.name), None)
    if known is None:
        known = Input(port.name, "".join(d.name for d in port.shape), sizes, port.span)
        state.inputs.append(known)
    elif known.span != port.span:
        fail(
            name_codes.DUPLICATE_NAME,
            port.span,
            f"two inputs are named `{port.name}`",
            help="rename one of them",
        )
    elif known.shape != sizes:  # the body runs once an alternative of a choice that alters its structure
        fail(codes.NOT_CONSTANT, port.span, f"the shape of the input `{port.name}` depends on a choice")
    return Tensor(known)


def parameter(node: ast.Weight, frame: Frame, state: State) -> None:
    frame.env.assign(node.name, _weight(node, frame, state))


def _weight(node: ast.Weight, frame: Frame, state: State) -> Thing:
    primitive = PRIMITIVES["weight"]
    sizes = {}
    for dim in node.shape:
        if dim.size is None:
            fail(codes.MISSING_PARAMETER, dim.span, f"dimension `{dim.name}` of a parameter needs a size")
        if dim.name in sizes:
            fail(shape_codes.DUPLICATE_DIMENSION, dim.span, f"dimension `{dim.name}` occurs twice")
        if dim.name == "b":
            fail(shape_codes.BATCH_NAMED, dim.span, "a parameter has no batch")
        size = state.settled(scalar(dim.size, frame, state, f"the size of `{dim.name}`"))
        sizes[dim.name] = state.told(lift(partial(_bounded, dim.name), size), dim.span, shape_codes.ATTRIBUTE)
    if is_reserved(node.name):
        fail(
            name_codes.RESERVED_INSTANCE,
            node.span,
            f"`{node.name}` cannot name a parameter: PyTorch's modules or Python use it",
        )
    init = scalar(node.init, frame, state, "the initial value") if node.init is not None else constant(0)
    instance = layers.enter(frame, node.name, "param", "primitive", node.span)
    state.instances.setdefault(instance.path, instance)
    return Tensor(operation(primitive, (), {"init": init}, sizes, instance, node.span, state))


def _bounded(dim: str, size: Any) -> Any:
    if too_large(size):
        raise Undefined(f"the size of `{dim}` is larger than {LARGEST:,}")
    return size


# -- loops -------------------------------------------------------------------------------------------


def loop(node: ast.For, frame: Frame, state: State) -> None:
    source = evaluate(node.iterable, frame, state)
    if isinstance(source, Poison):
        _unknown_turns(node, frame, state)
        return
    if isinstance(source, CountV):
        count = turns_of(source, node.iterable.span, state)
        if is_undefined(count):
            _undefine(assigned(node.body), count, node.span, frame, state)
            return
    if isinstance(source, CountV) and not state.settled(source.stop).is_constant:
        _searched_depth(node, source, frame, state)
        return
    for i, element in enumerate(iterate(source, node.iterable.span, state)):
        _turn(node, i, element, frame, state)


def _unknown_turns(node: ast.For, frame: Frame, state: State) -> None:
    """A loop over something that is not known: one turn tells what else is wrong in it, and nothing is known
    of what it leaves.
    """
    _turn(node, 0, POISON, frame, state)
    for name in assigned(node.body):
        frame.env.assign(name, POISON)


def _turn(node: ast.For, i: int, element: Thing, frame: Frame, state: State) -> None:
    """One turn of a loop; a labelled one is a level of its own, an unlabelled one indexes the names declared
    in it.
    """
    state.tick(node.span)
    inner = frame.inner()
    if node.label is None:
        inner.suffix = f"{frame.suffix}[{i}]"
    else:
        if is_reserved(node.label):
            fail(
                name_codes.RESERVED_INSTANCE,
                node.span,
                f"`{node.label}` cannot name a level: PyTorch's modules or Python use it",
            )
        inner.instance = Instance(
            f"{frame.segment(node.label)}[{i}]", frame.instance, node.label, "loop", node.span
        )
        inner.suffix = ""
        frame.instance.children.append(inner.instance)
        state.instances.setdefault(inner.instance.path, inner.instance)
    assign(node.pattern, element, inner)
    run(
        node.body,
        Frame(inner.module, Env(outer=inner.env), inner.instance, inner.suffix, frame.outputs, frame.inputs),
        state,
    )


def _searched_depth(node: ast.For, source: CountV, frame: Frame, state: State) -> None:
    """`for i in range(n)` with a choice for n: unrolled to the most turns; afterwards each name is the one
    after n turns.
    """
    stop, turns = most_turns(source, node.iterable.span, state)
    start, step = (
        state.concrete(source.start, node.span, "a loop's start"),
        state.concrete(source.step, node.span, "a loop's step"),
    )
    after = [frame.env.snapshot()]
    for position, i in enumerate(turns):
        with state.under(test(_turns_more, start, stop, step, position)):
            _turn(node, position, constant(i), frame, state)
        after.append(frame.env.snapshot())
    count = turns_of(source, node.iterable.span, state)
    for level, before in enumerate(after[0]):
        for name in before:
            values = [s[level][name] for s in after]
            if any(v is not values[0] for v in values):
                words = [str(k) for k in range(len(values))]
                _rebind(
                    frame.env,
                    level,
                    name,
                    branches.join(count, values, words, node.span, frame.instance, state),
                )


def _rebind(env: Env, level: int, name: str, value: Thing) -> None:
    for _ in range(level):
        assert env.outer is not None
        env = env.outer
    env.names[name] = value


def _turns_more(start: Any, stop: Any, step: Any, turn: int) -> bool:
    return turn < count_turns(start, stop, step)


# -- branches ----------------------------------------------------------------------------------------


def branch(node: ast.If, frame: Frame, state: State) -> None:
    value = evaluate(node.test, frame, state)
    if isinstance(value, Poison):
        for name in assigned(node.body) + assigned(node.orelse or ()):
            frame.env.assign(name, POISON)
        return
    test = state.settled(operators.truth(value, node.test.span, "the condition"))
    if test.is_constant and test.is_partial:
        _undefine(assigned(node.body) + assigned(node.orelse or ()), test, node.span, frame, state)
        return
    if test.is_constant:
        chosen = node.body if test.value else node.orelse
        if chosen:
            run(chosen, frame, state)
        return
    before = frame.env.snapshot()
    sides = []
    for condition, body in ((test, node.body), (negate(test), node.orelse or ())):
        if any(isinstance(s, ast.Output) for s in body):
            fail(
                codes.NO_OUTPUT,
                node.span,
                "`output` cannot stand under a choice",
                help="assign in the branches, and output the name once",
            )
        with state.under(condition):
            run(body, frame.inner(), state)
        sides.append(frame.env.snapshot())
        frame.env.restore(before)
    index = lift(_side, test)
    for level, names in enumerate(before):
        for name in names:
            values = [s[level][name] for s in sides]
            if values[0] is not values[1]:
                _rebind(
                    frame.env,
                    level,
                    name,
                    branches.join(index, values, ("then", "else"), node.span, frame.instance, state),
                )
    frame.env.dropped.update(assigned(node.body), assigned(node.orelse or ()))


def _undefine(names: Sequence[str], reason: Expr, span: Span, frame: Frame, state: State) -> None:
    """Rebinds names that would come out of statements which cannot be run, for a reason that is an error if
    they are needed.
    """
    for level, known in enumerate(frame.env.snapshot()):
        for name in names:
            if name in known:
                value = branches.join(reason, (known[name],), (name,), span, frame.instance, state)
                _rebind(frame.env, level, name, value)


def _side(test: bool) -> int:
    return 0 if test else 1

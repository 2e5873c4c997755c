"""What the statements of a body do: assignments, choices, outputs, loops, branches; `ports` has the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation import branches, operators
from archdsl.elaborate.evaluation.binding import assign, bound
from archdsl.elaborate.evaluation.bodies import assigned, has_slip, run
from archdsl.elaborate.evaluation.choose import declare
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.elaborate.evaluation.results import check_shapes, record, written
from archdsl.elaborate.evaluation.scope import Env
from archdsl.elaborate.evaluation.sequences import (
    count_turns,
    is_undefined,
    iterate,
    most_turns,
    turns_of,
    unpack,
)
from archdsl.elaborate.evaluation.state import fail, reason
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    CountV,
    Item,
    Poison,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, constant, lift, negate, test
from archdsl.ir.instance import Instance
from archdsl.syntax import ast


def choose(node: ast.Choose, frame: Frame) -> None:
    """`name ~ domain`."""
    # A choice lives in the turn that declares it: it never rebinds an outer name, so each turn asks again.
    frame.env.names[node.name] = bound(declare(node, frame), node.name, frame)


def broken(node: ast.Broken, frame: Frame) -> None:
    """What could not be read."""
    frame.state.broken = True
    for name in node.names:
        frame.env.assign(name, POISON)


def bind(node: ast.Bind, frame: Frame) -> None:
    """`a = x`, `a, b = xs`."""
    state = frame.state
    before, reads = state.traces(), len(state.reads)
    values = [evaluate(e, frame) for e in node.values]
    unused = len(state.reads) > reads and state.traces() == before
    if unused and all(_stands_once(name, node) for name in node.targets):
        for read in list(state.reads)[
            reads:
        ]:  # nothing follows from what is not mentioned again
            del state.reads[read]
    parts: Sequence[Thing] = values
    if len(node.targets) != len(values):
        if len(values) != 1:
            fail(
                codes.UNPACK,
                node.span,
                f"{len(node.targets)} names for {len(values)} values",
            )
        parts = unpack(values[0], len(node.targets), node.span)
    for name, value in zip(node.targets, parts, strict=True):
        frame.env.assign(name, bound(value, name, frame))


def _stands_once(name: str, node: ast.Bind) -> bool:
    """Whether a name stands nowhere else in its file, so that nothing can read it."""
    return len(re.findall(rf"\b{name}\b", node.span.source.text)) == 1


def output(node: ast.Output, frame: Frame) -> None:
    """`output a, b`."""
    if frame.outputs:
        fail(
            codes.NO_OUTPUT,
            node.span,
            "a second `output` in one body",
            help="several values go into one: `output a, b`",
        )
    values = [_result(e, frame) for e in node.values]
    check_shapes(node, values, frame)
    if frame.inputs is None:
        record(written(node, values), frame.state)
    result = values[0]
    if len(values) > 1:
        result = TupleV(tuple(map(Item, values)))
    frame.outputs.append(POISON if any(isinstance(v, Poison) for v in values) else result)


def _result(node: ast.Expr, frame: Frame) -> Thing:
    value = evaluate(node, frame)
    if isinstance(value, LAYERS):
        fail(
            codes.MISPLACED_LAYER,
            node.span,
            f"{describe(value)} is not a tensor",
            help="apply it: `output x -> layer`",
        )
    if isinstance(value, Expr) and is_undefined(value):
        raise DiagnosticError(reason(value.value, node.span))
    return value


# -- loops -------------------------------------------------------------------------------------------


def loop(node: ast.For, frame: Frame) -> None:
    """`for x in xs { … }`."""
    state = frame.state
    source = evaluate(node.iterable, frame)
    if isinstance(source, Poison):
        _unknown_turns(node, frame)
        return
    if isinstance(source, CountV):
        count = turns_of(source, node.iterable.span, state)
        if is_undefined(count):
            _undefine(assigned(node.body), count, node.span, frame)
            return
        if not state.settled(source.stop).is_constant:
            _searched_depth(node, source, frame)
            return
    for i, element in enumerate(iterate(source, node.iterable.span, state)):
        _turn(node, i, element, frame)


def _unknown_turns(node: ast.For, frame: Frame) -> None:
    """A loop over something that is not known: one turn tells what else is wrong in it, and nothing is known
    of what it leaves.
    """
    _turn(node, 0, POISON, frame)
    for name in assigned(node.body):
        frame.env.assign(name, POISON)


def _turn(node: ast.For, i: int, element: Thing, frame: Frame) -> None:
    """One turn of a loop; a labelled one is a level of its own, an unlabelled one indexes the names declared
    in it.
    """
    frame.state.tick(node.span)
    inner = frame.inner()
    if node.label is None:
        inner.suffix = f"{frame.suffix}[{i}]"
    else:
        inner.suffix = ""
        inner.instance = _level(node, node.label, i, frame)
    assign(node.pattern, element, inner)
    run(node.body, inner.inner())


def _level(node: ast.For, label: str, i: int, frame: Frame) -> Instance:
    if is_reserved(label):
        message = f"`{label}` cannot name a level: PyTorch's modules or Python use it"
        fail(name_codes.RESERVED_INSTANCE, node.span, message)
    level = Instance(
        f"{frame.segment(label)}[{i}]", frame.instance, label, "loop", node.span
    )
    frame.instance.children.append(level)
    frame.state.instances.setdefault(level.path, level)
    return level


def _searched_depth(node: ast.For, source: CountV, frame: Frame) -> None:
    """`for i in range(n)` with a choice for n: unrolled to the most turns; afterwards each name is the one
    after n turns.
    """
    state, span = frame.state, node.span
    stop, turns = most_turns(source, node.iterable.span, state)
    start = state.concrete(source.start, span, "a loop's start")
    step = state.concrete(source.step, span, "a loop's step")
    after = [frame.env.snapshot()]
    for position, i in enumerate(turns):
        with state.under(test(_turns_more, start, stop, step, position)):
            _turn(node, position, constant(i), frame)
        after.append(frame.env.snapshot())
    count = turns_of(source, node.iterable.span, state)
    _forget(_guessed(node.body, frame), after)
    words = [str(k) for k in range(len(after))]
    _join_names(after[0], after, count, words, frame, span)


def _turns_more(start: Any, stop: Any, step: Any, turn: int) -> bool:
    return turn < count_turns(start, stop, step)


# -- branches ----------------------------------------------------------------------------------------


def branch(node: ast.If, frame: Frame) -> None:
    """`if condition { … } else { … }`."""
    value = evaluate(node.test, frame)
    orelse = node.orelse or ()
    names = assigned(node.body) + assigned(orelse)
    if isinstance(value, Poison):
        for name in names:
            frame.env.assign(name, POISON)
        return
    condition = frame.state.settled(operators.truth(value, node.test.span, "the condition"))
    if not condition.is_constant:
        _both_sides(node, condition, frame)
        frame.env.dropped.update(names)
    elif condition.is_partial:
        _undefine(names, condition, node.span, frame)
    else:
        run(node.body if condition.value else orelse, frame)


def _both_sides(node: ast.If, condition: Expr, frame: Frame) -> None:
    """Both bodies are run, and what they assign is selected by the condition."""
    before = frame.env.snapshot()
    sides = []
    for holds, body in ((condition, node.body), (negate(condition), node.orelse or ())):
        if any(isinstance(s, ast.Output) for s in body):
            fail(
                codes.NO_OUTPUT,
                node.span,
                "`output` cannot stand under a choice",
                help="assign in the branches, and output the name once",
            )
        with frame.state.under(holds):
            run(body, frame.inner())
        sides.append(frame.env.snapshot())
        frame.env.restore(before)
    _forget(_guessed((*node.body, *(node.orelse or ())), frame), sides)
    _join_names(before, sides, lift(_side, condition), ("then", "else"), frame, node.span)


def _side(test: bool) -> int:
    return 0 if test else 1


# -- names after what hangs on a choice ----------------------------------------------------------------

Names = list[dict[str, Thing]]  # bindings, level by level, the innermost first


def _guessed(body: Sequence[ast.Stmt], frame: Frame) -> set[str]:
    """The names that statements with errors of syntax bind: what they hold is a guess."""
    names: set[str] = set()
    for statement in body if frame.module.slipped else ():
        if has_slip(statement, frame):
            names.update(assigned((statement,)))
        elif isinstance(statement, ast.If):
            names |= _guessed((*statement.body, *(statement.orelse or ())), frame)
        elif isinstance(statement, ast.For):
            names |= _guessed(statement.body, frame)
    return names


def _forget(names: set[str], ways: Sequence[Names]) -> None:
    """Two guesses need not agree: nothing is known of such a name after what hangs on a choice."""
    for levels in ways:
        for level in levels:
            level.update(dict.fromkeys(names & level.keys(), POISON))


def _join_names(
    known: Names,
    ways: Sequence[Names],
    index: Expr,
    words: Sequence[str],
    frame: Frame,
    span: Span,
) -> None:
    """Rebinds each name that differs between several ways to the one that the index points to."""

    def joined(level: int, name: str) -> Thing:
        values = [way[level][name] for way in ways]
        if all(v is values[0] for v in values):
            return values[0]
        return branches.join(index, values, words, frame.at(span))

    _rebind(known, frame.env, joined)


def _undefine(names: Sequence[str], why: Expr, span: Span, frame: Frame) -> None:
    """Rebinds names that would come out of statements which cannot be run, for a reason that is an error if
    they are needed.
    """
    known = frame.env.snapshot()

    def undefined(level: int, name: str) -> Thing:
        value = known[level][name]
        return (
            branches.join(why, (value,), (name,), frame.at(span))
            if name in names
            else value
        )

    _rebind(known, frame.env, undefined)


def _rebind(known: Names, env: Env | None, value: Callable[[int, str], Thing]) -> None:
    for level, names in enumerate(known):
        assert env is not None
        for name in names:
            env.names[name] = value(level, name)
        env = env.outer

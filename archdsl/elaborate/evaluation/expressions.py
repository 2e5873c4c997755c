"""What each kind of expression evaluates to; arrows are in `flows`, parts of values in `members`."""

from __future__ import annotations

from dataclasses import replace

from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.evaluation import branches, operators
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.builtin import BUILTINS
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.evaluator import attempt, evaluate, scalar
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.scope import Env
from archdsl.elaborate.evaluation.sequences import is_undefined, judge
from archdsl.elaborate.evaluation.state import fail
from archdsl.elaborate.evaluation.unknown import unknown_name
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    Item,
    ListV,
    ModeL,
    NamedL,
    OfV,
    Poison,
    RangeV,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, constant, lift, negate
from archdsl.ir.notation import Axes
from archdsl.syntax import ast


def literal(
    node: ast.Int | ast.Float | ast.Quantity | ast.Bool | ast.String, frame: Frame
) -> Expr:
    return constant(node.value)


def size(node: ast.Size, frame: Frame) -> Expr:
    return constant(node.sizes)


def axes(node: ast.Axes, frame: Frame) -> Expr:
    if "b" in node.names:
        fail(
            shape_codes.BATCH_NAMED,
            node.span,
            "`b` is the batch and cannot be named in an op",
        )
    if len(set(node.names)) < len(node.names):
        fail(codes.WRONG_KIND, node.span, f"`@{node.names}` names a dimension twice")
    return constant(Axes(node.names))


def reference(node: ast.Ref, frame: Frame) -> Thing:
    value = frame.env.find(node.name)
    if value is None:
        value = find(frame.module, node.name, frame.state)
    if isinstance(value, Poison):
        frame.state.broken = True
    if isinstance(value, Poison) and isinstance(
        frame.module.declarations.get(node.name), ast.Search
    ):
        fail(
            codes.WRONG_KIND,
            node.span,
            f"`{node.name}` is a search plan, which has no value",
            help="a plan is run: `archdsl search`",
        )
    if value is None:
        value = BUILTINS.get(node.name)
    if value is None:
        candidates = set(BUILTINS) | frame.module.usable
        help = None
        env: Env | None = frame.env
        while env is not None:
            candidates |= set(env.names)
            if node.name in env.dropped:
                help = f"`{node.name}` is assigned under a choice only: assign it before the `if` as well"
            env = env.outer
        found = unknown_name(node.name, node.span, candidates)
        raise DiagnosticError(found if help is None else replace(found, help=help))
    return frame.state.settled(value) if isinstance(value, Expr) else value


def several(node: ast.Tuple | ast.List, frame: Frame) -> Thing:
    items = tuple(
        [Item(attempt(e.value, frame), e.label, called(e.value)) for e in node.entries]
    )
    if any(isinstance(i.value, Poison) for i in items):
        return POISON
    return TupleV(items) if isinstance(node, ast.Tuple) else ListV(items)


def named(node: ast.Named, frame: Frame) -> Thing:
    value = evaluate(node.value, frame)
    if isinstance(value, Poison):
        return value
    if not isinstance(value, LAYERS):
        fail(codes.WRONG_KIND, node.span, f"`as` names a layer, not {describe(value)}")
    return NamedL(value.layer if isinstance(value, NamedL) else value, node.name)


def mode(node: ast.Mode, frame: Frame) -> Thing:
    """`shared layer`, `tied layer`."""
    value = evaluate(node.operand, frame)
    if isinstance(value, Poison):
        return value
    if not isinstance(value, LAYERS):
        fail(
            codes.WRONG_KIND,
            node.span,
            f"`{node.mode}` applies to a layer, not to {describe(value)}",
        )
    return ModeL(node.mode, value)


def binary(node: ast.Binary, frame: Frame) -> Thing:
    left = evaluate(node.left, frame)
    right = evaluate(node.right, frame)
    return operators.binary(node.op, left, right, node.span, frame)


def unary(node: ast.Unary, frame: Frame) -> Thing:
    value = evaluate(node.operand, frame)
    if isinstance(value, Poison):
        return value
    if node.op == "not":
        return negate(operators.truth(value, node.operand.span, "the operand of `not`"))
    return operators.negative(value, node.span, frame)


def conditional(node: ast.Conditional, frame: Frame) -> Thing:
    value = evaluate(node.test, frame)
    if isinstance(value, Poison):
        return value
    test = frame.state.settled(operators.truth(value, node.test.span, "the condition"))
    if is_undefined(test):
        return test
    if test.is_constant:
        return evaluate(node.value if test.value else node.orelse, frame)
    with frame.state.under(test):
        yes = evaluate(node.value, frame)
    with frame.state.under(negate(test)):
        no = evaluate(node.orelse, frame)
    words = (called(node.value) or "then", called(node.orelse) or "else")
    return branches.join(lift(_branch, test), (yes, no), words, frame.at(node.span))


def _branch(test: bool) -> int:
    return 0 if test else 1


def range_(node: ast.Range, frame: Frame) -> RangeV:
    low = scalar(node.low, frame, "an end of a range")
    high = scalar(node.high, frame, "an end of a range")
    step = constant(1)
    if node.step is not None:
        step = scalar(node.step, frame, "the step of a range")
    found = RangeV(low, high, step)
    judge(found, node.span)
    return found


def of(node: ast.Of, frame: Frame) -> Thing:
    count = evaluate(node.count, frame)
    items = evaluate(node.items, frame)
    if isinstance(count, Poison) or isinstance(items, Poison):
        return POISON
    if isinstance(items, TupleV):
        items = ListV(items.items)
    if not isinstance(items, ListV):
        fail(
            codes.WRONG_KIND,
            node.items.span,
            f"`of` picks from a list, not from {describe(items)}",
        )
    if not isinstance(count, Expr | RangeV):
        fail(
            codes.WRONG_KIND,
            node.count.span,
            f"`of` takes a number or a range, not {describe(count)}",
        )
    return OfV(count, items)


def broken(node: ast.Broken, frame: Frame) -> Thing:
    frame.state.broken = True
    return POISON

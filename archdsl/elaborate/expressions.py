"""Evaluates expressions of the language to values."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import archdsl.elaborate.branches as branches
import archdsl.elaborate.calls as calls
import archdsl.elaborate.layers as layers
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate import operators
from archdsl.elaborate.functions import FUNCTION_NAMES
from archdsl.elaborate.scope import Env, Frame
from archdsl.elaborate.sequences import is_undefined, items_of, iterate, judge, numbers_of, size_expr, unpack
from archdsl.elaborate.state import State, fail, reason
from archdsl.elaborate.unknown import unknown_name
from archdsl.elaborate.values import (
    LAYERS,
    POISON,
    ChainL,
    FunctionV,
    InitialiserV,
    Item,
    Layer,
    ListV,
    ModeL,
    NamedL,
    OfV,
    PickV,
    Poison,
    PrimitiveL,
    RangeV,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, constant, lift, negate, placed
from archdsl.ir.notation import Axes, value_text
from archdsl.ir.work import Exhausted
from archdsl.ops.table import INITIALISERS, PRIMITIVES
from archdsl.syntax import ast

_BUILTINS: dict[str, Thing] = {name: PrimitiveL(p) for name, p in PRIMITIVES.items() if not p.internal}
_BUILTINS.update({name: FunctionV(name) for name in FUNCTION_NAMES})
_BUILTINS.update({name: InitialiserV(name) for name in INITIALISERS})

BUILTIN_NAMES = frozenset(_BUILTINS)


def evaluate(node: ast.Expr, frame: Frame, state: State) -> Thing:
    """The value of an expression.

    Raises DiagnosticError for what has no value, Structural where the structure would depend on a choice.
    """
    state.tick(node.span)
    match node:
        case ast.Ref():
            return _reference(node, frame, state)
        case ast.Int() | ast.Float() | ast.Quantity() | ast.Bool() | ast.String():
            return constant(node.value)
        case ast.Size():
            return constant(node.sizes)
        case ast.Axes():
            if "b" in node.names:
                fail(shape_codes.BATCH_NAMED, node.span, "`b` is the batch and cannot be named in an op")
            if len(set(node.names)) < len(node.names):
                fail(codes.WRONG_KIND, node.span, f"`@{node.names}` names a dimension twice")
            return constant(Axes(node.names))
        case ast.Tuple() | ast.List():
            items = _items(node.entries, frame, state)
            if any(isinstance(i.value, Poison) for i in items):
                return POISON
            return TupleV(items) if isinstance(node, ast.Tuple) else ListV(items)
        case ast.Flow():
            return _flow(node, frame, state)
        case ast.Named():
            value = evaluate(node.value, frame, state)
            if isinstance(value, Poison):
                return value
            if not isinstance(value, LAYERS):
                fail(codes.WRONG_KIND, node.span, f"`as` names a layer, not {describe(value)}")
            return NamedL(value.layer if isinstance(value, NamedL) else value, node.name)
        case ast.Call():
            return calls.call(node, frame, state)
        case ast.Broken():
            state.broken = True
            return POISON
        case ast.Conditional():
            return _conditional(node, frame, state)
        case ast.Binary():
            return operators.binary(
                node.op,
                evaluate(node.left, frame, state),
                evaluate(node.right, frame, state),
                node.span,
                frame,
                state,
            )
        case ast.Unary():
            return _unary(node, frame, state)
        case ast.Mode():
            value = evaluate(node.operand, frame, state)
            if isinstance(value, Poison):
                return value
            if not isinstance(value, LAYERS):
                fail(
                    codes.WRONG_KIND, node.span, f"`{node.mode}` applies to a layer, not to {describe(value)}"
                )
            return ModeL(node.mode, value)
        case ast.Range():
            low, high = (scalar(e, frame, state, "an end of a range") for e in (node.low, node.high))
            step = (
                scalar(node.step, frame, state, "the step of a range")
                if node.step is not None
                else constant(1)
            )
            found = RangeV(low, high, step)
            judge(found, node.span)
            return found
        case ast.Of():
            return _of(node, frame, state)
        case ast.Attr():
            return _attribute(node, frame, state)
        case ast.Item():
            return _item(node, frame, state)
        case ast.Comprehension():
            return ListV(
                tuple(
                    _comprehension(
                        node,
                        0,
                        Frame(
                            frame.module,
                            Env(outer=frame.env),
                            frame.instance,
                            frame.suffix,
                            frame.outputs,
                            frame.inputs,
                            frame.constant,
                        ),
                        state,
                    )
                )
            )
    raise AssertionError(node)


def attempt(node: ast.Expr, frame: Frame, state: State) -> Thing:
    """The value of a part of an expression: where it has none that is reported, and the other parts are still
    looked at.

    Raises DiagnosticError outside of bodies, where values are kept for later.
    """
    try:
        return evaluate(node, frame, state)
    except Exhausted:
        raise
    except DiagnosticError as error:
        if frame.constant:
            raise
        state.report(*error.diagnostics)
        return POISON


def scalar(node: ast.Expr, frame: Frame, state: State, what: str) -> Expr:
    """A number, text, truth value or size.

    Raises DiagnosticError for anything else; an empty one for what was reported before.
    """
    value = evaluate(node, frame, state)
    expr = size_expr(value)
    if expr is None:
        if isinstance(value, Poison):
            raise DiagnosticError()  # reported where it went wrong
        fail(codes.WRONG_KIND, node.span, f"{what} must be a number, not {describe(value)}")
    return expr


def word(node: ast.Expr) -> str | None:
    """The word that an expression is called by: the last name of a reference or of what is called."""
    match node:
        case ast.Ref() | ast.Named():
            return node.name
        case ast.Call():
            return word(node.callee)
        case ast.Mode():
            return word(node.operand)
        case ast.Attr():
            return node.name
    return None


def bound(value: Thing, name: str, frame: Frame) -> Thing:
    """The value as the name holds it: a `shared` or `tied` layer lives where it is first bound."""
    if isinstance(value, ModeL):
        layer = value.layer
        if isinstance(layer, ModeL):  # `shared tied unit`
            inner = bound(layer, name, frame)
            assert isinstance(inner, ModeL)
            layer = inner
        home = frame.weights_path(name) if value.mode == "shared" else frame.choice_path(name)
        return ModeL(value.mode, layer, value.home or home)
    if isinstance(value, NamedL) and isinstance(value.layer, ModeL):
        inner = bound(value.layer, value.name, frame)
        assert isinstance(inner, ModeL)
        return NamedL(inner, value.name)
    if isinstance(value, ListV | TupleV) and any(isinstance(i.value, ModeL) for i in value.items):
        items = tuple(
            Item(bound(i.value, f"{name}[{k}]", frame), i.label, i.word) for k, i in enumerate(value.items)
        )
        return ListV(items) if isinstance(value, ListV) else TupleV(items)
    return value


def assign(pattern: ast.Pattern, value: Thing, frame: Frame) -> None:
    """Binds the names of a pattern in the innermost scope.

    Raises DiagnosticError where the parts do not match.
    """
    if isinstance(pattern, ast.NamePattern):
        frame.env.names[pattern.name] = value
        return
    for inner, part in zip(pattern.items, unpack(value, len(pattern.items), pattern.span), strict=True):
        assign(inner, part, frame)


def _reference(node: ast.Ref, frame: Frame, state: State) -> Thing:
    value = frame.env.find(node.name)
    if value is None:
        value = frame.module.find(node.name, state)
    if isinstance(value, Poison):
        state.broken = True
    if isinstance(value, Poison) and isinstance(frame.module.declarations.get(node.name), ast.Search):
        fail(
            codes.WRONG_KIND,
            node.span,
            f"`{node.name}` is a search plan, which has no value",
            help="a plan is run: `archdsl search`",
        )
    if value is None:
        value = _BUILTINS.get(node.name)
    if value is None:
        candidates = set(_BUILTINS) | frame.module.usable
        help = None
        env: Env | None = frame.env
        while env is not None:
            candidates |= set(env.names)
            if node.name in env.dropped:
                help = f"`{node.name}` is assigned under a choice only: assign it before the `if` as well"
            env = env.outer
        found = unknown_name(node.name, node.span, candidates)
        raise DiagnosticError(found if help is None else replace(found, help=help))
    return state.settled(value) if isinstance(value, Expr) else value


def _items(entries: tuple[ast.Entry, ...], frame: Frame, state: State) -> tuple[Item, ...]:
    return tuple(Item(attempt(e.value, frame, state), e.label, word(e.value)) for e in entries)


def _flow(node: ast.Flow, frame: Frame, state: State) -> Thing:
    value = attempt(node.items[0], frame, state)
    if isinstance(value, LAYERS):
        steps: list[tuple[str | None, Layer]] = []
        for item in node.items:
            layer = value if item is node.items[0] else attempt(item, frame, state)
            if isinstance(layer, Poison):
                value = POISON
                continue
            if not isinstance(layer, LAYERS):
                fail(codes.WRONG_KIND, item.span, f"an arrow leads to a layer, not to {describe(layer)}")
            steps.append((word(item), layer))
        return POISON if isinstance(value, Poison) else ChainL(tuple(steps), node.span)
    if is_undefined(value):
        return value
    if not isinstance(value, Tensor | TupleV | ListV | PickV | Poison):
        fail(
            codes.WRONG_KIND, node.items[0].span, f"an arrow starts from a tensor, not from {describe(value)}"
        )
    for item in node.items[1:]:
        state.fed = item.value if isinstance(item, ast.Named) else item
        layer = attempt(item, frame, state)
        if isinstance(layer, Poison) or isinstance(value, Poison):
            value = POISON
            continue
        try:
            value = _arrow(value, layer, item, frame, state)
        except Exhausted:
            raise
        except DiagnosticError as error:
            state.report(*error.diagnostics)
            value = POISON
    return value


def _arrow(value: Thing, layer: Thing, item: ast.Expr, frame: Frame, state: State) -> Thing:
    """`value -> item`, where the item is this layer."""
    if is_undefined(layer):
        assert isinstance(layer, Expr)
        return branches.join(layer, (value,), (word(item) or "layer",), item.span, frame.instance, state)
    if isinstance(layer, PickV):
        return layers.feed(layer, value, word(item), item.span, frame, state)
    if not isinstance(layer, LAYERS):
        fail(codes.WRONG_KIND, item.span, f"an arrow leads to a layer, not to {describe(layer)}")
    return layers.apply(
        layer, value, word(item), item.span, frame, state, explicit=isinstance(item, ast.Named)
    )


def _conditional(node: ast.Conditional, frame: Frame, state: State) -> Thing:
    value = evaluate(node.test, frame, state)
    if isinstance(value, Poison):
        return value
    test = state.settled(operators.truth(value, node.test.span, "the condition"))
    if is_undefined(test):
        return test
    if test.is_constant:
        return evaluate(node.value if test.value else node.orelse, frame, state)
    with state.under(test):
        yes = evaluate(node.value, frame, state)
    with state.under(negate(test)):
        no = evaluate(node.orelse, frame, state)
    words = (word(node.value) or "then", word(node.orelse) or "else")
    return branches.join(lift(_branch, test), (yes, no), words, node.span, frame.instance, state)


def _branch(test: bool) -> int:
    return 0 if test else 1


def _unary(node: ast.Unary, frame: Frame, state: State) -> Thing:
    value = evaluate(node.operand, frame, state)
    if isinstance(value, Poison):
        return value
    if node.op == "not":
        return negate(operators.truth(value, node.operand.span, "the operand of `not`"))
    return operators.negative(value, node.span, frame, state)


def _of(node: ast.Of, frame: Frame, state: State) -> Thing:
    count = evaluate(node.count, frame, state)
    items = evaluate(node.items, frame, state)
    if isinstance(count, Poison) or isinstance(items, Poison):
        return POISON
    if isinstance(items, TupleV):
        items = ListV(items.items)
    if not isinstance(items, ListV):
        fail(codes.WRONG_KIND, node.items.span, f"`of` picks from a list, not from {describe(items)}")
    if not isinstance(count, Expr | RangeV):
        fail(codes.WRONG_KIND, node.count.span, f"`of` takes a number or a range, not {describe(count)}")
    return OfV(count, items)


def _attribute(node: ast.Attr, frame: Frame, state: State) -> Thing:
    value = evaluate(node.value, frame, state)
    if isinstance(value, Poison):
        return value
    if is_undefined(value):
        return value
    if isinstance(value, Tensor):
        if node.name not in value.shape and value.value in state.wrong:
            return POISON  # what is wrong is told where it went wrong
        if node.name == "b":
            fail(shape_codes.BATCH_NAMED, node.span, "`b` is the batch and has no size in the text")
        if node.name not in value.shape:
            has = ", ".join(value.shape)
            help = _size_help(node, value) if len(node.name) > 1 else None
            fail(
                name_codes.UNKNOWN_MEMBER,
                node.span,
                f"the tensor has no dimension `{node.name}`; it is [{has}]",
                help=help,
            )
        return state.size(value.value, node.name)
    if isinstance(value, TupleV | ListV):
        for item in value.items:
            if item.name == node.name:
                return item.value
        labels = [i.name for i in value.items if i.name]
        fail(
            name_codes.UNKNOWN_MEMBER,
            node.span,
            f"{describe(value)} has no element `{node.name}`",
            help=did_you_mean(node.name, labels),
        )
    fail(name_codes.UNKNOWN_MEMBER, node.span, f"{describe(value)} has no member `{node.name}`")


_LETTERS = {
    "channels": "c",
    "width": "w",
    "height": "h",
    "time": "t",
    "frames": "t",
    "depth": "t",
    "tokens": "n",
    "length": "n",
    "features": "c",
}


def _size_help(node: ast.Attr, tensor: Tensor) -> str:
    """Sizes are called by their letters: `x.c`, not `x.shape[1]` or `x.channels`."""
    letter = _LETTERS.get(node.name, next((dim for dim in tensor.shape if dim != "b"), "c"))
    text = node.value.span.text if isinstance(node.value, ast.Ref) else "x"
    return f"sizes have names: write `{text}.{letter}`"


def _item(node: ast.Item, frame: Frame, state: State) -> Thing:
    value = evaluate(node.value, frame, state)
    index = evaluate(node.index, frame, state)
    if isinstance(value, Poison) or isinstance(index, Poison):
        return POISON
    if is_undefined(value):
        return value
    items = items_of(value)
    if items is None and not isinstance(value, Expr):
        items = tuple(Item(v) for v in iterate(value, node.value.span, state))
    if items is None:
        fail(codes.WRONG_KIND, node.value.span, f"{describe(value)} cannot be indexed")
    if isinstance(index, RangeV):
        chosen = numbers_of(index, node.index.span, state, "a slice")
        state.tick(node.span, len(chosen))
        return ListV(tuple(items[_within(i, len(items), node)] for i in chosen))
    if not isinstance(index, Expr):
        fail(codes.WRONG_KIND, node.index.span, f"an index is a number or a range, not {describe(index)}")
    index = placed(lift(_whole, index), node.index.span, codes.WRONG_KIND)
    index = placed(lift(partial(_position, len(items)), index), node.span, codes.OUT_OF_RANGE)
    if is_undefined(index) and not items:
        return index
    words = tuple([i.name or str(k) for k, i in enumerate(items)])
    return branches.join(index, tuple([i.value for i in items]), words, node.span, frame.instance, state)


def _within(index: Any, length: int, node: ast.Item) -> int:
    """A position in a list. Raises DiagnosticError where it has none such."""
    try:
        return _position(length, _whole(index))
    except Undefined as undefined:
        raise DiagnosticError(reason(undefined.placed(node.span, codes.OUT_OF_RANGE), node.span)) from None


def _whole(index: Any) -> int:
    if isinstance(index, bool) or not isinstance(index, int):
        raise Undefined(f"an index is a whole number, not {value_text(index)}", code=codes.WRONG_KIND)
    return index


def _position(length: int, index: int) -> int:
    if not 0 <= index < length:
        message = (
            f"index {index} is beyond a list of {length}" if length else f"index {index} in an empty list"
        )
        raise Undefined(message, help=f"indices count from 0 to {length - 1}" if length else None)
    return index


def _comprehension(node: ast.Comprehension, position: int, frame: Frame, state: State) -> list[Item]:
    if position == len(node.clauses):
        if node.condition is not None:
            value = evaluate(node.condition, frame, state)
            if isinstance(value, Poison) or not state.concrete(
                operators.truth(value, node.condition.span, "the condition"),
                node.condition.span,
                "the length of this list",
            ):
                return []
        return [Item(evaluate(node.value, frame, state), None, word(node.value))]
    clause = node.clauses[position]
    source = evaluate(clause.iterable, frame, state)
    found: list[Item] = []
    if isinstance(source, Poison):
        return found
    for place, element in enumerate(iterate(source, clause.iterable.span, state)):
        state.tick(node.span)
        assign(clause.pattern, element, frame)
        turn = replace(
            frame, suffix=f"{frame.suffix}[{place}]"
        )  # instances are indexed as in a loop without a name
        found.extend(_comprehension(node, position + 1, turn, state))
    return found

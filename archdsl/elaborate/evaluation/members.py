"""Parts of values: sizes of tensors, elements of lists, and lists written by a rule."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate.evaluation import branches, operators
from archdsl.elaborate.evaluation.binding import assign, called
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.sequences import (
    is_undefined,
    items_of,
    iterate,
    numbers_of,
)
from archdsl.elaborate.evaluation.state import fail, reason
from archdsl.elaborate.evaluation.values import (
    POISON,
    Item,
    ListV,
    Poison,
    RangeV,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, lift, placed
from archdsl.ir.notation import value_text
from archdsl.syntax import ast


def attribute(node: ast.Attr, frame: Frame) -> Thing:
    value = evaluate(node.value, frame)
    if isinstance(value, Poison):
        return value
    if is_undefined(value):
        return value
    if isinstance(value, Tensor):
        if node.name not in value.shape and value.value in frame.state.wrong:
            return POISON  # what is wrong is told where it went wrong
        if node.name == "b":
            fail(
                shape_codes.BATCH_NAMED,
                node.span,
                "`b` is the batch and has no size in the text",
            )
        if node.name not in value.shape:
            has = ", ".join(value.shape)
            help = _size_help(node, value) if len(node.name) > 1 else None
            fail(
                name_codes.UNKNOWN_MEMBER,
                node.span,
                f"the tensor has no dimension `{node.name}`; it is [{has}]",
                help=help,
            )
        return frame.state.size(value.value, node.name)
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
    fail(
        name_codes.UNKNOWN_MEMBER,
        node.span,
        f"{describe(value)} has no member `{node.name}`",
    )


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


def item(node: ast.Item, frame: Frame) -> Thing:
    value = evaluate(node.value, frame)
    index = evaluate(node.index, frame)
    if isinstance(value, Poison) or isinstance(index, Poison):
        return POISON
    if is_undefined(value):
        return value
    items = items_of(value)
    if items is None and not isinstance(value, Expr):
        items = tuple(Item(v) for v in iterate(value, node.value.span, frame.state))
    if items is None:
        fail(codes.WRONG_KIND, node.value.span, f"{describe(value)} cannot be indexed")
    if isinstance(index, RangeV):
        chosen = numbers_of(index, node.index.span, frame.state, "a slice")
        frame.state.tick(node.span, len(chosen))
        return ListV(tuple(items[_within(i, len(items), node)] for i in chosen))
    if not isinstance(index, Expr):
        fail(
            codes.WRONG_KIND,
            node.index.span,
            f"an index is a number or a range, not {describe(index)}",
        )
    index = placed(lift(_whole, index), node.index.span, codes.WRONG_KIND)
    index = placed(
        lift(partial(_position, len(items)), index), node.span, codes.OUT_OF_RANGE
    )
    if is_undefined(index) and not items:
        return index
    words = tuple([i.name or str(k) for k, i in enumerate(items)])
    return branches.join(index, tuple([i.value for i in items]), words, frame.at(node.span))


def _within(index: Any, length: int, node: ast.Item) -> int:
    """A position in a list. Raises DiagnosticError where it has none such."""
    try:
        return _position(length, _whole(index))
    except Undefined as undefined:
        raise DiagnosticError(
            reason(undefined.placed(node.span, codes.OUT_OF_RANGE), node.span)
        ) from None


def _whole(index: Any) -> int:
    if isinstance(index, bool) or not isinstance(index, int):
        raise Undefined(
            f"an index is a whole number, not {value_text(index)}", code=codes.WRONG_KIND
        )
    return index


def _position(length: int, index: int) -> int:
    if not 0 <= index < length:
        message = (
            f"index {index} is beyond a list of {length}"
            if length
            else f"index {index} in an empty list"
        )
        raise Undefined(
            message, help=f"indices count from 0 to {length - 1}" if length else None
        )
    return index


def comprehension(node: ast.Comprehension, frame: Frame) -> Thing:
    return ListV(tuple(_elements(node, 0, frame.inner())))


def _elements(node: ast.Comprehension, position: int, frame: Frame) -> list[Item]:
    if position == len(node.clauses):
        if node.condition is not None:
            value = evaluate(node.condition, frame)
            if isinstance(value, Poison) or not frame.state.concrete(
                operators.truth(value, node.condition.span, "the condition"),
                node.condition.span,
                "the length of this list",
            ):
                return []
        return [Item(evaluate(node.value, frame), None, called(node.value))]
    clause = node.clauses[position]
    source = evaluate(clause.iterable, frame)
    found: list[Item] = []
    if isinstance(source, Poison):
        return found
    for place, element in enumerate(iterate(source, clause.iterable.span, frame.state)):
        frame.state.tick(node.span)
        assign(clause.pattern, element, frame)
        turn = replace(
            frame, suffix=f"{frame.suffix}[{place}]"
        )  # instances are indexed as in a loop without a name
        found.extend(_elements(node, position + 1, turn))
    return found

"""Arrows: `x -> conv(16) -> relu`, and the layer `conv(16) -> relu` where nothing is fed yet."""

from __future__ import annotations

from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.evaluation import branches, layers
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.evaluator import attempt
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.sequences import is_undefined
from archdsl.elaborate.evaluation.state import fail
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    ChainL,
    Layer,
    ListV,
    PickV,
    Poison,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr
from archdsl.ir.work import Exhausted
from archdsl.syntax import ast


def flow(node: ast.Flow, frame: Frame) -> Thing:
    """`x -> a -> b`: the value is fed to one after the other; of layers alone, a layer."""
    first = node.items[0]
    value = attempt(first, frame)
    if isinstance(value, LAYERS):
        return _chain(value, node, frame)
    if is_undefined(value):
        return value
    if not isinstance(value, Tensor | TupleV | ListV | PickV | Poison):
        fail(
            codes.WRONG_KIND,
            first.span,
            f"an arrow starts from a tensor, not from {describe(value)}",
        )
    state = frame.state
    for item in node.items[1:]:
        state.fed = item.value if isinstance(item, ast.Named) else item
        layer = attempt(item, frame)
        try:
            value = _arrow(value, layer, item, frame)
        except Exhausted:
            raise
        except DiagnosticError as error:
            state.report(*error.diagnostics)
            value = POISON
    return value


def _chain(first: Layer, node: ast.Flow, frame: Frame) -> Thing:
    """A layer of several; where one of them is poisoned the others are still looked at."""
    steps = [(called(node.items[0]), first)]
    poisoned = False
    for item in node.items[1:]:
        layer = attempt(item, frame)
        if isinstance(layer, Poison):
            poisoned = True
        else:
            steps.append((called(item), _as_layer(layer, item)))
    return POISON if poisoned else ChainL(tuple(steps), node.span)


def _as_layer(value: Thing, item: ast.Expr) -> Layer:
    if not isinstance(value, LAYERS):
        fail(
            codes.WRONG_KIND,
            item.span,
            f"an arrow leads to a layer, not to {describe(value)}",
        )
    return value


def _arrow(value: Thing, layer: Thing, item: ast.Expr, frame: Frame) -> Thing:
    """`value -> item`, where the item is this layer."""
    if isinstance(layer, Poison) or isinstance(value, Poison):
        return POISON
    if is_undefined(layer):
        assert isinstance(layer, Expr)
        return branches.join(
            layer, (value,), (called(item) or "layer",), frame.at(item.span)
        )
    if isinstance(layer, PickV):
        return layers.feed(layer, value, called(item), item.span, frame)
    explicit = isinstance(item, ast.Named)
    return layers.apply(
        _as_layer(layer, item), value, called(item), item.span, frame, explicit=explicit
    )

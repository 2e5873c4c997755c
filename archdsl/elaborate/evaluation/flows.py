"""Arrows: `x -> conv(16) -> relu`, and the layer `conv(16) -> relu` where nothing is fed yet."""

from __future__ import annotations

from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.evaluation import branches, layers
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.evaluator import attempt
from archdsl.elaborate.evaluation.scope import Frame
from archdsl.elaborate.evaluation.sequences import is_undefined
from archdsl.elaborate.evaluation.state import State, fail
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


def flow(node: ast.Flow, frame: Frame, state: State) -> Thing:
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
            steps.append((called(item), layer))
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
        return branches.join(layer, (value,), (called(item) or "layer",), item.span, frame.instance, state)
    if isinstance(layer, PickV):
        return layers.feed(layer, value, called(item), item.span, frame, state)
    if not isinstance(layer, LAYERS):
        fail(codes.WRONG_KIND, item.span, f"an arrow leads to a layer, not to {describe(layer)}")
    return layers.apply(
        layer, value, called(item), item.span, frame, state, explicit=isinstance(item, ast.Named)
    )

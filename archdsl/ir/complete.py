"""The model of a complete assignment, without analysis: what `fix` gives, for those who settle many in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Shape, Value, Weight, in_order, operands


def complete(graph: Graph, at: Mapping[Choice, int]) -> tuple[Graph, Mapping[Value, Value]]:
    """The model in which every choice has the alternative with its index, and the value of `graph` that each of its values is.

    Answers of inactive choices have no effect. The model is not verified, and its requirements and bounds are left out.
    """
    live: dict[Value, None] = {}
    for value in graph.outputs:
        live[value] = None
    for value in reversed(graph.values):
        if value in live:
            live.update(dict.fromkeys(_read(value, at)))
    made: dict[Value, Value] = {}
    source: dict[Value, Value] = {}
    for value in graph.values:
        if value in live:
            made[value] = _settled(value, made, at)
            if not isinstance(value, Select):
                source.setdefault(made[value], value)
    outputs = tuple(made[o] for o in graph.outputs)
    model = replace(graph, kind="model", outputs=outputs, values=in_order(outputs), choices=(), requirements=(), bounds=())
    return model, {value: source[value] for value in model.values}


def _read(value: Value, at: Mapping[Choice, int]) -> tuple[Value, ...]:
    if isinstance(value, Select):
        return (value.operands[value.index.at(at)],)
    if isinstance(value, Pick):
        return tuple(value.operands[i] for i in value.subset.at(at))
    return operands(value)


def _settled(value: Value, made: Mapping[Value, Value], at: Mapping[Choice, int]) -> Value:
    inputs = tuple(made[o] for o in _read(value, at))
    if isinstance(value, Input):
        return value
    if isinstance(value, Select) or (isinstance(value, Pick) and len(inputs) == 1):
        return inputs[0]
    shape, weights = _sizes(value.shape, at), tuple(_weight(w, at) for w in value.weights)
    if isinstance(value, Pick):
        attrs = {"dim": constant(value.dim)} if value.dim is not None else {}
        return Op(_COMBINING[value.combine], inputs, attrs, shape, weights, constant(0), value.instance, value.span)
    return Op(value.name, inputs, _sizes(value.attrs, at), shape, weights, _constant(value.macs, at), value.instance, value.span)


_COMBINING = {"sum": "add", "weighted": "weighted_sum", "concat": "concat"}


def _weight(weight: Weight, at: Mapping[Choice, int]) -> Weight:
    return Weight(weight.path, weight.name, tuple(_constant(n, at) for n in weight.shape), _constant(weight.init, at))


def _sizes(sizes: Shape, at: Mapping[Choice, int]) -> Shape:
    return {d: _constant(n, at) for d, n in sizes.items()}


def _constant(expr: Expr, at: Mapping[Choice, int]) -> Expr:
    return constant(expr.at(at)) if expr.scope else expr

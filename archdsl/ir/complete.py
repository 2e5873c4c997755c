"""The model of a complete assignment, without analysis: what `fix` gives, for those who settle many in
turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant
from archdsl.ir.graph import (
    Graph,
    Input,
    Op,
    Pick,
    Select,
    Shape,
    Value,
    Weight,
    choices_read,
    in_order,
    operands,
)

_REMEMBERED = 65_536  # values under answers


@dataclass(frozen=True, slots=True)
class Parts:
    """What an op or a pick is under some answers, but for its operands."""

    attrs: Mapping[str, Expr]
    shape: Shape
    weights: tuple[Weight, ...]
    macs: Expr


class Settling:
    """Remembers the parts of the values of one graph under the answers that they depend on."""

    def __init__(self) -> None:
        self._choices: dict[Value, tuple[Choice, ...]] = {}
        self._parts: dict[tuple[Value, tuple[int, ...]], Parts] = {}

    def parts(self, value: Op | Pick, at: Mapping[Choice, int]) -> Parts:
        choices = self._choices.get(value)
        if choices is None:
            choices = self._choices[value] = tuple(choices_read([value]))
        place = value, tuple([at[c] for c in choices])
        known = self._parts.get(place)
        if known is None:
            if len(self._parts) >= _REMEMBERED:
                self._parts.clear()
            known = self._parts[place] = _parts(value, at)
        return known


def complete(
    graph: Graph, at: Mapping[Choice, int], settling: Settling | None = None
) -> tuple[Graph, Mapping[Value, Value]]:
    """The model in which every choice has the alternative with its index, and the value of `graph` that each
    of its values is.

    Answers of inactive choices have no effect. The model is not verified, and its requirements and bounds are
    left out. `settling`, which must be of this graph, makes the next one quicker.
    """
    settling = settling or Settling()
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
            made[value] = _settled(value, made, at, settling)
            if not isinstance(value, Select):
                source.setdefault(made[value], value)
    outputs = tuple(made[o] for o in graph.outputs)
    model = replace(
        graph,
        kind="model",
        outputs=outputs,
        values=in_order(outputs),
        choices=(),
        requirements=(),
        bounds=(),
    )
    return model, {value: source[value] for value in model.values}


def _read(value: Value, at: Mapping[Choice, int]) -> tuple[Value, ...]:
    if isinstance(value, Select):
        return (value.operands[value.index.at(at)],)
    if isinstance(value, Pick):
        return tuple(value.operands[i] for i in value.subset.at(at))
    return operands(value)


def _settled(
    value: Value, made: Mapping[Value, Value], at: Mapping[Choice, int], settling: Settling
) -> Value:
    inputs = tuple([made[o] for o in _read(value, at)])
    if isinstance(value, Input):
        return value
    if isinstance(value, Select) or (isinstance(value, Pick) and len(inputs) == 1):
        return inputs[0]
    name = value.primitive if isinstance(value, Pick) else value.name
    found = settling.parts(value, at)
    return Op(
        name,
        inputs,
        found.attrs,
        found.shape,
        found.weights,
        found.macs,
        value.instance,
        value.span,
    )


def _parts(value: Op | Pick, at: Mapping[Choice, int]) -> Parts:
    shape, weights = _sizes(value.shape, at), tuple(_weight(w, at) for w in value.weights)
    if isinstance(value, Pick):
        return Parts(
            {"dim": constant(value.dim)} if value.dim is not None else {},
            shape,
            weights,
            constant(0),
        )
    return Parts(_sizes(value.attrs, at), shape, weights, _constant(value.macs, at))


def _weight(weight: Weight, at: Mapping[Choice, int]) -> Weight:
    return Weight(
        weight.path,
        weight.name,
        tuple(_constant(n, at) for n in weight.shape),
        _constant(weight.init, at),
    )


def _sizes(sizes: Shape, at: Mapping[Choice, int]) -> Shape:
    return {d: _constant(n, at) for d, n in sizes.items()}


def _constant(expr: Expr, at: Mapping[Choice, int]) -> Expr:
    return constant(expr.at(at)) if expr.scope else expr

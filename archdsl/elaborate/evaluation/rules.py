"""What the rules of a primitive say of a call, worked out once for equal calls.

The fourth block of a stage convolves [b = 1, c = 24, h = 28, w = 28] by the same kernel as the third: shape,
weights and cost are what they were there. Only calls whose every size and parameter is one number are
remembered; those are known by the identity of their expressions (`constant` gives one object a number).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from archdsl.ir.expr import Expr, mend
from archdsl.ir.graph import Shape
from archdsl.ops.call import Call
from archdsl.ops.primitive import Primitive, Problem, WeightRule

_MOST = 4_096  # calls that are remembered


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a call gives, with some value where a size has none."""

    shape: Shape
    problems: tuple[Problem, ...]
    weights: tuple[WeightRule, ...]
    macs: Expr


_known: dict[
    Hashable, tuple[Ruled, list[Expr]]
] = {}  # with the expressions, whose identities the key holds


def ruled_by(primitive: Primitive, call: Call) -> Ruled:
    """What a primitive's rules say of a call. Raises TooWide where an expression is too large."""
    exprs = [*call.attrs.values(), *call.dims.values()]
    for shape in call.inputs:
        exprs += shape.values()
    for expr in exprs:
        if expr.scope:
            return _ruled(primitive, call)
    names = (*call.attrs, "", *call.dims)
    key = primitive.name, names, tuple(map(tuple, call.inputs)), tuple(map(id, exprs))
    known = _known.get(key)
    if known is None:
        if len(_known) >= _MOST:
            _known.clear()
        known = _known[key] = _ruled(primitive, call), exprs
    return known[0]


def _ruled(primitive: Primitive, call: Call) -> Ruled:
    result = primitive.shape(call)
    weights = []
    for weight in primitive.weights(call, result.shape):
        weights.append(
            replace(weight, shape=tuple([mend(size, 1) for size in weight.shape]))
        )
    return Ruled(
        {dim: mend(size, 1) for dim, size in result.shape.items()},
        result.problems,
        tuple(weights),
        mend(primitive.macs(call, result.shape), 0),
    )

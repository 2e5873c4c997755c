"""What a rule of the table sees of one use of a primitive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.ir.expr import Expr
from archdsl.ir.graph import Op, Shape


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule sees: the shapes of the inputs and every parameter as an expression.

    A parameter of kind `axes` or `like` is a constant; `like` holds the Shape itself. `dims` holds the
    keyword arguments that name a dimension, such as `a = 8` in `split(@t, @ta, a = 8)`.
    """

    inputs: tuple[Shape, ...]
    attrs: Mapping[str, Expr]
    dims: Mapping[str, Expr]

    @property
    def input(self) -> Shape:
        return self.inputs[0]


def call_of(op: Op) -> Call:
    """The call that an op of a graph stands for. A name of one letter is a dimension, never a parameter."""
    inputs = tuple([x.shape for x in op.inputs])
    if 1 not in map(len, op.attrs):
        return Call(inputs, op.attrs, {})
    attrs: dict[str, Expr] = {}
    dims: dict[str, Expr] = {}
    for name, value in op.attrs.items():
        if len(name) > 1:
            attrs[name] = value
        elif value.scope or value.value is not None:
            dims[name] = value
    return Call(inputs, attrs, dims)

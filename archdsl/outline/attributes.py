"""Parameters of operations as the language writes them: it takes the table of primitives to know `@hw` from a
text."""

from __future__ import annotations

from archdsl.ir.expr import Expr
from archdsl.ir.graph import Op
from archdsl.ir.notation import Axes, value_text, values_text
from archdsl.ops.table import PRIMITIVES


def attribute_text(op: Op, name: str) -> str:
    """A parameter's value, or those that it can take: `3x3`, `@hw`, `{relu, gelu}`; "" for one that the
    operation lacks.

    `mean(@hw)` keeps the text hw as `over`; it is written `@hw`.
    """
    value = op.attrs.get(name)
    if value is None:
        return ""
    write = _axes_text if _is_axes(op, name) else value_text
    return values_text(value, write)


def axes_text(axes: Expr) -> str:
    """A set of dimensions: `@hw`, "" for none."""
    return values_text(axes, _axes_text)


def _is_axes(op: Op, name: str) -> bool:
    primitive = PRIMITIVES.get(op.name)
    parameter = primitive.parameter(name) if primitive is not None else None
    return parameter is not None and parameter.kind == "axes"


def _axes_text(value: object) -> str:
    return value_text(Axes(value) if isinstance(value, str) else value)

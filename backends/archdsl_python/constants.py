"""Tensors by formulas of their positions, as expressions."""

from __future__ import annotations

from math import inf

from archdsl.ops.formula import Computation, Computed, Positions
from archdsl_lowering.program import Constant

_INFIX = {
    "operator.add": "+",
    "operator.sub": "-",
    "operator.mul": "*",
    "operator.truediv": "/",
    "operator.floordiv": "//",
    "operator.mod": "%",
    "operator.eq": "==",
    "operator.ne": "!=",
    "operator.lt": "<",
    "operator.le": "<=",
    "operator.gt": ">",
    "operator.ge": ">=",
    "operator.and_": "&",
    "operator.or_": "|",
}


def buffer(constant: Constant) -> str:
    """What makes the buffer of a constant: computed in double precision, kept in single."""
    shape = constant.shape
    found = constant.computation()
    if isinstance(found, float | int):
        return f"nn.Buffer(torch.full({shape}, {_text(float(found))}), persistent=False)"
    return (
        f"nn.Buffer({_text(found)}.expand({shape}).float().contiguous(), persistent=False)"
    )


def _text(part: Computation) -> str:
    if isinstance(part, Positions):
        return f"torch.arange({part.size}, dtype=torch.float64).reshape({part.shape})"
    if not isinstance(part, Computed):
        return {inf: "math.inf", -inf: "-math.inf"}.get(part, repr(part))
    args = [_text(arg) for arg in part.args]
    sign = _INFIX.get(part.function)
    if sign is not None:
        return f"({args[0]} {sign} {args[1]})"
    if part.function == "operator.neg":
        return f"(-{args[0]})"
    return f"{part.function}({', '.join(args)})"

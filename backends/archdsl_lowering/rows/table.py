"""The lowering table: one row for each primitive, used by every driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from archdsl_lowering.rows import (
    arithmetic,
    norms,
    pointwise,
    products,
    regrouping,
    windows,
)
from archdsl_lowering.rows.site import Site, Value

Row: TypeAlias = Callable[[Site], Value]

ROWS: Mapping[str, Row] = {
    "conv": windows.conv,
    "max_pool": windows.max_pool,
    "avg_pool": windows.avg_pool,
    "linear": norms.linear,
    "batch_norm": norms.batch_norm,
    "layer_norm": norms.layer_norm,
    "group_norm": norms.group_norm,
    "dot": products.dot,
    "attend": products.attend,
    "identity": pointwise.identity,
    **dict.fromkeys(pointwise.FUNCTIONS, pointwise.activation),
    "softmax": pointwise.softmax,
    "dropout": pointwise.dropout,
    "drop_path": pointwise.drop_path,
    "add": arithmetic.add,
    "sub": arithmetic.binary,
    "mul": arithmetic.binary,
    "div": arithmetic.binary,
    "scalar": arithmetic.scalar,
    "weighted_sum": arithmetic.weighted_sum,
    "concat": arithmetic.concat,
    "mean": regrouping.mean,
    "chunk": regrouping.chunk,
    "merge": regrouping.merge,
    "split": regrouping.split,
    "rename": regrouping.rename,
    "take": regrouping.take,
    "expand": regrouping.expand,
    "pad": regrouping.pad,
    "resize": regrouping.resize,
    "shift": regrouping.shift,
    "weight": regrouping.weight,
}

"""Pooling: a window slides over time, height and width."""

from __future__ import annotations

from archdsl.ops.axes import resized
from archdsl.ops.call import Call
from archdsl.ops.conv import ROOM, STRIDE
from archdsl.ops.primitive import Parameter, Primitive, Result
from archdsl.ops.windows import WINDOWED, windows


def _pool_shape(call: Call) -> Result:
    slides, found = windows(call, "window")
    return Result(
        dict(call.input) | {w.dim: w.out for w in slides if w.dim in call.input}, found
    )


_WINDOW = Parameter(
    "window",
    "size",
    doc="a number for all of t, h, w that are present, `1x3x3` for t, h, w, or `3x3` for h, w",
)
_POOL = (
    _WINDOW,
    STRIDE,
    Parameter(
        "padding",
        "padding",
        0,
        f"room around the input that no window counts: {ROOM}; or a number or size for both sides",
    ),
)
_COUNT = (
    "[c, t, h, w] → [c, t', h', w'] with n' = (n + padding − window) // stride + 1 along each dimension "
    "of the window. "
    "A window larger than the input is an error."
)


PRIMITIVES = (
    Primitive(
        name="max_pool",
        parameters=_POOL,
        shape=_pool_shape,
        role="pool",
        origins=resized,
        over=(WINDOWED,),
        doc=f"""The largest value of each window, channel by channel.

y[p] = max_q x[stride·p + q − padding]; padded positions never win.

{_COUNT}""",
        source="Riesenhuber and Poggio, Hierarchical Models of Object Recognition in Cortex (1999)",
    ),
    Primitive(
        name="avg_pool",
        parameters=_POOL,
        shape=_pool_shape,
        role="pool",
        origins=resized,
        over=(WINDOWED,),
        doc=f"""The average of each window, channel by channel.

y[p] = mean_q x[stride·p + q − padding] over the positions q that are not padding.

{_COUNT}""",
        source="LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998)",
    ),
)

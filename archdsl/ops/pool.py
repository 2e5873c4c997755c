"""Pooling and averages."""

from __future__ import annotations

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import constant
from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.axes import Over, named, resized
from archdsl.ops.call import Call
from archdsl.ops.conv import ROOM, STRIDE
from archdsl.ops.primitive import Likeness, Parameter, Primitive, Result
from archdsl.ops.windows import WINDOWED, windows


def _pool_shape(call: Call) -> Result:
    slides, found = windows(call, "window")
    return Result(
        dict(call.input) | {w.dim: w.out for w in slides if w.dim in call.input}, found
    )


def _mean_shape(call: Call) -> Result:
    over, found = checks.settled("over", call.attrs["over"])
    if over is None:
        message = "mean needs the dimensions to average over"
        return Result(
            call.input,
            (
                *found,
                checks.problem(
                    shapes.UNSPECIFIED,
                    message,
                    "write mean(@thw), or mean(like = x) to keep those of x",
                ),
            ),
        )
    found += checks.present(call.input, over)
    return Result({d: n for d, n in call.input.items() if d not in over}, found)


def _mean_like(call: Call, like: Shape) -> Likeness:
    over = "".join(checks.ordered(d for d in call.input if d not in like and d != "b"))
    found = tuple(
        checks.problem(
            shapes.MISSING_DIMENSION,
            f"dimension `{d}` of `like` is missing; the tensor has {checks.listing(call.input)}",
        )
        for d in checks.ordered(like)
        if d not in call.input and d != "b"
    )
    return Likeness({"over": constant(over)}, {}, found)


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
    Primitive(
        name="mean",
        parameters=(
            Parameter(
                "over", "axes", None, "the dimensions that are averaged over and go away"
            ),
            Parameter(
                "like",
                "like",
                None,
                "in place of `over`: keep the dimensions that this tensor has",
            ),
        ),
        shape=_mean_shape,
        like=_mean_like,
        role="average",
        over=(Over("statistics", named("over")),),
        doc="""The average over dimensions, which are gone afterwards: `mean(@thw)` is global average pooling.

y = Σ_over x / N, N the number of positions.

[…, over…] → […].""",
        source="Lin et al., Network in Network (2013)",
    ),
)

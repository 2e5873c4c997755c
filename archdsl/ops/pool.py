"""Pooling, averages, and what else goes over whole dimensions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

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


def _reduction(name: str, verb: str) -> Callable[[Call], Result]:
    """The shape of what goes over some dimensions, which are gone afterwards."""

    def rule(call: Call) -> Result:
        over, found = checks.settled("over", call.attrs["over"])
        if over is None:
            message = f"{name} needs the dimensions to {verb} over"
            help = f"write {name}(@thw), or {name}(like = x) to keep those of x"
            return Result(
                call.input, (*found, checks.problem(shapes.UNSPECIFIED, message, help))
            )
        found += checks.present(call.input, over)
        return Result({d: n for d, n in call.input.items() if d not in over}, found)

    return rule


_NORM = _reduction("vector_norm", "take the norm")


def _norm_shape(call: Call) -> Result:
    found = _NORM(call)
    order = checks.number("order", call.attrs["order"], _at_least_one, "at least 1")
    return replace(found, problems=found.problems + order)


def _at_least_one(value: float) -> bool:
    return 1 <= value < inf


def _kept(call: Call, like: Shape) -> Likeness:
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


def _over(verb: str) -> tuple[Parameter, Parameter]:
    return (
        Parameter("over", "axes", None, f"the dimensions that are {verb} over and go away"),
        Parameter(
            "like",
            "like",
            None,
            "in place of `over`: keep the dimensions that this tensor has",
        ),
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
        parameters=_over("averaged"),
        shape=_reduction("mean", "average"),
        like=_kept,
        role="average",
        over=(Over("statistics", named("over")),),
        doc="""The average over dimensions, which are gone afterwards: `mean(@thw)` is global average pooling.

y = Σ_over x / N, N the number of positions.

[…, over…] → […].""",
        source="Lin et al., Network in Network (2013)",
    ),
    Primitive(
        name="sum",
        parameters=_over("summed"),
        shape=_reduction("sum", "sum"),
        like=_kept,
        role="average",
        over=(Over("summed", named("over")),),
        doc="""The sum over dimensions, which are gone afterwards. `sum([2, 3])` is of numbers.

y = Σ_over x.

[…, over…] → […].""",
        source="Einstein's summation convention (1916)",
    ),
    Primitive(
        name="max",
        parameters=_over("searched"),
        shape=_reduction("max", "look"),
        like=_kept,
        role="average",
        over=(Over("statistics", named("over")),),
        doc="""The largest element over dimensions, which are gone afterwards: `max(@thw)` is global max
pooling. `max(2, 3)` is of numbers; element by element it is `maximum`. Where several are largest, they share
the gradient.

y = max_over x.

[…, over…] → […].""",
        source="Riesenhuber and Poggio, Hierarchical Models of Object Recognition in Cortex (1999)",
    ),
    Primitive(
        name="min",
        parameters=_over("searched"),
        shape=_reduction("min", "look"),
        like=_kept,
        role="average",
        over=(Over("statistics", named("over")),),
        doc="""The smallest element over dimensions, which are gone afterwards. `min(2, 3)` is of numbers;
element by element it is `minimum`. Where several are smallest, they share the gradient.

y = min_over x.

[…, over…] → […].""",
        source="Riesenhuber and Poggio, Hierarchical Models of Object Recognition in Cortex (1999)",
    ),
    Primitive(
        name="vector_norm",
        parameters=(
            *_over("measured"),
            Parameter("order", "number", 2, "the order of the norm, at least 1"),
        ),
        shape=_norm_shape,
        like=_kept,
        role="average",
        over=(Over("summed", named("over")),),
        doc="""The length over dimensions, which are gone afterwards: `x / (x -> vector_norm(@c))` has
length 1.

y = (Σ_over |x|^order)^(1 / order).

[…, over…] → […].""",
        source="Minkowski, Geometrie der Zahlen (1896)",
    ),
)

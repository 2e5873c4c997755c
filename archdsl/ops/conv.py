"""Convolution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from archdsl.ir.expr import Expr
from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.axes import Lies, Made, New, Origins, Over, Read, Within, letters, resized
from archdsl.ops.call import Call
from archdsl.ops.initialisers import MSRA, ZERO, initial
from archdsl.ops.primitive import Parameter, Primitive, Result, WeightRule
from archdsl.ops.sizes import ONE, numel, quotient, volume
from archdsl.ops.windows import WINDOWED, kernel_sizes, spoken, windows

STRIDE = Parameter("stride", "size", 1, "the step from one window to the next")
ROOM = (
    "`half` is (k−1)//2 a side, for dilation d it is d·(k−1)//2; "
    "`same` gives ceil(n/stride) positions, with an odd rest added at the end (TensorFlow)"
)


def _shape(call: Call) -> Result:
    channels, wrong = checks.whole("channels", call.attrs["channels"])
    grouped = [
        n for n in (call.input.get("c"), None if wrong else channels) if n is not None
    ]
    groups, found = checks.whole("groups", call.attrs["groups"])
    slides, misfits = windows(call, "kernel")
    found = (
        wrong
        + found
        + checks.present(call.input, "c")
        + misfits
        + checks.initial("init", call.attrs["init"])
    )
    found += checks.settled("bias", call.attrs["bias"])[1]
    for size in dict.fromkeys(grouped):
        found += checks.divisible(size, groups, "{} channels", "groups")
    shape = dict(call.input) | {"c": channels}
    shape.update((w.dim, w.out) for w in slides if w.dim in call.input)
    return Result(shape, found)


def _kernel(call: Call, out: Shape) -> tuple[Expr, ...]:
    """The weight's sizes after the output channels."""
    groups, _ = checks.whole("groups", call.attrs["groups"])
    return (quotient(call.input.get("c", out["c"]), groups), *kernel_sizes(call, "kernel"))


def _weights(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    weight = WeightRule(
        "weight", (out["c"], *_kernel(call, out)), initial(call.attrs["init"])
    )
    if not call.attrs["bias"].table[0]:
        return (weight,)
    return weight, WeightRule("bias", (out["c"],), ZERO)


def _macs(call: Call, out: Shape) -> Expr:
    return volume((numel(out), *_kernel(call, out)))


def _is_depthwise(call: Call, out: Shape) -> bool:
    """Whether each channel is convolved by itself, however many there are."""
    channels = call.input.get("c")
    return channels is not None and out["c"] == channels == call.attrs["groups"]


def _in_one_group(call: Call, out: Shape) -> bool:
    return call.attrs["groups"] == ONE and not _is_depthwise(call, out)


def _in_some_groups(call: Call, out: Shape) -> bool:
    return call.attrs["groups"] != ONE and not _is_depthwise(call, out)


def _origins(call: Call, out: Shape) -> Origins:
    found = dict(resized(call, out))
    if not _is_depthwise(call, out):
        found["c"] = New()
    return found


def _lies(call: Call, out: Shape) -> Lies:
    inward = Read("c") if call.attrs["groups"] == ONE and "c" in call.input else None
    return _lying(inward, spoken(call, "kernel"))


@lru_cache(maxsize=64)
def _lying(inward: Read | None, window: str) -> Lies:
    return {"weight": (Made("c"), inward, *map(Within, window)), "bias": (Made("c"),)}


def _sizes(call: Call, out: Shape) -> Mapping[str, tuple[int | None, str]]:
    depthwise: Mapping[str, tuple[int | None, str]] = (
        {"groups": (0, "c")} if _is_depthwise(call, out) else {}
    )
    return {"channels": (None, "c"), **depthwise}


PRIMITIVES = (
    Primitive(
        name="conv",
        parameters=(
            Parameter("channels", "int", doc="the channels of the output", shapes="width"),
            Parameter(
                "kernel",
                "size",
                1,
                "the window: a number for all of t, h, w that are present, `1x3x3` for t, h, w, or `3x3` "
                "for h, w (t is then batch)",
                shapes="window",
            ),
            STRIDE,
            Parameter(
                "padding",
                "padding",
                "half",
                f"zeros around the input: {ROOM}; or a number or size for both sides",
            ),
            Parameter(
                "dilation", "size", 1, "the distance between the positions of a window"
            ),
            Parameter(
                "groups",
                "int",
                1,
                "parts of the channels that are convolved apart; as many as channels is depthwise",
                shapes="width",
            ),
            Parameter(
                "bias", "bool", False, "whether a learnable number is added to each channel"
            ),
            Parameter("init", "init", MSRA, "how the weight starts; the bias starts at 0"),
        ),
        shape=_shape,
        weights=_weights,
        macs=_macs,
        role="convolution",
        origins=_origins,
        over=(
            WINDOWED,
            Over("summed", letters("c"), when=_in_one_group, words="in one group"),
            Over(
                "counted",
                letters("c"),
                "groups of channels lie otherwise for each width",
                when=_in_some_groups,
                words="in some groups",
            ),
        ),
        lies=_lies,
        sizes=_sizes,
        doc="""Convolution over t, h, w as far as the kernel speaks of them; every other dimension but c
counts as batch.

y[o, p] = bias[o] + Σ_i Σ_q weight[o, i, q] · x[i, stride·p + dilation·q − padding], i over the input channels
of o's group.

[c, t, h, w] → [c = channels, t', h', w'] with n' = (n + padding − dilation·(k−1) − 1) // stride + 1 along
each. Weight (channels, c / groups, k…), bias (channels). MACs: elements of the output · c / groups · Π k. A
dimension that a written-out kernel names and the tensor lacks counts as size 1 and stays absent, so
`mean(@thw) -> conv(8, 1x1x1)` is a convolution of one position.""",
        source=(
            "LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998); inflated to "
            "3D: Tran et al., C3D (2015)"
        ),
    ),
)

"""Normalisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from archdsl.diagnostics.codes import shapes
from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.axes import Dims, Lies, Made, Over, letters, named, others
from archdsl.ops.call import Call
from archdsl.ops.initialisers import ZERO, initial
from archdsl.ops.primitive import Parameter, Primitive, Result, WeightRule
from archdsl.ops.sizes import ONE

_ONES = initial(ONE)


def _batch_shape(call: Call) -> Result:
    found = checks.present(call.input, "c")
    found += checks.number("eps", call.attrs["eps"], _positive, "above 0")
    found += checks.number("momentum", call.attrs["momentum"], _share, "from 0 to 1")
    found += checks.settled("affine", call.attrs["affine"])[1] + checks.initial(
        "gamma", call.attrs["gamma"]
    )
    return Result(call.input, found)


def _batch_weights(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    if not call.attrs["affine"].table[0]:
        return ()
    shape = (out.get("c", ONE),)
    return WeightRule("weight", shape, initial(call.attrs["gamma"])), WeightRule(
        "bias", shape, ZERO
    )


_BY_CHANNEL: Lies = {"weight": (Made("c"),), "bias": (Made("c"),)}


def _along_channels(call: Call, out: Shape) -> Lies:
    return _BY_CHANNEL


def _layer_shape(call: Call) -> Result:
    dims, found = checks.settled("dim", call.attrs["dim"])
    found += checks.present(call.input, dims)
    found += checks.number("eps", call.attrs["eps"], _positive, "above 0")
    found += checks.settled("affine", call.attrs["affine"])[1]
    return Result(call.input, found)


def _layer_weights(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    if not call.attrs["affine"].table[0]:
        return ()
    shape = tuple(out.get(d, ONE) for d in call.attrs["dim"].table[0])
    return WeightRule("weight", shape, _ONES), WeightRule("bias", shape, ZERO)


def _along_dims(call: Call, out: Shape) -> Lies:
    axes = tuple(map(Made, call.attrs["dim"].value))
    return {"weight": axes, "bias": axes}


def _group_shape(call: Call) -> Result:
    groups, found = checks.whole("groups", call.attrs["groups"])
    over, wrong = checks.settled("over", call.attrs["over"])
    found += (
        wrong + checks.present(call.input, "c") + checks.present(call.input, over or "")
    )
    if over is not None and "c" in over:
        found += (
            checks.problem(
                shapes.ATTRIBUTE,
                "`over` names positions; the channels of a group always count",
            ),
        )
    if "c" in call.input:
        found += checks.divisible(call.input["c"], groups, "{} channels", "groups")
        counted = [
            call.input[d]
            for d in (call.input if over is None else over)
            if d in call.input and d not in "bc"
        ]
        found += checks.unless(shapes.ATTRIBUTE, _single, groups, call.input["c"], *counted)
    found += checks.number("eps", call.attrs["eps"], _positive, "above 0")
    found += checks.settled("affine", call.attrs["affine"])[1]
    return Result(call.input, found)


def _single(groups: int, channels: int, *positions: int) -> str | None:
    """What is wrong with a group of one value: it is its own mean, so nothing would be left of it."""
    if groups != channels or any(n != 1 for n in positions):
        return None
    return "a group would hold a single value, of which there are no statistics"


def _group_weights(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    if not call.attrs["affine"].table[0]:
        return ()
    shape = (out.get("c", ONE),)
    return WeightRule("weight", shape, _ONES), WeightRule("bias", shape, ZERO)


def _group_positions(call: Call, out: Shape) -> Iterable[str]:
    """The dimensions over which a group takes its statistics beside its channels."""
    over: str | None = call.attrs["over"].value
    return [d for d in call.input if d not in "bc"] if over is None else over


def _has_groups_of_one(call: Call, out: Shape) -> bool:
    return call.attrs["groups"] == call.input.get("c")


def _has_larger_groups(call: Call, out: Shape) -> bool:
    return not _has_groups_of_one(call, out)


def _group_sizes(call: Call, out: Shape) -> Mapping[str, tuple[int | None, str]]:
    return {"groups": (0, "c")} if _has_groups_of_one(call, out) else {}


def _positive(value: float) -> bool:
    return 0 < value < inf


def _share(value: float) -> bool:
    return 0 <= value <= 1


_EPS = Parameter(
    "eps", "number", 1e-5, "added to the variance, so that nothing is divided by 0"
)

PRIMITIVES = (
    Primitive(
        name="batch_norm",
        parameters=(
            _EPS,
            Parameter(
                "momentum",
                "number",
                0.1,
                "the share of a new batch in the running statistics (PyTorch's convention; TensorFlow's "
                "is 1 less this)",
            ),
            Parameter(
                "affine",
                "bool",
                True,
                "whether each channel has a learnable scale and offset",
            ),
            Parameter(
                "gamma",
                "init",
                1,
                "how the scale starts; 0 at the end of a residual branch makes the branch start as nothing",
            ),
        ),
        shape=_batch_shape,
        weights=_batch_weights,
        role="norm",
        short="BN",
        over=(Over("statistics", others("c"), "a batch norm takes statistics over it"),),
        lies=_along_channels,
        running="c",
        doc="""Batch normalisation: each channel by its own mean and variance over the batch and all other
dimensions.

y = (x − mean) / sqrt(var + eps) · weight + bias; in evaluation mean and var are the running ones.

[c, …] → the same. Weight and bias (c). Channels never meet, so a masked channel disturbs no other.""",
        source=(
            "Ioffe and Szegedy, Batch Normalization (2015); gamma = 0: Goyal et al., Accurate, Large "
            "Minibatch SGD (2017)"
        ),
    ),
    Primitive(
        name="layer_norm",
        parameters=(
            Parameter(
                "dim", "axes", "c", "the dimensions that are normalised over, together"
            ),
            _EPS,
            Parameter(
                "affine",
                "bool",
                True,
                "whether each position of `dim` has a learnable scale and offset",
            ),
        ),
        shape=_layer_shape,
        weights=_layer_weights,
        role="norm",
        short="LN",
        over=(Over("statistics", named("dim")),),
        lies=_along_dims,
        doc="""Layer normalisation: mean and variance over `dim`, for each position of the other dimensions.

y = (x − mean) / sqrt(var + eps) · weight + bias.

[…, dim…] → the same. Weight and bias of the sizes of `dim`, in its order.""",
        source="Ba et al., Layer Normalization (2016)",
    ),
    Primitive(
        name="group_norm",
        parameters=(
            Parameter(
                "groups",
                "int",
                doc="parts of the channels that are normalised apart; 1 is all together, c is each by itself",
            ),
            Parameter(
                "over",
                "axes",
                None,
                "the positions that count with the channels of a group; none is all but the batch",
            ),
            _EPS,
            Parameter(
                "affine",
                "bool",
                True,
                "whether each channel has a learnable scale and offset",
            ),
        ),
        shape=_group_shape,
        weights=_group_weights,
        role="norm",
        short="GN",
        over=(
            Over("statistics", Dims("`over`, or all but `b` and `c`", _group_positions)),
            Over(
                "statistics",
                letters("c"),
                "groups of channels lie otherwise for each width",
                when=_has_larger_groups,
                words="but where each channel is a group",
            ),
        ),
        lies=_along_channels,
        sizes=_group_sizes,
        doc="""Group normalisation: mean and variance of each sample over a group of channels and the
positions of `over`.

y = (x − mean) / sqrt(var + eps) · weight + bias.

[c, …] → the same. Weight and bias (c). `group_norm(8, @hw)` on a clip normalises each frame by itself.""",
        source="Wu and He, Group Normalization (2018)",
    ),
)

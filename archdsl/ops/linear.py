"""Linear maps of dimensions, and weights of their own."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.axes import Lies, Made, New, Origins, Over, Own, Read, named, through
from archdsl.ops.call import Call
from archdsl.ops.initialisers import FAN_IN, ZERO, initial
from archdsl.ops.primitive import Parameter, Primitive, Result, WeightRule
from archdsl.ops.sizes import ONE, SPATIAL, numel, volume


def _target(dims: str) -> str:
    return "c" if "c" in dims or not dims else dims[0]


def _shape(call: Call) -> Result:
    width, found = checks.whole("width", call.attrs["width"])
    dims, wrong = checks.settled("dim", call.attrs["dim"])
    found += (
        wrong
        + checks.present(call.input, dims)
        + checks.initial("init", call.attrs["init"])
    )
    found += checks.settled("bias", call.attrs["bias"])[1]
    kept = {d: n for d, n in call.input.items() if d not in dims}
    return Result(kept | {_target(dims): width}, found)


def _weights(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    dims = call.attrs["dim"].table[0]
    width = out[_target(dims)]
    inward = volume(call.input.get(d, ONE) for d in dims)
    weight = WeightRule("weight", (width, inward), initial(call.attrs["init"]))
    return (
        (weight, WeightRule("bias", (width,), ZERO))
        if call.attrs["bias"].table[0]
        else (weight,)
    )


def _macs(call: Call, out: Shape) -> Expr:
    return volume((numel(call.input), out[_target(call.attrs["dim"].table[0])]))


def _origins(call: Call, out: Shape) -> Origins:
    return {**through(call, out), _target(call.attrs["dim"].value): New()}


def _lies(call: Call, out: Shape) -> Lies:
    dims: str = call.attrs["dim"].value
    return {"weight": (Made(_target(dims)), Read(dims)), "bias": (Made(_target(dims)),)}


def _sizes(call: Call, out: Shape) -> Mapping[str, tuple[int | None, str]]:
    return {"width": (None, _target(call.attrs["dim"].value))}


def _weight_shape(call: Call) -> Result:
    shape = {}
    found = checks.named("".join(d for d in call.dims if d != "b")) + checks.initial(
        "init", call.attrs["init"]
    )
    if "b" in call.dims:
        found += (
            checks.problem(
                shapes.BATCH_NAMED,
                "a weight is the same for every sample, so it has no `b`",
            ),
        )
    for dim, value in call.dims.items():
        shape[dim], wrong = checks.whole(dim, value)
        found += wrong
    return Result(shape, found)


def _weight_itself(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    return (WeightRule("", tuple(out.values()), initial(call.attrs["init"])),)


def _own(call: Call, out: Shape) -> Origins:
    """Positions in time and space are places, not widths."""
    return {d: Own() for d in out if d not in SPATIAL}


def _lies_itself(call: Call, out: Shape) -> Lies:
    return {"": tuple(map(Made, out))}


PRIMITIVES = (
    Primitive(
        name="linear",
        parameters=(
            Parameter(
                "width",
                "int",
                doc="the size of the dimension that comes out",
                shapes="width",
            ),
            Parameter(
                "dim",
                "axes",
                "c",
                "the dimensions that are contracted, together; in this order they index the weight, the "
                "first slowest",
            ),
            Parameter(
                "bias", "bool", True, "whether a learnable number is added to each output"
            ),
            Parameter(
                "init", "init", FAN_IN, "how the weight starts; the bias starts at 0"
            ),
        ),
        shape=_shape,
        weights=_weights,
        macs=_macs,
        role="linear",
        origins=_origins,
        over=(Over("summed", named("dim")),),
        lies=_lies,
        sizes=_sizes,
        doc="""A linear map of one or several dimensions, the same at every position of the others.

y[o] = bias[o] + Σ_i weight[o, i] · x[i], i over all positions of `dim` together.

[…, dim…] → […, c = width] if c is among `dim`, else the first letter of `dim` has the size width. Weight
(width, Π dim), bias (width). MACs: elements of the input · width.""",
        source="Rosenblatt, The Perceptron (1958)",
    ),
    Primitive(
        name="weight",
        parameters=(Parameter("init", "init", 0, "how it starts"),),
        shape=_weight_shape,
        weights=_weight_itself,
        role="weight",
        origins=_own,
        lies=_lies_itself,
        arity=0,
        dims="int",
        internal=True,
        doc="""A learnable tensor of its own: the statement `param cls: [c = width] = trunc_normal(0.02)`.

Its dimensions and their order are those written. It has no batch; tensors that have one repeat it.""",
    ),
)

"""Activations and dropout: the shape stays as it is."""

from __future__ import annotations

from archdsl.ops import checks
from archdsl.ops.axes import Over, named
from archdsl.ops.call import Call
from archdsl.ops.primitive import Parameter, Primitive, Result


def _same(call: Call) -> Result:
    return Result(call.input)


def _softmax_shape(call: Call) -> Result:
    over, found = checks.settled("over", call.attrs["over"])
    return Result(call.input, found + checks.present(call.input, over))


def _dropped(call: Call) -> Result:
    return Result(
        call.input,
        checks.number("p", call.attrs["p"], _probability, "at least 0 and below 1"),
    )


def _probability(value: float) -> bool:
    return 0 <= value < 1


def _pointwise(name: str, doc: str, source: str, short: str = "") -> Primitive:
    return Primitive(
        name,
        (),
        _same,
        "activation",
        f"{doc}\n\nAny shape → the same.",
        source=source,
        short=short,
    )


_P = Parameter("p", "number", doc="the probability, at least 0 and below 1")

PRIMITIVES: tuple[Primitive, ...] = (
    _pointwise(
        "identity",
        "The tensor itself, y = x: the layer that does nothing, such as a shortcut.",
        "He et al., Deep Residual Learning (2015)",
    ),
    _pointwise(
        "relu", "y = max(x, 0).", "Nair and Hinton, Rectified Linear Units (2010)", "ReLU"
    ),
    _pointwise(
        "relu6", "y = min(max(x, 0), 6).", "Sandler et al., MobileNetV2 (2018)", "ReLU6"
    ),
    _pointwise(
        "swish",
        "y = x · sigmoid(x), also called SiLU.",
        "Ramachandran et al., Searching for Activation Functions (2017)",
    ),
    _pointwise(
        "hardswish",
        "y = x · min(max(x + 3, 0), 6) / 6.",
        "Howard et al., Searching for MobileNetV3 (2019)",
    ),
    _pointwise(
        "sigmoid",
        "y = 1 / (1 + exp(−x)).",
        "Rumelhart et al., Learning Representations by Back-Propagating Errors (1986)",
    ),
    _pointwise(
        "gelu",
        "y = x · Φ(x), Φ the normal distribution function (exact, not the tanh approximation).",
        "Hendrycks and Gimpel, GELUs (2016)",
        "GELU",
    ),
    _pointwise("tanh", "y = tanh(x).", "LeCun et al., Efficient BackProp (1998)"),
    Primitive(
        name="softmax",
        parameters=(
            Parameter(
                "over",
                "axes",
                doc="the dimensions over which the result sums to 1, together",
            ),
        ),
        shape=_softmax_shape,
        role="activation",
        over=(Over("statistics", named("over")),),
        doc="""y = exp(x) / Σ_over exp(x).

[…, over…] → the same.""",
        source="Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs (1990)",
    ),
    Primitive(
        name="dropout",
        parameters=(_P,),
        shape=_dropped,
        role="dropout",
        doc="""In training each element is 0 with probability p and else divided by 1 − p; in evaluation y =
x.

Any shape → the same.""",
        source="Srivastava et al., Dropout (2014)",
    ),
    Primitive(
        name="drop_path",
        parameters=(_P,),
        shape=_dropped,
        role="dropout",
        doc="""Stochastic depth: in training a whole sample is 0 with probability p and else divided by 1 − p;
in evaluation y = x.

Any shape → the same. It stands at the end of a residual branch.""",
        source=(
            "Huang et al., Deep Networks with Stochastic Depth (2016); per sample: Larsson et al., "
            "FractalNet (2016)"
        ),
    ),
)

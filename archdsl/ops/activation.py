"""Activations and dropout: the shape stays as it is."""

from __future__ import annotations

from math import inf, isfinite

from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.axes import Lies, Made, Over, named
from archdsl.ops.call import Call
from archdsl.ops.checks import Problems
from archdsl.ops.initialisers import initial
from archdsl.ops.primitive import Parameter, Primitive, Result, WeightRule
from archdsl.ops.sizes import ONE


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


def _numbers(call: Call) -> Result:
    """Every parameter is a number."""
    found: Problems = ()
    for name, value in call.attrs.items():
        found += checks.number(name, value, isfinite, "finite")
    return Result(call.input, found)


def _softplus_shape(call: Call) -> Result:
    found = checks.number("beta", call.attrs["beta"], _positive, "above 0")
    return Result(
        call.input,
        found + checks.number("threshold", call.attrs["threshold"], isfinite, "finite"),
    )


def _positive(value: float) -> bool:
    return 0 < value < inf


def _hardtanh_shape(call: Call) -> Result:
    return Result(call.input, checks.bounds(call.attrs["low"], call.attrs["high"]))


def _prelu_shape(call: Call) -> Result:
    channelwise, found = checks.settled("channelwise", call.attrs["channelwise"])
    if channelwise:
        found += checks.present(call.input, "c")
    return Result(call.input, found + checks.initial("init", call.attrs["init"]))


def _slopes(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    size = out.get("c", ONE) if call.attrs["channelwise"].table[0] else ONE
    return (WeightRule("weight", (size,), initial(call.attrs["init"])),)


def _along_channels(call: Call, out: Shape) -> Lies:
    return {"weight": (Made("c") if call.attrs["channelwise"].table[0] else None,)}


def _pointwise(
    name: str,
    doc: str,
    source: str,
    short: str = "",
    parameters: tuple[Parameter, ...] = (),
) -> Primitive:
    return Primitive(
        name,
        parameters,
        _numbers if parameters else _same,
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
    _pointwise(
        "leaky_relu",
        "y = x where x > 0, else slope · x.",
        "Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)",
        "leaky ReLU",
        (Parameter("slope", "number", 0.01, "what negative elements are multiplied by"),),
    ),
    _pointwise(
        "elu",
        "y = x where x > 0, else alpha · (exp(x) − 1).",
        "Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units (2016)",
        "ELU",
        (Parameter("alpha", "number", 1.0, "−alpha is where large negative elements end"),),
    ),
    Primitive(
        name="prelu",
        parameters=(
            Parameter(
                "channelwise",
                "bool",
                False,
                "whether each channel has a slope, or all have one",
            ),
            Parameter("init", "init", 0.25, "how the slopes start"),
        ),
        shape=_prelu_shape,
        weights=_slopes,
        role="activation",
        short="PReLU",
        lies=_along_channels,
        doc="""y = x where x > 0, else weight · x: a leaky ReLU that learns its slope.

Any shape → the same; [c, …] → the same with `channelwise`. Weight (1), or (c).""",
        source="He et al., Delving Deep into Rectifiers (2015)",
    ),
    _pointwise(
        "hardsigmoid",
        "y = min(max(x + 3, 0), 6) / 6.",
        "Howard et al., Searching for MobileNetV3 (2019)",
        "hard sigmoid",
    ),
    Primitive(
        name="hardtanh",
        parameters=(
            Parameter("low", "number", -1.0, "the least value"),
            Parameter("high", "number", 1.0, "the greatest value, above `low`"),
        ),
        shape=_hardtanh_shape,
        role="activation",
        short="hard tanh",
        doc="""y = min(max(x, low), high).

Any shape → the same.""",
        source="Collobert, Large Scale Machine Learning (2004)",
    ),
    Primitive(
        name="softplus",
        parameters=(
            Parameter("beta", "number", 1.0, "how sharp the bend is, above 0"),
            Parameter(
                "threshold",
                "number",
                20.0,
                "beyond beta · x of this much y is x, as in PyTorch",
            ),
        ),
        shape=_softplus_shape,
        role="activation",
        doc="""y = log(1 + exp(beta · x)) / beta.

Any shape → the same.""",
        source="Dugas et al., Incorporating Second-Order Functional Knowledge (2001)",
    ),
    _pointwise(
        "mish",
        "y = x · tanh(log(1 + exp(x))).",
        "Misra, Mish: A Self Regularized Non-Monotonic Activation Function (2020)",
    ),
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

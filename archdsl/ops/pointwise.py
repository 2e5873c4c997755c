"""Mathematics of each element by itself: the shape stays as it is.

`x -> exp` is e to each element. The names of the number functions are the same: `exp(2)` is a number.
"""

from __future__ import annotations

from math import isfinite

from archdsl.ops import checks
from archdsl.ops.call import Call
from archdsl.ops.primitive import Parameter, Primitive, Result


def _same(call: Call) -> Result:
    return Result(call.input)


def _pow_shape(call: Call) -> Result:
    return Result(
        call.input, checks.number("exponent", call.attrs["exponent"], isfinite, "finite")
    )


def _clamp_shape(call: Call) -> Result:
    return Result(call.input, checks.bounds(call.attrs["low"], call.attrs["high"]))


def _function(name: str, doc: str, source: str) -> Primitive:
    return Primitive(
        name, (), _same, "arithmetic", f"{doc}\n\nAny shape → the same.", source=source
    )


_HANDBOOK = "Abramowitz and Stegun, Handbook of Mathematical Functions (1964)"

PRIMITIVES: tuple[Primitive, ...] = (
    _function("exp", "y = exp(x).", _HANDBOOK),
    _function("log", "y = log(x), the natural logarithm; x is above 0.", _HANDBOOK),
    _function("sqrt", "y = √x; x is at least 0, and above where it is trained.", _HANDBOOK),
    _function("rsqrt", "y = 1 / √x; x is above 0.", _HANDBOOK),
    _function("abs", "y = |x|.", _HANDBOOK),
    _function("sin", "y = sin(x), x in radians.", _HANDBOOK),
    _function("cos", "y = cos(x), x in radians.", _HANDBOOK),
    _function("erf", "y = 2/√π · ∫₀ˣ exp(−t²) dt, the error function.", _HANDBOOK),
    Primitive(
        name="pow",
        parameters=(
            Parameter("exponent", "number", doc="the power, the same for every element"),
        ),
        shape=_pow_shape,
        role="arithmetic",
        doc="""y = x^exponent; x is at least 0 where the exponent is no whole number.

Any shape → the same.""",
        source=_HANDBOOK,
    ),
    Primitive(
        name="clamp",
        parameters=(
            Parameter("low", "number", None, "the least value; none is no bound"),
            Parameter(
                "high", "number", None, "the greatest value, above `low`; none is no bound"
            ),
        ),
        shape=_clamp_shape,
        role="arithmetic",
        doc="""y = min(max(x, low), high): `x -> clamp(0)`, `x -> clamp(high = 1)`.

Any shape → the same.""",
        source="Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10 (2010)",
    ),
)

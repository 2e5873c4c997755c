"""How weights start: the table of initialisers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.ir.expr import Expr, constant, lift
from archdsl.ir.graph import Init
from archdsl.ops.primitive import Parameter


@dataclass(frozen=True, slots=True)
class Initialiser:
    """A distribution that a weight is drawn from. `Init(name, args)` has its parameters in this order."""

    name: str
    parameters: tuple[Parameter, ...]
    doc: str
    source: str = ""


_STD = Parameter("std", "number", doc="the standard deviation, at least 0")

INITIALISERS: Mapping[str, Initialiser] = {
    i.name: i
    for i in (
        Initialiser(
            "constant",
            (Parameter("value", "number", doc="the value of every element"),),
            "Every element the same. A plain number where an initialiser is expected means this: `init = 0`.",
        ),
        Initialiser("normal", (_STD,), "Normal with mean 0."),
        Initialiser(
            "trunc_normal",
            (_STD,),
            "Normal with mean 0, drawn anew outside [−2, 2] (absolute bounds, as in the public ViT code).",
        ),
        Initialiser(
            "uniform",
            (Parameter("bound", "number", doc="the bound, at least 0"),),
            "Uniform on [−bound, bound].",
        ),
        Initialiser(
            "msra",
            (),
            "Normal with mean 0 and variance 2 / fan_out, fan_out = out channels × kernel positions: "
            "keeps the variance of gradients through rectifiers.",
            "He et al., Delving Deep into Rectifiers (2015)",
        ),
        Initialiser(
            "xavier",
            (),
            "Uniform on ±sqrt(6 / (fan_in + fan_out)): keeps the variance through linear layers.",
            "Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks "
            "(2010)",
        ),
        Initialiser(
            "fan_in",
            (),
            "Uniform on ±1 / sqrt(fan_in): what PyTorch's linear layers start with.",
            "LeCun et al., Efficient BackProp (1998)",
        ),
    )
}

MSRA, FAN_IN = Init("msra"), Init("fan_in")
ZERO = constant(Init("constant", (0.0,)))


def initial(value: Expr) -> Expr:
    """A parameter of kind `init` as an initialiser: numbers are constants."""
    return lift(_initial, value)


def _initial(value: Any) -> Init:
    if isinstance(value, Init):
        return value
    return Init("constant", (float(value) if value.__class__ in (int, float) else 0.0,))

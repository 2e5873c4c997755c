"""What the table of primitives says of each: signature, shape, weights, cost, masked axes, documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from archdsl.diagnostics.diagnostic import Code
from archdsl.ir.expr import Expr, constant
from archdsl.ir.graph import Shape

Kind = Literal[
    "int",  # a whole number
    "number",  # a whole or real number
    "bool",
    "size",  # an integer for every spatial dimension present, or 1x3x3 for t, h, w, or 3x3 for h, w
    "padding",  # "half", "same", a number or a size
    "axes",  # @hw: a set of dimensions, never under a choice in one region
    "init",  # an initialiser or a number
    "like",  # a tensor of which only the shape is read
    "range",  # a..b by c
    "index",  # a whole number, which removes the dimension, or a range
    "amounts",  # (before, after)
    "string",
]

REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a primitive. `default` is REQUIRED where the caller must give it.

    `given` is False for what only the compiler sets.
    """

    name: str
    kind: Kind
    default: Any = REQUIRED
    doc: str = ""
    given: bool = True

    @property
    def settled(self) -> bool:
        """Whether a choice may not reach it within one op, because it decides which dimensions or weights there are."""
        return self.kind in ("axes", "bool", "like")


@dataclass(frozen=True, slots=True)
class Call:
    """What a rule sees: the shapes of the inputs and every parameter as an expression.

    A parameter of kind `axes` or `like` is a constant; `like` holds the Shape itself. `dims` holds the keyword
    arguments that name a dimension, such as `a = 8` in `split(@t, @ta, a = 8)`.
    """

    inputs: tuple[Shape, ...]
    attrs: Mapping[str, Expr]
    dims: Mapping[str, Expr]

    @property
    def input(self) -> Shape:
        return self.inputs[0]


@dataclass(frozen=True, slots=True)
class Problem:
    """A condition of a rule: `message` yields None where it holds, else a text with the sizes that clash.

    Where an attribute or a size has itself no value, `message` is `Undefined` and says why.
    """

    message: Expr
    code: Code
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The shape that a call gives, and the conditions under which it does.

    A rule never refuses by raising: where a call makes no sense (a dimension that the tensor lacks, 54 channels in 4
    groups) the shape is the best guess and a problem says what is wrong, so elaboration goes on and finds the next
    mistake. Problems that hold everywhere are left out: a sound call has none. Only `TooWide` of `lift` passes through.
    """

    shape: Shape
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """What `like = tensor` stands for in one call: parameters and sizes, as if they had been written."""

    attrs: Mapping[str, Expr]
    dims: Mapping[str, Expr]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightRule:
    """A weight of a primitive: its shape in the order of PyTorch's module, and how it starts."""

    name: str
    shape: tuple[Expr, ...]
    init: Expr


def no_weights(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    return ()


def no_macs(call: Call, out: Shape) -> Expr:
    return constant(0)


@dataclass(frozen=True, slots=True)
class Primitive:
    """One row of the table.

    `arity` is the number of input tensors, "many" for a list of them. `dims` says whether it takes keyword
    arguments named after dimensions, and of which kind. `like` resolves `like = tensor` before the shape rule runs:
    it sees the call without it and the shape of that tensor. An `internal` primitive cannot be called by name; its
    doc says which syntax makes it.

    `masked` states what happens along the axis that the primitive works on (channels, or the dimensions it is given;
    along all others positions never meet) when some positions are masked, that is, not part of the chosen width:
      pointwise   positions never meet: the mask passes through
      contracts   sums over the axis with a weight: masked inputs are zeroed and drop out
      renames     moves or regroups positions: the mask moves with them
      statistics  divides by or normalises over the axis: wrong unless the rule counts the unmasked positions
    """

    name: str
    parameters: tuple[Parameter, ...]
    shape: Callable[[Call], Result]
    masked: Literal["pointwise", "contracts", "renames", "statistics"]
    doc: str
    weights: Callable[[Call, Shape], tuple[WeightRule, ...]] = no_weights
    macs: Callable[[Call, Shape], Expr] = no_macs
    arity: int | Literal["many"] = 1
    dims: Kind | None = None
    source: str = ""
    like: Callable[[Call, Shape], Likeness] | None = None
    internal: bool = False

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

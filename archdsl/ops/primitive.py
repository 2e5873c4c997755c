"""What the table of primitives says of each: signature, shape, weights, cost, axes, role, documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from archdsl.diagnostics.diagnostic import Code
from archdsl.ir.expr import Expr, constant
from archdsl.ir.graph import Shape
from archdsl.ops import axes
from archdsl.ops.axes import Lies, Origins, Over, Place
from archdsl.ops.call import Call

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

Role = Literal[
    "convolution",
    "linear",
    "norm",
    "activation",
    "dropout",
    "pool",
    "average",
    "attention",  # products of tensors, attention among them
    "join",  # several tensors as one
    "arithmetic",
    "rearrange",
    "resize",
    "weight",
]

REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a primitive. `default` is REQUIRED where the caller must give it.

    `given` is False for what only the compiler sets. `shapes` says which axes of a weight tell its value, so
    that a weight need not be told apart by it as well.
    """

    name: str
    kind: Kind
    default: Any = REQUIRED
    doc: str = ""
    given: bool = True
    shapes: Literal["", "width", "window"] = ""
    usual: Expr = field(
        init=False, repr=False, compare=False
    )  # the default as an expression

    def __post_init__(self) -> None:
        object.__setattr__(self, "usual", constant(self.default))


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

    A rule never refuses by raising: where a call makes no sense (a dimension that the tensor lacks, 54
    channels in 4 groups) the shape is the best guess and a problem says what is wrong, so elaboration goes on
    and finds the next mistake. Problems that hold everywhere are left out: a sound call has none. Only
    `TooWide` of `lift` passes through.
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


def no_sizes(call: Call, out: Shape) -> Mapping[str, tuple[int | None, str]]:
    return {}


@dataclass(frozen=True, slots=True)
class Primitive:
    """One row of the table: everything that is said of a primitive by name, but for how a backend computes
    it.

    `arity` is the number of input tensors, "many" for a list of them. `dims` says whether it takes keyword
    arguments named after dimensions, and of which kind. `like` resolves `like = tensor` before the shape rule
    runs: it sees the call without it and the shape of that tensor. An `internal` primitive cannot be called
    by name; its doc says which syntax makes it.

    `role` is what it does in a network; norms, activations and dropout join what they read in tables and
    pictures, which write `short` (the name without underscores if empty), and `sign` where there is one.

    `origins` says where the positions of each dimension of the result come from, `over` what is done over
    those of the inputs, `lies` how each weight lies along both; the words are those of `ops.axes`. `sizes`
    are attributes that are the size of a dimension, of an input by its number or (None) of the result.
    `running` is the dimension along which statistics of the batches are kept, `commutes` says that the order
    of the inputs means nothing.
    """

    name: str
    parameters: tuple[Parameter, ...]
    shape: Callable[[Call], Result]
    role: Role
    doc: str
    weights: Callable[[Call, Shape], tuple[WeightRule, ...]] = no_weights
    macs: Callable[[Call, Shape], Expr] = no_macs
    origins: Callable[[Call, Shape], Origins] = axes.through
    over: tuple[Over, ...] = ()
    lies: Callable[[Call, Shape], Lies] = axes.apart
    sizes: Callable[[Call, Shape], Mapping[str, tuple[int | None, str]]] = no_sizes
    arity: int | Literal["many"] = 1
    dims: Kind | None = None
    source: str = ""
    like: Callable[[Call, Shape], Likeness] | None = None
    internal: bool = False
    short: str = ""
    sign: str = ""
    running: str = ""
    commutes: bool = False

    @property
    def word(self) -> str:
        """What a picture writes: `BN` for `batch_norm`, `max pool` for `max_pool`."""
        return self.short or self.name.replace("_", " ")

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    def done(self, call: Call, out: Shape) -> Mapping[Place, Over]:
        """What is done over the dimensions of the inputs, by input and dimension."""
        return axes.done(self.over, call, out)

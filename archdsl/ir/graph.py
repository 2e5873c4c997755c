"""The IR: a flat, pure, lazy dataflow over named dimensions in which choices are first-class.

A value is an `Input`, an `Op`, a `Select` or a `Pick`. There are no guarded regions: what is active under a
genotype follows from demand (`archdsl.ir.activity`). Shapes map one-letter dimension names to size
expressions; `b` is the batch, with the nominal size that costs are counted at. The order of a shape's
dimensions means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archdsl.cycles import walk
from archdsl.diagnostics.diagnostic import Code, Label
from archdsl.diagnostics.source import Span
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr
from archdsl.ir.instance import Instance, join

Shape: TypeAlias = Mapping[str, Expr]


@dataclass(frozen=True, slots=True)
class Init:
    """How a weight starts: a name of the table of initialisers and its numbers, e.g. Init("normal",
    (0.01,)).
    """

    name: str
    args: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.args))})" if self.args else self.name


@dataclass(frozen=True, slots=True)
class Weight:
    """A learnable tensor: `path.name` is its key. `shape` is in the order of PyTorch's own modules.

    `variant` tells apart weights of one path that belong to different alternatives of a structural choice;
    they never live together, so a fixed model has one of them under the plain key.
    """

    path: str
    name: str
    shape: tuple[Expr, ...]
    init: Expr
    variant: tuple[tuple[str, str], ...] = ()

    @property
    def full_name(self) -> str:
        return join(self.path, self.name)

    @property
    def identity(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Equal for weights that are one tensor."""
        return self.full_name, self.variant


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on an op: `problem` is None where it holds and the message where it does not."""

    problem: Expr
    code: Code
    span: Span | None = None
    labels: tuple[Label, ...] = ()
    help: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Input:
    """An input tensor; `dims` is the order in which callers pass it, e.g. "bcthw"."""

    name: str
    dims: str
    shape: Shape
    span: Span | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """A primitive applied to values. `attrs` holds every parameter of the primitive, defaults filled in.

    `macs` are multiply–accumulates at the nominal batch.
    """

    name: str
    inputs: tuple[Value, ...] = field(repr=False)
    attrs: Mapping[str, Expr]
    shape: Shape
    weights: tuple[Weight, ...]
    macs: Expr
    instance: Instance
    span: Span | None = field(default=None, repr=False)
    checks: tuple[Check, ...] = ()

    @property
    def word(self) -> str:
        """What a line about the value calls it."""
        return self.name


@dataclass(frozen=True, eq=False, slots=True)
class Select:
    """One of its operands, by an index over choices. All operands have the same dimensions; sizes may
    differ.
    """

    index: Expr
    operands: tuple[Value, ...] = field(repr=False)
    shape: Shape
    instance: Instance
    span: Span | None = field(default=None, repr=False)

    @property
    def word(self) -> str:
        """What a line about the value calls it."""
        return "select"


@dataclass(frozen=True, eq=False, slots=True)
class Pick:
    """Several of its operands, combined: `subset` yields a tuple of indices.

    `sum` adds them; `weighted` adds them by one learnable coefficient each (a single one is itself, without a
    coefficient); `concat` joins them along `dim`.
    """

    subset: Expr
    operands: tuple[Value, ...] = field(repr=False)
    combine: Literal["sum", "weighted", "concat"]
    dim: str | None
    weights: tuple[Weight, ...]
    shape: Shape
    instance: Instance
    span: Span | None = field(default=None, repr=False)
    checks: tuple[Check, ...] = ()

    @property
    def word(self) -> str:
        """What a line about the value calls it."""
        return "pick"

    @property
    def primitive(self) -> str:
        """The primitive that combines a list in the same way."""
        return {"sum": "add", "weighted": "weighted_sum", "concat": "concat"}[self.combine]


@dataclass(frozen=True, slots=True)
class Result:
    """What an output of a network is called, and the order in which callers get its dimensions, e.g.
    "bnc".
    """

    name: str
    dims: str


Value: TypeAlias = Input | Op | Select | Pick


@dataclass(frozen=True, slots=True)
class Requirement:
    """`require condition`: a boolean expression over choices that every architecture satisfies."""

    condition: Expr
    span: Span | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CostBound:
    """`require macs <= 2.0G`: a bound on a total at the declared sizes."""

    metric: Literal["macs", "params"]
    op: Literal["<=", "<", ">=", ">"]
    limit: float
    span: Span | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """A space or a model: a model is a graph without choices.

    `choices` are all live ones in program order; `values` all live values, operands before users.
    """

    name: str
    kind: Literal["space", "model"]
    inputs: tuple[Input, ...]
    outputs: tuple[Value, ...]
    values: tuple[Value, ...]
    choices: tuple[Choice, ...]
    requirements: tuple[Requirement, ...]
    bounds: tuple[CostBound, ...]
    root: Instance
    settings: Mapping[str, Any] = field(
        default_factory=dict
    )  # the parameters it was elaborated with, as text
    answers: Mapping[str, str] = field(
        default_factory=dict
    )  # what was settled of `name ~ …`, by path: for diagrams alone
    results: tuple[
        Result, ...
    ] = ()  # of each output; without any they are unnamed, their dimensions in the canonical order
    read: frozenset[tuple[str, str]] = (
        frozenset()
    )  # inputs and dimensions whose sizes the text reads as numbers: `x.h`

    def __post_init__(self) -> None:
        if not self.results:
            object.__setattr__(self, "results", unnamed(self.outputs))

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} of {len(self.values)} values and {len(self.choices)} choices>"

    def ops(self) -> Iterator[Op]:
        return (v for v in self.values if isinstance(v, Op))

    def weights(self) -> Mapping[tuple[str, tuple[tuple[str, str], ...]], Weight]:
        """Every weight once, in program order, by identity."""
        found: dict[tuple[str, tuple[tuple[str, str], ...]], Weight] = {}
        for value in self.values:
            if isinstance(value, Op | Pick):
                for weight in value.weights:
                    found.setdefault(weight.identity, weight)
        return found


def operands(value: Value) -> tuple[Value, ...]:
    """The values that a value reads or chooses from."""
    if isinstance(value, Input):
        return ()
    return value.inputs if isinstance(value, Op) else value.operands


def expressions(value: Value) -> Iterator[Expr]:
    """Every expression of a value but those of its checks."""
    yield from value.shape.values()
    if isinstance(value, Op):
        yield from value.attrs.values()
        yield value.macs
    elif isinstance(value, Select):
        yield value.index
    elif isinstance(value, Pick):
        yield value.subset
    if isinstance(value, Op | Pick):
        for weight in value.weights:
            yield from (*weight.shape, weight.init)


def choices_read(values: Iterable[Value]) -> dict[Choice, None]:
    """Every choice that an expression of these values depends on, once, in the order in which they come."""
    found: dict[Choice, None] = {}
    for value in values:
        for expr in expressions(value):
            if expr.scope:
                found.update(dict.fromkeys(expr.scope))
    return found


_ORDER = "bcthw"


def canonical(dims: Iterable[str]) -> str:
    """b, c, t, h, w, then the others by letter: the order of an output's dimensions where the text gives
    none.
    """
    return "".join(
        sorted(dims, key=lambda d: (_ORDER.find(d) if d in _ORDER else len(_ORDER), d))
    )


def unnamed(outputs: tuple[Value, ...]) -> tuple[Result, ...]:
    """Outputs of which the text says nothing: `output`, or `output_0`, `output_1` …"""
    names = (
        ["output"]
        if len(outputs) == 1
        else [f"output_{place}" for place in range(len(outputs))]
    )
    return tuple(
        Result(name, canonical(value.shape))
        for name, value in zip(names, outputs, strict=True)
    )


def in_order(outputs: tuple[Value, ...]) -> tuple[Value, ...]:
    """All values under the outputs, operands before users."""
    return tuple(walk(outputs, operands))

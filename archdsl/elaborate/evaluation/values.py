"""What an expression of the language evaluates to: scalars over choices, tuples, lists, ranges, layers,
tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.module import Module
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, Undefined
from archdsl.ir.graph import Init, Shape, Value
from archdsl.ir.notation import Axes, value_text
from archdsl.ops.primitive import Primitive
from archdsl.syntax import ast

HEAVIEST = 100_000


class TooLarge(Exception):
    """A list or a layer of more than HEAVIEST parts, nested ones included: `xs = xs + xs` in a loop."""


@dataclass(frozen=True, eq=False, slots=True)
class Tensor:
    """A value of the graph. Its sizes are read by `.c`."""

    value: Value

    @property
    def shape(self) -> Shape:
        return self.value.shape


@dataclass(frozen=True, slots=True)
class Item:
    """An element of a list or tuple. `word` is the name it was written by, a label if none is given."""

    value: Thing
    label: str | None = None
    word: str | None = None

    @property
    def name(self) -> str | None:
        return self.label or self.word


@dataclass(frozen=True, slots=True)
class _Several:
    """Values in brackets, each with the label it may have."""

    items: tuple[Item, ...]
    weight: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _weigh(self, self.values())

    def values(self) -> tuple[Thing, ...]:
        return tuple(i.value for i in self.items)


class TupleV(_Several):
    """A record: several values side by side."""

    __slots__ = ()


class ListV(_Several):
    """A sequence; after `~` a domain."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RangeV:
    """`low..high by step`, both ends included; after `~` a domain that slices one super-weight."""

    low: Expr
    high: Expr
    step: Expr

    @property
    def ends(self) -> tuple[Expr, Expr, Expr]:
        return self.low, self.high, self.step


@dataclass(frozen=True, slots=True)
class CountV:
    """`range(start, stop, step)`: what a loop counts over; the bound may be a choice."""

    start: Expr
    stop: Expr
    step: Expr

    @property
    def ends(self) -> tuple[Expr, Expr, Expr]:
        return self.start, self.stop, self.step


@dataclass(frozen=True, slots=True)
class OfV:
    """`2 of xs`: a domain of subsets."""

    count: Expr | RangeV
    items: ListV


@dataclass(frozen=True, slots=True)
class PickV:
    """The chosen members of a list, not yet combined; `subset` yields a tuple of indices."""

    subset: Expr
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class FunctionV:
    """A number function of the language, or one that a file defines with `fn`."""

    name: str
    definition: ast.Fn | None = None
    module: Module | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class InitialiserV:
    """`normal` before its parentheses."""

    name: str


@dataclass(frozen=True, slots=True)
class NetV:
    """A space or a model by name."""

    net: ast.Net
    module: Module = field(repr=False)


@dataclass(frozen=True, slots=True)
class GenotypeV:
    genotype: ast.Genotype
    module: Module = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrimitiveL:
    """A primitive with some of its parameters set."""

    primitive: Primitive
    args: Mapping[str, Thing] = field(default_factory=dict)
    span: Span | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BlockL:
    """A block with some of its parameters set."""

    block: ast.Block
    module: Module = field(repr=False)
    args: Mapping[str, Thing] = field(default_factory=dict)
    span: Span | None = field(default=None, repr=False)
    weight: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _weigh(self, self.args.values())


@dataclass(frozen=True, slots=True)
class ChainL:
    """`a -> b -> c` of layers: each step with the name its instance takes."""

    steps: tuple[tuple[str | None, Layer], ...]
    span: Span | None = field(default=None, repr=False)
    weight: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _weigh(self, [layer for _, layer in self.steps])


@dataclass(frozen=True, slots=True)
class NamedL:
    """`layer as name`."""

    layer: Layer
    name: str

    @property
    def weight(self) -> int:
        return getattr(self.layer, "weight", 1)


@dataclass(frozen=True, slots=True)
class ModeL:
    """`shared layer` or `tied layer`; `home` is the path of the name it is bound to."""

    mode: Literal["shared", "tied"]
    layer: Layer
    home: str | None = None

    @property
    def weight(self) -> int:
        return getattr(self.layer, "weight", 1)


@dataclass(frozen=True, slots=True)
class ChosenL:
    """One of several layers, by an index over choices; each alternative is a level of its own in paths."""

    index: Expr
    labels: tuple[str, ...]
    options: tuple[Layer, ...]
    choice: Choice | None = None
    weight: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _weigh(self, self.options)


@dataclass(frozen=True, slots=True)
class Poison:
    """Stands for a value whose error has been reported, so that nothing built on it reports again."""


POISON = Poison()

Layer: TypeAlias = PrimitiveL | BlockL | ChainL | NamedL | ModeL | ChosenL
Thing: TypeAlias = (
    Expr
    | Tensor
    | TupleV
    | ListV
    | RangeV
    | CountV
    | OfV
    | PickV
    | FunctionV
    | InitialiserV
    | NetV
    | GenotypeV
    | PrimitiveL
    | BlockL
    | ChainL
    | NamedL
    | ModeL
    | ChosenL
    | Poison
)
LAYERS = (PrimitiveL, BlockL, ChainL, NamedL, ModeL, ChosenL)


def _weigh(whole: object, parts: Iterable[Thing]) -> None:
    """Sets the weight of a value: how many parts it has, nested ones included. Raises TooLarge."""
    weight = 1 + sum(getattr(part, "weight", 1) for part in parts)
    object.__setattr__(whole, "weight", weight)
    if weight > HEAVIEST:
        raise TooLarge(f"a value of more than {HEAVIEST:,} parts")


def word_of(layer: Layer) -> str | None:
    """The name that an instance of this layer takes where none is given."""
    if isinstance(layer, PrimitiveL):
        return layer.primitive.name
    if isinstance(layer, BlockL):
        return layer.block.name
    if isinstance(layer, NamedL):
        return layer.name
    if isinstance(layer, ModeL):
        return word_of(layer.layer)
    return None


def describe(value: Thing) -> str:
    """The kind of a value, for messages: "a tensor [b, c, t]", "the layer `conv`", "a list of 3"."""
    match value:
        case Expr():
            return _describe_scalar(value)
        case Tensor():
            return f"a tensor [{', '.join(value.shape)}]"
        case TupleV() | ListV():
            return f"a {'tuple' if isinstance(value, TupleV) else 'list'} of {len(value.items)}"
        case FunctionV() | InitialiserV():
            kind = "function" if isinstance(value, FunctionV) else "initialiser"
            return f"the {kind} `{value.name}`"
        case NetV():
            return f"the {value.net.kind} `{value.net.name}`"
        case GenotypeV():
            return f"the genotype `{value.genotype.name}`"
    if type(value) in _KINDS:
        return _KINDS[type(value)]
    word = word_of(value) if isinstance(value, LAYERS) else None
    return f"the layer `{word}`" if word else "a layer"


_KINDS: dict[type, str] = {
    PickV: "a pick from a list",
    OfV: "a domain of subsets",
    RangeV: "a range",
    CountV: "a range",
    Poison: "nothing",
    ChosenL: "a choice of layers",
}


def _describe_scalar(scalar: Expr) -> str:
    if not scalar.is_constant:
        number = isinstance(scalar.first, int | float)
        return f"a {'number' if number else 'value'} under a choice"
    value = scalar.value
    if isinstance(value, Undefined):
        return f"an undefined value ({value.message})"
    if isinstance(value, Init):
        return f"the initialiser {value}"
    kind = next((kind for type_, kind in _SCALARS if isinstance(value, type_)), "number")
    return f"the {kind} {value_text(value)}"


_SCALARS = ((Axes, "dimensions"), (bool, "truth value"), (str, "text"), (tuple, "size"))

"""The abstract syntax: frozen nodes with spans; equality ignores spans and the spelling of numbers.

Expressions and statements come in the order of the grammar. A node never holds a token of the parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from archdsl.diagnostics.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Broken(Node):
    """What could not be read, and is reported where it went wrong: a statement, a declaration, an edit or an
    expression.

    It stands for whatever was meant. `names` are those that it would have bound: they are known, and nothing
    is known of them.
    """

    names: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """Its text as it stands."""
        return self.span.text


# -- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Int(Node):
    value: int


@dataclass(frozen=True, slots=True)
class Float(Node):
    value: float
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Quantity(Node):
    """A number with a unit: `2.0G` is 2·10⁹ (K, M, G, T)."""

    value: float
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Size(Node):
    """`1x3x3`."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Axes(Node):
    """`@hw`: dimension letters in the order written."""

    names: str


@dataclass(frozen=True, slots=True)
class String(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Bool(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Ref(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Entry(Node):
    """One element of a tuple or a list, with its label if it has one."""

    label: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class List(Node):
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Clause(Node):
    pattern: Pattern
    iterable: Expr


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    value: Expr
    clauses: tuple[Clause, ...]
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Arg(Node):
    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    callee: Expr
    args: tuple[Arg, ...]


@dataclass(frozen=True, slots=True)
class Attr(Node):
    value: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Item(Node):
    """`xs[i]`; with a range inside, a slice that includes both ends."""

    value: Expr
    index: Expr


UnaryOp: TypeAlias = Literal["-", "not"]
BinaryOp: TypeAlias = Literal[
    "or", "and", "==", "!=", "<=", ">=", "<", ">", "in", "+", "-", "*", "/", "//", "%"
]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    op: UnaryOp
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    op: BinaryOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Mode(Node):
    """`shared L` or `tied L`."""

    mode: Literal["shared", "tied"]
    operand: Expr


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`a..b by c`, both ends included."""

    low: Expr
    high: Expr
    step: Expr | None


@dataclass(frozen=True, slots=True)
class Of(Node):
    """`2 of xs`, `1..4 of xs`."""

    count: Expr
    items: Expr


@dataclass(frozen=True, slots=True)
class Named(Node):
    """`layer as name`."""

    value: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Flow(Node):
    """`a -> b -> c`, at least two items."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`if test then value else orelse`."""

    test: Expr
    value: Expr
    orelse: Expr


Expr: TypeAlias = (
    Int | Float | Quantity | Size | Axes | String | Bool | Ref
    | Tuple | List | Comprehension | Call | Attr | Item
    | Unary | Binary | Mode | Range | Of | Named | Flow | Conditional | Broken
)  # fmt: skip


# -- patterns, statements ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamePattern(Node):
    name: str


@dataclass(frozen=True, slots=True)
class TuplePattern(Node):
    items: tuple[Pattern, ...]


Pattern: TypeAlias = NamePattern | TuplePattern


@dataclass(frozen=True, slots=True)
class Dim(Node):
    """`c = 3` in a shape; without a size the dimension is free (only the batch) or left to the caller."""

    name: str
    size: Expr | None


@dataclass(frozen=True, slots=True)
class Port(Node):
    name: str
    shape: tuple[Dim, ...] | None


@dataclass(frozen=True, slots=True)
class Input(Node):
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Weight(Node):
    """`param cls: [c = width] = trunc_normal(0.02)`."""

    name: str
    shape: tuple[Dim, ...]
    init: Expr | None


@dataclass(frozen=True, slots=True)
class Output(Node):
    """`output cls, tokens: [b, n, c]`. `shapes` has one entry a value, None where none is written; empty
    without any.
    """

    values: tuple[Expr, ...]
    shapes: tuple[tuple[Dim, ...] | None, ...] = ()

    @property
    def results(self) -> tuple[tuple[Expr, tuple[Dim, ...] | None], ...]:
        """Each value with the shape that is written behind it."""
        return tuple(zip(self.values, self.shapes or (None,) * len(self.values), strict=True))


@dataclass(frozen=True, slots=True)
class Bind(Node):
    """`a, b = x, y`."""

    targets: tuple[str, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Choose(Node):
    """`name ~ domain`."""

    name: str
    domain: Expr


@dataclass(frozen=True, slots=True)
class For(Node):
    pattern: Pattern
    iterable: Expr
    label: str | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    """`orelse` is None without an `else`; `else if` is a tuple of one If."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] | None


@dataclass(frozen=True, slots=True)
class Require(Node):
    """`require condition`, in a body or in a plan."""

    condition: Expr


Stmt: TypeAlias = Input | Weight | Output | Bind | Choose | For | If | Require | Broken


# -- paths and edits -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A segment `.name` of a path."""

    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """A segment `[1, 3]`, `[1..3]` or `[*]` of a path; `indices` is None for `*`."""

    indices: tuple[int, ...] | None
    ranged: bool = False  # `[1..3]`: indices holds both ends


@dataclass(frozen=True, slots=True)
class Path(Node):
    segments: tuple[Name | Index, ...]


@dataclass(frozen=True, slots=True)
class SetEdit(Node):
    path: Path
    value: Expr


@dataclass(frozen=True, slots=True)
class NarrowEdit(Node):
    path: Path
    domain: Expr


@dataclass(frozen=True, slots=True)
class GroupEdit(Node):
    path: Path
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class InsertEdit(Node):
    where: Literal["after", "before"]
    paths: tuple[Path, ...]
    layer: Expr


@dataclass(frozen=True, slots=True)
class ReplaceEdit(Node):
    paths: tuple[Path, ...]
    layer: Expr


@dataclass(frozen=True, slots=True)
class RemoveEdit(Node):
    paths: tuple[Path, ...]


Edit: TypeAlias = SetEdit | NarrowEdit | GroupEdit | InsertEdit | ReplaceEdit | RemoveEdit | Broken


@dataclass(frozen=True, slots=True)
class Edits(Node):
    """`{ edit* }`, the body of `with` and of a genotype."""

    edits: tuple[Edit, ...]


# -- plans ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step(Node):
    name: str
    entries: tuple[PlanEntry, ...]


@dataclass(frozen=True, slots=True)
class Open(Node):
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Fix(Node):
    """`fix path = value`, or `fix genotype` where `value` is None."""

    path: Path
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Freeze(Node):
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Budget(Node):
    condition: Expr


@dataclass(frozen=True, slots=True)
class Setting(Node):
    name: str
    value: Expr


PlanEntry: TypeAlias = Step | Open | Fix | Freeze | Budget | Require | Setting | Broken


# -- declarations --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Param(Node):
    """`name: kind = default` of a block, a net or a fn."""

    name: str
    kind: str | None
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Alias(Node):
    """`name` or `name as alias` in a `use`."""

    name: str
    alias: str | None


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use std: mbconv3d, project as proj`; `module` is the dotted name."""

    module: tuple[str, ...]
    names: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class Const(Node):
    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Fn(Node):
    name: str
    params: tuple[Param, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`block name(params) { body }`, or `= value` for a composition; exactly one of `body`, `value` is set.

    `params` is None where the parentheses are not written.
    """

    name: str
    params: tuple[Param, ...] | None
    body: tuple[Stmt, ...] | None
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Net(Node):
    """`space` or `model`, with a body or as `= value with patch with patch`."""

    kind: Literal["space", "model"]
    name: str
    params: tuple[Param, ...] | None
    body: tuple[Stmt, ...] | None
    value: Expr | None
    patches: tuple[Edits | Path, ...]  # a Path names a genotype


@dataclass(frozen=True, slots=True)
class Genotype(Node):
    name: str
    of: Expr
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Search(Node):
    name: str
    of: Expr
    entries: tuple[PlanEntry, ...]


Declaration: TypeAlias = Use | Const | Fn | Block | Net | Genotype | Search | Broken


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """`text` includes the `#`. Comments are kept beside the tree and placed by their spans."""

    text: str


@dataclass(frozen=True, slots=True)
class File(Node):
    edition: int
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)


# -- walking -------------------------------------------------------------------------------------


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside of one, in the order of its fields."""
    for name in node.__dataclass_fields__:
        if name != "span":
            yield from _nodes(getattr(node, name))


def walk(node: Node) -> Iterator[Node]:
    """A node and all nodes inside of it."""
    yield node
    for child in children(node):
        yield from walk(child)


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)

"""The abstract syntax: frozen nodes with spans; equality ignores spans and the spelling of numbers.

Expressions and statements come in the order of the grammar. A node never holds a token of the parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, TypeVar, dataclass_transform

from archdsl.diagnostics.source import Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Node:
    """A part of a text. What it prints and equals is said here for all kinds: written out for each, as
    dataclasses do, it took a third of the time in which this module loads.
    """

    span: Span = field(compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return self is other or _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(_compared(self))

    def __repr__(self) -> str:
        shown = [
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if each.repr
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def _compared(node: Any) -> tuple[Any, ...]:
    return tuple([getattr(node, each.name) for each in fields(node) if each.compare])


_Kind = TypeVar("_Kind", bound=Node)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _node(kind: type[_Kind]) -> type[_Kind]:
    """A kind of node: a frozen dataclass with slots."""
    return dataclass(frozen=True, slots=True, eq=False, repr=False)(kind)


@_node
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


@_node
class Int(Node):
    """`24`."""

    value: int


@_node
class Float(Node):
    """`2.25`, `1e-3`."""

    value: float
    text: str = field(compare=False)


@_node
class Quantity(Node):
    """A number with a unit: `2.0G` is 2·10⁹ (K, M, G, T)."""

    value: float
    text: str = field(compare=False)


@_node
class Size(Node):
    """`1x3x3`."""

    sizes: tuple[int, ...]


@_node
class Axes(Node):
    """`@hw`: dimension letters in the order written."""

    names: str


@_node
class String(Node):
    """`"half"`."""

    value: str


@_node
class Bool(Node):
    """`true`, `false`."""

    value: bool


@_node
class Ref(Node):
    """A name: `width`."""

    name: str


@_node
class Entry(Node):
    """One element of a tuple or a list, with its label if it has one."""

    label: str | None
    value: Expr


@_node
class Tuple(Node):
    """`(x, skip: y)`."""

    entries: tuple[Entry, ...]


@_node
class List(Node):
    """`[8, 16]`, `[narrow: 8, wide: 16]`."""

    entries: tuple[Entry, ...]


@_node
class Clause(Node):
    """`for i in xs` of a comprehension."""

    pattern: Pattern
    iterable: Expr


@_node
class Comprehension(Node):
    """`[f(i) for i in xs if i > 2]`."""

    value: Expr
    clauses: tuple[Clause, ...]
    condition: Expr | None


@_node
class Arg(Node):
    """`3` or `kernel = 3` in a call."""

    name: str | None
    value: Expr


@_node
class Call(Node):
    """`conv(24, kernel = 3)`."""

    callee: Expr
    args: tuple[Arg, ...]


@_node
class Attr(Node):
    """`x.h`."""

    value: Expr
    name: str


@_node
class Item(Node):
    """`xs[i]`; with a range inside, a slice that includes both ends."""

    value: Expr
    index: Expr


UnaryOp: TypeAlias = Literal["-", "not"]
BinaryOp: TypeAlias = Literal[
    "or", "and", "==", "!=", "<=", ">=", "<", ">", "in", "+", "-", "*", "/", "//", "%"
]


@_node
class Unary(Node):
    """`-x`, `not x`."""

    op: UnaryOp
    operand: Expr


@_node
class Binary(Node):
    """`a + b`, `a in xs`."""

    op: BinaryOp
    left: Expr
    right: Expr


@_node
class Mode(Node):
    """`shared L` or `tied L`."""

    mode: Literal["shared", "tied"]
    operand: Expr


@_node
class Range(Node):
    """`a..b by c`, both ends included."""

    low: Expr
    high: Expr
    step: Expr | None


@_node
class Of(Node):
    """`2 of xs`, `1..4 of xs`."""

    count: Expr
    items: Expr


@_node
class Named(Node):
    """`layer as name`."""

    value: Expr
    name: str


@_node
class Flow(Node):
    """`a -> b -> c`, at least two items."""

    items: tuple[Expr, ...]


@_node
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


@_node
class NamePattern(Node):
    """`i`, what a loop binds."""

    name: str


@_node
class TuplePattern(Node):
    """`(i, x)`, what a loop binds."""

    items: tuple[Pattern, ...]


Pattern: TypeAlias = NamePattern | TuplePattern


@_node
class Dim(Node):
    """`c = 3` in a shape; without a size the dimension is free (only the batch) or left to the caller."""

    name: str
    size: Expr | None


@_node
class Port(Node):
    """`x: [b, c = 3]` in an `input`."""

    name: str
    shape: tuple[Dim, ...] | None


@_node
class Input(Node):
    """`input x: [b, c = 3], y`."""

    ports: tuple[Port, ...]


@_node
class Weight(Node):
    """`param cls: [c = width] = trunc_normal(0.02)`."""

    name: str
    shape: tuple[Dim, ...]
    init: Expr | None


@_node
class Output(Node):
    """`output cls, tokens: [b, n, c]`. `shapes` has one entry a value, None where none is written; empty
    without any.
    """

    values: tuple[Expr, ...]
    shapes: tuple[tuple[Dim, ...] | None, ...] = ()

    @property
    def results(self) -> tuple[tuple[Expr, tuple[Dim, ...] | None], ...]:
        """Each value with the shape that is written behind it."""
        return tuple(
            zip(self.values, self.shapes or (None,) * len(self.values), strict=True)
        )


@_node
class Bind(Node):
    """`a, b = x, y`."""

    targets: tuple[str, ...]
    values: tuple[Expr, ...]


@_node
class Choose(Node):
    """`name ~ domain`."""

    name: str
    domain: Expr


@_node
class For(Node):
    """`for i in xs as label { … }`."""

    pattern: Pattern
    iterable: Expr
    label: str | None
    body: tuple[Stmt, ...]


@_node
class If(Node):
    """`orelse` is None without an `else`; `else if` is a tuple of one If."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] | None


@_node
class Require(Node):
    """`require condition`, in a body or in a plan."""

    condition: Expr


Stmt: TypeAlias = Input | Weight | Output | Bind | Choose | For | If | Require | Broken


# -- paths and edits -----------------------------------------------------------------------------


@_node
class Name(Node):
    """A segment `.name` of a path."""

    name: str


@_node
class Index(Node):
    """A segment `[1, 3]`, `[1..3]` or `[*]` of a path; `indices` is None for `*`."""

    indices: tuple[int, ...] | None
    ranged: bool = False  # `[1..3]`: indices holds both ends


@_node
class Path(Node):
    """`group[3].block[*].kernel`."""

    segments: tuple[Name | Index, ...]


@_node
class SetEdit(Node):
    """`path = value`."""

    path: Path
    value: Expr


@_node
class NarrowEdit(Node):
    """`path ~ domain`."""

    path: Path
    domain: Expr


@_node
class GroupEdit(Node):
    """`path { … }`."""

    path: Path
    edits: tuple[Edit, ...]


@_node
class InsertEdit(Node):
    """`after path insert layer`."""

    where: Literal["after", "before"]
    paths: tuple[Path, ...]
    layer: Expr


@_node
class ReplaceEdit(Node):
    """`replace path by layer`."""

    paths: tuple[Path, ...]
    layer: Expr


@_node
class RemoveEdit(Node):
    """`remove path`."""

    paths: tuple[Path, ...]


Edit: TypeAlias = (
    SetEdit | NarrowEdit | GroupEdit | InsertEdit | ReplaceEdit | RemoveEdit | Broken
)


@_node
class Edits(Node):
    """`{ edit* }`, the body of `with` and of a genotype."""

    edits: tuple[Edit, ...]


# -- plans ---------------------------------------------------------------------------------------


@_node
class Step(Node):
    """`step name { … }`."""

    name: str
    entries: tuple[PlanEntry, ...]


@_node
class Open(Node):
    """`open path`."""

    paths: tuple[Path, ...]


@_node
class Fix(Node):
    """`fix path = value`, or `fix genotype` where `value` is None."""

    path: Path
    value: Expr | None


@_node
class Freeze(Node):
    """`freeze path`."""

    paths: tuple[Path, ...]


@_node
class Budget(Node):
    """`budget macs <= 2.0G`."""

    condition: Expr


@_node
class Setting(Node):
    """`epochs = 200`."""

    name: str
    value: Expr


PlanEntry: TypeAlias = Step | Open | Fix | Freeze | Budget | Require | Setting | Broken


# -- declarations --------------------------------------------------------------------------------


@_node
class Param(Node):
    """`name: kind = default` of a block, a net or a fn."""

    name: str
    kind: str | None
    default: Expr | None


@_node
class Alias(Node):
    """`name` or `name as alias` in a `use`."""

    name: str
    alias: str | None


@_node
class Use(Node):
    """`use std: mbconv3d, project as proj`; `module` is the dotted name."""

    module: tuple[str, ...]
    names: tuple[Alias, ...]


@_node
class Const(Node):
    """`width = 24`."""

    name: str
    value: Expr


@_node
class Fn(Node):
    """`fn double(x) = 2 * x`."""

    name: str
    params: tuple[Param, ...]
    value: Expr


@_node
class Block(Node):
    """`block name(params) { body }`, or `= value` for a composition; exactly one of `body`, `value` is set.

    `params` is None where the parentheses are not written.
    """

    name: str
    params: tuple[Param, ...] | None
    body: tuple[Stmt, ...] | None
    value: Expr | None


@_node
class Net(Node):
    """`space` or `model`, with a body or as `= value with patch with patch`."""

    kind: Literal["space", "model"]
    name: str
    params: tuple[Param, ...] | None
    body: tuple[Stmt, ...] | None
    value: Expr | None
    patches: tuple[Edits | Path, ...]  # a Path names a genotype


@_node
class Genotype(Node):
    """`genotype name of space { … }`."""

    name: str
    of: Expr
    edits: tuple[Edit, ...]


@_node
class Search(Node):
    """`search name of space { … }`."""

    name: str
    of: Expr
    entries: tuple[PlanEntry, ...]


Declaration: TypeAlias = Use | Const | Fn | Block | Net | Genotype | Search | Broken


@_node
class Comment(Node):
    """`text` includes the `#`. Comments are kept beside the tree and placed by their spans."""

    text: str


@_node
class File(Node):
    """`arch 1` and what it declares."""

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

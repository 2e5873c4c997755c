"""The layouts of a space: which axis each dimension of each value is, and each axis of each weight.

Where positions come from, and how weights lie, says the table of primitives (`ops.axes`). Outputs of
convolutions and linear layers open a window by their width. What leaves positions apart (depthwise
convolution, norms, activations, pooling) has the axes of what it reads; concatenation, merging, splitting,
taking and chunking rearrange them; a sum has those of its first operand, the others are added by place.
Grouped and other axes that cannot be followed open a window by their size, so that only the quality of
sharing can suffer.

With `width ~ 8..16 by 8` and `[x -> conv(width), x -> conv(4)] -> concat(@c) -> conv(6)`, the `c` of the
concatenation is `Joined((Window(width), Window(4)))`, a super-axis of 16 + 4 positions; the last weight has
it as its second axis. The architecture of width 8 takes positions 0 to 7 and 16 to 19 of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, TypeGuard

from archdsl.ir.activity import Identity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant, lift
from archdsl.ir.graph import Graph, Input, Op, Pick, Value, Weight
from archdsl.ops import axes as table
from archdsl.ops.chunks import chunked
from archdsl.ops.table import PRIMITIVES, lies_of, origins_of
from archdsl_lowering.supergraph.axes import (
    Axis,
    Chosen,
    Chunk,
    Given,
    Joined,
    Members,
    Outer,
    Placement,
    Taken,
    Window,
    deciding,
    lists,
    lists_of,
    same,
)
from archdsl_lowering.supergraph.windows import Place, Positions

Sizes: TypeAlias = Mapping[str, Axis]
Channels: TypeAlias = Literal["fair", "naive"]
Kernels: TypeAlias = Literal["separate", "centre"]


class Layouts:
    """Every axis of a space.

    `given` are answers to list choices, as `separate` orders them; sizes and positions refer to the
    super-axis of weights that are separate for these answers. With none, they refer to one that has room for
    all alternatives.
    """

    def __init__(
        self,
        graph: Graph,
        channels: Channels = "fair",
        kernels: Kernels = "separate",
    ) -> None:
        self.graph = graph
        self._place: Place = "ring" if channels == "fair" else "prefix"
        self._kernels = kernels
        self._placement = Placement()
        self._chunked = chunked(graph)
        self._of: dict[Value, Sizes] = {}
        self._weights: dict[Identity, tuple[Axis, ...]] = {}
        self._separate: dict[Identity, tuple[Choice, ...]] = {}
        self._deciding: dict[Identity, tuple[Choice, ...]] = {}
        for value in graph.values:
            self._of[value] = self._layout(value)
            if isinstance(value, Op):
                self._add_weights(value)
            elif isinstance(value, Pick):
                for weight in value.weights:
                    members = Members(value.subset, len(value.operands))
                    self._add_weight(weight, (members,), (None,), set())

    def of(self, value: Value) -> Sizes:
        """The axes of a value by dimension."""
        return self._of[value]

    def of_weight(self, weight: Weight) -> tuple[Axis, ...]:
        """The axes of a weight, in the order of its shape."""
        return self._weights[weight.identity]

    def separate(self, weight: Weight) -> tuple[Choice, ...]:
        """The list choices for whose alternatives a weight is separate, in program order.

        They are those that a size of its own, its start or another attribute of its layer depends on; with
        kernels = "centre" those left out that only decide the kernel. What reads one of several layers, or
        several of them joined, has one weight for all: x and what is joined to it keep their places.
        """
        return self._separate[weight.identity]

    def deciding(self, weight: Weight) -> tuple[Choice, ...]:
        """All choices that decide which positions of which super-weight an architecture takes."""
        known = self._deciding.get(weight.identity)
        if known is None:
            found = {*self.separate(weight), *deciding(self.of_weight(weight))}
            known = self._deciding[weight.identity] = tuple(found)
        return known

    def super_size(self, value: Value, dim: str, given: Given = ()) -> int:
        """The size of a dimension of a value that has room for every architecture."""
        return self._placement.super_size(self._of[value][dim], given)

    def positions(
        self, value: Value, dim: str, at: Mapping[Choice, int], given: Given = ()
    ) -> Positions:
        """Which of those positions the architecture of a complete assignment has; the value must be live in
        it.
        """
        return self._placement.positions(self._of[value][dim], at, given)

    def super_shape(self, weight: Weight, given: Given) -> tuple[int, ...]:
        """The shape of the super-weight for some alternatives of the choices that it is separate for."""
        return tuple(
            [self._placement.super_size(axis, given) for axis in self.of_weight(weight)]
        )

    def given(self, weight: Weight, at: Mapping[Choice, int]) -> Given:
        """The alternatives by which a weight is told apart, under an assignment that answers their
        choices.
        """
        return tuple([(c, at[c]) for c in self.separate(weight)])

    def taken(
        self, weight: Weight, at: Mapping[Choice, int], given: Given
    ) -> tuple[Positions, ...]:
        """The positions that an architecture takes of each axis of a super-weight; the weight must be live in
        it.
        """
        return tuple(
            [self._placement.positions(axis, at, given) for axis in self.of_weight(weight)]
        )

    def _layout(self, value: Value) -> Sizes:
        """The axis of each dimension of a value whose operands have theirs."""
        if isinstance(value, Op):
            return self._made(value)
        if isinstance(value, Input):
            return {d: _plain(n) for d, n in value.shape.items()}
        read = [self._of[o] for o in value.operands]
        if isinstance(value, Pick):
            return self._picked(value, read)
        return {d: _chosen(value.index, read, d) for d in value.shape}

    def _made(self, op: Op) -> Sizes:
        read = [self._of[x] for x in op.inputs]
        origins = origins_of(op)
        found: dict[str, Axis] = {}
        for d, size in op.shape.items():
            origin = origins.get(d)
            if isinstance(origin, table.Same):  # most are
                i, there = origin.places[0]
                found[d] = read[i][there]
            else:
                found[d] = self._from(op, d, origin, read) or self._own(size, d)
        return found

    def _from(
        self, op: Op, dim: str, origin: table.Origin | None, read: Sequence[Sizes]
    ) -> Axis | None:
        """The axis of one dimension of a result that is not one for one that of an input; None where it
        cannot be followed.
        """
        size = op.shape[dim]
        match origin:
            case table.New():
                return self._width(op, dim)
            case table.Ended(parts=ends):
                return _ended(ends, read, size)
            case table.Merged(dims=dims):
                return _outer(
                    [read[0][d] for d in dims],
                    [op.inputs[0].shape[d] for d in dims],
                )
            case table.Factor(dim=d, into=into):
                whole = read[0][d]
                return (
                    whole.factors[into.index(dim)]
                    if is_cut_as_made(whole, op, into)
                    else None
                )
            case table.Taken(dim=d, positions=positions):
                return _simple(Taken(read[0][d], positions), size, [read[0][d]])
            case table.Part(dim=d, number=number, count=count):
                return _part(read[0][d], number, count, size)
            case table.Padded(dim=d, amounts=amounts):
                return _padded(read[0][d], amounts, size)
            case _:
                return None

    def _own(self, size: Expr, dim: str) -> Axis:
        """A window by value; positions in space start at the first."""
        return Window(size, "prefix" if dim in "bthw" else self._place)

    def _width(self, op: Op, dim: str) -> Axis:
        """The window of an output: where all of its users cut it into n equal parts, one a part."""
        size = op.shape[dim]
        count = self._chunked.get((op, dim))
        if count is None:
            return Window(size, self._place)
        parts, each = constant(count), lift(_divided, size, count)
        return Outer((_plain(parts), Window(each, self._place)), (parts, each))

    def _picked(self, pick: Pick, read: Sequence[Sizes]) -> Sizes:
        first = lift(_head, pick.subset)
        one = _plain(constant(1))
        found: dict[str, Axis] = {}
        for d, size in pick.shape.items():
            if d == pick.dim:
                found[d] = Joined(tuple(r.get(d) or one for r in read), pick.subset)
            elif all(d in r for r in read):
                found[d] = _chosen(first, read, d)
            else:
                found[d] = self._own(size, d)
        return found

    def _add_weights(self, op: Op) -> None:
        """The axes of the weights of an op, and which choices they are separate for."""
        if not op.weights:
            return
        telling = set[Choice]().union(*map(lists_of, self._telling(op)))
        for weight in op.weights:
            lies = lies_of(op, weight)
            axes = tuple(map(partial(self._lying, op), lies, weight.shape))
            self._add_weight(weight, axes, lies, telling)

    def _lying(self, op: Op, lie: table.Lie, size: Expr) -> Axis:
        """The axis of a weight that lies so."""
        followed = self.along(op, lie)
        if followed is not None:
            return followed
        return Window(size, "centre" if isinstance(lie, table.Within) else self._place)

    def along(self, op: Op, lie: table.Lie) -> Axis | None:
        """The axis of what an op makes or reads along which a weight lies."""
        if isinstance(lie, table.Made):
            return self._of[op][lie.dim]
        if isinstance(lie, table.Read):
            x = op.inputs[0]
            axes = self._of[x]
            if len(lie.dims) == 1:
                return axes[lie.dims]
            return _outer([axes[d] for d in lie.dims], [x.shape[d] for d in lie.dims])
        return None

    def _add_weight(
        self,
        weight: Weight,
        axes: tuple[Axis, ...],
        lies: Sequence[table.Lie],
        telling: set[Choice],
    ) -> None:
        """A weight that several layers use, each by other axes, opens windows by its shape. `telling` are
        list choices of its layer that tell it apart.
        """
        identity = weight.identity
        known = self._weights.get(identity)
        if known is not None and not all(map(same, known, axes)):
            axes = tuple(Window(n, self._place) for n in weight.shape)
        self._weights[identity] = axes
        found = telling.union(lists_of(weight.init), self._separate.get(identity, ()))
        for axis, lie in zip(axes, lies, strict=True):
            if self._kernels == "separate" or not isinstance(lie, table.Within):
                found |= lists(axis)
        self._separate[identity] = (
            tuple(sorted(found, key=lambda c: c.order)) if found else ()
        )

    def _telling(self, op: Op) -> Iterator[Expr]:
        """The attributes of a layer that tell its weights apart: not sizes that the weights show
        themselves.
        """
        shown = ("width", "window") if self._kernels == "centre" else ("width",)
        for name, attr in op.attrs.items():
            if attr.scope:
                parameter = PRIMITIVES[op.name].parameter(name)
                if parameter is None or parameter.shapes not in shown:
                    yield attr


def is_cut_as_made(whole: Axis, op: Op, into: str) -> TypeGuard[Outer]:
    """Whether an axis is cut into the dimensions that it was merged from."""
    return isinstance(whole, Outer) and whole.sizes == tuple(op.shape[d] for d in into)


def _part(whole: Axis, number: int, count: int, size: Expr) -> Axis:
    if isinstance(whole, Outer) and whole.sizes[0] == constant(count):
        return _outer(whole.factors[1:], whole.sizes[1:])
    return _simple(Chunk(whole, number, count), size, [whole])


def _plain(size: Expr) -> Axis:
    """A size whose positions begin at the first."""
    return Window(size, "prefix")


def _outer(axes: Sequence[Axis], sizes: Sequence[Expr]) -> Axis:
    return axes[0] if len(axes) == 1 else Outer(tuple(axes), tuple(sizes))


def _ended(ends: Sequence[table.Place | None], read: Sequence[Sizes], size: Expr) -> Axis:
    """Axes of inputs end to end."""
    parts = tuple(
        read[end[0]][end[1]] if end is not None else _plain(constant(1)) for end in ends
    )
    return parts[0] if len(parts) == 1 else _simple(Joined(parts), size, parts)


def _padded(inner: Axis, amounts: Expr, size: Expr) -> Axis:
    """An axis between positions of zeros."""
    before, after = (_plain(lift(_amount, amounts, side)) for side in (0, 1))
    parts = (before, inner, after)
    return _simple(Joined(parts), size, parts)


def _simple(axis: Axis, size: Expr, parts: Sequence[Axis]) -> Axis:
    """The axis, or all positions where no choice decides about any part."""
    settled = all(isinstance(p, Window) and p.size.is_constant for p in parts)
    return _plain(size) if settled and size.is_constant else axis


def _chosen(index: Expr, read: Sequence[Sizes], dim: str) -> Axis:
    """One of the axes that operands have, or that of all of them where they lie alike."""
    options = tuple([axes[dim] for axes in read])
    reachable: list[Axis] = [options[i] for i in index.distinct()]
    if all(same(reachable[0], other) for other in reachable[1:]):
        return reachable[0]
    return Chosen(index, options)


def _divided(size: int, count: int) -> int:
    return max(1, size // count)


def _amount(amounts: Any, side: int) -> int:
    return int(amounts[side]) if isinstance(amounts, tuple) else 0


def _head(subset: tuple[int, ...]) -> int:
    return subset[0]

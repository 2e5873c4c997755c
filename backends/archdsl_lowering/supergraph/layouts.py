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
from typing import Any, Literal, TypeAlias, TypeGuard

from archdsl.ir.activity import Identity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant, lift
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight, operands
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
    choices_of,
    lists,
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

    def __init__(self, graph: Graph, channels: Channels = "fair", kernels: Kernels = "separate") -> None:
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
            if isinstance(value, Op | Pick):
                for weight, axes in zip(value.weights, self._weight_axes(value), strict=True):
                    self._add_weight(value, weight, axes)

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
            found = {
                *self.separate(weight),
                *(c for axis in self.of_weight(weight) for c in choices_of(axis)),
            }
            known = self._deciding[weight.identity] = tuple(found)
        return known

    def super_size(self, value: Value, dim: str, given: Given = ()) -> int:
        """The size of a dimension of a value that has room for every architecture."""
        return self._placement.super_size(self._of[value][dim], given)

    def positions(self, value: Value, dim: str, at: Mapping[Choice, int], given: Given = ()) -> Positions:
        """Which of those positions the architecture of a complete assignment has; the value must be live in
        it.
        """
        return self._placement.positions(self._of[value][dim], at, given)

    def super_shape(self, weight: Weight, given: Given) -> tuple[int, ...]:
        """The shape of the super-weight for some alternatives of the choices that it is separate for."""
        return tuple(self._placement.super_size(axis, given) for axis in self.of_weight(weight))

    def given(self, weight: Weight, at: Mapping[Choice, int]) -> Given:
        """The alternatives by which a weight is told apart, under an assignment that answers their
        choices.
        """
        return tuple((c, at[c]) for c in self.separate(weight))

    def taken(self, weight: Weight, at: Mapping[Choice, int], given: Given) -> tuple[Positions, ...]:
        """The positions that an architecture takes of each axis of a super-weight; the weight must be live in
        it.
        """
        return tuple(self._placement.positions(axis, at, given) for axis in self.of_weight(weight))

    def _layout(self, value: Value) -> Sizes:
        if isinstance(value, Input):
            return {d: Window(n, "prefix") for d, n in value.shape.items()}
        read = [self._of[o] for o in operands(value)]
        if isinstance(value, Select):
            return {d: _chosen(value.index, [r[d] for r in read]) for d in value.shape}
        if isinstance(value, Pick):
            return self._picked(value, read)
        origins = origins_of(value)
        found: dict[str, Axis] = {}
        for d, size in value.shape.items():
            origin = origins.get(d)
            followed = self._from(value, d, origin, read) if origin is not None else None
            found[d] = followed or self._own(size, d)
        return found

    def _from(self, op: Op, dim: str, origin: table.Origin, read: Sequence[Sizes]) -> Axis | None:
        """The axis of one dimension of a result; None where it cannot be followed."""
        size = op.shape[dim]
        match origin:
            case table.Same(places=((i, d), *_)):
                return read[i][d]
            case table.New():
                return self._width(op, dim)
            case table.Ended(parts=ends):
                parts = tuple(read[end[0]][end[1]] if end is not None else _plain(1) for end in ends)
                return parts[0] if len(parts) == 1 else _simple(Joined(parts), size, parts)
            case table.Merged(dims=dims):
                return _outer([read[0][d] for d in dims], [op.inputs[0].shape[d] for d in dims])
            case table.Factor(dim=d, into=into):
                whole = read[0][d]
                return whole.factors[into.index(dim)] if is_cut_as_made(whole, op, into) else None
            case table.Taken(dim=d, positions=positions):
                return _simple(Taken(read[0][d], positions), size, [read[0][d]])
            case table.Part(dim=d, number=number, count=count):
                return _part(read[0][d], number, count, size)
            case table.Padded(dim=d, amounts=amounts):
                low, high = (Window(lift(_amount, amounts, side), "prefix") for side in (0, 1))
                return _simple(Joined((low, read[0][d], high)), size, (low, read[0][d], high))
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
        each = lift(_divided, size, count)
        return Outer((Window(constant(count), "prefix"), Window(each, self._place)), (constant(count), each))

    def _picked(self, pick: Pick, read: Sequence[Sizes]) -> Sizes:
        first = lift(_head, pick.subset)
        found: dict[str, Axis] = {}
        for d, size in pick.shape.items():
            if d == pick.dim:
                found[d] = Joined(tuple(r.get(d) or Window(constant(1), "prefix") for r in read), pick.subset)
            elif all(d in r for r in read):
                found[d] = _chosen(first, [r[d] for r in read])
            else:
                found[d] = self._own(size, d)
        return found

    def _weight_axes(self, value: Op | Pick) -> Iterator[tuple[Axis, ...]]:
        """The axes of each weight of a value."""
        if isinstance(value, Pick):
            for _ in value.weights:
                yield (Members(value.subset, len(value.operands)),)
            return
        for weight in value.weights:
            lies = zip(lies_of(value, weight), weight.shape, strict=True)
            yield tuple(self._lying(value, lie, size) for lie, size in lies)

    def _lying(self, op: Op, lie: table.Lie, size: Expr) -> Axis:
        """The axis of a weight that lies so."""
        return self.along(op, lie) or Window(size, "centre" if isinstance(lie, table.Within) else self._place)

    def along(self, op: Op, lie: table.Lie) -> Axis | None:
        """The axis of what an op makes or reads along which a weight lies."""
        if isinstance(lie, table.Made):
            return self._of[op][lie.dim]
        if isinstance(lie, table.Read):
            x = op.inputs[0]
            return _outer([self._of[x][d] for d in lie.dims], [x.shape[d] for d in lie.dims])
        return None

    def _add_weight(self, value: Op | Pick, weight: Weight, axes: tuple[Axis, ...]) -> None:
        """A weight that several layers use, each by other axes, opens windows by its shape."""
        known = self._weights.get(weight.identity)
        if known is not None and not all(map(same, known, axes)):
            axes = tuple(Window(n, self._place) for n in weight.shape)
        self._weights[weight.identity] = axes
        found = {c for c in weight.init.choices() if c.kind == "list"}
        found.update(self._separate.get(weight.identity, ()))
        for axis, lie in zip(axes, lies_of(value, weight), strict=True):
            if not (self._kernels == "centre" and isinstance(lie, table.Within)):
                found.update(lists(axis))
        for attr in self._telling(value):
            found.update(c for c in attr.choices() if c.kind == "list")
        self._separate[weight.identity] = tuple(sorted(found, key=lambda c: c.order))

    def _telling(self, value: Op | Pick) -> Iterator[Expr]:
        """The attributes of a layer that tell its weights apart: not sizes that the weights show
        themselves.
        """
        shown = ("width", "window") if self._kernels == "centre" else ("width",)
        if not isinstance(value, Op):
            return
        for name, attr in value.attrs.items():
            if attr.is_constant:
                continue
            parameter = PRIMITIVES[value.name].parameter(name)
            if parameter is None or parameter.shapes not in shown:
                yield attr


def is_cut_as_made(whole: Axis, op: Op, into: str) -> TypeGuard[Outer]:
    """Whether an axis is cut into the dimensions that it was merged from."""
    return isinstance(whole, Outer) and whole.sizes == tuple(op.shape[d] for d in into)


def _part(whole: Axis, number: int, count: int, size: Expr) -> Axis:
    if isinstance(whole, Outer) and whole.sizes[0] == constant(count):
        return _outer(whole.factors[1:], whole.sizes[1:])
    return _simple(Chunk(whole, number, count), size, [whole])


def _plain(size: int) -> Axis:
    return Window(constant(size), "prefix")


def _outer(axes: Sequence[Axis], sizes: Sequence[Expr]) -> Axis:
    return axes[0] if len(axes) == 1 else Outer(tuple(axes), tuple(sizes))


def _simple(axis: Axis, size: Expr, parts: Sequence[Axis]) -> Axis:
    """The axis, or all positions where no choice decides about any part."""
    return (
        Window(size, "prefix")
        if all(isinstance(p, Window) and p.size.is_constant for p in parts) and size.is_constant
        else axis
    )


def _chosen(index: Expr, options: Sequence[Axis]) -> Axis:
    reachable: list[Axis] = [options[i] for i in dict.fromkeys(index.distinct())]
    if all(same(reachable[0], other) for other in reachable[1:]):
        return reachable[0]
    return Chosen(index, tuple(options))


def _divided(size: int, count: int) -> int:
    return max(1, size // count)


def _amount(amounts: Any, side: int) -> int:
    return int(amounts[side]) if isinstance(amounts, tuple) else 0


def _head(subset: tuple[int, ...]) -> int:
    return subset[0]

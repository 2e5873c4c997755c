"""The layouts of a space: for every dimension of every value, and every axis of every weight, the axis that it is.

Outputs of convolutions and linear layers open a window by their width. What leaves positions apart (depthwise
convolution, norms, activations, pooling) has the axes of what it reads; concatenation, merging, splitting, taking and
chunking rearrange them; a sum has those of its first operand, the others are added by place. Grouped and other axes
that cannot be followed open a window by their size, so that only the quality of sharing can suffer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from archdsl.ir.activity import Identity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant, lift
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight, operands
from archdsl.ops.chunks import chunked
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

    `given` are answers to list choices, as `separate` orders them; sizes and positions refer to the super-axis of
    weights that are separate for these answers. With none, they refer to one that has room for all alternatives.
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

        They are those that a size of its own, its start or another attribute of its layer depends on; with kernels =
        "centre" those left out that only decide the kernel. What reads one of several layers, or several of them joined,
        has one weight for all: x and what is joined to it keep their places.
        """
        return self._separate[weight.identity]

    def deciding(self, weight: Weight) -> tuple[Choice, ...]:
        """All choices that decide which positions of which super-weight an architecture takes."""
        known = self._deciding.get(weight.identity)
        if known is None:
            found = {*self.separate(weight), *(c for axis in self.of_weight(weight) for c in choices_of(axis))}
            known = self._deciding[weight.identity] = tuple(found)
        return known

    def super_size(self, value: Value, dim: str, given: Given = ()) -> int:
        """The size of a dimension of a value that has room for every architecture."""
        return self._placement.super_size(self._of[value][dim], given)

    def positions(self, value: Value, dim: str, at: Mapping[Choice, int], given: Given = ()) -> Positions:
        """Which of those positions the architecture of a complete assignment has; the value must be live in it."""
        return self._placement.positions(self._of[value][dim], at, given)

    def super_shape(self, weight: Weight, given: Given) -> tuple[int, ...]:
        """The shape of the super-weight for some alternatives of the choices that it is separate for."""
        return tuple(self._placement.super_size(axis, given) for axis in self.of_weight(weight))

    def taken(self, weight: Weight, at: Mapping[Choice, int], given: Given) -> tuple[Positions, ...]:
        """The positions that an architecture takes of each axis of a super-weight; the weight must be live in it."""
        return tuple(self._placement.positions(axis, at, given) for axis in self.of_weight(weight))

    def _layout(self, value: Value) -> Sizes:
        if isinstance(value, Input):
            return {d: Window(n, "prefix") for d, n in value.shape.items()}
        read = [self._of[o] for o in operands(value)]
        if isinstance(value, Select):
            return {d: _chosen(value.index, [r[d] for r in read]) for d in value.shape}
        if isinstance(value, Pick):
            return self._picked(value, read)
        rule = _RULES.get(value.name, _first)
        found = {d: a for d, a in rule(self, value, read).items() if d in value.shape}
        return {d: found.get(d) or self._own(n, d) for d, n in value.shape.items()}

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
        out = self._of[value]
        x = self._of[value.inputs[0]] if value.inputs else {}
        for weight in value.weights:
            own = tuple(Window(n, self._place) for n in weight.shape)
            match value.name:
                case "conv":
                    inward: Axis = own[1] if len(own) > 1 else own[0]
                    if value.attrs["groups"] == constant(1) and "c" in x:
                        inward = x["c"]
                    kernel = tuple(Window(n, "centre") for n in weight.shape[2:])
                    yield (out["c"], inward, *kernel)[: len(own)]
                case "linear":
                    dims: str = value.attrs["dim"].value
                    whole = _outer([x[d] for d in dims], [value.inputs[0].shape[d] for d in dims])
                    yield (out["c" if "c" in dims else dims[0]], whole)[: len(own)]
                case "batch_norm":
                    yield (out["c"],)
                case "layer_norm":
                    yield tuple(out[d] for d in value.attrs["dim"].value)
                case "weight":
                    yield tuple(out.values())
                case _:
                    yield own

    def _add_weight(self, value: Op | Pick, weight: Weight, axes: tuple[Axis, ...]) -> None:
        """A weight that several layers use, each by other axes, opens windows by its shape."""
        known = self._weights.get(weight.identity)
        if known is not None and not all(map(same, known, axes)):
            axes = tuple(Window(n, self._place) for n in weight.shape)
        self._weights[weight.identity] = axes
        centred = self._kernels == "centre" and isinstance(value, Op) and value.name == "conv"
        found = {c for axis in axes[: 2 if centred else None] for c in lists(axis)} | {c for c in weight.init.choices() if c.kind == "list"}
        for name, attr in value.attrs.items() if isinstance(value, Op) else ():
            if name not in _SIZES and not (centred and name == "kernel"):
                found.update(c for c in attr.choices() if c.kind == "list")
        found.update(self._separate.get(weight.identity, ()))
        self._separate[weight.identity] = tuple(sorted(found, key=lambda c: c.order))


_SIZES = ("channels", "width", "groups")  # attributes that the axes of the weight already speak of


_Rule: TypeAlias = Callable[[Layouts, Op, Sequence[Sizes]], Mapping[str, Axis]]


def _first(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    """Each dimension as the first input that has it."""
    found: dict[str, Axis] = {}
    for one in read:
        for d, axis in one.items():
            found.setdefault(d, axis)
    return found


def _resized(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    """As the input, but where the size is another one."""
    (x,) = op.inputs
    return {d: axis for d, axis in read[0].items() if d in op.shape and op.shape[d] == x.shape[d]}


def _conv(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    found = dict(_resized(layouts, op, read))
    channels, groups = op.inputs[0].shape.get("c"), op.attrs["groups"]
    if not (channels is not None and op.shape["c"] == channels == groups):  # depthwise: each channel by itself
        found["c"] = layouts._width(op, "c")
    return found


def _linear(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    dims = op.attrs["dim"].value
    target = "c" if "c" in dims else dims[0]
    return {**{d: a for d, a in read[0].items() if d not in dims}, target: layouts._width(op, target)}


def _concat(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    dim = op.attrs["dim"].value
    parts = tuple(r.get(dim) or Window(constant(1), "prefix") for r in read)
    return {**_first(layouts, op, read), dim: parts[0] if len(parts) == 1 else _simple(Joined(parts), op.shape[dim], parts)}


def _attend(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    """Positions as the query has them, channels as the values."""
    return {**_first(layouts, op, read), "c": read[2]["c"]}


def _merge(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    over, into = op.attrs["over"].value, op.attrs["into"].value
    merged = _outer([read[0][d] for d in over], [op.inputs[0].shape[d] for d in over])
    return {**{d: a for d, a in read[0].items() if d not in over}, into: merged}


def _split(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    """The factors of what was merged, where it is cut as it was made."""
    over, into = op.attrs["over"].value, op.attrs["into"].value
    kept = {d: a for d, a in read[0].items() if d != over}
    whole = read[0][over]
    if isinstance(whole, Outer) and whole.sizes == tuple(op.shape[d] for d in into):
        return {**kept, **dict(zip(into, whole.factors, strict=True))}
    return kept


def _rename(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    names = dict(zip(op.attrs["over"].value, op.attrs["into"].value, strict=True))
    return {names.get(d, d): a for d, a in read[0].items()}


def _take(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    found = dict(read[0])
    for d in op.shape:
        positions = op.attrs.get(d)
        if len(d) == 1 and positions is not None and d in found:
            found[d] = _simple(Taken(found[d], positions), op.shape[d], [found[d]])
    return found


def _chunk(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    (dim,) = (d for d in op.attrs if len(d) == 1 and op.attrs[d].value is not None)
    count, part, whole = op.attrs[dim].value, op.attrs["index"].value, read[0][dim]
    if isinstance(whole, Outer) and whole.sizes[0] == constant(count):
        return {**read[0], dim: _outer(whole.factors[1:], whole.sizes[1:])}
    return {**read[0], dim: _simple(Chunk(whole, part, count), op.shape[dim], [whole])}


def _pad(layouts: Layouts, op: Op, read: Sequence[Sizes]) -> Mapping[str, Axis]:
    found = dict(read[0])
    for d in op.shape:
        amounts = op.attrs.get(d)
        if amounts is not None and d in found:
            low, high = (Window(lift(_amount, amounts, side), "prefix") for side in (0, 1))
            found[d] = _simple(Joined((low, found[d], high)), op.shape[d], (low, found[d], high))
    return found


_RULES: Mapping[str, _Rule] = {
    "conv": _conv,
    "linear": _linear,
    "max_pool": _resized,
    "avg_pool": _resized,
    "resize": _resized,
    "concat": _concat,
    "attend": _attend,
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "take": _take,
    "chunk": _chunk,
    "pad": _pad,
}


def _outer(axes: Sequence[Axis], sizes: Sequence[Expr]) -> Axis:
    return axes[0] if len(axes) == 1 else Outer(tuple(axes), tuple(sizes))


def _simple(axis: Axis, size: Expr, parts: Sequence[Axis]) -> Axis:
    """The axis, or all positions where no choice decides about any part."""
    return Window(size, "prefix") if all(isinstance(p, Window) and p.size.is_constant for p in parts) and size.is_constant else axis


def _chosen(index: Expr, options: Sequence[Axis]) -> Axis:
    reachable = [options[i] for i in dict.fromkeys(index.distinct())]
    if all(same(reachable[0], other) for other in reachable[1:]):
        return reachable[0]
    return Chosen(index, tuple(options))


def _divided(size: int, count: int) -> int:
    return max(1, size // count)


def _amount(amounts: Any, side: int) -> int:
    return int(amounts[side]) if isinstance(amounts, tuple) else 0


def _head(subset: tuple[int, ...]) -> int:
    return subset[0]

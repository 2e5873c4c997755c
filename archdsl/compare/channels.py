"""Which channel of one model is which of another: labels, carried along from where channels arise.

Two channels that are the same position of the output of paired layers have the same label. Where positions
come from says the table of primitives (`ops.axes`): layers that make a width give labels; concatenation,
merging, splitting, taking and chunking rearrange them; all else passes them on. Dimensions that nothing
follows have none, and are then taken to begin alike. With `a = x -> conv(2)`, `b = x -> conv(3)` and `[a, b]
-> concat(@c)`, the channels of the result have the labels (a, 0, 0), (a, 0, 1), (b, 0, 0), (b, 0, 1), (b, 0,
2); where a is widened to 3 channels, those of b are still found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight, operands
from archdsl.ops.axes import (
    Ended,
    Factor,
    Made,
    Merged,
    New,
    Origin,
    Own,
    Padded,
    Part,
    Place,
    Read,
    Same,
    Taken,
)
from archdsl.ops.chunks import chunked
from archdsl.ops.table import lies_of, origins_of

Labels: TypeAlias = tuple[Hashable, ...]
Labelled: TypeAlias = Mapping[str, Labels]  # by dimension

_MOST = 1 << 16  # positions of one dimension; longer ones have no labels


def labels_of(graph: Graph, names: Mapping[Value, Hashable]) -> Mapping[Value, Labelled]:
    """The labels of every value of a model. `names` are equal for paired values of two models; others are
    told apart.
    """
    found: dict[Value, Labelled] = {}
    parts = chunked(graph)
    for value in (*graph.inputs, *graph.values):
        name = names.get(value, (id(graph), id(value)))
        if isinstance(value, Input):
            found[value] = _entering(value)
            continue
        read = [found[v] for v in _read(value)]
        if isinstance(value, Op):
            labels = _carried(_Carrying(value, name, read, parts))
        else:
            labels = _picked(value, read) if isinstance(value, Pick) else read[0]
        sizes = {d: n.value for d, n in value.shape.items()}
        found[value] = {d: own for d, own in labels.items() if sizes.get(d) == len(own)}
    return found


def _entering(value: Input) -> Labelled:
    """The labels of an input: each position of each dimension is its own."""
    found: dict[str, Labels] = {}
    for dim, size in value.shape.items():
        if size.value <= _MOST:
            found[dim] = tuple((value.name, dim, i) for i in range(size.value))
    return found


def axes_of(
    value: Value, weight: Weight, labels: Mapping[Value, Labelled]
) -> list[Labels | None]:
    """The labels along each axis of a weight that a value of a model holds; None where an axis has none."""
    found: list[Labels | None] = []
    for lie, size in zip(lies_of(value, weight), weight.shape, strict=True):
        axis: Labels | None = None
        if isinstance(lie, Made):
            axis = labels[value].get(lie.dim)
        elif isinstance(lie, Read) and isinstance(value, Op):
            x = labels[value.inputs[0]]
            axis = _outer([x.get(d) for d in lie.dims])
        found.append(axis if axis is not None and len(axis) == size.value else None)
    return found


def positions(
    before: Labels | None, after: Labels | None, sizes: tuple[int, int]
) -> tuple[int | None, ...]:
    """For every position of an axis the one that it was, None for a new one: by label, or by place where
    nothing is alike.
    """
    if before is not None and after is not None:
        places: dict[Hashable, list[int]] = {}
        for i, label in enumerate(before):
            places.setdefault(label, []).append(i)
        turns: Counter[Hashable] = Counter()
        found: list[int | None] = []
        for label in after:
            known = places.get(label, [])
            found.append(known[turns[label]] if turns[label] < len(known) else None)
            turns[label] += 1
        if any(i is not None for i in found):
            return tuple(found)
    return tuple(i if i < sizes[0] else None for i in range(sizes[1]))


@dataclass(frozen=True, slots=True)
class _Carrying:
    """An op, its name, the labels of its inputs, and the parts that all users of a value cut it into."""

    op: Op
    name: Hashable
    read: Sequence[Labelled]
    parts: Mapping[tuple[Value, str], int]

    def size(self, dim: str) -> int:
        size: int = self.op.shape[dim].value
        return size

    def of(self, place: Place) -> Labels | None:
        return self.read[place[0]].get(place[1])


def _carried(carrying: _Carrying) -> Labelled:
    """The labels of an op's result."""
    op = carrying.op
    found: dict[str, Labels] = {}
    for dim, origin in origins_of(op).items():
        labels = _along(carrying, dim, origin)
        if labels is not None:
            found[dim] = labels
    return found


def _along(carrying: _Carrying, dim: str, origin: Origin) -> Labels | None:
    """The labels of one dimension of a result."""
    match origin:
        case Same(places=places):
            return next(
                (labels for place in places if (labels := carrying.of(place)) is not None),
                None,
            )
        case New():
            return _arising(
                carrying.name, carrying.size(dim), carrying.parts.get((carrying.op, dim), 1)
            )
        case Own():
            return None
        case Ended(parts=parts):
            return _joined([_end(carrying, dim, i, part) for i, part in enumerate(parts)])
        case Merged(dims=dims):
            return _outer([carrying.of((0, d)) for d in dims])
        case Factor(dim=whole, into=into):
            sizes = [carrying.size(d) for d in into]
            return _factor(carrying.of((0, whole)), sizes, into.index(dim))
        case Taken(dim=whole, positions=which):
            labels = carrying.of((0, whole))
            return labels and tuple(labels[i] for i in which.value if i < len(labels))
        case Part(dim=whole, number=number):
            labels, size = carrying.of((0, whole)), carrying.size(dim)
            return labels and labels[number * size : (number + 1) * size]
        case Padded(dim=whole, amounts=amounts):
            labels = carrying.of((0, whole))
            low, high = amounts.value
            return labels and (
                *_zeros(carrying, "low", low),
                *labels,
                *_zeros(carrying, "high", high),
            )


def _arising(name: Hashable, size: int, parts: int) -> Labels:
    """Labels of channels that a layer makes; where all users cut them into parts, each part counts its
    own.
    """
    each = size // parts if size % parts == 0 else size
    return tuple((name, i // each, i % each) for i in range(size))


def _zeros(carrying: _Carrying, side: str, count: int) -> Labels:
    return tuple((carrying.name, side, i) for i in range(count))


def _end(carrying: _Carrying, dim: str, number: int, part: Place | None) -> Labels | None:
    """The labels of one of several parts; one without the dimension is one position that is like no other."""
    return (
        carrying.of(part) if part is not None else ((id(carrying.op.inputs[number]), dim),)
    )


def _factor(whole: Labels | None, sizes: Sequence[int], number: int) -> Labels | None:
    """One factor of what was merged, where it is cut as it was made."""
    if whole is None or not all(
        isinstance(label, tuple) and len(label) == len(sizes) for label in whole
    ):
        return None
    factors: list[Labels] = []
    for i, size in enumerate(sizes):
        step = prod(sizes[i + 1 :])
        labels: list[Hashable] = []
        for k in range(size):
            label = whole[k * step]
            assert isinstance(label, tuple)
            labels.append(label[i])
        factors.append(tuple(labels))
    return factors[number] if tuple(product(*factors)) == whole else None


def _read(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Select):
        return (value.operands[value.index.value],)
    if isinstance(value, Pick):
        return tuple(value.operands[i] for i in value.subset.value)
    return operands(value)


def _picked(pick: Pick, read: Sequence[Labelled]) -> Labelled:
    """Each dimension as the first operand that has it; the joined one end to end."""
    found: dict[str, Labels] = {}
    for one in read:
        for d, labels in one.items():
            found.setdefault(d, labels)
    if pick.combine == "concat" and pick.dim is not None:
        joined = _joined([one.get(pick.dim) for one in read])
        if joined is not None:
            found[pick.dim] = joined
    return found


def _joined(parts: Sequence[Labels | None]) -> Labels | None:
    found: list[Hashable] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return tuple(found)


def _outer(parts: Sequence[Labels | None]) -> Labels | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or prod(map(len, known)) > _MOST:
        return None
    return known[0] if len(known) == 1 else tuple(product(*known))

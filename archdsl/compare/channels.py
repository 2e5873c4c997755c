"""Which channel of one model is which of another: labels, carried from where channels arise through all that moves them.

Two channels that are the same position of the output of paired layers have the same label. Convolutions and linear
layers give labels; concatenation, merging, splitting, taking and chunking rearrange them; all else passes them on.
Dimensions that nothing follows have none, and are then taken to begin alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import product
from math import prod
from typing import TypeAlias

from archdsl.ir.expr import constant
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight, operands
from archdsl.ops.chunks import chunked

Labels: TypeAlias = tuple[Hashable, ...]
Labelled: TypeAlias = Mapping[str, Labels]  # by dimension

_MOST = 1 << 16  # positions of one dimension; longer ones have no labels


def labels_of(graph: Graph, names: Mapping[Value, Hashable]) -> Mapping[Value, Labelled]:
    """The labels of every value of a model. `names` are equal for paired values of two models; others are told apart."""
    found: dict[Value, Labelled] = {}
    parts = chunked(graph)
    for value in (*graph.inputs, *graph.values):
        name = names.get(value, (id(graph), id(value)))
        if isinstance(value, Input):
            found[value] = {d: tuple((value.name, d, i) for i in range(n.value)) for d, n in value.shape.items() if n.value <= _MOST}
            continue
        read = [found[v] for v in _read(value)]
        if isinstance(value, Op):
            labels = dict(_RULES.get(value.name, _first)(value, read))
            made = _made(value)
            if made is not None:
                labels[made] = _arising(name, value.shape[made].value, parts.get((value, made), 1))
        else:
            labels = dict(_picked(value, read) if isinstance(value, Pick) else read[0])
        found[value] = {d: own for d, own in labels.items() if d in value.shape and len(own) == value.shape[d].value}
    return found


def axes_of(value: Value, weight: Weight, labels: Mapping[Value, Labelled]) -> list[Labels | None]:
    """The labels along each axis of a weight that a value of a model holds; None where an axis has none."""
    unknown: list[Labels | None] = [None] * len(weight.shape)
    if not isinstance(value, Op):
        return unknown
    out = labels[value]
    x = labels[value.inputs[0]] if value.inputs else {}
    match value.name:
        case "conv":
            inward = x.get("c") if value.attrs["groups"] == constant(1) else None
            known: list[Labels | None] = [out.get("c"), inward]
        case "linear":
            dims: str = value.attrs["dim"].value
            known = [out.get(_target(dims)), _outer([x.get(d) for d in dims])]
        case "batch_norm":
            known = [out.get("c")]
        case "layer_norm":
            known = [out.get(d) for d in value.attrs["dim"].value]
        case _:
            known = []
    found = (known + unknown)[: len(unknown)]
    return [axis if axis is not None and len(axis) == n.value else None for axis, n in zip(found, weight.shape, strict=True)]


def positions(before: Labels | None, after: Labels | None, sizes: tuple[int, int]) -> tuple[int | None, ...]:
    """For every position of an axis the one that it was, None for a new one: by label, or by place where nothing is alike."""
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


def _made(op: Op) -> str | None:
    """The dimension that an op makes anew."""
    if op.name == "linear":
        return _target(op.attrs["dim"].value)
    if op.name == "conv":
        channels = op.inputs[0].shape.get("c")
        is_depthwise = channels is not None and op.shape["c"] == channels == op.attrs["groups"]
        return None if is_depthwise else "c"
    return None


def _target(dims: str) -> str:
    return "c" if "c" in dims else dims[0]


def _arising(name: Hashable, size: int, parts: int) -> Labels:
    """Labels of channels that a layer makes; where all users cut them into parts, each part counts its own."""
    each = size // parts if size % parts == 0 else size
    return tuple((name, i // each, i % each) for i in range(size))


def _read(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Select):
        return (value.operands[value.index.value],)
    if isinstance(value, Pick):
        return tuple(value.operands[i] for i in value.subset.value)
    return operands(value)


def _first(op: Op, read: Sequence[Labelled]) -> Labelled:
    """Each dimension as the first input that has it."""
    found: dict[str, Labels] = {}
    for one in read:
        for d, labels in one.items():
            found.setdefault(d, labels)
    return found


def _picked(pick: Pick, read: Sequence[Labelled]) -> Labelled:
    found: dict[str, Labels] = {}
    for one in read:
        for d, labels in one.items():
            found.setdefault(d, labels)
    if pick.combine == "concat" and pick.dim is not None:
        found = {**found, **_joined(pick.dim, [one.get(pick.dim) for one in read])}
    return found


def _concat(op: Op, read: Sequence[Labelled]) -> Labelled:
    dim: str = op.attrs["dim"].value
    # A part without the dimension is one position of its own, which has no label.
    parts = [one.get(dim) if dim in v.shape else ((id(v), dim),) for one, v in zip(read, op.inputs, strict=True)]
    return {**{d: labels for d, labels in _first(op, read).items() if d != dim}, **_joined(dim, parts)}


def _joined(dim: str, parts: Sequence[Labels | None]) -> Labelled:
    if any(part is None for part in parts):
        return {}
    return {dim: tuple(label for part in parts if part is not None for label in part)}


def _outer(parts: Sequence[Labels | None]) -> Labels | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or prod(map(len, known)) > _MOST:
        return None
    return known[0] if len(known) == 1 else tuple(product(*known))


def _linear(op: Op, read: Sequence[Labelled]) -> Labelled:
    return {d: labels for d, labels in read[0].items() if d not in op.attrs["dim"].value}


def _attend(op: Op, read: Sequence[Labelled]) -> Labelled:
    """Positions as the query has them, channels as the values."""
    found = dict(_first(op, read))
    found.pop("c", None)
    return {**found, **({"c": read[2]["c"]} if "c" in read[2] else {})}


def _merge(op: Op, read: Sequence[Labelled]) -> Labelled:
    over, into = op.attrs["over"].value, op.attrs["into"].value
    merged = _outer([read[0].get(d) for d in over])
    return {**{d: labels for d, labels in read[0].items() if d not in over}, **({into: merged} if merged is not None else {})}


def _split(op: Op, read: Sequence[Labelled]) -> Labelled:
    """The factors of what was merged, where it is cut as it was made."""
    over, into = op.attrs["over"].value, op.attrs["into"].value
    kept = {d: labels for d, labels in read[0].items() if d != over}
    whole = read[0].get(over)
    sizes = [op.shape[d].value for d in into]
    if whole is None or not all(isinstance(label, tuple) and len(label) == len(into) for label in whole):
        return kept
    steps = [prod(sizes[i + 1 :]) for i in range(len(sizes))]
    factors = [tuple(whole[k * step][i] for k in range(size)) for i, (size, step) in enumerate(zip(sizes, steps, strict=True))]
    return {**kept, **dict(zip(into, factors, strict=True))} if tuple(product(*factors)) == whole else kept


def _rename(op: Op, read: Sequence[Labelled]) -> Labelled:
    names = dict(zip(op.attrs["over"].value, op.attrs["into"].value, strict=True))
    return {names.get(d, d): labels for d, labels in read[0].items()}


def _take(op: Op, read: Sequence[Labelled]) -> Labelled:
    found = dict(read[0])
    for d in [d for d in found if d in op.attrs and op.attrs[d].value is not None]:
        wanted = op.attrs[d].value
        found[d] = tuple(found[d][i] for i in ((wanted,) if isinstance(wanted, int) else wanted) if i < len(found[d]))
    return found


def _chunk(op: Op, read: Sequence[Labelled]) -> Labelled:
    (dim,) = (d for d in op.attrs if len(d) == 1 and op.attrs[d].value is not None)
    part = op.attrs["index"].value
    found = dict(read[0])
    if dim in found:
        size = op.shape[dim].value
        found[dim] = found[dim][part * size : (part + 1) * size]
    return found


_RULES: Mapping[str, Callable[[Op, Sequence[Labelled]], Labelled]] = {
    "linear": _linear,
    "concat": _concat,
    "attend": _attend,
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "take": _take,
    "chunk": _chunk,
}

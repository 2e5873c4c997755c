"""An oracle of the axes of supergraphs that shares nothing with them: labels carried through a graph.

The graph is evaluated naively for one architecture, each dimension of a value being a list of labels, one a
position. What a layer makes gets labels that say who made it and which of all its positions each one is;
everything else moves the labels that it reads. A position of a super-axis is right where it always belongs to
the same labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import gcd, prod

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, Undefined
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value

Labels = list[Hashable]
Carried = dict[str, Labels]
Assignment = Mapping[Choice, int]
Place = Callable[[Sequence[int], int], list[int]]


@dataclass(frozen=True, slots=True)
class Made:
    """The label of a position that a value makes itself."""

    by: int
    dim: str
    position: int


@dataclass(frozen=True, slots=True)
class Zero:
    """The label of a position of padding."""

    side: str
    number: int


@dataclass(frozen=True, slots=True)
class Part:
    """The label of a position of one of several joined tensors."""

    number: int
    label: Hashable


def fair(sizes: Sequence[int], size: int) -> list[int]:
    """The window of a size on a ring as long as the largest, on which it comes after all smaller ones."""
    part, most = gcd(*sizes), max(sizes)
    begin = sum(n for n in sizes if n < size)
    return sorted((begin + i) % most for i in range(size)) if part else []


def naive(sizes: Sequence[int], size: int) -> list[int]:
    return list(range(size))


def window(size: Expr, at: Assignment, place: Place) -> tuple[list[int], int]:
    """The positions that a layer of this width makes, and how many there are in all, lists being settled."""
    free = [c for c in size.choices() if c.kind != "list"]
    table = {
        key: size.at({**at, **dict(zip(free, key, strict=True))})
        for key in itertools.product(*(range(c.size) for c in free))
    }
    table = {key: n for key, n in table.items() if type(n) is int}
    here = tuple(at[c] for c in free)
    axes = _product(table, [c.size for c in free]) or [sorted(set(table.values()))]
    units = [{n // gcd(*axis) for n in axis} for axis in axes]
    sizes = (
        [_step(axis, i) for axis, i in zip(axes, here, strict=True)]
        if len(axes) == len(free) > 1
        else [table[here] // gcd(*axes[0])]
    )
    taken = [place(sorted(unit), n) for unit, n in zip(units, sizes, strict=True)]
    extents = [max(unit) for unit in units]
    inner = table[here] // prod(sizes)
    positions = []
    for cell in itertools.product(*taken, range(inner)):
        number = 0
        for i, n in zip(cell, [*extents, inner], strict=True):
            number = number * n + i
        positions.append(number)
    return positions, prod(extents) * inner


def _product(
    table: Mapping[tuple[int, ...], int], counts: list[int]
) -> list[list[int]] | None:
    """The sizes along each choice, the others at their first answer, if the table is a product of functions
    of one choice each.
    """
    if len(counts) < 2 or len(table) < prod(counts):
        return None
    origin = (0,) * len(counts)
    lines = [
        [table[(*origin[:k], i, *origin[k + 1 :])] for i in range(n)]
        for k, n in enumerate(counts)
    ]
    for key, size in table.items():
        if size * prod(line[0] for line in lines) != table[origin] * prod(
            line[i] for line, i in zip(lines, key, strict=True)
        ):
            return None
    return lines


def _step(axis: list[int], index: int) -> int:
    return axis[index] // gcd(*axis)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is carried for one architecture of a graph."""

    graph: Graph
    at: Assignment
    place: Place

    def run(self) -> dict[Value, Carried]:
        """The labels of every value that the architecture may need, by dimension."""
        found: dict[Value, Carried] = {}
        for value in self.graph.values:
            if not any(isinstance(n.at(self.at), Undefined) for n in value.shape.values()):
                found[value] = self.labels(value, found)
        return found

    def labels(self, value: Value, found: Mapping[Value, Carried]) -> Carried:
        if isinstance(value, Input):
            return {d: self.new(value, d) for d in value.shape}
        if isinstance(value, Select):
            return found[value.operands[value.index.at(self.at)]]
        if isinstance(value, Pick):
            chosen = value.subset.at(self.at)
            first = found[value.operands[chosen[0]]]
            joined: Labels = [
                Part(i, label)
                for i in chosen
                for label in found[value.operands[i]].get(value.dim or "", ["once"])
            ]
            return {d: joined if d == value.dim else first[d] for d in value.shape}
        read = [found[o] for o in value.inputs]
        first = {d: labels for one in reversed(read) for d, labels in one.items()}
        moved = MOVES[value.name](self, value, read) if value.name in MOVES else {}
        return {
            d: moved.get(d) or (self.new(value, d) if d in self.opened(value) else first[d])
            for d in value.shape
        }

    def opened(self, op: Op) -> set[str]:
        """The dimensions of which the op makes positions of its own."""
        missing = {d for d in op.shape if not any(d in o.shape for o in op.inputs)}
        other = {
            d
            for d in op.shape
            if op.name in RESIZES
            and d in op.inputs[0].shape
            and op.shape[d] != op.inputs[0].shape[d]
        }
        if op.name == "conv" and not (
            op.inputs[0].shape.get("c") == op.attrs["groups"] == op.shape["c"]
        ):
            other.add("c")
        if op.name == "linear":
            other.add("c" if "c" in op.attrs["dim"].value else op.attrs["dim"].value[0])
        return missing | other | ({op.attrs["into"].value} if op.name == "split" else set())

    def new(self, value: Value, dim: str) -> Labels:
        size, searched = (
            value.shape[dim],
            not isinstance(value, Input) and dim not in "bthw",
        )
        parts = self.cut(value, dim)
        each = Expr(
            size.scope, tuple(n // parts if type(n) is int else n for n in size.table)
        )
        positions, most = window(each, self.at, self.place if searched else naive)
        return [Made(id(value), dim, k * most + p) for k in range(parts) for p in positions]

    def cut(self, value: Value, dim: str) -> int:
        """Into how many equal parts everybody cuts what a layer makes."""
        if (
            not (isinstance(value, Op) and value.name in ("conv", "linear"))
            or value in self.graph.outputs
        ):
            return 1
        users = _users(self.graph)[value]
        cuts = {
            u.attrs[dim].value
            if isinstance(u, Op) and u.name == "chunk" and dim in u.attrs
            else 1
            for u in users
        }
        return cuts.pop() if len(cuts) == 1 else 1


@cache
def _users(graph: Graph) -> Mapping[Value, list[Value]]:
    found: dict[Value, list[Value]] = {value: [] for value in graph.values}
    for value in graph.values:
        for operand in (
            ()
            if isinstance(value, Input)
            else value.inputs
            if isinstance(value, Op)
            else value.operands
        ):
            found[operand].append(value)
    return found


RESIZES = ("conv", "max_pool", "avg_pool", "resize")


def _concat(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    dim = op.attrs["dim"].value
    return (
        {
            dim: [
                Part(k, label)
                for k, one in enumerate(read)
                for label in one.get(dim, ["once"])
            ]
        }
        if len(read) > 1
        else {}
    )


def _attend(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    return {"c": read[2]["c"]}


def _merge(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    over = op.attrs["over"].value
    return {
        op.attrs["into"].value: list(itertools.product(*(read[0][d] for d in over)))
        if len(over) > 1
        else read[0][over]
    }


def _split(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    """Merged positions come apart where they are cut as they were joined."""
    over, into = op.attrs["over"].value, op.attrs["into"].value
    rows = read[0][over]
    if all(isinstance(label, tuple) and len(label) == len(into) for label in rows):
        parts: list[Labels] = [
            list(dict.fromkeys(label[k] for label in rows)) for k in range(len(into))
        ]  # type: ignore[index]
        if [len(p) for p in parts] == [
            op.shape[d].at(run.at) for d in into
        ] and rows == list(itertools.product(*parts)):
            return dict(zip(into, parts, strict=True))
    return {d: run.new(op, d) for d in into}


def _rename(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    return {
        new: read[0][old]
        for old, new in zip(op.attrs["over"].value, op.attrs["into"].value, strict=True)
        if old in read[0]
    }


def _take(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    ranges = {d: op.attrs[d].at(run.at) for d in op.shape if op.attrs.get(d)}
    return {
        d: [read[0][d][i] for i in which]
        for d, which in ranges.items()
        if which is not None
    }


def _chunk(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    ((dim, count),) = (
        (d, e.value) for d, e in op.attrs.items() if len(d) == 1 and e.value is not None
    )
    part, size = op.attrs["index"].value, len(read[0][dim]) // count
    return {dim: read[0][dim][part * size : (part + 1) * size]}


def _pad(run: Evaluation, op: Op, read: list[Carried]) -> Carried:
    pairs = {d: op.attrs[d].at(run.at) for d in op.shape if op.attrs.get(d)}
    return {
        d: [
            *(Zero("low", i) for i in range(pair[0])),
            *read[0][d],
            *(Zero("high", i) for i in range(pair[1])),
        ]
        for d, pair in pairs.items()
        if pair is not None
    }


MOVES: Mapping[str, Callable[[Evaluation, Op, list[Carried]], Carried]] = {
    "concat": _concat,
    "attend": _attend,
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "take": _take,
    "chunk": _chunk,
    "pad": _pad,
}

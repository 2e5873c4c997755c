"""What becomes of the weights of one model in another: carried over as they are, in part, or not at all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from archdsl.compare.channels import Labelled, axes_of, labels_of, positions
from archdsl.compare.difference import Inheritance
from archdsl.compare.graphs import paired
from archdsl.compare.inheritance import Heir, heirs, inheritance
from archdsl.ir.graph import Graph, Op, Value
from archdsl.ir.instance import key
from archdsl.ops.axes import Within
from archdsl.ops.table import PRIMITIVES, lies_of

# For each position of an axis the one that it was, None for a new one.
Positions: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Carry:
    """A weight of the second model by its `state_dict` key, and where its numbers come from.

    `source` is a key of the first model, None where the weight starts anew. `axes` is empty where all of it
    is carried over as it is; otherwise it says so axis by axis. The axes from `kernel` on are those of a
    kernel: positions around the old ones start at zero there, all other new positions as the text says.
    """

    key: str
    source: str | None = None
    axes: tuple[Positions, ...] = ()
    kernel: int = 0


@dataclass(frozen=True, slots=True)
class Migration:
    """The weights of the second model in program order; `modules` are the places of batch norms, (of the
    second, of the first), whose running statistics go with their channels, for which `statistics` has the
    positions. `inherits` is what a diff says.
    """

    carries: tuple[Carry, ...]
    modules: Mapping[str, str]
    statistics: Mapping[str, Positions]
    inherits: Inheritance


def migration(a: Graph, b: Graph) -> Migration:
    """How the weights of a model `a` become those of a model `b`: what the diff of the two pairs, by name.

    Of equal sizes a weight is carried over as it is. Where channels differ, those that are the same take the
    old numbers: the first of a layer's own, and those of the same origin behind a concatenation. A kernel of
    another size has the old one in its middle, or is the middle of the old one.
    """
    pairing = paired(a, b)
    names: dict[Value, Hashable] = {}
    for i, (x, y) in enumerate(pairing.nodes.values.items()):
        names[x] = names[y] = i
    labels_a, labels_b = labels_of(a, names), labels_of(b, names)
    carries = tuple(_carry(heir, labels_a, labels_b) for heir in heirs(pairing))
    modules: dict[str, str] = {}
    statistics: dict[str, Positions] = {}
    for x, y in pairing.nodes.values.items():
        if not isinstance(x, Op) or not isinstance(y, Op) or x.name != y.name:
            continue
        place, dim = _place(y), PRIMITIVES[y.name].running
        if not dim or place in modules:
            continue
        modules[place] = _place(x)
        before, after = x.shape[dim].value, y.shape[dim].value
        if before != after:
            old, new = labels_a[x].get(dim), labels_b[y].get(dim)
            statistics[place] = positions(old, new, (before, after))
    return Migration(carries, modules, statistics, inheritance(pairing))


def _carry(
    heir: Heir, labels_a: Mapping[Value, Labelled], labels_b: Mapping[Value, Labelled]
) -> Carry:
    name = key(heir.weight.full_name)
    if heir.source is None or heir.holders is None:
        return Carry(name)
    source = key(heir.source.full_name)
    if heir.is_same:
        return Carry(name, source)
    x, y = heir.holders
    if _is_grouped_otherwise(x, y):
        return Carry(name)
    lies = lies_of(y, heir.weight)
    kernel = next((i for i, lie in enumerate(lies) if isinstance(lie, Within)), len(lies))
    axes: list[Positions] = []
    before, after = axes_of(x, heir.source, labels_a), axes_of(y, heir.weight, labels_b)
    for i, (m, n) in enumerate(zip(heir.source.shape, heir.weight.shape, strict=True)):
        sizes = m.value, n.value
        axes.append(
            _centre(*sizes) if i >= kernel else positions(before[i], after[i], sizes)
        )
    if any(set(axis) <= {None} for axis in axes):  # nothing of an axis stays
        return Carry(name)
    return Carry(name, source, tuple(axes), kernel)


def _centre(before: int, after: int) -> Positions:
    """The old positions in the middle of the new ones, or the new ones from the middle of the old."""
    shift = (before - after) // 2 if before >= after else -((after - before) // 2)
    return tuple(i + shift if 0 <= i + shift < before else None for i in range(after))


def _is_grouped_otherwise(x: Value, y: Value) -> bool:
    """Whether a convolution's groups see other channels than before: its numbers then mean nothing."""
    if not (isinstance(x, Op) and isinstance(y, Op) and x.name == y.name):
        return False
    if PRIMITIVES[y.name].role != "convolution":
        return False
    before, after = _grouping(x), _grouping(y)
    are_plain = before[0] == after[0] == 1
    are_depthwise = len(set(before)) == len(set(after)) == 1
    return before != after and not are_plain and not are_depthwise


def _grouping(op: Op) -> tuple[int, int, int]:
    """The groups of a convolution, and the channels that it reads and makes."""
    return op.attrs["groups"].value, op.inputs[0].shape["c"].value, op.shape["c"].value


def _place(op: Op) -> str:
    return key(op.weights[0].path if op.weights else op.instance.weights_path)

"""What the parts of two models cost, rolled up the tree: where a difference in the totals comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from archdsl.ir.graph import Graph, Op, Value
from archdsl.outline.paths import KeyPath, natural
from archdsl.outline.tree import Node, weights_of


@dataclass(frozen=True, slots=True)
class PartCost:
    """Params and MACs (at the declared sizes) of one part, before and after; 0 where it is not there."""

    path: str
    params: tuple[int, int]
    macs: tuple[int, int]


@dataclass(slots=True)
class _Sums:
    params: dict[KeyPath, int] = field(default_factory=dict)
    macs: dict[KeyPath, int] = field(default_factory=dict)


def rolled_up(
    a: Graph, b: Graph, owners_a: Mapping[Value, Node], owners_b: Mapping[Value, Node]
) -> tuple[PartCost, ...]:
    """The parts of two models whose cost differs, by path, every level of the tree; nothing where a choice is
    left open.

    A shared weight counts where it is used first.
    """
    if a.choices or b.choices:
        return ()
    before, after = _sums(a, owners_a), _sums(b, owners_b)
    changed = []
    for path in {*before.macs, *after.macs}:
        params = before.params.get(path, 0), after.params.get(path, 0)
        macs = before.macs.get(path, 0), after.macs.get(path, 0)
        if params[0] != params[1] or macs[0] != macs[1]:
            changed.append(PartCost(str(path), params, macs))
    return tuple(sorted(changed, key=lambda part: natural(part.path)))


def _sums(graph: Graph, owners: Mapping[Value, Node]) -> _Sums:
    sums = _Sums()
    counted = set()
    for value in graph.values:
        params = 0
        for weight in weights_of(value):
            if weight.identity not in counted:
                counted.add(weight.identity)
                params += prod(n.value for n in weight.shape)
        macs = value.macs.value if isinstance(value, Op) else 0
        node: Node | None = owners[value]
        while node is not None and node.path:
            sums.params[node.path] = sums.params.get(node.path, 0) + params
            sums.macs[node.path] = sums.macs.get(node.path, 0) + macs
            node = node.parent
    return sums

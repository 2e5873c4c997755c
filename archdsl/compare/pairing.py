"""What two architectures have in common, and what it means for two values of them to be the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.compare.expressions import ChoicePairs, agree
from archdsl.compare.matching import Matching
from archdsl.ir.expr import Expr, Undefined
from archdsl.ir.graph import Graph, Op, Value, Weight
from archdsl.outline.tree import Node, weights_of


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two architectures, which parts and choices of them are paired, and the node of every value."""

    a: Graph
    b: Graph
    nodes: Matching
    choices: ChoicePairs
    owners_a: Mapping[Value, Node]
    owners_b: Mapping[Value, Node]


def same_op(a: Op, b: Op, pairing: Pairing) -> bool:
    """Whether two ops are one primitive with equal parameters; sizes and inputs aside."""
    return (
        a.name == b.name
        and a.attrs.keys() == b.attrs.keys()
        and all(agree(e, b.attrs[k], pairing.choices) for k, e in a.attrs.items())
    )


def same_shape(a: Value, b: Value, pairing: Pairing) -> bool:
    return set(a.shape) == set(b.shape) and all(
        agree(size, b.shape[dim], pairing.choices) for dim, size in a.shape.items()
    )


def same_weights(a: Value, b: Value, pairing: Pairing) -> bool:
    ours, theirs = weights_of(a), weights_of(b)
    if [w.name for w in ours] != [w.name for w in theirs]:
        return False
    return all(_same_tensor(x, y, pairing) for x, y in zip(ours, theirs, strict=True))


def _same_tensor(a: Weight, b: Weight, pairing: Pairing) -> bool:
    return len(a.shape) == len(b.shape) and all(
        agree(m, n, pairing.choices) and widest(m) == widest(n)
        for m, n in zip(a.shape, b.shape, strict=True)
    )


def same_sizes(a: Value, b: Value, pairing: Pairing) -> bool:
    return same_shape(a, b, pairing) and same_weights(a, b, pairing)


def widest(size: Expr) -> int:
    """The largest value of a size over the space."""
    return max((v for v in size.distinct() if not isinstance(v, Undefined)), default=0)

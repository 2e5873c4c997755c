"""How much of the weights one architecture takes over from the other, and which tensor from which."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from archdsl.compare.difference import Inheritance
from archdsl.compare.pairing import Pairing, widest
from archdsl.ir.graph import Value, Weight
from archdsl.outline.tree import weights_of


@dataclass(frozen=True, slots=True)
class Heir:
    """A weight of the second architecture and, unless it starts anew, the one of the first that it comes
    from.

    `holders` are the paired values that hold them, (of the first, of the second). `is_same` where all sizes
    are equal.
    """

    weight: Weight
    source: Weight | None = None
    holders: tuple[Value, Value] | None = None

    @property
    def is_same(self) -> bool:
        return self.source is not None and all(
            widest(m) == widest(n)
            for m, n in zip(self.source.shape, self.weight.shape, strict=True)
        )

    @property
    def size(self) -> int:
        """Its elements, of a space at its widest."""
        size = 1
        for n in self.weight.shape:
            size *= widest(n)
        return size


def heirs(pairing: Pairing) -> Iterator[Heir]:
    """Every weight of the second architecture once, with what the paired op has of that name and rank."""
    found: dict[Hashable, Heir] = {}
    for a, b in pairing.nodes.values.items():
        ours: Mapping[str, Weight] = {w.name: w for w in weights_of(a)}
        for weight in weights_of(b):
            if weight.name in ours:
                found.setdefault(weight.identity, Heir(weight, ours[weight.name], (a, b)))
    for identity, weight in pairing.b.weights().items():
        heir = found.get(identity)
        known = (
            heir is not None
            and heir.source is not None
            and len(heir.source.shape) == len(weight.shape)
        )
        yield heir if heir is not None and known else Heir(weight)


def inheritance(pairing: Pairing) -> Inheritance:
    """Counts elements of the second architecture's weights, each tensor once."""
    same = sliceable = total = 0
    for heir in heirs(pairing):
        total += heir.size
        if heir.source is not None and heir.is_same:
            same += heir.size
        elif heir.source is not None:
            sliceable += heir.size
    return Inheritance(same, sliceable, total)

"""How many of the weights one architecture can take over from the other."""

from __future__ import annotations

from collections.abc import Hashable

from archdsl.compare.difference import Inheritance
from archdsl.compare.pairing import Pairing, widest
from archdsl.compare.tree import weights_of
from archdsl.ir.graph import Weight


def inheritance(pairing: Pairing) -> Inheritance:
    """Counts elements of the second architecture's weights, each tensor once, by what the paired op has of that name."""
    source: dict[Hashable, Weight] = {}
    for a, b in pairing.nodes.values.items():
        ours = {w.name: w for w in weights_of(a)}
        for weight in weights_of(b):
            if weight.name in ours:
                source.setdefault(weight.identity, ours[weight.name])
    same = sliceable = total = 0
    for identity, weight in pairing.b.weights().items():
        size = 1
        for n in weight.shape:
            size *= widest(n)
        total += size
        known = source.get(identity)
        if known is None or len(known.shape) != len(weight.shape):
            continue
        if all(widest(m) == widest(n) for m, n in zip(known.shape, weight.shape, strict=True)):
            same += size
        else:
            sliceable += size
    return Inheritance(same, sliceable, total)

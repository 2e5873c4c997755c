"""The one table of primitives. Everything larger is written in the language."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.ops import activation, attention, combine, conv, linear, normalise, pool, rearrange
from archdsl.ops.initialisers import INITIALISERS
from archdsl.ops.primitive import Primitive

FAMILIES: Mapping[str, tuple[Primitive, ...]] = {
    "Convolution": conv.PRIMITIVES,
    "Linear maps": linear.PRIMITIVES,
    "Normalisation": normalise.PRIMITIVES,
    "Pooling": pool.PRIMITIVES,
    "Products": attention.PRIMITIVES,
    "Activations": activation.PRIMITIVES,
    "Combination": combine.PRIMITIVES,
    "Rearrangement": rearrange.PRIMITIVES,
}

PRIMITIVES: Mapping[str, Primitive] = {p.name: p for family in FAMILIES.values() for p in family}

__all__ = ["FAMILIES", "INITIALISERS", "PRIMITIVES"]

"""The one table of primitives. Everything larger is written in the language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain

from archdsl.ir.graph import Op, Value, Weight
from archdsl.ops import (
    activation,
    attention,
    combine,
    conv,
    linear,
    normalise,
    pointwise,
    pool,
    rearrange,
    reductions,
)
from archdsl.ops.axes import Lie, Lies, Origins, Over, Place
from archdsl.ops.call import call_of
from archdsl.ops.initialisers import INITIALISERS
from archdsl.ops.primitive import Primitive, Role

FAMILIES: Mapping[str, tuple[Primitive, ...]] = {
    "Convolution": conv.PRIMITIVES,
    "Linear maps": linear.PRIMITIVES,
    "Normalisation": normalise.PRIMITIVES,
    "Pooling": pool.PRIMITIVES,
    "Reductions": reductions.PRIMITIVES,
    "Products": attention.PRIMITIVES,
    "Activations": activation.PRIMITIVES,
    "Mathematics": pointwise.PRIMITIVES,
    "Combination": combine.PRIMITIVES,
    "Rearrangement": rearrange.PRIMITIVES,
}

PRIMITIVES: Mapping[str, Primitive] = {
    p.name: p for p in chain.from_iterable(FAMILIES.values())
}


_remembered = lru_cache(
    maxsize=32
)  # whoever follows axes asks several things of one op before the next
_call = _remembered(call_of)


@_remembered
def origins_of(op: Op) -> Origins:
    """Where the positions of an op's result come from, by dimension."""
    return PRIMITIVES[op.name].origins(_call(op), op.shape)


@_remembered
def done_over(op: Op) -> Mapping[Place, Over]:
    """What an op does over the dimensions of its inputs, by input and dimension."""
    return PRIMITIVES[op.name].done(_call(op), op.shape)


def sizes_of(op: Op) -> Mapping[str, tuple[int | None, str]]:
    """Attributes of an op that are the size of a dimension, of an input by its number or (None) of the
    result.
    """
    return PRIMITIVES[op.name].sizes(_call(op), op.shape)


def lies_of(value: Value, weight: Weight) -> tuple[Lie, ...]:
    """How a weight that a value holds lies, axis by axis; None where its row says nothing."""
    known = _lies(value).get(weight.name) if isinstance(value, Op) else None
    return known or (None,) * len(weight.shape)


@_remembered
def _lies(op: Op) -> Lies:
    return PRIMITIVES[op.name].lies(_call(op), op.shape)


def role_of(name: str) -> Role | None:
    """The role of a primitive; None for the name of something else, such as a block."""
    primitive = PRIMITIVES.get(name)
    return primitive.role if primitive is not None else None


def joins_what_it_reads(name: str) -> bool:
    """Whether a layer is shown with the one that it reads: a norm, an activation, a dropout."""
    return role_of(name) in ("norm", "activation", "dropout")


__all__ = [
    "FAMILIES",
    "INITIALISERS",
    "PRIMITIVES",
    "done_over",
    "joins_what_it_reads",
    "lies_of",
    "origins_of",
    "role_of",
    "sizes_of",
]

"""Where streams meet: a lateral convolution stands between them, and is no layer of the one that it ends in.

    fuse = (slow, fast) -> { concat of slow and conv(fast) }       of SlowFast, 64 and 16 channels become 80

is a convolution of 16 channels that reads the fast stream, and a concatenation in the slow one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from archdsl.ir.graph import Op, Value, operands
from archdsl.ops.table import role_of
from archdsl.outline.reading import Outline


def meets(name: str) -> bool:
    """Whether a primitive is one in which streams meet: a sum, a product, a concatenation."""
    return role_of(name) in ("join", "arithmetic")


@dataclass(frozen=True, slots=True)
class Lateral:
    """A part taken apart: what is done to the one stream, and what joins the result to the other, untouched
    one."""

    branch: tuple[Value, ...]
    join: Value


def lateral(values: Collection[Value], outline: Outline) -> Lateral | None:
    """The connection that a part is; None where it is none: a shortcut joins a stream to itself."""
    leaving = outline.leaving(values)
    join = leaving[0] if len(leaving) == 1 else None
    if not isinstance(join, Op) or not meets(join.name):
        return None
    inside = set(values)
    untouched = {v for v in operands(join) if v not in inside}
    branch = outline.in_order(inside - {join})
    read = set(outline.entering(branch))
    has_weights = any(isinstance(v, Op) and v.weights for v in branch)
    if not untouched or not read or not has_weights or untouched & read:
        return None
    return Lateral(tuple(branch), join)

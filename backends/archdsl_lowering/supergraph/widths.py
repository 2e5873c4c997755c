"""Tensors along a width: positions of a super-axis taken, put back in their places, and masked.

Of a super-axis of 6, an alternative of width 2 has the positions (2, 3). `narrowed` takes these two of a
tensor of 6, the weights of that alternative make 2 of them, and `padded` lays those at (2, 3) of 6 again,
zeros around them: two zeros are added behind, and all are put in the order (2, 3, 0, 1, 4, 5).
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl_lowering.rows.layout import Layout, alone, axis
from archdsl_lowering.rows.site import Form, Handle, Site, Value
from archdsl_lowering.supergraph.masks import Mask, Within
from archdsl_lowering.supergraph.recorder import Recorder
from archdsl_lowering.supergraph.windows import Positions, everything


@dataclass(frozen=True, slots=True)
class Index:
    """Numbers of positions, as a tensor."""

    positions: Positions


def narrowed(emit: Recorder, x: Value, d: str, positions: Positions) -> Value:
    """Some positions of a dimension."""
    if positions == everything(x.sizes[d]):
        return x
    handle, layout = _unfolded(emit, x, d)
    count = len(positions)
    if positions == everything(count):
        found = emit.function("torch.narrow", handle, axis(layout, d), 0, count)
    else:
        found = _selected(emit, handle, axis(layout, d), positions)
    return Value(x.sizes.given({d: count}), [Form(found, layout)])


def padded(emit: Recorder, x: Value, d: str, positions: Positions, size: int) -> Value:
    """A tensor with its positions at these places of so many, zeros elsewhere."""
    if positions == everything(size):
        return x
    handle, layout = _unfolded(emit, x, d)
    at, count = axis(layout, d), len(positions)
    behind = (0, 0) * (len(layout) - 1 - at)
    found = emit.function("torch.nn.functional.pad", handle, (*behind, 0, size - count))
    if positions != everything(count):
        order = {p: i for i, p in enumerate(positions)}
        empty = iter(range(count, size))
        places = tuple([order[i] if i in order else next(empty) for i in range(size)])
        found = _selected(emit, found, at, places)
    return Value(x.sizes.given({d: size}), [Form(found, layout)])


def masked(emit: Recorder, x: Value, d: str, mask: Mask | Within) -> Value:
    """A tensor times a mask along a dimension."""
    handle, layout = _unfolded(emit, x, d)
    behind = len(layout) - 1 - axis(layout, d)
    factor = emit.tensor(mask)
    if behind:
        factor = emit.method("reshape", factor, (-1, *[1] * behind))
    found = emit.function("operator.mul", handle, factor)
    return Value(x.sizes, [Form(found, layout)])


def _unfolded(emit: Recorder, x: Value, d: str) -> tuple[Handle, Layout]:
    """A tensor in which a dimension is an axis of its own."""
    site = Site("", (x,), {}, x.sizes, emit)
    return site.fit(x, lambda form: alone(form, d))


def _selected(emit: Recorder, handle: Handle, at: int, positions: Positions) -> Handle:
    return emit.function("torch.index_select", handle, at, emit.tensor(Index(positions)))

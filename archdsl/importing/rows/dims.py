"""Dimensions of a tensor: one number for each, axes that are there, put in, taken out, repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from archdsl.importing.builder import WHOLE, Tensor
from archdsl.importing.lifting import Lift
from archdsl.importing.values import Layout


def each(value: Any, rank: int) -> tuple[int, ...]:
    """A number, or one for each dimension, as the latter."""
    if isinstance(value, int):
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)


def repeated(lift: Lift, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """The nearest of the last dimensions: each position as often as the new size has it."""
    before = x.shape[-len(sizes) :]
    if any(new % old for new, old in zip(sizes, before, strict=True)):
        lift.make.refuse(
            f"the nearest of {before} for {tuple(sizes)} is no whole repetition"
        )
    first = x.rank - len(sizes)
    for place, (old, new) in enumerate(zip(before, sizes, strict=True)):
        if new != old:
            axis = first + 2 * place
            wide = unsqueezed(x, axis + 1)
            shape = list(wide.shape)
            shape[axis + 1] = new // old
            x = lift.make.expanded(expand(lift, wide, shape), axis + 1)
        else:
            x = unsqueezed(x, first + 2 * place + 1)
    return lift.make.reshape(x, (*x.shape[:first], *sizes))


def is_present(x: Tensor, axis: int) -> bool:
    lies = x.layout.axes[axis]
    return bool(lies) and not any(d.startswith("*") for d, _ in lies)


def uncut(lift: Lift, x: Tensor, axes: Iterable[int]) -> Tensor:
    """With whole letters along some axes; a weight that nobody has read yet has nothing else."""
    if x.value in lift.make.pending:
        return x
    return lift.make.conform(x, {i: WHOLE for i in axes if is_present(x, i)})


def unsqueezed(x: Tensor, axis: int) -> Tensor:
    axes = (*x.layout.axes[:axis], (), *x.layout.axes[axis:])
    return x.over(Layout(x.layout.dims, axes))


def squeezed(lift: Lift, x: Tensor, axes: Iterable[int]) -> Tensor:
    """Without these axes, as far as they have size 1; a batch of 1 stays."""
    gone = []
    for axis in axes:
        if x.shape[axis] == 1 and not any(d == "b" for d, _ in x.layout.axes[axis]):
            x = lift.make.single(x, axis)
            gone.append(axis)
    return x.over(
        x.layout.with_axes(a for i, a in enumerate(x.layout.axes) if i not in gone)
    )


def expand(lift: Lift, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """Axes of size 1 repeated, which only says so until somebody needs them."""
    axes = ((),) * (len(sizes) - x.rank) + x.layout.axes
    x = x.over(Layout(x.layout.dims, axes))
    for axis, size in enumerate(sizes):
        if size in (-1, x.shape[axis]):
            continue
        x = lift.make.single(x, axis)
        mark = f"*{axis}" if not (axis == 0 and size == _batch(lift)) else "*b"
        while mark in x.layout.dims:
            mark += "'"
        dims = {**x.layout.dims, mark: (size,)}
        lies = tuple(((mark, 0),) if i == axis else a for i, a in enumerate(x.layout.axes))
        x = x.over(Layout(dims, lies))
    return x


def _batch(lift: Lift) -> int:
    inputs = lift.captured.inputs
    return inputs[0].shape[0] if inputs and inputs[0].shape else -1


def same_axis(a: Tensor, b: Tensor, axis: int) -> bool:
    """Whether both have the same whole letters along an axis, or one has none."""
    if not is_present(a, axis) or not is_present(b, axis):
        return True
    letters = a.layout.whole(axis)
    return bool(letters) and letters == b.layout.whole(axis)

"""What takes parts of tensors, pads, moves or renames dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from archdsl_lowering.rows.layout import (
    Layout,
    alone,
    apart,
    axis,
    drop,
    flat,
    joined,
    keep,
    replaced,
    without,
)
from archdsl_lowering.rows.site import Handle, Site, Value

_INTERPOLATE = "torch.nn.functional.interpolate"
_MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def mean(site: Site) -> Value:
    """The mean over dimensions, which are gone afterwards; over none it is the tensor (torch would take
    all).
    """
    over: str = site.attrs["over"]
    if not over:
        return site.x
    x, layout = site.fit(site.x, lambda form: apart(form, over))
    axes = tuple(i for i, group in enumerate(layout) if group[0] in over)
    return site.result(site.emit.function("torch.mean", x, axes), without(layout, over))


def chunk(site: Site) -> Value:
    """One of equal parts along a dimension: a view."""
    (dim,) = _letters(site.attrs)
    x, layout = site.fit(site.x, lambda form: alone(form, dim))
    size = site.sizes[dim]
    part = site.emit.function(
        "torch.narrow", x, axis(layout, dim), site.attrs["index"] * size, size
    )
    return site.result(part, layout)


def merge(site: Site) -> Value:
    """Several dimensions become one, the first the slowest; nothing moves where they already lie so."""
    over, into = site.attrs["over"], site.attrs["into"]
    if not any(replaced(form.layout, over, into) for form in site.forms(site.x)):
        site.fit(site.x, lambda form: joined(form, over))
    return site.relabelled(site.x, lambda form: replaced(form, over, into), site.sizes)


def split(site: Site) -> Value:
    """One dimension becomes several, the first the slowest: a matter of names until somebody wants them
    apart.
    """
    over, into = site.attrs["over"], site.attrs["into"]
    return site.relabelled(site.x, lambda form: replaced(form, over, into), site.sizes)


def rename(site: Site) -> Value:
    """The same tensor under other names."""
    names = str.maketrans(site.attrs["over"], site.attrs["into"])
    return site.relabelled(
        site.x, lambda form: tuple([g.translate(names) for g in form]), site.sizes
    )


def take(site: Site) -> Value:
    """An index removes its dimension, a range keeps those positions."""
    wanted = {dim: site.attrs[dim] for dim in _letters(site.attrs)}
    x, layout = site.fit(site.x, lambda form: alone(form, "".join(wanted)))
    for dim, which in wanted.items():
        at = axis(layout, dim)
        if isinstance(which, int):
            x = site.emit.function("torch.select", x, at, which)
            layout = layout[:at] + layout[at + 1 :]
        else:
            x = _positions(site, x, at, which, len(layout))
    return site.result(x, layout)


def expand(site: Site) -> Value:
    """New dimensions along which the tensor repeats, without copies."""
    new = "".join(_letters(site.attrs))
    x, layout = site.fit(site.x, lambda form: form + ("",) * len(new))
    kept = layout[: -len(new)]
    counts = [-1] * len(kept) + [site.sizes[d] for d in new]
    return site.result(site.emit.method("expand", x, *counts), (*kept, *new))


def pad(site: Site) -> Value:
    """Zeros before and after along dimensions."""
    wanted = {
        dim: tuple(site.attrs[dim]) for dim in _letters(site.attrs) if any(site.attrs[dim])
    }
    if not wanted:
        return site.unmoved()
    x, layout = site.fit(site.x, lambda form: alone(form, "".join(wanted)))
    return site.result(_zeros_around(site, x, layout, wanted), layout)


def resize(site: Site) -> Value:
    """Interpolation, linear in each resized dimension, corners not aligned. A dimension that keeps its size
    is left alone.
    """
    wanted = [d for d in "thw" if d in site.x.sizes and d in _letters(site.attrs)]
    dims = "".join(d for d in wanted if site.x.sizes.seen(d) != site.sizes[d])
    for d in wanted:
        if d not in dims:
            site.x.sizes.hold(d)
    if not dims:
        return site.unmoved()
    x, layout = site.fit(site.x, lambda form: _batch_and_channels(form, dims))
    size = tuple(site.sizes[d] for d in dims)
    mode = _MODES[len(dims)]
    x = site.emit.function(_INTERPOLATE, x, size=size, mode=mode, align_corners=False)
    return site.result(x, layout)


def shift(site: Site) -> Value:
    """Some channels come from `offset` positions further on, zeros where there is no such position."""
    (dim,) = site.attrs["over"]
    offset: int = site.attrs["offset"]
    channels: range = site.attrs["channels"]
    size = site.sizes[dim]
    if offset == 0 or len(channels) == 0:
        return site.unmoved()
    x, layout = site.fit(site.x, lambda form: alone(form, "c" + dim))
    at, along_c = axis(layout, dim), axis(layout, "c")
    start, stop, step = _ascending(channels)
    part = _positions(site, x, along_c, range(start, stop, step), len(layout))
    left = max(size - abs(offset), 0)
    if left:
        part = site.emit.function("torch.narrow", part, at, max(offset, 0), left)
        part = _zeros_around(site, part, layout, {dim: (max(-offset, 0), max(offset, 0))})
    else:
        part = site.emit.function("torch.zeros_like", part)
    return site.result(
        site.emit.function("torch.slice_scatter", x, part, along_c, start, stop, step),
        layout,
    )


def weight(site: Site) -> Value:
    """A learnable tensor, its dimensions in the order in which they were written."""
    return site.result(site.emit.weight(""), tuple(site.sizes))


def _letters(attrs: Mapping[str, Any]) -> list[str]:
    """The keyword arguments that name a dimension."""
    return [name for name, value in attrs.items() if len(name) == 1 and value is not None]


def _positions(site: Site, x: Handle, at: int, which: range, rank: int) -> Handle:
    start, stop, step = _ascending(which)
    if step == 1:
        x = site.emit.function("torch.narrow", x, at, start, stop - start)
    else:
        index = (*[slice(None)] * at, slice(start, stop, step))
        x = site.emit.function("operator.getitem", x, index)
    return x if which.step > 0 else site.emit.function("torch.flip", x, (at,))


def _ascending(which: range) -> tuple[int, int, int]:
    """First position, one past the last, and step, of a range read upwards."""
    return min(which), max(which) + 1, abs(which.step)


def _zeros_around(
    site: Site, x: Handle, layout: Layout, amounts: Mapping[str, tuple[int, int]]
) -> Handle:
    first = min(axis(layout, dim) for dim in amounts)
    pairs = [amounts.get(group, (0, 0)) for group in reversed(layout[first:])]
    return site.emit.function(
        "torch.nn.functional.pad", x, tuple(chain.from_iterable(pairs))
    )


def _batch_and_channels(form: Layout, dims: str) -> Layout:
    rest = drop(flat(form), dims)
    channels = keep(rest, "c")
    return (drop(rest, channels), channels, *dims)

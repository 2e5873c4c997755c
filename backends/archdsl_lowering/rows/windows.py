"""Convolution and pooling: b and what else is no channel or window dimension is folded into the first
axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.ops.sizes import along, padding_amounts, window_dims
from archdsl_lowering.rows.layers import Window, convolution
from archdsl_lowering.rows.layout import Layout, drop, flat
from archdsl_lowering.rows.site import Handle, Site, Value
from archdsl_lowering.rows.sizes import Sizes

LOWEST = float("-inf")


def conv(site: Site) -> Value:
    """`weight` (out, in/groups, *kernel) and `bias` (out,) as PyTorch's Conv1d to Conv3d have them."""
    window = _window(site.attrs["kernel"], site.attrs, site.x.sizes)
    x, layout = site.fit(site.x, lambda form: _windowed(form, window.dims, site.x.sizes))
    if not window.symmetric:
        x = _padded(site, x, window)
    channels = site.x.sizes["c"], site.sizes["c"]
    module = convolution(window, channels, site.attrs["groups"], site.attrs["bias"])
    return site.result(site.emit.layer(module, x), layout)


def max_pool(site: Site) -> Value:
    """The largest element under the window; padded positions never win."""
    window = _window(site.attrs["window"], site.attrs, site.x.sizes)
    x, layout = site.fit(site.x, lambda form: _windowed(form, window.dims, site.x.sizes))
    target = f"torch.nn.functional.max_pool{len(window.dims)}d"
    if _by_itself(window):
        return site.result(
            site.emit.function(target, x, window.kernel, window.stride, window.sides),
            layout,
        )
    x = _padded(site, x, window, "constant", LOWEST)
    return site.result(site.emit.function(target, x, window.kernel, window.stride), layout)


def avg_pool(site: Site) -> Value:
    """The mean of the elements under the window that are not padding."""
    window = _window(site.attrs["window"], site.attrs, site.x.sizes)
    x, layout = site.fit(site.x, lambda form: _windowed(form, window.dims, site.x.sizes))
    sizes = site.x.sizes
    sides = list(zip(window.dims, window.kernel, strict=True))
    fits = all(sizes.seen(d) >= k for d, k in sides)  # or avg_pool3d refuses
    if fits and _by_itself(window):
        for d, k in sides:
            sizes.at_least(d, k)
        return site.result(_average(site, x, window, window.sides), layout)
    spatial = [sizes.get(d, 1) for d in window.dims]
    ones = site.emit.method("new_ones", x, (1, 1, *spatial))
    total, share = (
        _average(site, _padded(site, one, window), window, None) for one in (x, ones)
    )
    return site.result(site.emit.function("operator.truediv", total, share), layout)


def _padded(site: Site, x: Handle, window: Window, *mode: Any) -> Handle:
    return site.emit.function("torch.nn.functional.pad", x, window.flat_padding, *mode)


def _average(
    site: Site, x: Handle, window: Window, sides: tuple[int, ...] | None
) -> Handle:
    target = f"torch.nn.functional.avg_pool{len(window.dims)}d"
    if sides is None or not any(sides):
        return site.emit.function(target, x, window.kernel, window.stride)
    return site.emit.function(target, x, window.kernel, window.stride, sides, False, False)


def _by_itself(window: Window) -> bool:
    """Whether PyTorch's pooling pads by itself: evenly, and by half a window at most."""
    if not window.symmetric:
        return False
    return all(2 * side <= k for side, k in zip(window.sides, window.kernel, strict=True))


def _window(kernel: Any, attrs: Mapping[str, Any], sizes: Sizes) -> Window:
    """What `same` adds depends on the size, by the rest that the stride leaves of it."""
    dims = window_dims(kernel, sizes)
    size, stride = _each(kernel, dims), _each(attrs["stride"], dims)
    dilation = _each(attrs.get("dilation", 1), dims)
    padding = []
    for i, (d, room) in enumerate(zip(dims, _each(attrs["padding"], dims), strict=True)):
        padding.append(
            padding_amounts(room, sizes.seen(d), size[i], stride[i], dilation[i])
        )
        if room == "same" and size[i] > 1:  # a window of one position has no room around it
            sizes.congruent(d, stride[i])
    return Window(dims, size, stride, dilation, tuple(padding))


def _each(value: Any, dims: str) -> tuple[Any, ...]:
    """A size for each dimension of a window."""
    return tuple([along(value, i) for i in range(len(dims))])


def _windowed(form: Layout, dims: str, sizes: Mapping[str, int]) -> Layout:
    """One axis for the rest, one for the channels, one for each dimension of the window ("" for one that is
    missing).
    """
    rest = drop(flat(form), "c" + dims)
    return (rest, *[d if d in sizes else "" for d in "c" + dims])

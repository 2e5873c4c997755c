"""Convolution and pooling: b and what else is no channel or window dimension is folded into the first
axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.ops.sizes import along, padding_amounts, window_dims
from archdsl_lowering.rows.layers import convolution
from archdsl_lowering.rows.layout import Layout, drop, flat
from archdsl_lowering.rows.site import Handle, Site, Value
from archdsl_lowering.rows.sizes import Sizes

LOWEST = float("-inf")


@dataclass(frozen=True, slots=True)
class _Window:
    """A window with its padding before and after, one number for each of its dimensions."""

    dims: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]

    @property
    def symmetric(self) -> bool:
        return all(low == high for low, high in self.padding)

    @property
    def sides(self) -> tuple[int, ...]:
        """The padding of a side, where it is symmetric."""
        return tuple(low for low, _ in self.padding)

    @property
    def flat_padding(self) -> tuple[int, ...]:
        """As `torch.nn.functional.pad` takes it: the last dimension first."""
        return tuple(n for pair in reversed(self.padding) for n in pair)


def conv(site: Site) -> Value:
    """`weight` (out, in/groups, *kernel) and `bias` (out,) as PyTorch's Conv1d to Conv3d have them."""
    window = _window(site.attrs["kernel"], site.attrs, site.x.sizes)
    x, layout = site.fit(site.x, lambda form: _windowed(form, window.dims, site.x.sizes))
    if not window.symmetric:
        x = site.emit.function("torch.nn.functional.pad", x, window.flat_padding)
    module = convolution(
        len(window.dims),
        (site.x.sizes["c"], site.sizes["c"]),
        window.kernel,
        window.stride,
        window.sides if window.symmetric else (0,) * len(window.dims),
        window.dilation,
        site.attrs["groups"],
        site.attrs["bias"],
    )
    return site.result(site.emit.layer(module, x), layout)


def max_pool(site: Site) -> Value:
    """The largest element under the window; padded positions never win."""
    window = _window(site.attrs["window"], site.attrs, site.x.sizes)
    x, layout = site.fit(site.x, lambda form: _windowed(form, window.dims, site.x.sizes))
    target = f"torch.nn.functional.max_pool{len(window.dims)}d"
    if _by_itself(window):
        return site.result(site.emit.function(target, x, window.kernel, window.stride, window.sides), layout)
    x = site.emit.function("torch.nn.functional.pad", x, window.flat_padding, "constant", LOWEST)
    return site.result(site.emit.function(target, x, window.kernel, window.stride), layout)


def avg_pool(site: Site) -> Value:
    """The mean of the elements under the window that are not padding."""
    window = _window(site.attrs["window"], site.attrs, site.x.sizes)
    x, layout = site.fit(site.x, lambda form: _windowed(form, window.dims, site.x.sizes))
    sizes = site.x.sizes
    fits = all(
        sizes.seen(d) >= k for d, k in zip(window.dims, window.kernel, strict=True)
    )  # or avg_pool3d refuses
    if fits and _by_itself(window):
        for d, k in zip(window.dims, window.kernel, strict=True):
            sizes.at_least(d, k)
        return site.result(_average(site, x, window, window.sides), layout)
    ones = site.emit.method("new_ones", x, (1, 1, *(sizes.get(d, 1) for d in window.dims)))
    total = _average(
        site, site.emit.function("torch.nn.functional.pad", x, window.flat_padding), window, None
    )
    share = _average(
        site, site.emit.function("torch.nn.functional.pad", ones, window.flat_padding), window, None
    )
    return site.result(site.emit.function("operator.truediv", total, share), layout)


def _average(site: Site, x: Handle, window: _Window, sides: tuple[int, ...] | None) -> Handle:
    target = f"torch.nn.functional.avg_pool{len(window.dims)}d"
    if sides is None or not any(sides):
        return site.emit.function(target, x, window.kernel, window.stride)
    return site.emit.function(target, x, window.kernel, window.stride, sides, False, False)


def _by_itself(window: _Window) -> bool:
    """Whether PyTorch's pooling pads by itself: evenly, and by half a window at most."""
    return window.symmetric and all(
        2 * side <= k for side, k in zip(window.sides, window.kernel, strict=True)
    )


def _window(kernel: Any, attrs: Mapping[str, Any], sizes: Sizes) -> _Window:
    """What `same` adds depends on the size, by the rest that the stride leaves of it."""
    dims = window_dims(kernel, sizes)
    size, stride, dilation = (
        tuple(along(value, i) for i in range(len(dims)))
        for value in (kernel, attrs["stride"], attrs.get("dilation", 1))
    )
    padding = tuple(
        padding_amounts(along(attrs["padding"], i), sizes.seen(d), size[i], stride[i], dilation[i])
        for i, d in enumerate(dims)
    )
    for i, d in enumerate(dims):
        if (
            along(attrs["padding"], i) == "same" and size[i] > 1
        ):  # a window of one position has no room around it
            sizes.congruent(d, stride[i])
    return _Window(dims, size, stride, dilation, padding)


def _windowed(form: Layout, dims: str, sizes: Mapping[str, int]) -> Layout:
    """One axis for the rest, one for the channels, one for each dimension of the window ("" for one that is
    missing).
    """
    rest = drop(flat(form), "c" + dims)
    return (rest, "c" if "c" in sizes else "", *(d if d in sizes else "" for d in dims))

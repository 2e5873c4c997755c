"""Layers with state: how PyTorch's module is made, and beside it the same computation on weights given from
outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Module:
    """A module by the name of its class and the arguments of its constructor; defaults are left out.

    `names` are words for `args`, in their order, for whoever gives them names in source.
    """

    type: str
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...] = ()
    names: tuple[str, ...] = ()

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments as a mapping."""
        return dict(self.kwargs)


Options: TypeAlias = tuple[tuple[str, Any], ...]
Call: TypeAlias = tuple[str, tuple[Any, ...]]
Weights: TypeAlias = Mapping[str, Any]
Functional: TypeAlias = Callable[[Module, Any, Weights, bool], Call]

_RANK = re.compile("[123]d$")  # what `Conv2d` has behind `Conv`


@dataclass(frozen=True, slots=True)
class Window:
    """A window with its padding before and after, one number for each of its dimensions.

    A 3x3 window of stride 2 over h and w, with a position of zeros on each side: `Window("hw", (3, 3),
    (2, 2), (1, 1), ((1, 1), (1, 1)))`, whose `sides` are (1, 1).
    """

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
        return tuple([low for low, _ in self.padding])

    @property
    def flat_padding(self) -> tuple[int, ...]:
        """As `torch.nn.functional.pad` takes it: the last dimension first."""
        return tuple(chain.from_iterable(reversed(self.padding)))


def convolution(
    window: Window, channels: tuple[int, int], groups: int, bias: bool
) -> Module:
    """`Conv1d`, `Conv2d` or `Conv3d` with zero padding, where the window has as much of it on both sides."""
    options: list[tuple[str, Any]] = []
    if any(s != 1 for s in window.stride):
        options.append(("stride", window.stride))
    if window.symmetric and any(window.sides):
        options.append(("padding", window.sides))
    if any(d != 1 for d in window.dilation):
        options.append(("dilation", window.dilation))
    if groups != 1:
        options.append(("groups", groups))
    if not bias:
        options.append(("bias", False))
    return Module(
        f"torch.nn.Conv{len(window.dims)}d",
        (*channels, window.kernel),
        tuple(options),
        ("in_channels", "out_channels", "kernel"),
    )


def linear(width_in: int, width_out: int, bias: bool) -> Module:
    options = () if bias else (("bias", False),)
    return Module(
        "torch.nn.Linear",
        (width_in, width_out),
        options,
        ("in_features", "out_features"),
    )


def batch_norm(
    rank: int, channels: int, eps: float, momentum: float, affine: bool
) -> Module:
    """`BatchNorm1d` to `BatchNorm3d` by the number of axes after the channels."""
    slow = () if momentum == 0.1 else (("momentum", momentum),)
    options = (*_eps(eps), *slow, *_affine(affine))
    return Module(f"torch.nn.BatchNorm{max(rank, 1)}d", (channels,), options, ("channels",))


def layer_norm(sizes: tuple[int, ...], eps: float, affine: bool) -> Module:
    options = (*_eps(eps), *_affine(affine, "elementwise_affine"))
    return Module("torch.nn.LayerNorm", (sizes,), options, ("shape",))


def group_norm(groups: int, channels: int, eps: float, affine: bool) -> Module:
    options = (*_eps(eps), *_affine(affine))
    return Module("torch.nn.GroupNorm", (groups, channels), options, ("groups", "channels"))


def _eps(eps: float) -> Options:
    return () if eps == 1e-5 else (("eps", eps),)


def _affine(affine: bool, name: str = "affine") -> Options:
    return () if affine else ((name, False),)


def dropout(p: float) -> Module:
    return Module("torch.nn.Dropout", (p,), (), ("p",))


def functional(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    """What a module computes, as a function's name and arguments: bitwise the same on the same weights.

    `weights` maps the names of a module's parameters and buffers to tensors; a batch norm without
    `running_mean` normalises by the statistics of the batch.
    """
    kind = module.type.rpartition(".")[2]
    return _FUNCTIONAL[_RANK.sub("", kind)](module, x, weights, training)


def _convolution(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    given = module.arguments()
    rank = int(module.type[-2])
    options = (
        given.get("stride", (1,) * rank),
        given.get("padding", (0,) * rank),
        given.get("dilation", (1,) * rank),
        given.get("groups", 1),
    )
    return f"torch.nn.functional.conv{rank}d", (
        x,
        weights["weight"],
        weights.get("bias"),
        *options,
    )


def _linear(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    return "torch.nn.functional.linear", (x, weights["weight"], weights.get("bias"))


def _batch_norm(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    given = module.arguments()
    mean, variance = weights.get("running_mean"), weights.get("running_var")
    scale = (weights.get("weight"), weights.get("bias"))
    rates = (given.get("momentum", 0.1), given.get("eps", 1e-5))
    return "torch.nn.functional.batch_norm", (
        x,
        mean,
        variance,
        *scale,
        training or mean is None,
        *rates,
    )


def _normalised(function: str) -> Functional:
    """A norm that keeps no statistics: by the sizes of a layer, or the number of groups."""

    def call(module: Module, x: Any, weights: Weights, training: bool) -> Call:
        eps = module.arguments().get("eps", 1e-5)
        return function, (
            x,
            module.args[0],
            weights.get("weight"),
            weights.get("bias"),
            eps,
        )

    return call


def _dropout(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    return "torch.nn.functional.dropout", (x, module.args[0], training)


_FUNCTIONAL: Mapping[str, Functional] = {
    "Conv": _convolution,
    "Linear": _linear,
    "BatchNorm": _batch_norm,
    "LayerNorm": _normalised("torch.nn.functional.layer_norm"),
    "GroupNorm": _normalised("torch.nn.functional.group_norm"),
    "Dropout": _dropout,
}

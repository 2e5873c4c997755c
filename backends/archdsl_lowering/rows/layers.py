"""Layers with state: how PyTorch's module is made, and beside it the same computation on weights given from
outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


Call: TypeAlias = tuple[str, tuple[Any, ...]]
Weights: TypeAlias = Mapping[str, Any]


def convolution(
    rank: int,
    channels: tuple[int, int],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    bias: bool,
) -> Module:
    """`Conv1d`, `Conv2d` or `Conv3d` with zero padding."""
    options: list[tuple[str, Any]] = []
    if any(s != 1 for s in stride):
        options.append(("stride", stride))
    if any(padding):
        options.append(("padding", padding))
    if any(d != 1 for d in dilation):
        options.append(("dilation", dilation))
    if groups != 1:
        options.append(("groups", groups))
    if not bias:
        options.append(("bias", False))
    return Module(
        f"torch.nn.Conv{rank}d",
        (*channels, kernel),
        tuple(options),
        ("in_channels", "out_channels", "kernel"),
    )


def linear(width_in: int, width_out: int, bias: bool) -> Module:
    options = () if bias else (("bias", False),)
    return Module("torch.nn.Linear", (width_in, width_out), options, ("in_features", "out_features"))


def batch_norm(rank: int, channels: int, eps: float, momentum: float, affine: bool) -> Module:
    """`BatchNorm1d` to `BatchNorm3d` by the number of axes after the channels."""
    options: list[tuple[str, Any]] = []
    if eps != 1e-5:
        options.append(("eps", eps))
    if momentum != 0.1:
        options.append(("momentum", momentum))
    if not affine:
        options.append(("affine", False))
    return Module(f"torch.nn.BatchNorm{max(rank, 1)}d", (channels,), tuple(options), ("channels",))


def layer_norm(sizes: tuple[int, ...], eps: float, affine: bool) -> Module:
    options: list[tuple[str, Any]] = []
    if eps != 1e-5:
        options.append(("eps", eps))
    if not affine:
        options.append(("elementwise_affine", False))
    return Module("torch.nn.LayerNorm", (sizes,), tuple(options), ("shape",))


def group_norm(groups: int, channels: int, eps: float, affine: bool) -> Module:
    options: list[tuple[str, Any]] = []
    if eps != 1e-5:
        options.append(("eps", eps))
    if not affine:
        options.append(("affine", False))
    return Module("torch.nn.GroupNorm", (groups, channels), tuple(options), ("groups", "channels"))


def dropout(p: float) -> Module:
    return Module("torch.nn.Dropout", (p,), (), ("p",))


def functional(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    """What a module computes, as a function's name and arguments: bitwise the same on the same weights.

    `weights` maps the names of a module's parameters and buffers to tensors; a batch norm without
    `running_mean` normalises by the statistics of the batch.
    """
    kind = (
        module.type.rpartition(".")[2].rstrip("123d")
        if module.type[-1] == "d"
        else module.type.rpartition(".")[2]
    )
    return _FUNCTIONAL[kind](module, x, weights, training)


def _convolution(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    given = module.arguments()
    rank = int(module.type[-2])
    options = (
        given.get("stride", (1,) * rank),
        given.get("padding", (0,) * rank),
        given.get("dilation", (1,) * rank),
        given.get("groups", 1),
    )
    return f"torch.nn.functional.conv{rank}d", (x, weights["weight"], weights.get("bias"), *options)


def _linear(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    return "torch.nn.functional.linear", (x, weights["weight"], weights.get("bias"))


def _batch_norm(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    given = module.arguments()
    mean, variance = weights.get("running_mean"), weights.get("running_var")
    scale = (weights.get("weight"), weights.get("bias"))
    return (
        "torch.nn.functional.batch_norm",
        (
            x,
            mean,
            variance,
            *scale,
            training or mean is None,
            given.get("momentum", 0.1),
            given.get("eps", 1e-5),
        ),
    )


def _layer_norm(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    eps = module.arguments().get("eps", 1e-5)
    return "torch.nn.functional.layer_norm", (
        x,
        module.args[0],
        weights.get("weight"),
        weights.get("bias"),
        eps,
    )


def _group_norm(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    eps = module.arguments().get("eps", 1e-5)
    return "torch.nn.functional.group_norm", (
        x,
        module.args[0],
        weights.get("weight"),
        weights.get("bias"),
        eps,
    )


def _dropout(module: Module, x: Any, weights: Weights, training: bool) -> Call:
    return "torch.nn.functional.dropout", (x, module.args[0], training)


_FUNCTIONAL: Mapping[str, Callable[[Module, Any, Weights, bool], Call]] = {
    "Conv": _convolution,
    "Linear": _linear,
    "BatchNorm": _batch_norm,
    "LayerNorm": _layer_norm,
    "GroupNorm": _group_norm,
    "Dropout": _dropout,
}

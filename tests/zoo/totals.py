"""Params and MACs: the static ones of a graph, and those that PyTorch counts in a module."""

from __future__ import annotations

import math

import torch
from torch.utils.flop_counter import FlopCounterMode

from archdsl.architecture import Architecture


def static(model: Architecture) -> tuple[int, int]:
    """What the text alone says: params, MACs at the declared sizes."""
    params = sum(
        math.prod(size.value for size in weight.shape)
        for weight in model.graph.weights().values()
    )
    return params, sum(op.macs.value for op in model.graph.ops())


def counted(module: torch.nn.Module, *shape: int) -> tuple[int, int]:
    """What PyTorch counts in a module on the meta device, fed one tensor."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(torch.empty(shape, device="meta"))
    return sum(p.numel() for p in module.parameters()), counter.get_total_flops() // 2

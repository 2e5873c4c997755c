"""Counts of a compiled model, to hold the static ones against."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from archdsl.ir.graph import Graph


def params(model: torch.nn.Module) -> int:
    """The number of learnable numbers, shared ones once."""
    return sum(p.numel() for p in model.parameters())


def macs(model: torch.nn.Module, graph: Graph) -> int:
    """Multiply–accumulates of convolutions and matrix products for one pass at the declared sizes.

    The model must be on the meta device, where attention is counted as its products (on the CPU it counts as
    nothing).
    """
    inputs = []
    for given in graph.inputs:
        sizes = [given.shape[d].value for d in given.dims]
        inputs.append(torch.empty(sizes, device="meta"))
    training = model.training
    model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(*inputs)
    model.train(training)
    flops: int = counter.get_total_flops()
    assert flops % 2 == 0
    return flops // 2

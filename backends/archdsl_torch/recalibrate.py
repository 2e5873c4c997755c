"""Statistics of batch norms, measured anew: an architecture taken out of a supergraph has none of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm


def recalibrate(model: torch.nn.Module, batches: Iterable[Any]) -> int:
    """Sets the running statistics of every batch norm to their averages over the given batches; returns how
    many there were.

    Each batch counts equally. A batch is an input, or a tuple or list of inputs. Nothing else of the model
    changes: weights, momenta and modes are afterwards as they were, and other layers compute as in
    evaluation. Raises ValueError where there is no batch; the statistics are then reset.
    """
    norms = [
        m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats
    ]
    modes = {m: m.training for m in model.modules()}
    momenta = [norm.momentum for norm in norms]
    count = 0
    try:
        model.eval()
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the average of all batches so far
            norm.train()
        with torch.no_grad():
            for batch in batches:
                model(*(batch if isinstance(batch, tuple | list) else (batch,)))
                count += 1
    finally:
        for module, training in modes.items():
            module.training = training
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    if not count:
        raise ValueError("there is no batch to measure statistics on")
    return count

"""Weights that one step of a search leaves to the next: by name, as far as shapes go."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def inherit(weights: nn.Module, left: Mapping[str, Tensor]) -> list[str]:
    """Copies into the parameters what is there under their names; returns the names of those that start anew.

    Where a parameter is larger than what was left, it takes that as its first part along every axis: what a
    step joins to an input comes after it, so the inherited part keeps its places. One that is smaller along
    an axis, or of another rank, starts anew.
    """
    anew: list[str] = []
    with torch.no_grad():
        for name, parameter in weights.named_parameters():
            held = left.get(name)
            fits = (
                held is not None
                and held.dim() == parameter.dim()
                and all(h <= p for h, p in zip(held.shape, parameter.shape, strict=True))
            )
            if held is None or not fits:
                anew.append(name)
                continue
            parameter[tuple(slice(n) for n in held.shape)] = held.to(parameter.dtype)
    return anew

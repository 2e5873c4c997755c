"""How weights start. Each is drawn from a generator seeded by the model's seed and the weight's key alone.

A weight's numbers therefore do not depend on which others there are, or in which order they are made.
"""

from __future__ import annotations

import hashlib
from math import prod, sqrt

import torch

from archdsl.ir.graph import Init


def fill(tensor: torch.Tensor, init: Init, seed: int, key: str) -> None:
    """Fills a weight in place as its initialiser says."""
    random = torch.Generator().manual_seed(_seed_of(seed, key))
    shape = tuple(tensor.shape)
    with torch.no_grad():
        match init.name:
            case "constant":
                tensor.fill_(init.args[0])
            case "normal":
                tensor.normal_(0, init.args[0], generator=random)
            case "trunc_normal":
                torch.nn.init.trunc_normal_(tensor, 0.0, init.args[0], generator=random)
            case "uniform":
                tensor.uniform_(-init.args[0], init.args[0], generator=random)
            case "msra":
                tensor.normal_(0, sqrt(2 / _fans(shape)[1]), generator=random)
            case "xavier":
                bound = sqrt(6 / sum(_fans(shape)))
                tensor.uniform_(-bound, bound, generator=random)
            case "fan_in":
                bound = 1 / sqrt(_fans(shape)[0])
                tensor.uniform_(-bound, bound, generator=random)
            case other:
                raise AssertionError(f"no initialiser {other}")


def _seed_of(seed: int, key: str) -> int:
    """64 bits from the seed and the name."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode()).digest()[:8], "little")


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs and outputs of one element: (out, in, positions…); a tensor of one dimension counts it for
    both.
    """
    if len(shape) < 2:
        return (prod(shape),) * 2
    positions = prod(shape[2:])
    return shape[1] * positions, shape[0] * positions

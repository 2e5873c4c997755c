"""Which examples make up a batch: by the seed, the epoch and the place in it, and cut into chunks for
ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import DiagnosticError


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """A batch: this rank's chunks of it, each examples [n, …] with labels [n], and the examples of all ranks
    together.
    """

    chunks: tuple[tuple[Tensor, Tensor], ...]
    size: int


def shuffled(examples: Sequence[int], seed: int) -> list[int]:
    """The examples in an order that the seed decides."""
    return [examples[i] for i in _permutation(len(examples), seed)]


@lru_cache(maxsize=4)
def _permutation(count: int, seed: int) -> tuple[int, ...]:
    """Of the numbers below `count`; all batches of an epoch ask for the same."""
    return tuple(
        torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    )


def halves(count: int, seed: int) -> tuple[list[int], list[int]]:
    """The numbers below `count` in two halves that the seed decides, each in order. Raises DiagnosticError
    E0973 for one number.
    """
    if count < 2:
        problem = f"{count} example to learn from has no halves, for logits and for weights"
        raise DiagnosticError(codes.DATA_DOES_NOT_FIT.error(None, problem))
    order = shuffled(range(count), seed)
    return sorted(order[: (count + 1) // 2]), sorted(order[(count + 1) // 2 :])


def nth(examples: Sequence[int], size: int, seed: int, place: int) -> list[int]:
    """The batch at a place of an epoch, whose order the seed decides; after the last batch begins the first
    again.
    """
    count = max(1, len(examples) // size)
    start = (place % count) * size
    return [examples[i] for i in _permutation(len(examples), seed)[start : start + size]]


def evenly(count: int, size: int) -> list[range]:
    """The numbers below `count` in as few parts of at most `size` as that takes, none larger than another by
    more than one: 9 in parts of 8 are 4 and 5.
    """
    parts = -(-count // size)
    cuts = [count * i // parts for i in range(parts + 1)]
    return [range(a, b) for a, b in pairwise(cuts)]


def chunk(indices: Sequence[int], chunks: int, rank: int, ranks: int) -> list[list[int]]:
    """A rank's part of a batch that is cut into equal chunks, as far as that goes; `chunks` is a multiple of
    `ranks`.
    """
    cuts = [len(indices) * i // chunks for i in range(chunks + 1)]
    own = range(rank * chunks // ranks, (rank + 1) * chunks // ranks)
    return [list(indices[cuts[i] : cuts[i + 1]]) for i in own if cuts[i] < cuts[i + 1]]

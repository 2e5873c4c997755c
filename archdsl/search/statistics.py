"""Statistics of batch norms where a batch is computed in chunks: all chunks of all ranks count as one
update.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from archdsl.search.ranks import Ranks


class Statistics:
    """The running statistics of a network. Chunks start from the same ones, and what they lead to is
    averaged.

    So two ranks that compute a chunk each end where one process ends that computes both.
    """

    def __init__(self, network: nn.Module, ranks: Ranks, cuts: int) -> None:
        self._computing = network
        self._ranks = ranks
        several = list(network.buffers()) if cuts > 1 else []
        self._buffers = [b for b in several if b.is_floating_point()]
        self._counters = [b for b in several if not b.is_floating_point()]
        self._counts: list[Tensor] = []
        self._before: list[Tensor] = []
        self._sums: list[Tensor] = []
        self._chunks = 0

    def begin(self, computing: nn.Module) -> Callable[[Tensor], Tensor]:
        """What to compute the chunks of the next batch with, instead of `computing`, which is the network or
        runs it.
        """
        self._counts = [c.clone() for c in self._counters]
        self._before = [b.clone() for b in self._buffers]
        self._sums = [torch.zeros_like(b) for b in self._buffers]
        self._chunks = 0
        self._computing = computing
        return self._chunk if self._buffers else computing

    def end(self) -> None:
        """Sets the statistics, after all chunks of a batch."""
        if self._buffers:
            count = self._ranks.summed(torch.tensor(float(self._chunks)))
            for buffer, total in zip(self._buffers, self._sums, strict=True):
                buffer.copy_(self._ranks.summed(total) / count)
            for counter, before in zip(self._counters, self._counts, strict=True):
                counter.copy_(before + 1)

    def _chunk(self, x: Tensor) -> Tensor:
        for buffer, before in zip(self._buffers, self._before, strict=True):
            buffer.copy_(before)
        y: Tensor = self._computing(x)
        for total, buffer in zip(self._sums, self._buffers, strict=True):
            total += buffer
        self._chunks += 1
        return y

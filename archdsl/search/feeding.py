"""Batches ahead of time: other processes read and decode what the next rounds learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.search.batches import chunk
from archdsl.search.ranks import Ranks

Chunks = tuple[tuple[Tensor, Tensor], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """Which examples of a split make up a batch, and in which epoch."""

    split: str
    epoch: int
    indices: Sequence[int]


@dataclass(frozen=True, eq=False, slots=True)
class Delivery:
    """A batch in this rank's chunks, its size over all ranks, and what the source complained of meanwhile."""

    chunks: Chunks
    size: int
    complaints: Sequence[Diagnostic]


def deliveries(
    data: Any, count: int, order: Callable[[int], Order], seed: int, ranks: Ranks, cuts: int, workers: int
) -> Iterator[Delivery]:
    """So many batches, one after the other; without workers each is read when its turn comes.

    `order` says what is in which of them, and is asked when its turn comes. An example depends on its order
    alone, so the number of workers changes nothing but time. Raises DiagnosticError as the data do.
    """
    reader = _Reader(data, count, order, seed, ranks.rank, ranks.size, cuts)
    pinned = ranks.device.type == "cuda"
    loader: DataLoader[Any] = DataLoader(
        reader, batch_size=None, shuffle=False, num_workers=workers, pin_memory=pinned, collate_fn=_as_it_is
    )
    for chunks, size, complaints, failed in loader:
        if failed is not None:
            raise DiagnosticError(*failed)
        yield Delivery(chunks, size, complaints)


class _Reader(Dataset[Any]):  # type: ignore[misc]
    def __init__(
        self,
        data: Any,
        count: int,
        order: Callable[[int], Order],
        seed: int,
        rank: int,
        ranks: int,
        cuts: int,
    ) -> None:
        self._data, self._count, self._order, self._seed = data, count, order, seed
        self._rank, self._ranks, self._cuts = rank, ranks, cuts

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> tuple[Chunks, int, list[Diagnostic], tuple[Diagnostic, ...] | None]:
        order = self._order(number)
        parts = chunk(order.indices, self._cuts, self._rank, self._ranks)
        try:
            chunks = tuple(self._data.batch(order.split, self._seed, order.epoch, part) for part in parts)
        except DiagnosticError as error:  # a worker could only say it in a traceback
            return (), 0, [], tuple(error.diagnostics)
        return chunks, len(order.indices), list(self._data.complaints()), None


def _as_it_is(item: Any) -> Any:
    return item

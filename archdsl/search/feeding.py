"""Batches ahead of time: other processes read and decode what the next rounds learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.search.batches import chunk

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


def deliveries(reader: Reader, device: torch.device, workers: int) -> Iterator[Delivery]:
    """The batches of a reader, one after the other; without workers each is read when its turn comes.

    An example depends on its order alone, so the number of workers changes nothing but time. Raises
    DiagnosticError as the data do.
    """
    pinned = device.type == "cuda"
    loader: DataLoader[Any] = DataLoader(
        reader,
        batch_size=None,
        shuffle=False,
        num_workers=workers,
        pin_memory=pinned,
        collate_fn=_as_it_is,
    )
    for chunks, size, complaints, failed in loader:
        if failed is not None:
            raise DiagnosticError(*failed)
        yield Delivery(chunks, size, complaints)


@dataclass(frozen=True, eq=False, slots=True)
class Share:
    """Which part of every batch is this rank's: it is computed in `cuts` chunks, over all `ranks`."""

    rank: int
    ranks: int
    cuts: int


@dataclass(frozen=True, eq=False)
class Reader(Dataset[Any]):  # type: ignore[misc]
    """`count` batches of data. `order` says what is in which of them, and is asked when its turn comes."""

    data: Any
    count: int
    order: Callable[[int], Order]
    seed: int
    share: Share

    def __len__(self) -> int:
        return self.count

    def __getitem__(
        self, number: int
    ) -> tuple[Chunks, int, list[Diagnostic], tuple[Diagnostic, ...] | None]:
        order, share = self.order(number), self.share
        parts = chunk(order.indices, share.cuts, share.rank, share.ranks)
        try:
            chunks = tuple(
                self.data.batch(order.split, self.seed, order.epoch, part) for part in parts
            )
        except DiagnosticError as error:  # a worker could only say it in a traceback
            return (), 0, [], tuple(error.diagnostics)
        return chunks, len(order.indices), list(self.data.complaints()), None


def _as_it_is(item: Any) -> Any:
    return item

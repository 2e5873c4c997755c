"""Where the numbers of saved tensors lie, and tensors made of them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Protocol

import torch

from archdsl_torch.pickles import Damaged, Storage, Tensor

_Read = Callable[[Storage], bytes | bytearray]


class Storages(Protocol):
    """Gives the bytes of storages while it is open, those of one storage always the same ones."""

    def opened(self) -> AbstractContextManager[_Read]: ...


@dataclass(frozen=True, slots=True)
class Packed:
    """Storages that are parts of a zip file, each under its key."""

    path: Path
    folder: str
    is_swapped: bool

    @contextmanager
    def opened(self) -> Iterator[_Read]:
        known: dict[int, bytearray] = {}
        with zipfile.ZipFile(self.path) as archive:

            def read(storage: Storage) -> bytearray:
                if id(storage) not in known:
                    storage.is_swapped = self.is_swapped
                    known[id(storage)] = bytearray(
                        archive.read(f"{self.folder}{storage.key}")
                    )
                return known[id(storage)]

            yield read


@dataclass(frozen=True, slots=True)
class Places:
    """Storages that lie in a file, by identity (where, how many bytes), or have their bytes already."""

    path: Path = Path()
    size: int = 0
    places: dict[int, tuple[int, int]] = field(default_factory=dict)

    @contextmanager
    def opened(self) -> Iterator[_Read]:
        known: dict[int, bytes | bytearray] = {}

        def read(storage: Storage) -> bytes | bytearray:
            source = storage if storage.data is None else storage.data
            if id(source) not in known:
                known[id(source)] = self._read(storage)
            return known[id(source)]

        yield read

    def _read(self, storage: Storage) -> bytes | bytearray:
        if storage.data is not None:
            return (
                storage.data.encode("latin-1")
                if isinstance(storage.data, str)
                else storage.data
            )
        start, count = self.places.get(id(storage), (0, self.size + 1))
        if start + count > self.size:
            raise Damaged("it is cut off: it ends before the numbers that it should have")
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(count)


def tensor(told: Tensor, name: str, numbers: _Read) -> torch.Tensor:
    """The tensor that a file tells of. Raises Damaged where its numbers are not all there."""
    kind = getattr(torch, told.kind, None)
    if not isinstance(kind, torch.dtype):
        raise Damaged(f"`{name}` is of `{told.kind[:40]}`, which PyTorch does not have")
    data = numbers(told.storage)
    held = len(data) // kind.itemsize
    wanted = prod(told.shape)
    last = told.offset + sum(
        (n - 1) * step for n, step in zip(told.shape, told.strides, strict=True)
    )
    if wanted > held or (wanted and last >= held):
        raise Damaged(
            f"`{name}` has {wanted:,} numbers, of which the file holds {min(wanted, held):,}"
        )
    if not wanted:
        return torch.empty(told.shape, dtype=kind)
    row = torch.frombuffer(
        bytearray(data) if isinstance(data, bytes) else data, dtype=torch.uint8
    )
    row = row[: held * kind.itemsize]
    if told.storage.is_swapped:
        row = row.view(-1, kind.itemsize).flip(1).reshape(-1)
    return row.view(kind).as_strided(told.shape, told.strides, told.offset)

"""The processes of one search under torchrun, and what they tell each other. Alone, nothing is said."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor, distributed

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among `size` that search together, and where it computes.

    All of them make the same calls in the same order.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this is the one that decides and writes."""
        return self.rank == 0

    def agreed(self, decide: Callable[[], Result]) -> Result:
        """What the first decides, on all of them; only the first is asked. What it raises, it raises
        everywhere.
        """
        if self.size == 1:
            return decide()
        box: list[object] = [None, None]
        if self.is_first:
            try:
                box = [decide(), None]
            except Exception as error:  # the others would wait for ever
                box = [None, error]
        distributed.broadcast_object_list(box, src=0, device=self.device)
        if isinstance(box[1], Exception):
            raise box[1]
        return box[0]  # type: ignore[return-value]

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum over all ranks, in place of each rank's part."""
        if self.size > 1:
            moved = tensor.to(self.device)
            distributed.all_reduce(moved)
            return moved.to(tensor.device)
        return tensor

    def reduced(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Each gradient summed over ranks; None where no rank has one. Architectures agree, so all have the
        same ones.
        """
        return [None if g is None else self.summed(g) for g in gradients]

    def reduce_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Sums the gradients of parameters over ranks; what was not touched keeps None."""
        if self.size > 1:
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad = self.summed(parameter.grad)


@contextmanager
def joined(device: str | None = None) -> Iterator[Ranks]:
    """The ranks that torchrun started, or this process alone. `device` is "cpu" or "cuda"; by default what
    there is.
    """
    size, local = (
        int(os.environ.get("WORLD_SIZE", "1")),
        int(os.environ.get("LOCAL_RANK", "0")),
    )
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    place = (
        torch.device(kind, local % torch.cuda.device_count())
        if kind == "cuda"
        else torch.device(kind)
    )
    if size == 1:
        yield Ranks(device=place)
        return
    distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        yield Ranks(distributed.get_rank(), size, place)
        # A rank that leaves while another still talks to it takes that one down.
        distributed.barrier()
    finally:
        distributed.destroy_process_group()

"""Learning from data: batches by counters, loss and gradients over chunks and ranks, random numbers by
purpose.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from archdsl.search import randomness
from archdsl.search.batches import Batch, chunk, evenly, nth
from archdsl.search.optimiser import Optimiser
from archdsl.search.ranks import Ranks

Result = TypeVar("Result")

BACKWARD = 3  # a step of learning costs as much as so many forward passes


class Learning(ABC):
    """What a step of a search and the training of a model have in common.

    `name` and `seed` decide the random numbers; `settings` are a plan's by name; every batch is computed in
    `cuts` chunks, over all ranks.
    """

    seed: int
    data: Any
    ranks: Ranks
    cuts: int
    device: torch.device

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]: ...

    @property
    def epochs(self) -> int:
        return int(self.settings["epochs"])

    @property
    def batch_size(self) -> int:
        return int(self.settings["batch"])

    @property
    def examples(self) -> int:
        """How many there are to learn from."""
        return len(self.data.train)

    @property
    def rounds_an_epoch(self) -> int:
        """How many batches all examples make."""
        return max(1, self.examples // self.batch_size)

    @property
    def is_first(self) -> bool:
        """Whether this is the rank that decides and writes."""
        return self.ranks.is_first

    # -- random numbers: by seed and purpose -------------------------------------------------------------

    def seed_for(self, *purpose: Any) -> int:
        return randomness.seed_for(self.seed, self.name, *purpose)

    def generator(self, *purpose: Any) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed_for(*purpose))

    def start_randomness(self, *purpose: Any) -> None:
        """Dropout and the like from here on depend on the seed, the purpose and the rank alone."""
        torch.manual_seed(self.seed_for("forward", *purpose, self.ranks.rank))

    # -- data ------------------------------------------------------------------------------------------

    def batch(
        self, examples: Sequence[int], purpose: str, epoch: int, within: int
    ) -> Batch:
        """A batch of training examples for this rank, in the order that epoch and purpose decide."""
        indices = nth(
            examples,
            self.batch_size,
            self.seed_for("order", purpose, epoch),
            within,
        )
        return self._batch("train", epoch, indices)

    def validation(self) -> list[Batch]:
        """All validation data, in order, in batches as alike as that goes: where the statistics of a batch
        count, the last one is no smaller than the others.
        """
        parts = evenly(len(self.data.validation), self.batch_size)
        return [self._batch("validation", 0, part) for part in parts]

    def whole(self, count: int) -> list[Tensor]:
        """The inputs of the first batches of the training data, uncut, on every rank."""
        size = min(self.batch_size, self.examples)
        parts = [
            range(i * size, (i + 1) * size) for i in range(min(count, self.rounds_an_epoch))
        ]
        return [
            self._placed(*self.data.batch("train", self.seed, 0, part))[0] for part in parts
        ]

    def _batch(self, split: str, epoch: int, indices: Sequence[int]) -> Batch:
        parts = chunk(indices, self.cuts, self.ranks.rank, self.ranks.size)
        chunks = [
            self._placed(*self.data.batch(split, self.seed, epoch, part)) for part in parts
        ]
        return Batch(tuple(chunks), len(indices))

    def _placed(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        is_wide = self.settings["precision"] == "float64" and x.is_floating_point()
        return x.to(self.device, torch.float64 if is_wide else x.dtype), y.to(self.device)

    # -- one step of learning ----------------------------------------------------------------------------

    def loss(self, network: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """This rank's part of the mean cross-entropy of a batch: the ranks' parts sum up to it."""
        total = torch.zeros((), device=self.device)
        for x, y in batch.chunks:
            with self._precision():
                out = network(x)
            total = total + _cross_entropy(out, y) / batch.size
        return total

    def learned(
        self,
        network: Callable[[Tensor], Tensor],
        batch: Batch,
        share: float = 1.0,
    ) -> float:
        """Adds `share` times the gradient of the loss, chunk by chunk; returns this rank's sum of
        cross-entropies.
        """
        total = 0.0
        for x, y in batch.chunks:
            with self._precision():
                out = network(x)
            loss = _cross_entropy(out, y)
            if (
                loss.requires_grad
            ):  # an architecture may have no weights, or only frozen ones
                (share / batch.size * loss).backward()
            total += float(loss.detach())
        return total

    def stepped(
        self,
        optimiser: Optimiser,
        number: int,
        differentiate: Callable[[], Result],
    ) -> Result:
        """A round's step along the gradients that `differentiate` leaves, summed over ranks; returns what it
        does.
        """
        optimiser.zero_grad()
        told = differentiate()
        self.reduce_gradients(optimiser.parameters)
        optimiser.step(number)
        return told

    def taught(
        self,
        network: Callable[[Tensor], Tensor],
        parameters: Sequence[Tensor],
        purpose: tuple[Any, ...],
        before: Callable[[int], object] = lambda number: None,
    ) -> None:
        """Trains for the plan's epochs on all examples, in an order that `purpose` decides.

        `before` is called at the beginning of each round, with its number.
        """
        every = self.rounds_an_epoch
        optimiser = self.optimiser("weights", parameters, every)
        everything = range(self.examples)
        for number in range(every * self.epochs):
            epoch, within = divmod(number, every)
            batch = self.batch(everything, " ".join(map(str, purpose)), epoch, within)
            self.start_randomness(*purpose, number)
            before(number)
            self.stepped(optimiser, number, partial(self.learned, network, batch))

    def judged(self, network: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """[2] in float64: this rank's sums of log-likelihoods and of right answers."""
        found = torch.zeros(2, dtype=torch.float64)
        for x, y in batch.chunks:
            with self._precision():
                out = network(x).double()
            found[0] -= functional.cross_entropy(out, y, reduction="sum").cpu()
            found[1] += (out.argmax(1) == y).sum().cpu()
        return found

    def _precision(self) -> AbstractContextManager[Any]:
        half = self.settings["precision"] == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16) if half else nullcontext()

    # -- other ranks -------------------------------------------------------------------------------------

    def agreed(self, decide: Callable[[], Result]) -> Result:
        """What the first rank decides, on all of them."""
        return self.ranks.agreed(decide)

    def summed(self, tensor: Tensor) -> Tensor:
        return self.ranks.summed(tensor)

    def reduce_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Sums the gradients of parameters over ranks; one that no rank touched keeps None."""
        self.ranks.reduce_gradients(parameters)

    def reduced(self, gradients: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        """Sums gradients over ranks."""
        return self.ranks.reduced(gradients)

    def computing(self, network: torch.nn.Module) -> torch.nn.Module:
        """A compiled network as it is run while it learns: itself, or with checkpoints."""
        if not self.settings["checkpointing"]:
            return network
        from archdsl_torch.checkpointing import Checkpointed

        return Checkpointed(network)

    def prepared(self, network: torch.nn.Module) -> None:
        """Moves a network to where the data goes, in the number format of the plan."""
        network.to(
            self.device,
            torch.float64 if self.settings["precision"] == "float64" else None,
        )

    def optimiser(self, which: str, parameters: Sequence[Tensor], every: int) -> Optimiser:
        """The plan's optimiser for `alpha` or `weights`; `every` rounds make an epoch."""
        return Optimiser(self.settings[which], parameters, every, self.epochs)


def _cross_entropy(out: Tensor, y: Tensor) -> Tensor:
    """Summed over a batch, in single precision at least."""
    wide = out.float() if out.dtype == torch.bfloat16 else out
    return functional.cross_entropy(wide, y, reduction="sum")

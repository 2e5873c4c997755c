"""What a strategy is given: the space with what is settled, an evaluation, data, random numbers, and the other ranks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from archdsl.elaborate.plans import Budget, Step
from archdsl.ir.instance import key
from archdsl.questions.genotype import Genotype
from archdsl.search import randomness
from archdsl.search.batches import Batch, chunk, nth
from archdsl.search.evaluation import Evaluation, Score, evaluation
from archdsl.search.inheritance import inherit
from archdsl.search.learner import Learner
from archdsl.search.points import Points
from archdsl.search.ranks import Ranks
from archdsl.syntax.codes import plans as codes
from archdsl.syntax.diagnostics import DiagnosticError

Result = TypeVar("Result")
_DRAWS = 10_000  # from a distribution, before a hard bound counts as out of reach


@dataclass(eq=False)
class Problem:
    """One step of a plan, ready to be searched.

    `seed` is the plan's; `storage`, `study_name` and `worker` say where and as whom trials are shared; `cuts` is the
    number of chunks that every batch is computed in, over all ranks.
    """

    step: Step
    points: Points
    seed: int
    data: Any
    ranks: Ranks
    storage: str
    worker: str
    study_name: str
    options: Mapping[str, Any]
    inherited: Mapping[str, Tensor] = field(default_factory=dict)
    cuts: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The step's, by name."""
        return self.step.settings

    @cached_property
    def evaluation(self) -> Evaluation:
        """The way of evaluation that the strategy's options name."""
        return evaluation(self, self.options)

    @property
    def settled(self) -> Mapping[str, str]:
        """What the step fixes, and what earlier steps found."""
        return self.points.settled

    @property
    def soft_budgets(self) -> Sequence[Budget]:
        return [b for b in self.points.costs.budgets if not b.hard]

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
    def is_first(self) -> bool:
        """Whether this is the rank that decides and writes."""
        return self.ranks.is_first

    def evaluate(self, genotype: Mapping[str, str], number: int) -> Score:
        """What an architecture is worth."""
        return self.evaluation.evaluate(genotype, number)

    # -- random numbers: by seed and purpose -------------------------------------------------------------

    def seed_for(self, *purpose: Any) -> int:
        return randomness.seed_for(self.seed, self.step.name, *purpose)

    def generator(self, *purpose: Any) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed_for(*purpose))

    def start_randomness(self, *purpose: Any) -> None:
        """Dropout and the like from here on depend on the seed, the purpose and the rank alone."""
        torch.manual_seed(self.seed_for("forward", *purpose, self.ranks.rank))

    # -- data ------------------------------------------------------------------------------------------

    def batch(self, examples: Sequence[int], purpose: str, epoch: int, within: int) -> Batch:
        """A batch of training examples for this rank, in the order that epoch and purpose decide."""
        indices = nth(examples, self.batch_size, self.seed_for("order", purpose, epoch), within)
        return self._batch("train", epoch, indices)

    def validation(self) -> list[Batch]:
        """All validation data, in order."""
        count = len(self.data.validation)
        starts = range(0, count, self.batch_size)
        return [self._batch("validation", 0, range(s, min(s + self.batch_size, count))) for s in starts]

    def whole(self, count: int) -> list[Tensor]:
        """The inputs of the first batches of the training data, uncut, on every rank."""
        starts = range(0, self.examples, self.batch_size)[:count]
        parts = [range(s, min(s + self.batch_size, self.examples)) for s in starts]
        return [self._placed(*self.data.batch("train", self.seed, 0, part))[0] for part in parts]

    def _batch(self, split: str, epoch: int, indices: Sequence[int]) -> Batch:
        parts = chunk(indices, self.cuts, self.ranks.rank, self.ranks.size)
        return Batch(tuple(self._placed(*self.data.batch(split, self.seed, epoch, part)) for part in parts), len(indices))

    def _placed(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        wide = torch.float64 if self.settings["precision"] == "float64" and x.is_floating_point() else x.dtype
        return x.to(self.device, wide), y.to(self.device)

    # -- one step of learning ----------------------------------------------------------------------------

    def loss(self, network: Callable[[Tensor], Tensor], batch: Batch) -> Tensor:
        """This rank's part of the mean cross-entropy of a batch: the ranks' parts sum up to it."""
        total = torch.zeros((), device=self.device)
        for x, y in batch.chunks:
            with self._precision():
                out = network(x)
            total = total + functional.cross_entropy(out.float() if out.dtype == torch.bfloat16 else out, y, reduction="sum") / batch.size
        return total

    def learned(self, network: Callable[[Tensor], Tensor], batch: Batch, share: float = 1.0) -> float:
        """Adds `share` times the gradient of the loss, chunk by chunk; returns this rank's sum of cross-entropies."""
        total = 0.0
        for x, y in batch.chunks:
            with self._precision():
                out = network(x)
            loss = functional.cross_entropy(out.float() if out.dtype == torch.bfloat16 else out, y, reduction="sum")
            (share / batch.size * loss).backward()
            total += float(loss.detach())
        return total

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
        return torch.autocast(self.device.type, torch.bfloat16) if self.settings["precision"] == "bfloat16" else nullcontext()

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

    # -- supergraphs ---------------------------------------------------------------------------------------

    def supergraph(self, mode: str, *, zero: bool = False, edges: Literal["own", "by_op"] = "own", **options: Any) -> Any:
        """A supergraph of the space with what the step settles, and weights that earlier steps left.

        Raises DiagnosticError where the space cannot be mixed, or needs too many weights.
        """
        from archdsl_torch.distribution import Distribution

        if mode == "sampled":
            from archdsl_torch.supergraph.sampled import Sampled as Kind
        else:
            from archdsl_torch.supergraph.mixed import Mixed as Kind
        graph = self.points.graph
        distribution = Distribution(graph, zero=zero, edges=edges, active=self.points.active)
        made = Kind(graph, seed=self.seed_for("weights") % 2**31, distribution=distribution, **options)
        self.prepared(made)
        inherit(made.weights, self.inherited)
        made.set(self.settled)
        return made

    def prepared(self, network: torch.nn.Module) -> None:
        """Moves a network to where the data goes, in the number format of the plan."""
        network.to(self.device, torch.float64 if self.settings["precision"] == "float64" else None)

    def trained(self, supergraph: Any) -> list[Tensor]:
        """The weights that the step does not freeze."""
        frozen = {key(name) for name in self.step.frozen}
        found = []
        for name, parameter in supergraph.weights.named_parameters():
            if name.partition("::")[0] in frozen:
                parameter.requires_grad_(False)
            else:
                found.append(parameter)
        return found

    def optimiser(self, which: str, parameters: Sequence[Tensor], every: int) -> Learner:
        """The plan's optimiser for `alpha` or `weights`; `every` rounds make an epoch."""
        return Learner(self.settings[which], parameters, every, self.epochs)

    # -- hard bounds ----------------------------------------------------------------------------------------

    def within(self, draw: Callable[[], Genotype]) -> Genotype:
        """The first draw within the hard bounds. Raises DiagnosticError E0712 where hardly any is."""
        for _ in range(_DRAWS):
            found = draw()
            if self.points.costs.allows(found):
                return found
        raise DiagnosticError(codes.NOTHING_OPEN.error(None, f"none of {_DRAWS:,} draws is within the step's `require`"))

    def favoured(self, supergraph: Any) -> Mapping[str, str]:
        """What a supergraph's distribution derives; where that breaks a hard bound, the likeliest of a thousand draws that do not."""
        found: Mapping[str, str] = supergraph.genotype()
        if self.points.costs.allows(found):
            return found
        generator = self.generator("favoured")
        with torch.no_grad():
            draws = [self.within(lambda: supergraph.distribution.sample(generator, self.settled)) for _ in range(1000)]
            return max(draws, key=lambda g: float(supergraph.distribution.log_prob(g, self.settled)))

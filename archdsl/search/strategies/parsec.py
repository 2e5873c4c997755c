"""PARSEC with a cost: architectures are sampled, and importance weights move their distribution and the
shared weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from archdsl.elaborate.plans.table import STRATEGIES, Option
from archdsl.questions.genotype import Genotype
from archdsl.search.batches import halves
from archdsl.search.learning import BACKWARD
from archdsl.search.strategies.importance import (
    advantages,
    hinges,
    importance,
    logits_loss,
    multipliers,
)
from archdsl.search.strategies.protocol import Answers, Facts, State
from archdsl.search.strategies.relaxed import Relaxed

if TYPE_CHECKING:
    from archdsl.search.problem import Problem

_ACCURACY_BETA = 0.03  # accuracies differ by little, so little a hinge is enough


class Parsec(Relaxed):
    """Each round draws K architectures. One batch of one half of the data weighs them, ω, and moves the
    logits by −Σ m_k log P(A_k | α), m_k = ω_k − β C_k / Σ C; one batch of the other half moves the weights by
    Σ ω_k CE_k.

    While it warms up, the logits stay at the uniform distribution and every sample counts alike.
    """

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["parsec"]

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        super().__init__(
            problem,
            problem.supergraph(
                "sampled",
                channels=options["channels"],
                kernels=options["kernels"],
            ),
        )
        self._options = options
        self._for_weights, self._for_logits = halves(
            problem.examples, problem.seed_for("halves")
        )
        warmup = problem.epochs // 3 if options["warmup"] is None else options["warmup"]
        self._plan_rounds(len(self._for_logits), len(self._for_weights), warmup)
        default = _ACCURACY_BETA if options["scores"] == "accuracy" else 1.0
        self._beta = options["beta"] if options["beta"] is not None else default

    @property
    def work(self) -> float:
        """MACs of a round: each sample judged on one batch and learned from on another."""
        expected = float(self.supergraph.expected_macs().detach())
        samples = int(self._options["samples"])
        return (1 + BACKWARD) * samples * self.problem.batch_size * expected

    def round(self, number: int) -> Facts:
        epoch, within = divmod(number, self.every)
        drawn = self._drawn(number)
        share = torch.full((len(drawn),), 1 / len(drawn), dtype=torch.float64)
        facts: Facts = {"epoch": epoch, "warm": epoch < self._warmup}
        if epoch >= self._warmup:
            share = self._move_logits(drawn, number, epoch, within, facts)
        facts["loss"] = self._move_weights(drawn, share, number, epoch, within)
        return facts | self._summary(number)

    def _drawn(self, number: int) -> list[Genotype]:
        """K architectures from the distribution, the same on all ranks; those outside a hard bound are drawn
        again.
        """
        generator = self.problem.generator("sample", number)
        found: list[Genotype] = []
        with torch.no_grad():
            while len(found) < self._options["samples"]:
                genotype = self.problem.within(
                    lambda: self.supergraph.distribution.sample(
                        generator, self.problem.settled
                    )
                )
                found.append(genotype)
        return found

    def _move_logits(
        self,
        drawn: Sequence[Genotype],
        number: int,
        epoch: int,
        within: int,
        facts: Facts,
    ) -> Tensor:
        """Updates the logits by one batch; returns the shares [K] of the architectures in the loss of the
        weights.
        """
        problem, options = self.problem, self._options
        batch = problem.batch(self._for_logits, "logits", epoch, within)
        sums = torch.zeros((len(drawn), 2), dtype=torch.float64)
        self.supergraph.eval()
        with torch.no_grad():
            for k, genotype in enumerate(drawn):
                self.supergraph.set(genotype)
                sums[k] = problem.judged(self.supergraph, batch)
        sums = problem.summed(sums)
        self.supergraph.set(problem.settled)
        if options["scores"] == "accuracy":
            scores = advantages(sums[:, 1] / batch.size)
            share = scores + 1 / len(drawn)
        else:
            scores = share = importance(sums[:, 0], options["temperature"])
        m = scores
        costs = [problem.points.costs.of(g) for g in drawn]
        for budget in problem.soft_budgets:
            own = torch.tensor([c[budget.metric] for c in costs], dtype=torch.float64)
            m = multipliers(m, hinges(own, budget.limit), self._beta)
        self.logits.zero_grad()
        logs = torch.stack(
            [self.supergraph.distribution.log_prob(g, problem.settled) for g in drawn]
        )
        if logs.requires_grad:
            logits_loss(m, logs).backward()
            self.logits.step(number)
        facts["likelihood"] = float(sums[:, 0].mean()) / batch.size
        facts["accuracy"] = float(sums[:, 1].mean()) / batch.size
        facts["samples_macs"] = sum(c["macs"] for c in costs) / len(costs)
        return share

    def _move_weights(
        self,
        drawn: Sequence[Genotype],
        share: Tensor,
        number: int,
        epoch: int,
        within: int,
    ) -> float:
        problem = self.problem
        batch = problem.batch(self._for_weights, "weights", epoch, within)
        self.supergraph.train()

        def differentiate() -> Tensor:
            total = torch.zeros((), dtype=torch.float64)
            for k, (genotype, part) in enumerate(zip(drawn, share.tolist(), strict=True)):
                self.supergraph.set(genotype)
                problem.start_randomness("weights", number, k)
                total += part * problem.learned(self.supergraph, batch, part)
            self.supergraph.set(problem.settled)
            return total

        total = problem.stepped(self.learning, number, differentiate)
        return float(problem.summed(total)) / batch.size

    def genotype(self) -> Answers:
        return self.derived()

    def state(self) -> State:
        return self.saved()

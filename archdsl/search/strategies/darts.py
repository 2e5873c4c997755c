"""Differentiable search on the mixed supergraph: one loss for logits and weights (AttentionNAS), or DARTS's
two levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from archdsl.elaborate.plans.table import STRATEGIES, Option
from archdsl.search.batches import Batch, halves
from archdsl.search.learning import BACKWARD
from archdsl.search.strategies.bilevel import Ahead, first_order, second_order
from archdsl.search.strategies.protocol import Answers, Facts, State
from archdsl.search.strategies.relaxed import Relaxed

if TYPE_CHECKING:
    from archdsl.search.problem import Problem


class Darts(Relaxed):
    """Every choice is a softmax, and gradients descend on logits and weights.

    Jointly, both take one step on each batch. Bilevel, the logits step on a batch of one half of the data, by
    the gradient of first or second order, and then the weights on a batch of the other. A budget adds β ·
    max(expected cost / limit − 1, 0) to the loss of the logits.
    """

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["darts"]

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        super().__init__(
            problem,
            problem.supergraph("mixed", zero=options["zero"], edges=options["edges"]),
        )
        self._options = options
        self._for_weights = self._for_logits = list(range(problem.examples))
        if options["bilevel"]:
            self._for_weights, self._for_logits = halves(
                problem.examples, problem.seed_for("halves")
            )
        self._plan_rounds(len(self._for_logits), len(self._for_weights), options["warmup"])

    @property
    def work(self) -> float:
        """MACs of a round at most: all alternatives on one batch, or bilevel on two, of second order five
        times.
        """
        passes = {1: 2, 2: 5}[self._options["order"]] if self._options["bilevel"] else 1
        widest = sum(max(op.macs.distinct()) for op in self.problem.points.graph.ops())
        return float(BACKWARD * passes * self.problem.batch_size * widest)

    def round(self, number: int) -> Facts:
        epoch, within = divmod(number, self.every)
        facts: Facts = {"epoch": epoch, "warm": epoch < self._warmup}
        self.supergraph.train()
        self.supergraph.set(self.problem.settled)
        batch = self.problem.batch(self._for_weights, "weights", epoch, within)
        if epoch >= self._warmup and self._options["bilevel"]:
            facts["validation_loss"] = self._move_logits(batch, number, epoch, within)
        self.logits.zero_grad()
        self.problem.start_randomness("weights", number)
        differentiate = partial(self.problem.learned, self.supergraph, batch)
        loss = self.problem.stepped(self.learning, number, differentiate)
        if epoch >= self._warmup and not self._options["bilevel"]:
            self._step_logits(number)
        facts["loss"] = (
            float(self.problem.summed(torch.tensor(loss, dtype=torch.float64))) / batch.size
        )
        return facts | self._summary(number)

    def _penalty(self) -> Tensor | None:
        """β Σ max(expected cost / limit − 1, 0); None without a budget."""
        found = None
        for budget in self.problem.soft_budgets:
            distribution = self.supergraph.distribution
            cost = getattr(distribution, f"expected_{budget.metric}")(self.problem.settled)
            hinge = self._options["beta"] * (cost / budget.limit - 1).clamp_min(0)
            found = hinge if found is None else found + hinge
        return found

    def _penalise(self) -> None:
        """Adds the gradient of the penalty, which is the same on all ranks and so is not reduced."""
        penalty = self._penalty()
        if penalty is not None and penalty.requires_grad:
            penalty.backward()

    def _move_logits(self, training: Batch, number: int, epoch: int, within: int) -> float:
        problem = self.problem
        validation = problem.batch(self._for_logits, "logits", epoch, within)
        weights, alpha = self.learning.parameters, self.logits.parameters

        def loss_on(batch: Batch, purpose: str) -> Tensor:
            problem.start_randomness(purpose, number)
            return problem.loss(self.supergraph, batch)

        if self._options["order"] == 1:
            gradients, loss = first_order(lambda: loss_on(validation, "logits"), alpha)
        else:
            settings = problem.settings["weights"].named
            ahead = Ahead(
                self.learning.rate(number),
                self.learning.directions(),
                settings.get("momentum", 0.0),
                settings["decay"],
                problem.reduced,
            )
            gradients, loss = second_order(
                lambda: loss_on(training, "ahead"),
                lambda: loss_on(validation, "logits"),
                weights,
                alpha,
                ahead,
            )
        self.logits.zero_grad()
        for parameter, gradient in zip(alpha, gradients, strict=True):
            parameter.grad = gradient
        self._step_logits(number)
        return float(problem.summed(loss.double().cpu()))

    def _step_logits(self, number: int) -> None:
        """A step of the logits along the gradients that they have, and that of the penalty."""
        self.problem.reduce_gradients(self.logits.parameters)
        self._penalise()
        self.logits.step(number)

    def genotype(self) -> Answers:
        return self.derived()

    def state(self) -> State:
        return self.saved()

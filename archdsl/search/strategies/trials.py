"""Strategies that try architectures one by one: each round proposes one, has it evaluated and remembers its
score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor

from archdsl.elaborate.plans.table import Option
from archdsl.elaborate.plans.values import trials_of
from archdsl.search.strategies.protocol import Answers, Facts, State

if TYPE_CHECKING:
    from archdsl.search.problem import Problem


@dataclass(frozen=True, slots=True)
class Trial:
    """An architecture, and what it was found to be worth: greater is better."""

    genotype: Answers
    value: float


class Trials:
    """The part that such strategies share; one of them says in `propose` which architecture is tried next.

    `propose` may use `self.problem` (its points, costs and random numbers) and `self.trials`, and should
    depend on nothing else: then a search that is resumed goes on as it would have.
    """

    OPTIONS: ClassVar[Sequence[Option]] = ()

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        self.problem = problem
        self.options = options
        self.trials: list[Trial] = []
        self.rounds = trials_of(options, problem.settings)
        self.every = 1

    def propose(self, number: int) -> Answers:
        """The architecture of this trial, counted from 0."""
        raise NotImplementedError

    def round(self, number: int) -> Facts | None:
        genotype = self.problem.agreed(lambda: dict(self.propose(number)))
        return self.remember(genotype, number)

    def remember(self, genotype: Answers, number: int) -> Facts:
        """Evaluates an architecture and adds it to the trials; what there is to log."""
        found = self.problem.evaluate(genotype, number)
        self.trials.append(Trial(genotype, found.value))
        return {**found.facts(), "best": self.best().value, "genotype": dict(genotype)}

    def best(self) -> Trial:
        """The trial of greatest value, the first of equals."""
        return max(self.trials, key=lambda trial: trial.value)

    def genotype(self) -> Answers:
        return (
            self.best().genotype
            if self.trials
            else self.problem.points.uniform(1, self.problem.seed_for("start"))[0]
        )

    def probabilities(self) -> Mapping[str, Mapping[str, float]]:
        """How often each alternative stands in the better half of the trials."""
        ranked = sorted(self.trials, key=lambda trial: -trial.value)[: max(1, len(self.trials) // 2)]
        found: dict[str, dict[str, float]] = {}
        for choice in self.problem.points.opened:
            answers = [t.genotype[choice.path] for t in ranked if choice.path in t.genotype]
            if answers:
                found[choice.path] = {label: answers.count(label) / len(answers) for label in choice.labels()}
        return found

    def state(self) -> State:
        shared = self.problem.evaluation.state()
        return State(shared, {"trials": [[dict(t.genotype), t.value] for t in self.trials]})

    def restore(self, state: State) -> None:
        self.trials = [Trial(genotype, value) for genotype, value in state.facts["trials"]]
        self.problem.evaluation.restore(state.tensors)

    def weights(self) -> Mapping[str, Tensor]:
        return self.problem.evaluation.weights()

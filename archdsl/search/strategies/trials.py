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
from archdsl.search.learning import BACKWARD
from archdsl.search.strategies.protocol import Answers, Facts, State

if TYPE_CHECKING:
    from archdsl.search.problem import Problem

_SOME = 16  # architectures whose mean cost is that of a trial


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

    @property
    def work(self) -> float:
        """MACs of a trial: of a mean architecture, learned from scratch and judged, or only judged."""
        problem = self.problem
        some = problem.points.uniform(_SOME, problem.seed_for("work"))
        mean = sum(problem.points.costs.of(g)["macs"] for g in some) / len(some)
        learned = problem.epochs * problem.rounds_an_epoch * problem.batch_size
        shared = self.options["evaluate"] == "shared"
        return float(
            mean * (len(problem.data.validation) + (0 if shared else BACKWARD * learned))
        )

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
        return {
            **found.facts(),
            "best": self.best().value,
            "genotype": dict(genotype),
        }

    def best(self) -> Trial:
        """The trial of greatest value, the first of equals."""
        return max(self.trials, key=lambda trial: trial.value)

    def genotype(self) -> Answers:
        if self.trials:
            return self.best().genotype
        return self.problem.points.uniform(1, self.problem.seed_for("start"))[0]

    def probabilities(self) -> Mapping[str, Mapping[str, float]]:
        """How often each alternative stands in the better half of the trials."""
        ranked = sorted(self.trials, key=lambda trial: -trial.value)[
            : max(1, len(self.trials) // 2)
        ]
        found: dict[str, dict[str, float]] = {}
        for choice in self.problem.points.opened:
            answers = [t.genotype[choice.path] for t in ranked if choice.path in t.genotype]
            if answers:
                found[choice.path] = {
                    label: answers.count(label) / len(answers) for label in choice.labels()
                }
        return found

    def state(self) -> State:
        shared = self.problem.evaluation.state()
        return State(
            shared,
            {"trials": [[dict(t.genotype), t.value] for t in self.trials]},
        )

    def restore(self, state: State) -> None:
        self.trials = [
            self._trial(genotype, value) for genotype, value in state.facts["trials"]
        ]
        self.problem.evaluation.restore(state.tensors)

    def _trial(self, genotype: Any, value: Any) -> Trial:
        """A trial from what was saved. Raises TypeError and DiagnosticError where it is of another space."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{value!r} is no value of a trial")
        self.problem.points.whole(genotype)
        return Trial(dict(genotype), value)

    def weights(self) -> Mapping[str, Tensor]:
        return self.problem.evaluation.weights()


class Untried(Trials):
    """Tries no architecture twice, unless the option `repeats` asks for it.

    `order` are architectures drawn uniformly, one for each trial: a space with fewer of them than trials were
    asked for has fewer rounds. With 4 architectures and `trials = 20` there are 4, and `note` says so.
    """

    PURPOSE: ClassVar[str]  # of its random numbers

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        super().__init__(problem, options)
        asked, seed = self.rounds, problem.seed_for(self.PURPOSE)
        self.repeats = bool(options["repeats"])
        draw = problem.points.uniform if self.repeats else problem.points.distinct
        self.order: Sequence[Answers] = draw(asked, seed)
        self.rounds = len(self.order)
        few = f"all {self.rounds:,} architectures have been tried, {asked:,} trials were asked for"
        self.note = few if self.rounds < asked else ""

    def is_tried(self, genotype: Answers, others: Sequence[Answers] = ()) -> bool:
        """Whether an architecture is among the trials, or among others; never where repeats are asked for."""
        wanted = dict(genotype)
        tried = [*(t.genotype for t in self.trials), *others]
        return not self.repeats and any(dict(g) == wanted for g in tried)

    def untried(self, others: Sequence[Answers] = ()) -> Answers:
        """An architecture drawn uniformly from those that are not tried. There is one as long as there are
        rounds.
        """
        return next(g for g in self.order if not self.is_tried(g, others))

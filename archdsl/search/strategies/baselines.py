"""What cleverer strategies are measured against: uniform random search, regularised evolution, and all of a
small grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from archdsl.elaborate.plans.table import STRATEGIES, Option
from archdsl.search.strategies.protocol import Answers
from archdsl.search.strategies.trials import Trials, Untried

if TYPE_CHECKING:
    from archdsl.search.problem import Problem

_CHILDREN = (
    32  # that may have been tried, before an architecture drawn uniformly takes their place
)


class RandomSearch(Untried):
    """Every architecture equally likely; of those that are not tried yet, or with `repeats` of all."""

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["random"]
    PURPOSE = "random"

    def propose(self, number: int) -> Answers:
        return self.order[number]


class Evolution(Untried):
    """Regularised evolution (Real et al. 2019): the best of a few mutates, and the oldest of the population
    dies. A child that was tried already is not born.
    """

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["evolution"]
    PURPOSE = "evolution"

    def propose(self, number: int) -> Answers:
        if number < self.options["population"]:
            return self.order[number]
        random = Random(self.problem.seed_for("evolution", number))
        alive = self.trials[-self.options["population"] :]
        for _ in range(_CHILDREN):
            rivals = random.sample(alive, min(self.options["sample"], len(alive)))
            parent = max(rivals, key=lambda trial: trial.value)
            child = self.problem.points.mutated(parent.genotype, random)
            if not self.is_tried(child):
                return child
        return self.untried()


class Grid(Trials):
    """Every architecture once, in the order of the choices."""

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["grid"]

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        super().__init__(problem, options)
        self.cells = problem.points.all()
        self.rounds = len(self.cells)

    def propose(self, number: int) -> Answers:
        return self.cells[number]

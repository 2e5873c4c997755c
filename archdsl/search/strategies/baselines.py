"""What cleverer strategies are measured against: uniform random search, regularised evolution, and all of a
small grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from archdsl.elaborate.plans.table import STRATEGIES, Option
from archdsl.search.strategies.protocol import Answers
from archdsl.search.strategies.trials import Trials

if TYPE_CHECKING:
    from archdsl.search.problem import Problem


class RandomSearch(Trials):
    """Every architecture equally likely, drawn independently."""

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["random"]

    @cached_property
    def drawn(self) -> Sequence[Answers]:
        """The architectures of all trials; a longer list begins with the shorter one."""
        return self.problem.points.uniform(self.rounds, self.problem.seed_for("random"))

    def propose(self, number: int) -> Answers:
        return self.drawn[number]


class Evolution(Trials):
    """Regularised evolution (Real et al. 2019): the best of a few mutates, and the oldest of the population
    dies.
    """

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["evolution"]

    @cached_property
    def first(self) -> Sequence[Answers]:
        """The architectures that the population starts with."""
        return self.problem.points.uniform(self.options["population"], self.problem.seed_for("evolution"))

    def propose(self, number: int) -> Answers:
        if number < len(self.first):
            return self.first[number]
        random = Random(self.problem.seed_for("evolution", number))
        alive = self.trials[-self.options["population"] :]
        parent = max(
            random.sample(alive, min(self.options["sample"], len(alive))), key=lambda trial: trial.value
        )
        return self.problem.points.mutated(parent.genotype, random)


class Grid(Trials):
    """Every architecture once, in the order of the choices."""

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["grid"]

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        super().__init__(problem, options)
        self.cells = problem.points.all()
        self.rounds = len(self.cells)

    def propose(self, number: int) -> Answers:
        return self.cells[number]

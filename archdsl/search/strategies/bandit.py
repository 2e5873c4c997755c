"""A Gaussian process bandit (AttentionNAS 4.1): GP-UCB over categorical choices, its trials in Optuna's
studies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, repeat
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from archdsl.elaborate.plans.table import STRATEGIES, Option
from archdsl.search.strategies.gaussian_process import (
    Regression,
    fit,
    upper_bound,
)
from archdsl.search.strategies.protocol import Answers, Facts, State
from archdsl.search.strategies.studies import Asked, Known, Study
from archdsl.search.strategies.trials import Trial, Untried

if TYPE_CHECKING:
    from archdsl.search.problem import Problem

_POOL = 256  # architectures drawn uniformly, among which each bound is looked for
_LEADERS, _CHILDREN, _CLIMBS = (
    6,
    8,
    3,
)  # and climbing from the best of them by mutation


class Bandit(Untried):
    """Tries what has the greatest upper confidence bound, mean + k deviations, after some uniform draws.

    Several processes with runs of their own and one `--storage` share the trials; together they make `trials`
    of them.
    """

    OPTIONS: ClassVar[Sequence[Option]] = STRATEGIES["bandit"]
    PURPOSE = "bandit"

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        super().__init__(problem, options)
        acquisition = options["acquisition"]
        self._deviations = float(acquisition.args[0] if acquisition.args else 1.8)
        self._looked = False

    @cached_property
    def study(self) -> Study:
        """The trials, opened by the first rank only."""
        problem = self.problem
        return Study(
            problem.storage,
            problem.study_name,
            problem.points.opened,
            problem.worker,
            self.chosen,
        )

    def round(self, number: int) -> Facts | None:
        next_ = self.problem.agreed(lambda: self._next(number))
        if next_ is None:
            self.note = (
                self.note or "other workers have made, or are at, the trials that are left"
            )
            return None
        if isinstance(next_, Known):
            self.trials.append(next_.trial)
            return next_.facts
        facts = self.remember(next_.genotype, next_.place)
        if self.problem.is_first:
            self.study.tell(next_, self.trials[-1].value, facts)
        return facts

    def genotype(self) -> Answers:
        """The best of all workers' trials."""
        if self.problem.is_first and self.study.finished():
            return max(self.study.finished(), key=lambda trial: trial.value).genotype
        return super().genotype()

    def restore(self, state: State) -> None:
        super().restore(state)
        self._looked = False

    def _next(self, number: int) -> Known | Asked | None:
        """What was done already in this round, else what to do; None where all trials are done or taken."""
        if not self._looked:
            self._looked = True
            known = self.study.left_over(number)
            if known is not None:
                return known
        return self.study.ask(number) if self.study.count() < self.rounds else None

    def chosen(
        self,
        position: int,
        trials: Sequence[Trial],
        pending: Sequence[Answers],
    ) -> Answers:
        """The next architecture: uniform at first, then that of the greatest bound among those that are not
        tried yet.
        """
        known = [*(t.genotype for t in trials), *pending]
        if position < self.options["initial"] or len(trials) < 2:
            first = self.order[position]
            return self.untried(known) if self.is_tried(first, known) else first
        points, random = (
            self.problem.points,
            Random(self.problem.seed_for("bandit", position)),
        )
        rows = torch.tensor([points.levels(t.genotype) for t in trials])
        values = torch.tensor([t.value for t in trials], dtype=torch.float64)
        process = fit(rows, values, self.options["kernel"])
        if pending:
            process = process.including(torch.tensor([points.levels(g) for g in pending]))
        tried = set() if self.repeats else {tuple(points.levels(g)) for g in known}
        best = sorted(trials, key=lambda trial: -trial.value)[:_LEADERS]
        found = self._leaders([*self.pool, *(t.genotype for t in best)], process, tried)
        for _ in range(_CLIMBS):
            parents = list(chain.from_iterable(repeat(g, _CHILDREN) for g in found))
            children = [points.mutated(parent, random) for parent in parents]
            found = self._leaders([*found, *children], process, tried)
        return found[0] if found else self.untried(known)

    @cached_property
    def pool(self) -> Sequence[Answers]:
        """Architectures drawn uniformly."""
        return self.problem.points.uniform(_POOL, self.problem.seed_for("bandit"))

    def _leaders(
        self,
        genotypes: Sequence[Answers],
        process: Regression,
        tried: set[tuple[int, ...]],
    ) -> list[Answers]:
        """Those of the greatest bounds that were not tried, from the best down; of equal ones the earlier
        first.
        """
        rows = [tuple(self.problem.points.levels(g)) for g in genotypes]
        if not rows:  # nothing was left to climb from
            return []
        order = upper_bound(process, torch.tensor(rows), self._deviations).argsort(
            descending=True, stable=True
        )
        found: dict[tuple[int, ...], Answers] = {}
        for i in order.tolist():
            if rows[i] not in tried and len(found) < _LEADERS:
                found.setdefault(rows[i], genotypes[i])
        return list(found.values())

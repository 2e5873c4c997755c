"""A search from its plan to its genotype, in a run directory: what `archdsl search` does, without a
terminal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archdsl.elaborate.plans.plan import Plan, Step
from archdsl.elaborate.plans.table import setting_text
from archdsl.ir.printer import print_graph
from archdsl.questions.cost import cost
from archdsl.questions.genotype import Genotype, complete, genotype_of
from archdsl.search.clock import Clock, Status
from archdsl.search.documents import Documents
from archdsl.search.loop import Loop, Place, Watch
from archdsl.search.page import page
from archdsl.search.places import placed
from archdsl.search.runs import Run
from archdsl.search.steps import (
    Surroundings,
    answers_after,
    answers_before,
    begin,
)
from archdsl.search.strategies.protocol import Answers, Facts, State, Strategy
from archdsl.whole_files import write_text


@dataclass(frozen=True, slots=True)
class Found:
    """The result: the genotype, its costs, and the answers of each step."""

    genotype: Genotype
    costs: Mapping[str, float]
    steps: Mapping[str, Answers]


def frozen(plan: Plan, data: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides a search's result, for a run directory to hold and to compare on resuming."""
    return {
        "plan": plan.name,
        "space": plan.of,
        "strategy": str(plan.strategy),
        "settings": _texts(plan.settings),
        "steps": [_facts(step) for step in plan.steps],
        "data": data,
        **extra,
    }


def _texts(settings: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        name: None if value is None else setting_text(value)
        for name, value in settings.items()
    }


def _facts(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "open": list(step.opened),
        "fix": dict(step.fixed),
        "inherited": list(step.inherited),
        "freeze": list(step.frozen),
        "budgets": [
            f"{'require' if b.hard else 'budget'} {b.metric} {b.op} {b.limit:g}"
            for b in step.budgets
        ],
        "settings": _texts(step.settings),
        "graph": hashlib.sha256(print_graph(step.graph).encode()).hexdigest(),
    }


def search(
    plan: Plan,
    documents: Documents,
    run: Run,
    around: Surroundings,
    *,
    watch: Watch = lambda facts: None,
    stop: Callable[[], bool] = lambda: False,
) -> Found:
    """Takes every round of every step that the run has not taken yet.

    `watch` hears of every round; `stop` is asked after each, and what the first rank says holds for all.
    Raises Stopped when it says so, and DiagnosticError as strategies do.
    """
    sheet = _Sheet(plan, documents, run)
    loop = Loop(run, around.ranks, Clock(run.folder), sheet.show, watch, stop)
    at = sheet.at = loop.start()
    if around.ranks.is_first:
        sheet.copy()
    with loop.shown():
        for number in range(at.step, len(plan.steps)):
            step = plan.steps[number]
            strategy = begin(plan, number, at.found, at.inherited, around)
            sheet.strategy = strategy
            told = {
                "open": len(step.opened),
                "work": getattr(strategy, "work", None),
            }
            loop.take(step.name, _Taken(strategy, step), at, told)
            at.found[step.name] = around.ranks.agreed(sheet.answers)
            sheet.strategy = None
            if around.ranks.is_first:
                sheet.write(step, f"genotype.{step.name}.arch", step.name, at.found)
            at.inherited = {
                **at.inherited,
                **{name: t.clone() for name, t in strategy.weights().items()},
            }
            at.step, at.round, at.state = number + 1, 0, None
        loop.save(at)
    last = plan.steps[-1]
    genotype = _whole(last, at.found)
    totals = cost(last.graph, genotype)
    return Found(genotype, {"macs": totals.macs, "params": totals.params}, at.found)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The rounds of a strategy, in a step of a plan; what is complete is told with all probabilities."""

    strategy: Strategy
    step: Step

    @property
    def rounds(self) -> int:
        return self.strategy.rounds

    @property
    def every(self) -> int:
        return self.strategy.every

    @property
    def note(self) -> str:
        return str(getattr(self.strategy, "note", ""))

    def round(self, number: int) -> Facts | None:
        with placed(
            self.step.span, ("choices", "plan")
        ):  # what is wrong with data is not the plan's fault
            told = self.strategy.round(number)
        complete = (number + 1) % self.every == 0 or number + 1 == self.rounds
        if told is None or not complete:
            return told
        return {
            **told,
            "probabilities": _rounded(self.strategy.probabilities()),
        }

    def state(self) -> State:
        return self.strategy.state()

    def restore(self, state: State) -> None:
        self.strategy.restore(state)


@dataclass(slots=True)
class _Sheet:
    """What a search leaves to be read: the plan's files, the genotype so far, and the page."""

    plan: Plan
    documents: Documents
    run: Run
    at: Place = field(default_factory=Place)
    strategy: Strategy | None = None  # of the present step

    @property
    def step(self) -> Step:
        """The present one; of a search that has ended, the last."""
        return self.plan.steps[min(self.at.step, len(self.plan.steps) - 1)]

    def answers(self) -> Answers:
        """What the present strategy has found by now."""
        assert self.strategy is not None
        return answers_after(self.strategy, self.step)

    def copy(self) -> None:
        """Writes the plan's own files, so that genotypes lead back to their space."""
        for path, text in self.documents.copies.items():
            (self.run.folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_text(self.run.folder / path, text)

    def show(self, status: Status) -> None:
        """Writes the genotype so far, where there is one, and the page."""
        step = self.step
        found = dict(self.at.found)
        if self.strategy is not None and self.at.round:
            found[step.name] = self.answers()
        genotype = None
        if step.name in found:
            self.write(step, "genotype.arch", "found", found)
            genotype = _whole(step, found)
        text = page(self.plan, step, genotype, self.run, status)
        write_text(self.run.folder / "index.html", text)

    def write(self, step: Step, file: str, name: str, found: Mapping[str, Answers]) -> None:
        """Writes the architecture of a step as a file."""
        write_text(
            self.run.folder / file,
            self.documents.genotype(_whole(step, found), name, step),
        )


def _rounded(
    probabilities: Mapping[str, Mapping[str, float]],
) -> dict[str, dict[str, float]]:
    found = {}
    for path, labels in probabilities.items():
        found[path] = {label: round(p, 6) for label, p in labels.items()}
    return found


def _whole(step: Step, found: Mapping[str, Answers]) -> Genotype:
    """The genotype of a step's space that the answers so far make."""
    answers = {**answers_before(step, found), **found[step.name]}
    known = {c.path for c in step.graph.choices}
    at = complete(
        step.graph,
        {path: label for path, label in answers.items() if path in known},
    )
    return genotype_of(step.graph, at)

"""A search from its plan to its genotype, in a run directory: what `archdsl search` does, without a
terminal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from torch import Tensor

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.plan import Plan, Step
from archdsl.elaborate.plans.table import setting_text
from archdsl.ir.printer import print_graph
from archdsl.questions.cost import cost
from archdsl.questions.genotype import Genotype, complete, genotype_of
from archdsl.search.documents import Documents
from archdsl.search.page import page
from archdsl.search.places import placed
from archdsl.search.runs import Run, Stopped, part
from archdsl.search.steps import Surroundings, answers_after, answers_before, begin
from archdsl.search.strategies.protocol import Answers, Facts, State, Strategy
from archdsl.whole_files import write_text

Watch = Callable[[Facts], None]


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
        "settings": {name: setting_text(v) if v is not None else None for name, v in plan.settings.items()},
        "steps": [_facts(step) for step in plan.steps],
        "data": data,
        **extra,
    }


def _facts(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "open": list(step.opened),
        "fix": dict(step.fixed),
        "inherited": list(step.inherited),
        "freeze": list(step.frozen),
        "budgets": [
            f"{'require' if b.hard else 'budget'} {b.metric} {b.op} {b.limit:g}" for b in step.budgets
        ],
        "settings": {name: setting_text(v) if v is not None else None for name, v in step.settings.items()},
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
    at = around.ranks.agreed(lambda: _Place.of(run))
    if around.ranks.is_first:
        for path, text in documents.copies.items():
            (run.folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_text(run.folder / path, text)
    for number in range(at.step, len(plan.steps)):
        step = plan.steps[number]
        strategy = begin(plan, number, at.found, at.inherited, around)
        if at.state is not None:
            _restored(strategy, at.state, run)
        else:
            _save(run, at, None, around)
        watch(
            {
                "event": "step",
                "step": step.name,
                "rounds": strategy.rounds,
                "round": at.round,
                "open": len(step.opened),
            }
        )
        while at.round < strategy.rounds:
            with placed(step.span, ("choices", "plan")):  # what is wrong with data is not the plan's fault
                told = _sound(strategy.round(at.round), at.round)
            if told is None:
                break
            at.round, at.total = at.round + 1, at.total + 1
            complete = at.round % strategy.every == 0 or at.round == strategy.rounds
            record = {"step": step.name, "round": at.round - 1, **told}
            if complete:
                record["probabilities"] = _rounded(strategy.probabilities())
            if around.ranks.is_first:
                run.log(record)
            watch({"event": "round", **record})
            stopping = around.ranks.agreed(stop)
            if complete or stopping:
                _save(run, at, strategy, around)
            if complete:
                _show(plan, step, _answers(strategy, step, around), at.found, documents, run, around)
            if stopping:
                raise Stopped
        at.found[step.name] = _answers(strategy, step, around)
        if around.ranks.is_first:
            _write(step, f"genotype.{step.name}.arch", step.name, at.found, documents, run)
        at.inherited = {**at.inherited, **{name: t.clone() for name, t in strategy.weights().items()}}
        at.step, at.round, at.state = number + 1, 0, None
    _save(run, at, None, around)
    last = plan.steps[-1]
    genotype = _whole(last, at.found)
    if around.ranks.is_first:
        _show(plan, last, at.found[last.name], at.found, documents, run, around)
    totals = cost(last.graph, genotype)
    return Found(genotype, {"macs": totals.macs, "params": totals.params}, at.found)


@dataclass(slots=True)
class _Place:
    """How far a search has come."""

    step: int = 0
    round: int = 0
    total: int = 0
    found: dict[str, Answers] = field(default_factory=dict)
    inherited: Mapping[str, Tensor] = field(default_factory=dict)
    state: State | None = None

    @classmethod
    def of(cls, run: Run) -> _Place:
        """Where the latest checkpoint of a run stands, or the beginning."""
        latest = run.latest()
        if latest is None:
            return cls()
        try:
            facts = latest.facts
            state = (
                State(part(latest.tensors, "state/"), facts["state"]) if facts["state"] is not None else None
            )
            return cls(
                facts["step"],
                facts["round"],
                facts["total"],
                dict(facts["found"]),
                part(latest.tensors, "inherited/"),
                state,
            )
        except (LookupError, TypeError, ValueError) as error:
            raise _broken(run, error) from error


def _save(run: Run, at: _Place, strategy: Strategy | None, around: Surroundings) -> None:
    """A checkpoint; without a strategy, one of the place before a step begins."""
    state = strategy.state() if strategy is not None else None
    if not around.ranks.is_first:
        return
    tensors = {f"inherited/{name}": t for name, t in at.inherited.items()}
    tensors.update({f"state/{name}": t for name, t in (state.tensors if state else {}).items()})
    facts = {
        "step": at.step,
        "round": at.round,
        "total": at.total,
        "found": {k: dict(v) for k, v in at.found.items()},
    }
    number = 2 * at.total + (strategy is None)  # a step begins where another one ended
    run.save(number, tensors, {**facts, "state": state.facts if state else None})


def _restored(strategy: Strategy, state: State, run: Run) -> None:
    """Sets a strategy to a checkpoint's state. Raises DiagnosticError E0723 where that is not one of its
    own.
    """
    try:
        strategy.restore(state)
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise _broken(run, error) from error


def _broken(run: Run, error: Exception) -> DiagnosticError:
    problem = (
        f"the latest checkpoint in {run.folder} does not hold what a search needs: {type(error).__name__}: "
        f"{error}"
    )
    return DiagnosticError(
        codes.BROKEN_CHECKPOINT.error(None, problem, help="begin anew in another directory")
    )


def _sound(told: Facts | None, number: int) -> Facts | None:
    """What a round says, if it is still of numbers. Raises DiagnosticError E0725 where it is not."""
    wrong = [name for name, value in (told or {}).items() if isinstance(value, float) and not isfinite(value)]
    if wrong:
        raise DiagnosticError(
            codes.DIVERGED.error(
                None, f"the {wrong[0].replace('_', ' ')} of round {number} is {(told or {})[wrong[0]]}"
            )
        )
    return told


def _answers(strategy: Strategy, step: Step, around: Surroundings) -> Answers:
    return around.ranks.agreed(lambda: answers_after(strategy, step))


def _rounded(probabilities: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {
        path: {label: round(p, 6) for label, p in labels.items()} for path, labels in probabilities.items()
    }


def _whole(step: Step, found: Mapping[str, Answers]) -> Genotype:
    """The genotype of a step's space that the answers so far make."""
    answers = {**answers_before(step, found), **found[step.name]}
    known = {c.path for c in step.graph.choices}
    at = complete(step.graph, {path: label for path, label in answers.items() if path in known})
    return genotype_of(step.graph, at)


def _show(
    plan: Plan,
    step: Step,
    answers: Answers,
    found: Mapping[str, Answers],
    documents: Documents,
    run: Run,
    around: Surroundings,
) -> None:
    """The genotype so far as a file, and the page."""
    if around.ranks.is_first:
        so_far = {**found, step.name: answers}
        _write(step, "genotype.arch", "found", so_far, documents, run)
        write_text(run.folder / "index.html", page(plan, step, _whole(step, so_far), run.records()))


def _write(
    step: Step, file: str, name: str, found: Mapping[str, Answers], documents: Documents, run: Run
) -> None:
    write_text(run.folder / file, documents.genotype(_whole(step, found), name, step))

"""From a step of a plan, and what earlier steps found, to the strategy that searches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

import torch
from torch import Tensor

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.plan import Plan, Step
from archdsl.elaborate.plans.table import STRATEGIES, Invocation
from archdsl.elaborate.plans.values import PLUGINS, filled
from archdsl.ir.choice import Choice
from archdsl.questions.diagram import live
from archdsl.search.costs import costs_of
from archdsl.search.places import placed
from archdsl.search.points import Points
from archdsl.search.problem import Problem
from archdsl.search.ranks import Ranks
from archdsl.search.strategies.protocol import Answers, Strategy


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a search has around it, the same for all of its steps; see `Problem`."""

    data: Any
    ranks: Ranks
    storage: str
    worker: str
    cuts: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))


def kind_of(strategy: Invocation) -> type[Strategy]:
    """The class of a strategy, built in or brought by another package.

    Raises DiagnosticError E0713 for a plug-in that cannot be used.
    """
    if strategy.name in STRATEGIES:
        from archdsl.search.strategies.table import BUILT_IN

        return BUILT_IN[strategy.name]()
    (point,) = [p for p in entry_points(group=PLUGINS) if p.name == strategy.name][:1]
    try:
        kind = point.load()
    except Exception as error:  # whatever a foreign module does on import
        problem = (
            f"the strategy `{strategy.name}` of {point.value} cannot be imported: {type(error).__name__}: "
            f"{error}"
        )
        raise DiagnosticError(codes.BAD_STRATEGY.error(strategy.span, problem)) from error
    lacking = [
        name
        for name in (
            "OPTIONS",
            "round",
            "genotype",
            "probabilities",
            "state",
            "restore",
            "weights",
        )
        if not hasattr(kind, name)
    ]
    if lacking or not isinstance(kind, type):
        problem = (
            f"the strategy `{strategy.name}` of {point.value} has no `{lacking[0]}`"
            if lacking
            else f"{point.value} is no class"
        )
        raise DiagnosticError(codes.BAD_STRATEGY.error(strategy.span, problem))
    return kind


def options_of(strategy: Invocation, kind: type[Strategy]) -> dict[str, Any]:
    """The options of a strategy by name, defaults filled in. Raises DiagnosticError for those that do not
    fit.
    """
    return (
        dict(strategy.named)
        if strategy.name in STRATEGIES
        else filled(strategy.name, strategy.named, kind.OPTIONS)
    )


def answers_before(step: Step, found: Mapping[str, Answers]) -> dict[str, str]:
    """What a step has settled: its own fixed answers, and those of earlier steps (in order) for what it
    inherits.
    """
    answers: dict[str, str] = {}
    for earlier in found.values():
        answers.update(earlier)
    labels = {c.path: c.labels() for c in step.graph.choices}
    inherited = {
        path: answers[path] for path in step.inherited if answers.get(path) in labels[path]
    }
    return inherited | dict(step.fixed)


def check_open(step: Step, settled: Mapping[str, str]) -> tuple[Choice, ...]:
    """What is open in a step. Raises DiagnosticError E0712 where nothing is."""
    opened = tuple(c for c in step.graph.choices if c.path not in settled)
    if not opened:
        problem = f"`{step.name}` leaves no choice of `{step.graph.name}` open"
        raise DiagnosticError(codes.NOTHING_OPEN.error(step.span, problem))
    return opened


def begin(
    plan: Plan,
    number: int,
    found: Mapping[str, Answers],
    inherited: Mapping[str, Tensor],
    around: Surroundings,
) -> Strategy:
    """The strategy of a step at its start.

    Raises DiagnosticError where nothing is open, and as strategies and tables of measurements do.
    """
    step = plan.steps[number]
    kind = kind_of(plan.strategy)
    options = options_of(plan.strategy, kind)
    settled = answers_before(step, found)
    opened = check_open(step, settled)
    active = live(step.graph)
    with placed(plan.strategy.span):
        costs = costs_of(step.graph, active, step.budgets, options.get("latency"))
    points = Points(step.graph, active, settled, opened, costs)
    problem = Problem(
        step,
        points,
        int(plan.settings["seed"]),
        around.data,
        around.ranks,
        around.storage,
        around.worker,
        f"{plan.name}.{step.name}",
        options,
        inherited,
        around.cuts,
        around.device,
    )
    with placed(step.span):
        return kind(problem, options)


def answers_after(strategy: Strategy, step: Step) -> dict[str, str]:
    """What a step found: its genotype, and for choices that are inactive in it what is likeliest by now."""
    likeliest = {
        path: max(p, key=lambda label: p[label])
        for path, p in strategy.probabilities().items()
    }
    return likeliest | dict(step.fixed) | dict(strategy.genotype())

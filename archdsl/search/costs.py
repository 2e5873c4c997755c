"""What architectures cost: MACs and parameters by the IR's tables, latency by a table of measurements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.drafts import Budget
from archdsl.ir.activity import Activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.costs import cost_terms
from archdsl.ir.expr import Expr, constant, index_of, lift, where
from archdsl.ir.graph import CostBound, Graph
from archdsl.questions.genotype import complete

_LARGEST = 1 << 24  # bytes of a table of measurements


@dataclass(frozen=True, eq=False, slots=True)
class Costs:
    """The costs of a space that the budgets of a step speak of, and MACs in any case, as tables whose sum
    they are.
    """

    graph: Graph
    active: Activity
    terms: Mapping[str, tuple[Expr, ...]]
    budgets: tuple[Budget, ...]
    requirements: tuple[Expr, ...]

    def of(self, genotype: Mapping[str, str]) -> dict[str, float]:
        """The costs of an architecture by metric. Raises DiagnosticError where the genotype does not fit or
        is not complete.
        """
        at = complete(self.graph, genotype, self.active)
        return {metric: _total(terms, at) for metric, terms in self.terms.items()}

    def excess(self, costs: Mapping[str, float]) -> float:
        """Σ max(cost / limit − 1, 0) over the soft budgets."""
        return sum(
            max(costs[b.metric] / b.limit - 1, 0.0)
            for b in self.budgets
            if not b.hard and b.limit > 0
        )

    def allows(self, genotype: Mapping[str, str]) -> bool:
        """Whether an architecture satisfies every requirement of the space and every hard bound of the
        plan.
        """
        return self.allows_at(complete(self.graph, genotype, self.active))

    def allows_at(self, at: Mapping[Choice, int]) -> bool:
        """The same of an answer to every choice."""
        if not all(r.at(at) for r in self.requirements):
            return False
        hard: list[CostBound | Budget] = [
            *self.graph.bounds,
            *(b for b in self.budgets if b.hard),
        ]
        return all(_holds(_total(self.terms[b.metric], at), b.op, b.limit) for b in hard)


def _total(terms: Sequence[Expr], at: Mapping[Choice, int]) -> float:
    total: float = sum(term.at(at) for term in terms)
    return total


def costs_of(
    graph: Graph,
    active: Activity,
    budgets: Sequence[Budget],
    latency: str | None = None,
) -> Costs:
    """The tables for the budgets of a step. Raises DiagnosticError where the file of measurements is missing
    or does not fit.
    """
    metrics = {
        "macs",
        *(b.metric for b in budgets),
        *(b.metric for b in graph.bounds),
    }
    counted: Mapping[str, Literal["macs", "params"]] = {
        "macs": "macs",
        "params": "params",
    }
    terms = {
        m: cost_terms(graph, counted[m], active) for m in sorted(metrics & counted.keys())
    }
    if "latency" in metrics:
        assert latency is not None, "a plan with a budget on latency names its table"
        terms["latency"] = latency_terms(graph, active, Path(latency))
    return Costs(
        graph,
        active,
        terms,
        tuple(budgets),
        tuple(binding(r, active) for r in graph.requirements),
    )


def latency_terms(graph: Graph, active: Activity, path: Path) -> tuple[Expr, ...]:
    """Measured costs as tables: `base`, and for each entry of `terms` the cost of the answers to its choices.

    A term counts where all of its choices are active. The file is JSON, as `docs/search.md` describes it;
    costs are in whatever unit the budget is in. Raises DiagnosticError E0710.
    """
    try:
        table = json.loads(_text(path))
        base, entries = float(table.get("base", 0.0)), list(table["terms"])
        return (
            constant(base),
            *(_term(graph, active, entry, path) for entry in entries),
        )
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise DiagnosticError(
            codes.BAD_LATENCY.error(None, f"{path}: {error or type(error).__name__}")
        ) from None


def _text(path: Path) -> str:
    """Of a regular file, as far as a table may go. Raises OSError and ValueError."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        return file.read(_LARGEST).decode("utf-8")


def _term(graph: Graph, active: Activity, entry: Mapping[str, Any], path: Path) -> Expr:
    by_path = {c.path: c for c in graph.choices}
    unknown = [p for p in entry["choices"] if p not in by_path]
    if unknown or not entry["choices"]:
        named = (
            f"`{graph.name}` has no choice `{unknown[0]}`"
            if unknown
            else "a term without choices"
        )
        raise DiagnosticError(codes.BAD_LATENCY.error(None, f"{path}: {named}"))
    choices: list[Choice] = [by_path[p] for p in entry["choices"]]
    costs: dict[str, Any] = dict(entry["costs"])
    wrong = _unanswered(choices, costs)
    if wrong or not all(map(_is_cost, costs.values())):
        what = (
            f"`{wrong}` is missing or no answer"
            if wrong
            else "a cost is a number, at least 0"
        )
        asked = ", ".join(f"`{c.path}`" for c in choices)
        raise DiagnosticError(codes.BAD_LATENCY.error(None, f"{path}: {what} to {asked}"))
    here = lift(_looked_up(choices, costs), *map(index_of, choices))
    for choice in choices:
        here = where(active.guard(choice), here, constant(0.0))
    return here


def _unanswered(choices: Sequence[Choice], costs: Mapping[str, Any]) -> str:
    """A combination of answers that a table lacks, or one of its own that is none; "" where they agree."""
    combinations = product(*(choice.labels() for choice in choices))
    # of more combinations than costs one is missing among the first
    known = [", ".join(labels) for labels in islice(combinations, len(costs) + 1)]
    others = sorted(set(costs) - set(known))
    missing = [combination for combination in known if combination not in costs]
    return next(iter([*missing, *others]), "")


def _is_cost(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and isfinite(value) and value >= 0


def _looked_up(choices: Sequence[Choice], costs: Mapping[str, float]) -> Any:
    labels = [c.labels() for c in choices]

    def cost(*indices: int) -> float:
        answers = [names[i] for names, i in zip(labels, indices, strict=True)]
        return float(costs[", ".join(answers)])

    return cost


def _holds(total: float, op: str, limit: float) -> bool:
    return {
        "<=": total <= limit,
        "<": total < limit,
        ">=": total >= limit,
        ">": total > limit,
    }[op]

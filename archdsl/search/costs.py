"""What architectures cost: MACs and parameters by the IR's tables, latency by a table of measurements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        return {metric: sum(t.at(at) for t in terms) for metric, terms in self.terms.items()}

    def excess(self, costs: Mapping[str, float]) -> float:
        """Σ max(cost / limit − 1, 0) over the soft budgets."""
        return sum(
            max(costs[b.metric] / b.limit - 1, 0.0) for b in self.budgets if not b.hard and b.limit > 0
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
        hard: list[CostBound | Budget] = [*self.graph.bounds, *(b for b in self.budgets if b.hard)]
        totals = {m: sum(t.at(at) for t in self.terms[m]) for m in {b.metric for b in hard}}
        return all(_holds(totals[b.metric], b.op, b.limit) for b in hard)


def costs_of(graph: Graph, active: Activity, budgets: Sequence[Budget], latency: str | None = None) -> Costs:
    """The tables for the budgets of a step. Raises DiagnosticError where the file of measurements is missing
    or does not fit.
    """
    metrics = {"macs", *(b.metric for b in budgets), *(b.metric for b in graph.bounds)}
    counted: Mapping[str, Literal["macs", "params"]] = {"macs": "macs", "params": "params"}
    terms = {m: cost_terms(graph, counted[m], active) for m in sorted(metrics & counted.keys())}
    if "latency" in metrics:
        assert latency is not None, "a plan with a budget on latency names its table"
        terms["latency"] = latency_terms(graph, active, Path(latency))
    return Costs(graph, active, terms, tuple(budgets), tuple(binding(r, active) for r in graph.requirements))


def latency_terms(graph: Graph, active: Activity, path: Path) -> tuple[Expr, ...]:
    """Measured costs as tables: `base`, and for each entry of `terms` the cost of the answers to its choices.

    A term counts where all of its choices are active. The file is JSON, as `docs/search.md` describes it;
    costs are in whatever unit the budget is in. Raises DiagnosticError E0710.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        base, entries = float(table.get("base", 0.0)), list(table["terms"])
        return (constant(base), *(_term(graph, active, entry, path) for entry in entries))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DiagnosticError(
            codes.BAD_LATENCY.error(None, f"{path}: {error or type(error).__name__}")
        ) from None


def _term(graph: Graph, active: Activity, entry: Mapping[str, Any], path: Path) -> Expr:
    by_path = {c.path: c for c in graph.choices}
    unknown = [p for p in entry["choices"] if p not in by_path]
    if unknown or not entry["choices"]:
        named = f"`{graph.name}` has no choice `{unknown[0]}`" if unknown else "a term without choices"
        raise DiagnosticError(codes.BAD_LATENCY.error(None, f"{path}: {named}"))
    choices: list[Choice] = [by_path[p] for p in entry["choices"]]
    costs: dict[str, Any] = dict(entry["costs"])
    known = {", ".join(labels) for labels in _combinations(choices)}
    wrong = [k for k in costs if k not in known] or [k for k in known if k not in costs]
    if wrong or any(isinstance(v, bool) or not isinstance(v, int | float) or v < 0 for v in costs.values()):
        what = f"`{sorted(wrong)[0]}` is missing or no answer" if wrong else "a cost is a number, at least 0"
        raise DiagnosticError(
            codes.BAD_LATENCY.error(None, f"{path}: {what} to {', '.join(f'`{c.path}`' for c in choices)}")
        )
    here = lift(_looked_up(choices, costs), *map(index_of, choices))
    for choice in choices:
        here = where(active.guard(choice), here, constant(0.0))
    return here


def _combinations(choices: Sequence[Choice]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for choice in choices:
        found = [(*f, label) for f in found for label in choice.labels()]
    return found


def _looked_up(choices: Sequence[Choice], costs: Mapping[str, float]) -> Any:
    labels = [c.labels() for c in choices]
    return lambda *indices: float(
        costs[", ".join(names[i] for names, i in zip(labels, indices, strict=True))]
    )


def _holds(total: float, op: str, limit: float) -> bool:
    return {"<=": total <= limit, "<": total < limit, ">=": total >= limit, ">": total > limit}[op]

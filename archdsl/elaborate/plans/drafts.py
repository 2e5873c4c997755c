"""What the text of a plan says, step by step, before it meets a space."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.edits import Pattern, pattern_of
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.requirements import METRICS, cost_bound
from archdsl.elaborate.plans.values import setting
from archdsl.syntax import ast

_METRICS = (*METRICS, "latency")


@dataclass(frozen=True, slots=True)
class Budget:
    """A bound on a cost at the declared sizes. `hard` ones (`require`) hold for every architecture that is
    drawn or derived.
    """

    metric: str
    limit: float
    hard: bool = False
    op: str = "<="
    span: Span | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An `open` or a `fix path = value`, with the pattern of its path."""

    pattern: Pattern
    path: ast.Path
    value: ast.Expr | None = None  # of a `fix`

    @property
    def rank(self) -> tuple[int, int]:
        return len(self.pattern), sum(
            p is not None and not isinstance(p, range) for p in self.pattern
        )


@dataclass(slots=True)
class Draft:
    """What the text of a step, or of the plan around its steps, says."""

    name: str
    span: Span
    in_step: bool
    entries: list[Entry] = field(default_factory=list)
    genotypes: list[tuple[Pattern, ast.Fix]] = field(default_factory=list)
    frozen: list[tuple[Pattern, ast.Path]] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    broken: bool = (
        False  # part of it could not be read, and may say what seems to be missing
    )

    def after(self, plan: Draft) -> Draft:
        """This step with what its plan says for all of them."""
        metrics = {b.metric for b in self.budgets if not b.hard}
        kept = [b for b in plan.budgets if b.hard or b.metric not in metrics]
        return replace(
            self,
            entries=plan.entries + self.entries,
            genotypes=plan.genotypes + self.genotypes,
            frozen=plan.frozen + self.frozen,
            budgets=kept + self.budgets,
            settings=plan.settings | self.settings,
            broken=plan.broken or self.broken,
        )


def drafted(
    node: ast.Search, frame: Frame, found: list[Diagnostic]
) -> tuple[Draft, list[Draft]]:
    """What the plan says for all steps, and the steps with that; a plan without steps is one."""
    whole = Draft(
        node.name, node.span.word(node.name, node.span.start + len("search")), False
    )
    own: list[Draft] = []
    for entry in node.entries:
        if not isinstance(entry, ast.Step):
            _read(entry, whole, frame, found)
            continue
        place = entry.span.word(entry.name, entry.span.start + len("step"))
        if any(s.name == entry.name for s in own):
            message = f"two steps are named `{entry.name}`"
            found.append(
                codes.DUPLICATE_STEP.error(place, message, help="rename one of them")
            )
        draft = Draft(entry.name, place, True)
        for inner in entry.entries:
            _read(inner, draft, frame, found)
        own.append(draft)
    return whole, [d.after(whole) for d in own] or [whole]


@contextmanager
def collecting(found: list[Diagnostic]) -> Iterator[None]:
    """Inside, an error is kept with the others and ends what stands there alone."""
    try:
        yield
    except DiagnosticError as error:
        found.extend(error.diagnostics)


def _read(
    entry: ast.PlanEntry, draft: Draft, frame: Frame, found: list[Diagnostic]
) -> None:
    match entry:
        case ast.Open():
            draft.entries += [Entry(pattern_of(p), p) for p in entry.paths]
        case ast.Freeze():
            draft.frozen += [(pattern_of(p), p) for p in entry.paths]
        case ast.Fix(value=None):
            draft.genotypes.append((pattern_of(entry.path), entry))
        case ast.Fix():
            draft.entries.append(Entry(pattern_of(entry.path), entry.path, entry.value))
        case ast.Budget() | ast.Require():
            with collecting(found):
                draft.budgets.append(_budget(entry, frame))
        case ast.Broken() | ast.Setting(value=ast.Broken()):
            draft.broken = True
        case ast.Setting():
            draft.places[entry.name] = entry.value.span
            with collecting(found):
                draft.settings[entry.name] = setting(entry, frame, draft.in_step)
        case ast.Step():
            found.append(
                codes.UNKNOWN_SETTING.error(entry.span, "a step cannot hold another step")
            )


def _budget(entry: ast.Budget | ast.Require, frame: Frame) -> Budget:
    bound = cost_bound(entry.condition, frame, _METRICS)
    hard = isinstance(entry, ast.Require)
    if bound is not None and (hard or bound.op in ("<=", "<")):
        return Budget(bound.metric, bound.limit, hard, bound.op, entry.span)
    problem = (
        "bounds neither `macs` nor `params`"
        if bound is None
        else "bounds a cost from below"
    )
    message = f"`{entry.condition.span.text[:60]}` {problem}"
    raise DiagnosticError(
        codes.NOT_A_BUDGET.error(
            entry.span, message, help="for example `budget macs <= 2.0G`"
        )
    )

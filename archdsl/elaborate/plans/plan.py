"""Search plans: parsed into steps, resolved against the space that they search, checked on the way.

A step opens or fixes every choice. Of the entries that reach a choice the most specific path wins, of equals
the later, a step's before its plan's; a genotype that a step fixes by answers for what nothing else names.
What earlier steps opened or fixed stays as they found it. A plan or step without any `open` or `fix` of its
own or its plan's opens all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.diagnostics.codes import edits as edit_codes
from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import did_you_mean, few
from archdsl.elaborate.evaluation.answers import allowed, answer
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.edits import (
    EditTable,
    Pattern,
    begins,
    matches,
    pattern_of,
    split,
    text_of,
)
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.requirements import METRICS, cost_bound
from archdsl.elaborate.evaluation.scope import Frame, file_frame
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, Thing
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.nets import Instantiation
from archdsl.elaborate.networks.spaces import Spaces
from archdsl.elaborate.plans.table import STRATEGIES, Invocation, defaults
from archdsl.elaborate.plans.values import setting, together
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph
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
class Step:
    """A step against its space.

    `graph` is the whole space at the step's parameters; `opened` the paths of the choices that are searched,
    `fixed` what the plan answers, `inherited` the paths that earlier steps have answered, `frozen` the names
    of weights that keep their values; `settings` are by name, defaults filled in; `parameters` those of the
    space that it fixes.
    """

    name: str
    graph: Graph
    opened: tuple[str, ...]
    fixed: Mapping[str, str]
    inherited: tuple[str, ...]
    frozen: tuple[str, ...]
    budgets: tuple[Budget, ...]
    settings: Mapping[str, Any]
    parameters: Mapping[str, ast.Expr] = field(default_factory=dict)
    span: Span | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """A search plan, resolved: the strategy with all its options, settings by name, and steps in order."""

    name: str
    of: str
    strategy: Invocation
    settings: Mapping[str, Any]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An `open` or a `fix path = value`, with the pattern of its path."""

    pattern: Pattern
    path: ast.Path
    value: ast.Expr | None = None  # of a `fix`

    @property
    def rank(self) -> tuple[int, int]:
        return len(self.pattern), sum(p is not None and not isinstance(p, range) for p in self.pattern)


@dataclass(slots=True)
class _Draft:
    """What the text of a step, or of the plan around its steps, says."""

    name: str
    span: Span
    in_step: bool
    entries: list[_Entry] = field(default_factory=list)
    genotypes: list[tuple[Pattern, ast.Fix]] = field(default_factory=list)
    frozen: list[tuple[Pattern, ast.Path]] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    broken: bool = False  # part of it could not be read, and may say what seems to be missing

    def after(self, plan: _Draft) -> _Draft:
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


def check_plan(node: ast.Search, module: Module, spaces: Spaces) -> list[Diagnostic]:
    """What is wrong with a plan: settings, strategy, paths, and choices that a step forgets."""
    try:
        resolve_plan(node, module, spaces)
    except DiagnosticError as error:
        return list(error.diagnostics)
    return []


def resolve_plan(node: ast.Search, module: Module, spaces: Spaces | None = None) -> Plan:
    """The plan of a declaration against its space. Raises DiagnosticError with everything that is wrong."""
    spaces = spaces or Spaces()
    found: list[Diagnostic] = []
    frame, state = file_frame(module), State()
    whole, drafts = _read(node, frame, state, found)
    steps: list[Step] = []
    known: set[str] = set()
    try:
        net, given = nets.base_of(node.of, frame, state)
        base = nets.resolve(net, given, node.of.span, state)
        for draft in drafts:
            steps.append(_step(draft, base, known, module, spaces, state, found))
    except DiagnosticError as error:
        found.extend(error.diagnostics)
    strategy = whole.settings.get("strategy")
    on_latency = [b.span for d in (whole, *drafts) for b in d.budgets if b.metric == "latency"]
    if isinstance(strategy, Invocation):
        found.extend(together(strategy, whole.places["strategy"], on_latency))
    elif "strategy" not in whole.places and not whole.broken:
        hint = f"strategies are {', '.join(STRATEGIES)}"
        place = node.span.word(node.name, node.span.start + len("search"))
        found.append(codes.NO_STRATEGY.error(place, f"the plan `{node.name}` names no strategy", help=hint))
    if any(d.severity == "error" for d in found):
        raise DiagnosticError(*found)
    if not isinstance(strategy, Invocation):
        raise DiagnosticError()  # it could not be read, and was reported there
    return Plan(node.name, node.of.span.text, strategy, _settings(whole), tuple(steps))


def _read(
    node: ast.Search, frame: Frame, state: State, found: list[Diagnostic]
) -> tuple[_Draft, list[_Draft]]:
    """What the plan says for all steps, and the steps with that; a plan without steps is one."""
    whole = _Draft(node.name, node.span.word(node.name, node.span.start + len("search")), False)
    own: list[_Draft] = []
    for entry in node.entries:
        if not isinstance(entry, ast.Step):
            _entry(entry, whole, frame, state, found)
            continue
        place = entry.span.word(entry.name, entry.span.start + len("step"))
        if any(s.name == entry.name for s in own):
            found.append(
                codes.DUPLICATE_STEP.error(
                    place, f"two steps are named `{entry.name}`", help="rename one of them"
                )
            )
        draft = _Draft(entry.name, place, True)
        for inner in entry.entries:
            _entry(inner, draft, frame, state, found)
        own.append(draft)
    return whole, [d.after(whole) for d in own] or [whole]


def _entry(entry: ast.PlanEntry, draft: _Draft, frame: Frame, state: State, found: list[Diagnostic]) -> None:
    match entry:
        case ast.Open():
            draft.entries.extend(_Entry(pattern_of(p), p) for p in entry.paths)
        case ast.Freeze():
            draft.frozen.extend((pattern_of(p), p) for p in entry.paths)
        case ast.Fix(value=None):
            draft.genotypes.append((pattern_of(entry.path), entry))
        case ast.Fix():
            draft.entries.append(_Entry(pattern_of(entry.path), entry.path, entry.value))
        case ast.Budget() | ast.Require():
            try:
                bound = cost_bound(entry.condition, frame, state, _METRICS)
            except DiagnosticError as error:
                found.extend(error.diagnostics)
                return
            hard = isinstance(entry, ast.Require)
            if bound is None or (not hard and bound.op not in ("<=", "<")):
                text = entry.condition.span.text[:60]
                problem = (
                    f"`{text}` bounds neither `macs` nor `params`"
                    if bound is None
                    else f"`{text}` bounds a cost from below"
                )
                found.append(
                    codes.NOT_A_BUDGET.error(entry.span, problem, help="for example `budget macs <= 2.0G`")
                )
            else:
                draft.budgets.append(Budget(bound.metric, bound.limit, hard, bound.op, entry.span))
        case ast.Broken():
            draft.broken = True
        case ast.Setting(value=ast.Broken()):
            draft.broken = True
        case ast.Setting():
            draft.places[entry.name] = entry.value.span
            try:
                draft.settings[entry.name] = setting(entry, frame, state, draft.in_step)
            except DiagnosticError as error:
                found.extend(error.diagnostics)
        case ast.Step():
            found.append(codes.UNKNOWN_SETTING.error(entry.span, "a step cannot hold another step"))


def _settings(draft: _Draft) -> dict[str, Any]:
    return {name: draft.settings.get(name, default) for name, default in defaults().items()}


def _step(
    draft: _Draft,
    base: Instantiation,
    known: set[str],
    module: Module,
    spaces: Spaces,
    state: State,
    found: list[Diagnostic],
) -> Step:
    parameters = {p.name for p in base.net.params or ()}
    values: dict[str, Thing] = {}
    nodes: dict[str, ast.Expr] = {}
    for entry in draft.entries:
        name = _parameter(entry.pattern, parameters)
        if entry.value is not None and name is not None:
            values[name] = evaluate(entry.value, file_frame(module), state)
            nodes[name] = entry.value
    graph = spaces.of(replace(base, given={**base.given, **values}) if values else base).graph
    before = len(found)
    frozen = _frozen(draft, graph, found)
    paths = {c.path: split(c.path) for c in graph.choices}
    opened, fixed = _answers(draft, graph, paths, parameters, module, state, found)
    for path, label in _by_genotypes(draft, graph, module, found).items():
        if path not in opened and path not in fixed:
            fixed[path] = label
    left = [p for p in paths if p not in opened and p not in fixed]
    inherited = [p for p in left if p in known]
    missing = [p for p in left if p not in known]
    if missing and len(found) == before and not draft.broken:
        if draft.entries or draft.genotypes:
            found.append(_uncovered(draft, missing))
        opened.update(missing)
    known |= opened | set(fixed)
    ordered = tuple(p for p in paths if p in opened)
    return Step(
        draft.name,
        graph,
        ordered,
        fixed,
        tuple(inherited),
        frozen,
        tuple(draft.budgets),
        _settings(draft),
        nodes,
        draft.span,
    )


def _answers(
    draft: _Draft,
    graph: Graph,
    paths: Mapping[str, tuple[str | int, ...]],
    parameters: set[str],
    module: Module,
    state: State,
    found: list[Diagnostic],
) -> tuple[set[str], dict[str, str]]:
    """The choices that entries open, and the labels of those that they fix."""
    winners: dict[str, _Entry] = {}
    for entry in draft.entries:
        inside = [
            p for p, s in paths.items() if (begins if entry.value is None else matches)(entry.pattern, s)
        ]
        if not inside and (entry.value is None or _parameter(entry.pattern, parameters) is None):
            named = (
                (list(paths), "choice")
                if entry.value is None
                else ([*paths, *parameters], "choice or parameter")
            )
            found.append(_unmatched(entry.pattern, entry.path, *named))
        for path in inside:
            if path not in winners or entry.rank >= winners[path].rank:
                winners[path] = entry
    choices = {c.path: c for c in graph.choices}
    opened = {p for p, entry in winners.items() if entry.value is None}
    fixed: dict[str, str] = {}
    wrong: set[int] = set()
    for path, choice in choices.items():
        winner = winners.get(path)
        if winner is None or winner.value is None or id(winner) in wrong:
            continue
        try:
            fixed[path] = _label(winner.value, choice, module, state)
        except DiagnosticError as error:
            found.extend(error.diagnostics)
            wrong.add(id(winner))
    return opened, fixed


def _label(node: ast.Expr, choice: Choice, module: Module, state: State) -> str:
    return choice.alternatives[
        answer(node, choice.alternatives, choice.path, file_frame(module), state)
    ].label


def _parameter(pattern: Pattern, parameters: set[str]) -> str | None:
    """The parameter of the searched space that a path names, if it is one."""
    name = pattern[0] if len(pattern) == 1 else None
    return name if isinstance(name, str) and name in parameters else None


def _by_genotypes(draft: _Draft, graph: Graph, module: Module, found: list[Diagnostic]) -> dict[str, str]:
    """What the genotypes that a step is fixed by answer."""
    state = State()
    answers: dict[str, str] = {}
    for pattern, fix in draft.genotypes:
        name = pattern[0] if len(pattern) == 1 else None
        value = find(module, name, state) if isinstance(name, str) else None
        if not isinstance(value, GenotypeV):
            genotypes = [n for n, d in module.declarations.items() if isinstance(d, ast.Genotype)]
            hint = did_you_mean(text_of(pattern), genotypes, "give a value: `fix path = value`")
            found.append(
                edit_codes.NO_MATCH.error(fix.path.span, f"`{text_of(pattern)}` is no genotype", help=hint)
            )
            continue
        table = EditTable()
        try:
            table.add(value.genotype.edits, file_frame(value.module), genotype=True)
            for choice in graph.choices:
                kept = allowed(choice.path, choice.alternatives, table, state)
                if len(kept) == 1 and choice.size > 1:
                    answers[choice.path] = choice.alternatives[kept[0]].label
        except DiagnosticError as error:
            found.extend(error.diagnostics)
    return answers


def _frozen(draft: _Draft, graph: Graph, found: list[Diagnostic]) -> tuple[str, ...]:
    """The names of the weights that a step leaves alone."""
    if not draft.frozen:
        return ()
    weights = {weight.full_name: split(weight.full_name) for weight in graph.weights().values()}
    names: dict[str, None] = {}
    for pattern, path in draft.frozen:
        inside = [name for name, segments in weights.items() if begins(pattern, segments)]
        if not inside:
            found.append(_unmatched(pattern, path, [i.path for i in graph.root.walk() if i.path], "weight"))
        names.update(dict.fromkeys(inside))
    return tuple(names)


def _uncovered(draft: _Draft, missing: Sequence[str]) -> Diagnostic:
    shown = few([f"`{path}`" for path in missing], 4)
    what = f"the {'step' if draft.in_step else 'plan'} `{draft.name}`"
    return codes.UNCOVERED_CHOICE.error(
        draft.span, f"{what} neither opens nor fixes {shown}", help=f"for example `open {missing[0]}`"
    )


def _unmatched(pattern: Pattern, path: ast.Path, paths: list[str], what: str) -> Diagnostic:
    text = text_of(pattern)
    return edit_codes.NO_MATCH.error(
        path.span, f"`{text}` matches no {what} of the space", help=did_you_mean(text, paths)
    )

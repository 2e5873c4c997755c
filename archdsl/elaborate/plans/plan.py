"""Search plans: parsed into steps, resolved against the space that they search, checked on the way.

A step opens or fixes every choice. Of the entries that reach a choice the most specific path wins, of equals
the later, a step's before its plan's; a genotype that a step fixes by answers for what nothing else names.
What earlier steps opened or fixed stays as they found it. A plan or step without any `open` or `fix` of its
own or its plan's opens all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from archdsl.diagnostics.codes import edits as edit_codes
from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import did_you_mean, few, quoted
from archdsl.elaborate.evaluation.answers import allowed, answer
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.edits import (
    EditTable,
    Pattern,
    begins,
    matches,
    split,
    text_of,
)
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame, file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.scope import Scope
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, Thing
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.nets import Instantiation
from archdsl.elaborate.networks.spaces import Spaces
from archdsl.elaborate.plans.drafts import Budget, Draft, Entry, collecting, drafted
from archdsl.elaborate.plans.table import STRATEGIES, Invocation, defaults
from archdsl.elaborate.plans.values import together
from archdsl.ir.graph import Graph
from archdsl.syntax import ast


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


def check_plan(node: ast.Search, module: Module, spaces: Spaces) -> list[Diagnostic]:
    """What is wrong with a plan: settings, strategy, paths, and choices that a step forgets."""
    try:
        resolve_plan(node, module, spaces)
    except DiagnosticError as error:
        return list(error.diagnostics)
    return []


@dataclass(frozen=True, slots=True)
class _Context:
    """Where plans of one file are resolved, and what is wrong with them."""

    module: Module
    spaces: Spaces
    state: State = field(default_factory=State)
    found: list[Diagnostic] = field(default_factory=list)

    @property
    def frame(self) -> Frame:
        return file_frame(self.module, self.state)


def resolve_plan(node: ast.Search, module: Module, spaces: Spaces | None = None) -> Plan:
    """The plan of a declaration against its space. Raises DiagnosticError with everything that is wrong."""
    context = _Context(module, spaces or Spaces())
    found = context.found
    whole, drafts = drafted(node, context.frame, found)
    steps: list[Step] = []
    with collecting(found):
        net, given = nets.base_of(node.of, context.frame)
        base = nets.resolve(net, given, node.of.span, context.state)
        known: set[str] = set()
        for draft in drafts:
            steps.append(_step(draft, base, known, context))
            known |= set(steps[-1].opened) | set(steps[-1].fixed)
    strategy = whole.settings.get("strategy")
    if isinstance(strategy, Invocation):
        budgets = chain(whole.budgets, *[d.budgets for d in drafts])
        on_latency = [b.span for b in budgets if b.metric == "latency"]
        found.extend(together(strategy, whole.places["strategy"], on_latency))
    elif "strategy" not in whole.places and not whole.broken:
        hint = f"strategies are {', '.join(STRATEGIES)}"
        message = f"the plan `{node.name}` names no strategy"
        found.append(codes.NO_STRATEGY.error(whole.span, message, help=hint))
    if any(d.severity == "error" for d in found):
        raise DiagnosticError(*found)
    if not isinstance(strategy, Invocation):
        raise DiagnosticError()  # it could not be read, and was reported there
    return Plan(node.name, node.of.span.text, strategy, _settings(whole), tuple(steps))


def _settings(draft: Draft) -> dict[str, Any]:
    return {name: draft.settings.get(name, default) for name, default in defaults().items()}


def _step(draft: Draft, base: Instantiation, known: set[str], context: _Context) -> Step:
    """One step; `known` are the choices that steps before it opened or fixed."""
    found = context.found
    parameters = {p.name for p in base.net.params or ()}
    values: dict[str, Thing] = {}
    nodes: dict[str, ast.Expr] = {}
    for entry in draft.entries:
        name = _parameter(entry.pattern, parameters)
        if entry.value is not None and name is not None:
            values[name] = evaluate(entry.value, context.frame)
            nodes[name] = entry.value
    if values:
        base = replace(base, given={**base.given, **values})
    graph = context.spaces.of(base).graph
    before = len(found)
    frozen = _frozen(draft, graph, found)
    winners = _winners(draft, graph, parameters, found)
    opened = {path for path, entry in winners.items() if entry.value is None}
    fixed = _fixed(winners, graph, context)
    for path, label in _by_genotypes(draft, graph, context).items():
        if path not in opened:
            fixed.setdefault(path, label)
    left = [c.path for c in graph.choices if c.path not in opened and c.path not in fixed]
    inherited = tuple([p for p in left if p in known])
    missing = [p for p in left if p not in known]
    if missing and len(found) == before and not draft.broken:
        if draft.entries or draft.genotypes:
            found.append(_uncovered(draft, missing))
        opened.update(missing)
    return Step(
        draft.name,
        graph,
        tuple([c.path for c in graph.choices if c.path in opened]),
        fixed,
        inherited,
        frozen,
        tuple(draft.budgets),
        _settings(draft),
        nodes,
        draft.span,
    )


def _winners(
    draft: Draft, graph: Graph, parameters: set[str], found: list[Diagnostic]
) -> dict[str, Entry]:
    """The entry that opens or fixes each choice: the one with the most exact path, of these the last."""
    paths = {c.path: split(c.path) for c in graph.choices}
    winners: dict[str, Entry] = {}
    for entry in draft.entries:
        reaches = begins if entry.value is None else matches
        inside = [
            path for path, segments in paths.items() if reaches(entry.pattern, segments)
        ]
        if not inside and entry.value is None:
            found.append(_unmatched(entry.pattern, entry.path, list(paths), "choice"))
        elif not inside and _parameter(entry.pattern, parameters) is None:
            known = [*paths, *parameters]
            found.append(
                _unmatched(entry.pattern, entry.path, known, "choice or parameter")
            )
        for path in inside:
            if path not in winners or entry.rank >= winners[path].rank:
                winners[path] = entry
    return winners


def _fixed(winners: Mapping[str, Entry], graph: Graph, context: _Context) -> dict[str, str]:
    """The labels of the choices that entries fix; an entry that is wrong is told once."""
    fixed: dict[str, str] = {}
    wrong: list[Entry] = []
    for choice in graph.choices:
        entry = winners.get(choice.path)
        if entry is None or entry.value is None or any(entry is other for other in wrong):
            continue
        try:
            index = answer(entry.value, choice.alternatives, choice.path, context.frame)
            fixed[choice.path] = choice.alternatives[index].label
        except DiagnosticError as error:
            context.found.extend(error.diagnostics)
            wrong.append(entry)
    return fixed


def _parameter(pattern: Pattern, parameters: set[str]) -> str | None:
    """The parameter of the searched space that a path names, if it is one."""
    name = pattern[0] if len(pattern) == 1 else None
    return name if isinstance(name, str) and name in parameters else None


def _by_genotypes(draft: Draft, graph: Graph, context: _Context) -> dict[str, str]:
    """What the genotypes that a step is fixed by answer."""
    module, state = context.module, State()
    answers: dict[str, str] = {}
    for pattern, fix in draft.genotypes:
        name = pattern[0] if len(pattern) == 1 else None
        value = find(module, name, state) if isinstance(name, str) else None
        if not isinstance(value, GenotypeV):
            text = text_of(pattern)
            genotypes = [
                n for n, d in module.declarations.items() if isinstance(d, ast.Genotype)
            ]
            hint = did_you_mean(text, genotypes, "give a value: `fix path = value`")
            message = f"`{text}` is no genotype"
            context.found.append(
                edit_codes.NO_MATCH.error(fix.path.span, message, help=hint)
            )
            continue
        table = EditTable()
        with collecting(context.found):
            table.add(value.genotype.edits, Scope(value.module), genotype=True)
            for choice in graph.choices:
                kept = allowed(choice.path, choice.alternatives, table, state)
                if len(kept) == 1 and choice.size > 1:
                    answers[choice.path] = choice.alternatives[kept[0]].label
    return answers


def _frozen(draft: Draft, graph: Graph, found: list[Diagnostic]) -> tuple[str, ...]:
    """The names of the weights that a step leaves alone."""
    if not draft.frozen:
        return ()
    weights = {
        weight.full_name: split(weight.full_name) for weight in graph.weights().values()
    }
    names: dict[str, None] = {}
    for pattern, path in draft.frozen:
        inside = [name for name, segments in weights.items() if begins(pattern, segments)]
        if not inside:
            found.append(
                _unmatched(
                    pattern, path, [i.path for i in graph.root.walk() if i.path], "weight"
                )
            )
        names.update(dict.fromkeys(inside))
    return tuple(names)


def _uncovered(draft: Draft, missing: Sequence[str]) -> Diagnostic:
    shown = few(quoted(missing), 4)
    what = f"the {'step' if draft.in_step else 'plan'} `{draft.name}`"
    return codes.UNCOVERED_CHOICE.error(
        draft.span,
        f"{what} neither opens nor fixes {shown}",
        help=f"for example `open {missing[0]}`",
    )


def _unmatched(pattern: Pattern, path: ast.Path, paths: list[str], what: str) -> Diagnostic:
    text = text_of(pattern)
    return edit_codes.NO_MATCH.error(
        path.span,
        f"`{text}` matches no {what} of the space",
        help=did_you_mean(text, paths),
    )

"""Search plans: parsed into steps and checked against the space that they search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from archdsl.elaborate import expressions, nets
from archdsl.elaborate.edits import EditTable, Pattern, answer, begins, matches, pattern_of, split, text_of
from archdsl.elaborate.module import Module
from archdsl.elaborate.requirements import cost_bound
from archdsl.elaborate.scope import Frame
from archdsl.elaborate.spaces import Spaces
from archdsl.elaborate.state import State
from archdsl.elaborate.values import GenotypeV
from archdsl.ir.graph import CostBound, Graph
from archdsl.syntax import ast
from archdsl.syntax.codes import edits as edit_codes
from archdsl.syntax.codes import plans as codes
from archdsl.syntax.diagnostics import Diagnostic, DiagnosticError
from archdsl.syntax.suggestions import closest

# What a plan may set, with what it means; a step may set those marked so.
SETTINGS = {
    "strategy": "the search algorithm with its options",
    "data": "where the clips come from",
    "alpha": "the optimiser of the architecture's logits",
    "weights": "the optimiser of the weights",
    "epochs": "passes over the data; a step may set its own",
    "batch": "clips in a batch",
    "seed": "where the random numbers start",
    "precision": "number format of the forward pass",
    "checkpointing": "whether activations are computed again in the backward pass",
    "trials": "architectures that a bandit or a baseline evaluates",
}
# Algorithms with the options that each takes.
STRATEGIES = {
    "parsec": ("samples", "channels", "warmup", "beta", "scores", "temperature"),
    "darts": ("bilevel", "order", "zero", "edges", "warmup"),
    "bandit": ("trials", "acquisition", "kernel", "initial"),
    "random": ("trials",),
    "evolution": ("trials", "population", "sample"),
    "grid": (),
}


@dataclass(slots=True)
class Step:
    """One step: what it opens and fixes, its budgets and epochs."""

    name: str
    node: ast.Step | ast.Search
    opened: list[tuple[Pattern, ast.Path]] = field(default_factory=list)
    fixed: list[tuple[Pattern, ast.Fix]] = field(default_factory=list)
    frozen: list[tuple[Pattern, ast.Path]] = field(default_factory=list)
    budgets: list[CostBound] = field(default_factory=list)
    settings: dict[str, ast.Expr] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """A search plan: settings, and steps in order; a plan without steps is one step."""

    name: str
    node: ast.Search
    steps: list[Step]
    settings: dict[str, ast.Expr]


def read_plan(node: ast.Search, module: Module, found: list[Diagnostic]) -> Plan:
    """The plan of a declaration; what is wrong with its own text goes to `found`."""
    frame, state = module.frame(), State(EditTable())
    settings: dict[str, ast.Expr] = {}
    steps: list[Step] = []
    whole = Step(node.name, node)
    for entry in node.entries:
        if isinstance(entry, ast.Step):
            if any(s.name == entry.name for s in steps):
                place = entry.span.word(entry.name, entry.span.start + len("step"))
                found.append(codes.DUPLICATE_STEP.error(place, f"two steps are named `{entry.name}`", help="rename one of them"))
            step = Step(entry.name, entry)
            for inner in entry.entries:
                _entry(inner, step, frame, state, found)
            steps.append(step)
        else:
            _entry(entry, whole, frame, state, found)
    settings.update(whole.settings)
    if not steps:
        steps = [whole]
    else:
        for step in steps:
            step.opened[:0], step.fixed[:0], step.budgets[:0] = whole.opened, whole.fixed, whole.budgets
    return Plan(node.name, node, steps, settings)


def check_plan(node: ast.Search, module: Module, spaces: Spaces) -> list[Diagnostic]:
    """What is wrong with a plan: settings, strategy, paths, and choices that a step forgets."""
    found: list[Diagnostic] = []
    plan = read_plan(node, module, found)
    if "strategy" in plan.settings:
        _strategy(plan.settings["strategy"], found)
    state = State(EditTable())
    done: set[str] = set()
    try:
        net, given = nets.base_of(node.of, module.frame(), state)
        for step in plan.steps:
            instantiation = nets.resolve(net, given, node.of.span, state)
            parameters = {p.name for p in instantiation.net.params or ()}
            fixed = {
                name: fix.value
                for pattern, fix in step.fixed
                if (name := _parameter(pattern, parameters)) is not None and fix.value is not None
            }
            values = {name: expressions.evaluate(value, module.frame(), state) for name, value in fixed.items()}
            instantiation = replace(instantiation, given={**instantiation.given, **values})
            graph = spaces.of(instantiation).graph
            found.extend(_check_step(step, graph, parameters, done, module, state))
    except DiagnosticError as error:
        found.extend(error.diagnostics)
    return found


def _parameter(pattern: Pattern, parameters: set[str]) -> str | None:
    """The parameter of the searched space that a path names, if it is one."""
    name = pattern[0] if len(pattern) == 1 else None
    return name if isinstance(name, str) and name in parameters else None


def _entry(entry: ast.PlanEntry, step: Step, frame: Frame, state: State, found: list[Diagnostic]) -> None:
    match entry:
        case ast.Open():
            step.opened.extend((pattern_of(p), p) for p in entry.paths)
        case ast.Freeze():
            step.frozen.extend((pattern_of(p), p) for p in entry.paths)
        case ast.Fix():
            step.fixed.append((pattern_of(entry.path), entry))
        case ast.Budget() | ast.Require():
            try:
                bound = cost_bound(entry.condition, frame, state)
            except DiagnosticError as error:
                found.extend(error.diagnostics)
                return
            if bound is None:
                message = f"`{entry.condition.span.text[:60]}` bounds neither `macs` nor `params`"
                found.append(codes.NOT_A_BUDGET.error(entry.span, message, help="for example `budget macs <= 2.0G`"))
            else:
                step.budgets.append(bound)
        case ast.Setting():
            if entry.name not in SETTINGS:
                near = closest(entry.name, sorted(SETTINGS))
                hint = f"did you mean `{near[0]}`?" if near else f"a plan sets {', '.join(SETTINGS)}"
                found.append(codes.UNKNOWN_SETTING.error(entry.span.word(entry.name), f"no setting `{entry.name}`", help=hint))
            step.settings[entry.name] = entry.value
        case ast.Step():
            found.append(codes.UNKNOWN_SETTING.error(entry.span, "a step cannot hold another step"))


def _strategy(node: ast.Expr, found: list[Diagnostic]) -> None:
    name = expressions.word(node)
    if name not in STRATEGIES or not isinstance(node, ast.Call | ast.Ref):
        near = closest(name or "", sorted(STRATEGIES))
        hint = f"did you mean `{near[0]}`?" if near else f"strategies are {', '.join(STRATEGIES)}"
        found.append(codes.UNKNOWN_STRATEGY.error(node.span, f"no strategy `{name or node.span.text[:60]}`", help=hint))
        return
    for arg in node.args if isinstance(node, ast.Call) else ():
        if arg.name is None or arg.name not in STRATEGIES[name]:
            options = ", ".join(f"`{o}`" for o in STRATEGIES[name])
            near = closest(arg.name or "", STRATEGIES[name])
            hint = f"did you mean `{near[0]}`?" if near else (f"its options are {options}" if options else "it has none")
            message = f"`{name}` has no option `{arg.name}`" if arg.name else f"the options of `{name}` are named"
            found.append(codes.UNKNOWN_SETTING.error(arg.span, message, help=hint))


def _check_step(step: Step, graph: Graph, parameters: set[str], done: set[str], module: Module, state: State) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    paths = {c.path: split(c.path) for c in graph.choices}
    covered: set[str] = set()
    opened: set[str] = set()
    weights = {split(weight.full_name) for weight in graph.weights().values()} if step.frozen else set()
    for pattern, path in step.frozen:
        if not any(begins(pattern, segments) for segments in weights):
            found.append(_unmatched(pattern, path, [i.path for i in graph.root.walk() if i.path], "weight"))
    for pattern, path in step.opened:
        inside = [p for p, segments in paths.items() if begins(pattern, segments)]
        if not inside:
            found.append(_unmatched(pattern, path, list(paths), "choice"))
        opened.update(inside)
    covered |= opened
    for pattern, fix in step.fixed:
        if fix.value is None:
            found.extend(_fixed_by_genotype(pattern, fix, paths, covered, module, state))
            continue
        inside = [p for p, segments in paths.items() if matches(pattern, segments)]
        if not inside and _parameter(pattern, parameters) is None:
            found.append(_unmatched(pattern, fix.path, [*paths, *parameters], "choice or parameter"))
        for choice in graph.choices:
            if choice.path in inside:
                try:
                    answer(fix.value, choice.alternatives, choice.path, module.frame(), state)
                except DiagnosticError as error:
                    found.extend(error.diagnostics)
                    break
        covered.update(inside)
    missing = [p for p in paths if p not in covered and p not in done]
    done |= opened | set(missing)
    if missing and not found:
        shown = ", ".join(f"`{p}`" for p in missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
        what = f"the step `{step.name}`" if isinstance(step.node, ast.Step) else f"the plan `{step.name}`"
        if step.opened or step.fixed:
            found.append(
                codes.UNCOVERED_CHOICE.error(
                    step.node.span.word(step.name, step.node.span.start + len("step")),
                    f"{what} neither opens nor fixes {shown}",
                    help=f"for example `open {missing[0]}`",
                )
            )
    return found


def _fixed_by_genotype(
    pattern: Pattern, fix: ast.Fix, paths: dict[str, tuple[str | int, ...]], covered: set[str], module: Module, state: State
) -> Sequence[Diagnostic]:
    name = pattern[0] if len(pattern) == 1 else None
    value = module.find(name, state) if isinstance(name, str) else None
    if not isinstance(value, GenotypeV):
        genotypes = [n for n, d in module.declarations.items() if isinstance(d, ast.Genotype)]
        near = closest(text_of(pattern), genotypes)
        hint = f"did you mean `{near[0]}`?" if near else "give a value: `fix path = value`"
        return [edit_codes.NO_MATCH.error(fix.path.span, f"`{text_of(pattern)}` is no genotype", help=hint)]
    table = EditTable()
    table.add(value.genotype.edits, value.module.frame(), genotype=True)
    for edit in table.edits:
        covered.update(p for p, segments in paths.items() if matches(edit.pattern, segments))
    return []


def _unmatched(pattern: Pattern, path: ast.Path, paths: list[str], what: str) -> Diagnostic:
    text = text_of(pattern)
    near = closest(text, paths)
    return edit_codes.NO_MATCH.error(
        path.span, f"`{text}` matches no {what} of the space", help=f"did you mean `{near[0]}`?" if near else None
    )

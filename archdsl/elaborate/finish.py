"""The last steps of elaboration: the graph is folded, and every condition is decided over the whole space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from archdsl.elaborate.results import results
from archdsl.elaborate.state import State, too_wide_help
from archdsl.elaborate.unread import warnings
from archdsl.ir.activity import activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, TRUE, Expr, TooWide, both, lift, restrict
from archdsl.ir.fix import simplify
from archdsl.ir.frontier import witness
from archdsl.ir.graph import Check, Graph, Input, Op, Select, Value, in_order
from archdsl.ir.instance import Instance
from archdsl.syntax.codes import choices as codes
from archdsl.syntax.diagnostics import Diagnostic, DiagnosticError, Label
from archdsl.syntax.source import Span


def finish(name: str, kind: str, outputs: tuple[Value, ...], root: Instance, state: State, settings: Mapping[str, Any]) -> Graph:
    """The graph under the outputs.

    Raises DiagnosticError with every check that fails for some architecture, each with a smallest witness.
    """
    declared: Literal["space", "model"] = "model" if kind == "model" else "space"
    raw = Graph(
        name,
        declared,
        tuple(state.inputs),
        outputs,
        in_order(outputs),
        tuple(sorted(state.choices.values(), key=lambda c: c.order)),
        tuple(state.requirements),
        tuple(state.bounds),
        root,
        settings,
        state.answers,
        results(state.results, outputs, state.inputs),
    )
    try:
        graph = simplify(raw)
        problems = check(graph) if graph.choices or graph.requirements else []  # without choices, problems ended elaboration
    except TooWide as wide:
        raise DiagnosticError(codes.TOO_WIDE.error(root.span, f"`{name}`: {wide}", help=too_wide_help(wide))) from None
    if problems:
        raise DiagnosticError(*problems)
    live = set(graph.choices)
    for choice in () if state.edits.edits else raw.choices:  # answers may leave choices idle: that is no mistake
        if choice not in live:
            state.report(codes.UNUSED_CHOICE.warning(choice.span, f"the choice `{choice.path}` decides nothing"))
    state.report(*warnings(graph, state))
    return replace(graph, kind=declared if graph.choices else graph.kind)


def check(graph: Graph) -> list[Diagnostic]:
    """What is wrong for some architecture of the space."""
    live = activity(graph.outputs)
    required = [binding(r, live) for r in graph.requirements]
    if required and witness(TRUE, required) is None:
        others = [Label(r.span, "together with this one") for r in graph.requirements[1:4] if r.span is not None]
        message = "no architecture satisfies all requirements" if others else "no architecture satisfies this requirement"
        return [codes.UNSATISFIABLE.error(graph.requirements[0].span, message, labels=others)]
    wrong: set[Value] = set()  # what is computed from a wrong value is not looked at
    repeated: dict[tuple[str, Span | None], list[Diagnostic]] = {}
    for value in graph.values:
        if isinstance(value, Input | Select):
            continue
        if isinstance(value, Op) and not wrong.isdisjoint(value.inputs):
            wrong.add(value)
            continue
        for one in value.checks:
            problem = _decide(one, live.values[value], required)
            if problem is not None:
                wrong.add(value)
                repeated.setdefault((problem.code, problem.span), []).append(problem)
                break
    return [_first_of(same) for same in repeated.values()]


def _first_of(same: list[Diagnostic]) -> Diagnostic:
    """One diagnostic for a line that many instances repeat."""
    if len(same) == 1:
        return same[0]
    more = f"the same line is wrong in {len(same) - 1} more place{'s' * (len(same) > 2)}"
    return replace(same[0], help=f"{same[0].help}; {more}" if same[0].help else more)


def _decide(one: Check, here: Expr, required: list[Expr]) -> Diagnostic | None:
    bad = both(lift(_is_message, one.problem), here)
    if bad == FALSE:
        return None
    if bad.is_constant:
        message = next(v for v in one.problem.table if isinstance(v, str))
        return one.code.error(one.span, message, help=one.help, labels=one.labels)
    found = witness(bad, required)
    if found is None:
        return None
    message = _message_under(one.problem, found)
    where = " and ".join(f"{c.path} = {c.alternatives[i].label}" for c, i in sorted(found.items(), key=lambda pair: pair[0].order))
    count = ""
    if not required and all(isinstance(v, Choice) for v in bad.scope):
        count = f" ({sum(map(bool, bad.table)):,} of {len(bad.table):,} combinations)"
    return one.code.error(one.span, f"{message}, with {where}{count}", help=one.help, labels=one.labels)


def _message_under(problem: Expr, found: Mapping[Choice, int]) -> str:
    """The message where the choices have these values; whichever fits where others matter too."""
    return next(v for v in restrict(problem, found).table if isinstance(v, str))


def _is_message(problem: Any) -> bool:
    return isinstance(problem, str)

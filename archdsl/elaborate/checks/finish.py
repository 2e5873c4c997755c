"""The last steps of elaboration: the graph is folded, and every condition is decided over the whole space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from archdsl.diagnostics.codes import choices as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.elaborate.checks.unread import warnings
from archdsl.elaborate.evaluation.results import results
from archdsl.elaborate.evaluation.state import State, too_wide_help
from archdsl.ir.activity import Activity, activity, binding, where_bound
from archdsl.ir.choice import Choice
from archdsl.ir.expr import (
    FALSE,
    Expr,
    TooWide,
    Undefined,
    both,
    each,
    lift,
    mend,
    restrict,
)
from archdsl.ir.fix import simplify
from archdsl.ir.frontier import witness
from archdsl.ir.graph import Check, Graph, Input, Op, Requirement, Select, Value, in_order
from archdsl.ir.instance import Instance
from archdsl.ir.requirements import unmet
from archdsl.ir.work import Exhausted
from archdsl.ops.extents import read_of


def finish(
    name: str,
    kind: str,
    outputs: tuple[Value, ...],
    root: Instance,
    state: State,
    settings: Mapping[str, Any],
) -> Graph:
    """The graph under the outputs.

    Raises DiagnosticError with every check that fails for some architecture, each with a smallest witness.
    """
    place = root.span.word(name) if root.span is not None else None
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
        problems = check(raw)
        if problems:
            raise DiagnosticError(*problems)
        graph = simplify(defined_everywhere(raw))
    except TooWide as wide:
        raise DiagnosticError(
            codes.TOO_WIDE.error(root.span, f"`{name}`: {wide}", help=too_wide_help(wide))
        ) from None
    except Exhausted as exhausted:
        raise Exhausted(
            *[replace(d, span=d.span or place) for d in exhausted.diagnostics]
        ) from None
    live = set(graph.choices)
    for choice in (
        () if state.edits.edits else raw.choices
    ):  # answers may leave choices idle: that is no mistake
        if choice not in live:
            state.report(
                codes.UNUSED_CHOICE.warning(
                    choice.span, f"the choice `{choice.path}` decides nothing"
                )
            )
    state.report(*warnings(graph, state))
    return replace(
        graph, kind=declared if graph.choices else graph.kind, read=read_of(state.reads)
    )


def check(graph: Graph) -> list[Diagnostic]:
    """What is wrong for some architecture of the space."""
    if not (graph.choices or graph.bounds or graph.requirements) and not any(
        map(_checks, graph.values)
    ):
        return []
    live = activity(graph.outputs)
    undefined_requirements = [_undefined_requirement(r, live) for r in graph.requirements]
    if any(undefined_requirements):
        return [d for d in undefined_requirements if d is not None]
    required = [binding(r, live) for r in graph.requirements]
    wrong: set[Value] = set()  # what is computed from a wrong value is not looked at
    repeated: dict[tuple[str, Span | None], list[Diagnostic]] = {}
    for value in graph.values:
        if isinstance(value, Op) and not wrong.isdisjoint(value.inputs):
            wrong.add(value)
            continue
        for one in _checks(value):
            problem = _decide(one, live.values[value], required)
            if problem is not None:
                wrong.add(value)
                repeated.setdefault((problem.code, problem.span), []).append(problem)
                break
    return [_first_of(same) for same in repeated.values()] or unmet(graph, live)


def _checks(value: Value) -> Sequence[Check]:
    """What has to hold of a value where it is live."""
    if isinstance(value, Input):
        return ()
    if isinstance(value, Select):
        return undefined_checks(value.index, value.span)
    return value.checks


def _undefined_requirement(requirement: Requirement, live: Activity) -> Diagnostic | None:
    for one in undefined_checks(requirement.condition, requirement.span):
        problem = _decide(one, where_bound(requirement.condition, live), [])
        if problem is not None:
            return problem
    return None


def undefined_checks(expr: Expr, span: Span | None) -> tuple[Check, ...]:
    """That an expression has a value; one condition for each reason why it has none."""
    if not expr.is_partial:
        return ()
    reasons = [value for value in expr.distinct() if isinstance(value, Undefined)]
    return tuple([_of_reason(expr, reason, span) for reason in reasons])


def _of_reason(expr: Expr, reason: Undefined, span: Span | None) -> Check:
    problem = each(lambda value: reason.message if value == reason else None, expr)
    return Check(
        problem, reason.code or value_codes.NO_VALUE, reason.span or span, help=reason.help
    )


def defined_everywhere(graph: Graph) -> Graph:
    """The graph, which has been checked, with some value where a selection or a requirement has none: nothing
    asks for it.
    """
    if not any(e.is_partial for e in _conditions(graph)):
        return graph
    new: dict[Value, Value] = {}
    for value in graph.values:
        new[value] = _defined(value, new)
    live = activity(graph.outputs)
    requirements = tuple(
        [replace(r, condition=mend(binding(r, live), False)) for r in graph.requirements]
    )
    outputs = tuple([new[o] for o in graph.outputs])
    return replace(
        graph, outputs=outputs, values=in_order(outputs), requirements=requirements
    )


def _conditions(graph: Graph) -> list[Expr]:
    indices = [value.index for value in graph.values if isinstance(value, Select)]
    return [*indices, *[r.condition for r in graph.requirements]]


def _defined(value: Value, new: Mapping[Value, Value]) -> Value:
    if isinstance(value, Input):
        return value
    if isinstance(value, Op):
        inputs = tuple([new[o] for o in value.inputs])
        return value if inputs == value.inputs else replace(value, inputs=inputs)
    operands = tuple([new[o] for o in value.operands])
    if isinstance(value, Select) and value.index.is_partial:
        first = next((i for i in value.index.distinct() if not isinstance(i, Undefined)), 0)
        return replace(value, operands=operands, index=mend(value.index, first))
    return value if operands == value.operands else replace(value, operands=operands)


def _first_of(same: list[Diagnostic]) -> Diagnostic:
    """One diagnostic for a line that many instances repeat."""
    if len(same) == 1:
        return same[0]
    more = f"the same line is wrong in {len(same) - 1} more place{'s' * (len(same) > 2)}"
    return replace(same[0], help=f"{same[0].help}; {more}" if same[0].help else more)


def _decide(one: Check, here: Expr, required: list[Expr]) -> Diagnostic | None:
    bad = both(here, lift(_is_message, one.problem))
    if bad == FALSE:
        return None
    if bad.is_constant:
        message = next(v for v in one.problem.distinct() if isinstance(v, str))
        return one.code.error(one.span, message, help=one.help, labels=one.labels)
    found = witness(bad, required)
    if found is None:
        return None
    message = _message_under(one.problem, found)
    where = " and ".join(
        f"{c.path} = {c.alternatives[i].label}"
        for c, i in sorted(found.items(), key=lambda pair: pair[0].order)
    )
    count = ""
    if not required and bad.is_tabled:
        count = f" ({sum(bad.table):,} of {len(bad.table):,} combinations)"
    return one.code.error(
        one.span, f"{message}, with {where}{count}", help=one.help, labels=one.labels
    )


def _message_under(problem: Expr, found: Mapping[Choice, int]) -> str:
    """The message where the choices have these values; whichever fits where others matter too."""
    return next(v for v in restrict(problem, found).distinct() if isinstance(v, str))


def _is_message(problem: Any) -> bool:
    return isinstance(problem, str)

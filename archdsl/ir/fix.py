"""Partial evaluation: settle some choices, fold what they decide, drop what nothing asks for any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from archdsl.ir.activity import Activity, activity, binding, is_single, selection
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, TRUE, Expr, constant, lift, restrict, where
from archdsl.ir.graph import (
    Check,
    Graph,
    Input,
    Op,
    Pick,
    Requirement,
    Select,
    Shape,
    Value,
    Weight,
    choices_read,
    in_order,
)
from archdsl.ir.graph import (
    operands as operands_of,
)
from archdsl.ir.verify import verify


def fix(graph: Graph, assignment: Mapping[Choice, int]) -> Graph:
    """The graph with choices settled by index. What is settled for an inactive choice has no effect.

    The choices left are the active ones, in program order; without any, the result is a model. The instance
    tree is kept as it is. Raises TooWide where a guard cannot be tabulated.
    """
    if _is_settled(graph):
        return replace(graph, kind="model", choices=())
    live = activity(graph.outputs)
    conditions = [binding(requirement, live) for requirement in graph.requirements]
    settled = {
        c: i for c, i in assignment.items() if restrict(live.guard(c), assignment) != FALSE
    }
    settle = _Settle(settled)
    outputs = graph.outputs
    if settled:
        outputs = _rebuild(outputs, settle.value)
        live = activity(outputs)
    while (folded := _fold(outputs, live)) != outputs:
        outputs = folded
        live = activity(outputs)
    requirements = []
    for requirement, condition in zip(
        graph.requirements, map(settle.expr, conditions), strict=True
    ):
        dead = {c: 0 for c in condition.choices() if c not in live.choices}
        condition = binding(
            Requirement(restrict(condition, dead) if dead else condition), live
        )  # folding may have narrowed guards
        if condition != TRUE:
            requirements.append(Requirement(condition, requirement.span))
    fixed = replace(
        graph,
        kind=graph.kind if live.choices else "model",
        outputs=outputs,
        values=in_order(outputs),
        choices=tuple(live.choices),
        requirements=tuple(requirements),
        answers={
            **graph.answers,
            **{c.path: c.alternatives[i].label for c, i in settled.items()},
        },
    )
    verify(fixed, live)
    return fixed


def _is_settled(graph: Graph) -> bool:
    """Whether nothing in the graph depends on a choice, so that there is nothing to fold."""
    if graph.requirements or any(isinstance(v, Select | Pick) for v in graph.values):
        return False
    return not choices_read(graph.values)


def simplify(graph: Graph) -> Graph:
    """The same space without what can never be live."""
    return fix(graph, {})


_Rule = Callable[[Value, tuple[Value, ...]], Value]


def _rebuild(outputs: tuple[Value, ...], rule: _Rule) -> tuple[Value, ...]:
    """Applies a rule to every value, operands first; the rule gets the value and its new operands."""
    new: dict[Value, Value] = {}
    for value in in_order(outputs):
        if isinstance(value, Input):
            new[value] = value
        else:
            new[value] = rule(value, tuple([new[o] for o in operands_of(value)]))
    return tuple(new[o] for o in outputs)


class _Settle:
    """Restricts every expression of a value by an assignment; what does not change stays the same object."""

    def __init__(self, assignment: Mapping[Choice, int]) -> None:
        self._assignment = assignment
        self._paths = {c.path for c in assignment}
        self._done: dict[
            int, tuple[Expr, Expr]
        ] = {}  # by identity of the expression, which is kept alive

    def expr(self, expr: Expr) -> Expr:
        if not expr.scope or not self._assignment:
            return expr
        known = self._done.get(id(expr))
        if known is None:
            known = self._done[id(expr)] = expr, restrict(expr, self._assignment)
        return known[1]

    def value(self, value: Value, operands: tuple[Value, ...]) -> Value:
        if not self._assignment and operands == operands_of(value):
            return value
        changes: dict[str, Any] = {"shape": self._shape(value.shape)}
        if isinstance(value, Op):
            changes["inputs"] = operands
            changes["attrs"] = self._shape(value.attrs)
            changes["macs"] = self.expr(value.macs)
        elif isinstance(value, Select):
            changes["operands"] = operands
            changes["index"] = self.expr(value.index)
        elif isinstance(value, Pick):
            changes["operands"] = operands
            changes["subset"] = self.expr(value.subset)
        if isinstance(value, Op | Pick):
            changes["weights"] = tuple(self._weight(w) for w in value.weights)
            changes["checks"] = tuple(self._checks(value.checks))
        changed = {
            name: new
            for name, new in changes.items()
            if not _identical(getattr(value, name), new)
        }
        return replace(value, **changed) if changed else value

    def _shape(self, shape: Shape) -> Shape:
        new = {name: self.expr(e) for name, e in shape.items()}
        return shape if all(new[name] is e for name, e in shape.items()) else new

    def _checks(self, checks: tuple[Check, ...]) -> Iterator[Check]:
        for check in checks:
            problem = self.expr(check.problem)
            if problem is check.problem:
                yield check
            elif not problem.is_constant or problem.value is not None:
                yield replace(check, problem=problem)

    def _weight(self, weight: Weight) -> Weight:
        """The weight with its expressions settled; of alternatives that are settled, nothing has to be told
        apart.
        """
        shape, init = tuple(map(self.expr, weight.shape)), self.expr(weight.init)
        variant = (
            tuple(v for v in weight.variant if v[0] not in self._paths)
            if self._paths
            else weight.variant
        )
        if (
            init is weight.init
            and _identical(shape, weight.shape)
            and len(variant) == len(weight.variant)
        ):
            return weight
        return replace(weight, shape=shape, init=init, variant=variant)


def _identical(old: Any, new: Any) -> bool:
    if isinstance(old, tuple):
        return len(old) == len(new) and all(map(_same_object, old, new))
    return old is new


def _same_object(a: object, b: object) -> bool:
    return a is b


def _fold(outputs: tuple[Value, ...], live: Activity) -> tuple[Value, ...]:
    """Selections without what they never yield where they are live, and expressions without dead choices.

    A choice that is never active may still stand in an expression, at points where nothing is live.
    """
    targets = live.targets
    dead = {c: 0 for c in choices_read(live.values) if c not in live.choices}
    settle = _Settle(dead)

    def rule(value: Value, operands: tuple[Value, ...]) -> Value:
        value_now = settle.value(value, operands)
        if isinstance(value, Pick) and not is_single(value):
            assert isinstance(value_now, Pick)
            return _settled(_narrow(value_now, live.values[value]))
        if not isinstance(value, Select | Pick):
            return value_now
        index = settle.expr(selection(value, targets))
        here = live.values[value]
        kept = sorted(_values_where(here, index))
        if len(kept) <= 1:
            return operands[kept[0] if kept else 0]
        if (
            len(kept) == len(operands)
            and isinstance(value_now, Select)
            and index == value_now.index
        ):
            return value_now
        place = {old: new for new, old in enumerate(kept)}
        index = lift(partial(_replaced, place), index)
        return Select(
            index,
            tuple(operands[i] for i in kept),
            value_now.shape,
            value.instance,
            value.span,
        )

    return _rebuild(outputs, rule)


def _narrow(pick: Pick, here: Expr) -> Pick:
    """A pick without the operands that no subset contains."""
    subsets = _values_where(here, pick.subset)
    kept = sorted(set().union(*subsets))
    if len(kept) == len(pick.operands) or not kept:
        return pick
    place = {old: new for new, old in enumerate(kept)}
    weights = (
        tuple(pick.weights[i] for i in kept)
        if len(pick.weights) == len(pick.operands)
        else pick.weights
    )
    first = tuple(place[i] for i in subsets[0])
    subset = lift(partial(_replaced_all, place, first), pick.subset)
    return replace(
        pick, subset=subset, operands=tuple(pick.operands[i] for i in kept), weights=weights
    )


def _settled(pick: Pick) -> Value:
    """A pick that leaves nothing open is the operation that combines a list; of one operand, that operand."""
    if not pick.subset.is_constant:
        return pick
    inputs = tuple(pick.operands[i] for i in pick.subset.value)
    if len(inputs) == 1:
        only: Value = inputs[0]
        return only
    attrs = {"dim": constant(pick.dim)} if pick.dim is not None else {}
    return Op(
        pick.primitive,
        inputs,
        attrs,
        pick.shape,
        pick.weights,
        constant(0),
        pick.instance,
        pick.span,
    )


def _values_where(condition: Expr, expr: Expr) -> list[Any]:
    """The distinct values of an expression where a condition holds, in order of first appearance."""
    if condition == TRUE or (
        condition != FALSE and set(condition.scope).isdisjoint(expr.scope)
    ):
        return list(expr.distinct())
    return [
        value for value in where(condition, expr, _NOWHERE).distinct() if value is not None
    ]


_NOWHERE = constant(None)


def _replaced(place: Mapping[int, int], index: int) -> int:
    return place.get(index, 0)


def _replaced_all(
    place: Mapping[int, int], otherwise: tuple[int, ...], subset: tuple[int, ...]
) -> tuple[int, ...]:
    return tuple(place[i] for i in subset) if all(i in place for i in subset) else otherwise

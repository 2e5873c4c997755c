"""What is live: the one definition of when a value, a weight or a choice is part of an architecture.

Nothing stores a guard; all follow from demand. An output is live; what a live operation reads is live; a live
Select or Pick makes the operands live that it yields. A Select whose operands resolve to one value decides
nothing: its index is not used. A choice is active where a live operation reads it or a live selection asks it, which
is where it survives partial evaluation and the removal of dead code. Requirements make nothing active.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeAlias

from archdsl.ir.choice import Choice
from archdsl.ir.expr import (
    FALSE,
    TRUE,
    Derived,
    Expr,
    TooWide,
    Variable,
    both,
    constant,
    depends,
    either,
    lift,
    matters_given,
    negate,
    opened,
)
from archdsl.ir.graph import Input, Op, Pick, Requirement, Select, Value, Weight, in_order

Identity: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Activity:
    """When each value is live, each choice active and each weight in use: boolean expressions over active choices.

    Choices that are never active are left out.
    """

    values: Mapping[Value, Expr]
    choices: Mapping[Choice, Expr]
    weights: Mapping[Identity, Expr]

    def guard(self, choice: Choice) -> Expr:
        return self.choices.get(choice, FALSE)


@lru_cache(maxsize=4)  # several questions about one graph follow each other
def activity(outputs: tuple[Value, ...]) -> Activity:
    """The activity of everything under the outputs. Raises TooWide where a guard cannot be tabulated."""
    order = in_order(outputs)
    targets = resolve(order)
    values: dict[Value, Expr] = dict.fromkeys(order, FALSE)
    weights: dict[Identity, Expr] = {}
    uses = _Uses()

    def mark(value: Value, condition: Expr) -> None:
        if values[value] is not TRUE:
            values[value] = either(values[value], condition)

    def use_weight(weight: Weight, here: Expr) -> None:
        weights[weight.identity] = either(weights.get(weight.identity, FALSE), here)
        uses.add_all(here, (*weight.shape, weight.init))

    for output in outputs:
        values[output] = TRUE
    for value in reversed(order):
        here = values[value]
        if here.is_constant and not here.value:
            continue
        if isinstance(value, Op):
            for operand in value.inputs:
                mark(operand, here)
            uses.add_all(here, value.attrs.values())
            uses.add(here, value.macs)
            for weight in value.weights:
                use_weight(weight, here)
        elif isinstance(value, Select) or (isinstance(value, Pick) and is_single(value)):
            index = selection(value, targets)
            same = same_target(value, targets)
            uses.add(here, same)
            uses.add(both(here, negate(same)), index)
            for position in reachable(selected_index(value)):
                chosen = either(same, lift(partial(_equals, representative(value, position, targets)), index))
                mark(value.operands[position], both(here, chosen))
        elif isinstance(value, Pick):
            uses.add(here, value.subset)
            for position, operand in enumerate(value.operands):
                mark(operand, both(here, lift(partial(_contains, position), value.subset)))
            combined = both(here, lift(_several, value.subset))
            each = len(value.weights) == len(value.operands)
            for position, weight in enumerate(value.weights):
                use_weight(weight, both(combined, lift(partial(_contains, position), value.subset)) if each else combined)
    return Activity(values, uses.guards(), weights)


def binding(requirement: Requirement, live: Activity) -> Expr:
    """The condition of a requirement as it binds: it is void where a choice that it reads is inactive."""
    condition = opened(requirement.condition)
    applies = TRUE
    for choice, read in depends(condition, asked(condition, live)).items():
        applies = both(applies, either(live.guard(choice), negate(read)))
    return either(negate(applies), condition)


def asked(condition: Expr, live: Activity) -> list[Variable]:
    """The variables of a condition in an order in which each comes after those that decide whether it is active."""
    choices = {v: v.expr.choices() if isinstance(v, Derived) else (v,) for v in condition.scope}
    order: dict[Variable, None] = {}
    begun: set[Variable] = set()

    def visit(variable: Variable) -> None:
        begun.add(variable)
        deciding = {c for own in choices[variable] for c in live.guard(own).choices()}
        for other in condition.scope:
            if other not in begun and deciding.intersection(choices[other]):
                visit(other)
        order[variable] = None

    for variable in condition.scope:
        if variable not in begun:
            visit(variable)
    return list(order)


def resolve(order: Sequence[Value]) -> dict[Value, Expr]:
    """For each value the position in `order` of the value that it really is, once selections are followed.

    A selection that depends on too many choices to be tabulated counts as itself.
    """
    targets: dict[Value, Expr] = {}
    for number, value in enumerate(order):
        own = constant(number)
        if isinstance(value, Input | Op) or (isinstance(value, Pick) and all(len(s) > 1 for s in value.subset.distinct())):
            targets[value] = own
            continue
        try:
            if isinstance(value, Select) or is_single(value):
                targets[value] = lift(_option, selected_index(value), *(targets[o] for o in value.operands))
            else:
                targets[value] = lift(partial(_picked, number), value.subset, *(targets[o] for o in value.operands))
        except TooWide:
            targets[value] = own
    return targets


def is_single(pick: Pick) -> bool:
    """Whether the pick always takes one operand, and so is a selection."""
    return all(len(subset) == 1 for subset in pick.subset.distinct())


def selected_index(value: Select | Pick) -> Expr:
    """The index of the operand that a selection yields."""
    return value.index if isinstance(value, Select) else lift(_only, value.subset)


def reachable(index: Expr) -> tuple[int, ...]:
    return tuple(sorted(set(index.distinct())))


def representative(value: Select | Pick, position: int, targets: Mapping[Value, Expr]) -> int:
    """The first operand that the selection can yield and that always resolves to what this one does."""
    target = targets[value.operands[position]]
    return next(i for i in reachable(selected_index(value)) if targets[value.operands[i]] == target)


def selection(value: Select | Pick, targets: Mapping[Value, Expr]) -> Expr:
    """The index of a selection with operands that are always equal told apart no longer."""
    index = selected_index(value)
    first = {i: representative(value, i, targets) for i in reachable(index)}
    return index if all(i == j for i, j in first.items()) else lift(first.__getitem__, index)


def same_target(value: Select | Pick, targets: Mapping[Value, Expr]) -> Expr:
    """Where all operands that the selection can yield resolve to one value."""
    options = [targets[value.operands[i]] for i in reachable(selected_index(value))]
    common = set(options[0].distinct())
    for option in options[1:]:
        common &= set(option.distinct())
    return lift(_all_equal, *options) if common else FALSE


class _Uses:
    """Collects which expressions are read where, and turns them into the guards of choices."""

    def __init__(self) -> None:
        self._reads: dict[int, tuple[Expr, Expr]] = {}  # by identity of the expression: it, and where it is read

    def add(self, here: Expr, expr: Expr) -> None:
        if expr.scope:
            _, before = self._reads.get(id(expr), (expr, FALSE))
            if before is not TRUE:
                self._reads[id(expr)] = expr, either(before, here)

    def add_all(self, here: Expr, exprs: Iterable[Expr]) -> None:
        for expr in exprs:
            if expr.scope:
                self.add(here, expr)

    def guards(self) -> dict[Choice, Expr]:
        """Guards in program order.

        First what needs no order: where a choice matters although all others are settled. A choice that is asked
        anyway then comes before those it makes irrelevant: of `if kind == a then width else 24`, `width` is asked
        where `kind` is a, wherever the two were declared.
        """
        reads = [(opened(expr), here) for expr, here in self._reads.values()]
        certain: dict[Choice, Expr] = {}
        for expr, here in reads:
            for variable in expr.scope:
                if isinstance(variable, Choice) and certain.get(variable) is not TRUE:
                    others = [v for v in expr.scope if v is not variable]
                    matters = both(here, matters_given(expr, variable, others)) if others else here
                    certain[variable] = either(certain.get(variable, FALSE), matters)
        guards = dict(certain)
        for expr, here in reads:
            if len(expr.scope) == 1 and isinstance(expr.scope[0], Choice):
                continue
            if all(guards.get(v) is TRUE for v in expr.scope if isinstance(v, Choice)) and all(isinstance(v, Choice) for v in expr.scope):
                continue
            for choice, condition in depends(expr, _asking_order(expr, here, certain)).items():
                guards[choice] = either(guards.get(choice, FALSE), both(here, condition))
        return {c: guards[c] for c in sorted(guards, key=lambda c: c.order) if guards[c] != FALSE}


def _asking_order(expr: Expr, here: Expr, certain: Mapping[Choice, Expr]) -> list[Variable]:
    """The scope, with those first that are asked no more often than they are asked anyway."""
    order: list[Variable] = []
    rest = list(expr.scope)
    while rest:
        best = rest[0]
        for variable in rest:
            if isinstance(variable, Choice) and _implied(both(here, matters_given(expr, variable, order)), certain.get(variable, FALSE)):
                best = variable
                break
        order.append(best)
        rest.remove(best)
    return order


def _implied(condition: Expr, by: Expr) -> bool:
    return by is TRUE or both(condition, negate(by)) == FALSE


def _option(index: int, *options: Any) -> Any:
    return options[index]


def _picked(own: int, subset: tuple[int, ...], *options: Any) -> Any:
    return options[subset[0]] if len(subset) == 1 else own


def _only(subset: tuple[int, ...]) -> int:
    return subset[0]


def _several(subset: tuple[int, ...]) -> bool:
    return len(subset) > 1


def _contains(position: int, subset: tuple[int, ...]) -> bool:
    return position in subset


def _equals(position: int, index: int) -> bool:
    return index == position


def _all_equal(*values: int) -> bool:
    return all(v == values[0] for v in values)

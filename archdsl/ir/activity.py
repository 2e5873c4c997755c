"""What is live: the one definition of when a value, a weight or a choice is part of an architecture.

Nothing stores a guard; all follow from demand. An output is live; what a live operation reads is live; a live
Select or Pick makes the operands live that it yields.

Which choices are active follows from which can change the network:

    depth ~ 0..2
    for i in range(depth) { op ~ [identity, wide]; x = x -> op }

With all other answers given, `op[1]` can change the network where depth is 2, and `depth` where not both
layers are skipped. So each decides whether the other matters, and they are asked in the order of the text:
depth first, then as many `op` as there are turns. Seven architectures: 1 + 2 + 4. In general a choice is
asked after all choices on which it depends whether it matters; where two depend on each other in that way, in
the order of the text. It is active if, under the answers so far, it can still change the network.
Requirements make nothing active.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias, TypeVar

from archdsl.ir.choice import Choice
from archdsl.ir.expr import (
    FALSE,
    TRUE,
    Expr,
    TooWide,
    Undefined,
    both,
    constant,
    either,
    lift,
    mend,
    negate,
    select,
    somewhere,
    test,
    varies,
)
from archdsl.ir.graph import Input, Op, Pick, Requirement, Select, Value, Weight, in_order

Identity: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Activity:
    """When each value is live, each choice active and each weight in use: boolean expressions over active
    choices.

    `asked` are the choices in the order in which they are asked; `choices` has their guards in program order,
    each over choices that are asked before. Choices that are never active are left out. `targets` are the
    values that each one really is (`resolve`).
    """

    values: Mapping[Value, Expr]
    choices: Mapping[Choice, Expr]
    weights: Mapping[Identity, Expr]
    asked: tuple[Choice, ...]
    targets: Mapping[Value, Expr]

    def guard(self, choice: Choice) -> Expr:
        return self.choices.get(choice, FALSE)


@lru_cache(maxsize=4)  # several questions about one graph follow each other
def activity(outputs: tuple[Value, ...]) -> Activity:
    """The activity of everything under the outputs. Raises TooWide where a guard cannot be kept within the
    limits.
    """
    order = in_order(outputs)
    live = _liveness(outputs, order)
    targets = resolve(order)
    matters = _matters(_reads(outputs, order, live, targets))
    asked = asking_order(matters)
    guards: dict[Choice, Expr] = {}
    waiting = set(asked)
    for choice in asked:
        waiting.discard(choice)
        guards[choice] = somewhere(matters[choice], waiting)
    in_program_order = sorted(guards, key=lambda c: c.order)
    values = {value: live.where(value) for value in order}
    weights = {identity: live.whole(demand) for identity, demand in live.weights.items()}
    return Activity(
        values, {c: guards[c] for c in in_program_order}, weights, asked, targets
    )


@dataclass(frozen=True, slots=True)
class _Demand:
    """Something is demanded where `head` is live, or everywhere without one, and `inside` holds.

    Take a layer of which twelve choices decide whether it is live, and inside it `if a { x = x -> wide } else
    { x = x -> narrow }`. One convolution is demanded inside by `a`, the other by `not a`, tables of two
    entries, and what both read wherever the layer is. The wide guard of the layer is joined to these at the
    end; demands inside of different layers are joined as whole conditions.
    """

    head: Value | None
    inside: Expr


_ALWAYS = _Demand(None, TRUE)
_Asked = TypeVar("_Asked", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Live:
    """What is demanded, and where each head is live."""

    values: dict[Value, _Demand]
    weights: dict[Identity, _Demand]
    heads: dict[Value | None, Expr]

    def where(self, value: Value) -> Expr:
        demand = self.values.get(value)
        return FALSE if demand is None else self.whole(demand)

    def whole(self, demand: _Demand) -> Expr:
        """A demand as one condition."""
        return both(self.heads[demand.head], demand.inside)

    def add(
        self, found: dict[_Asked, _Demand], asked: _Asked, by: _Demand, condition: Expr
    ) -> None:
        """Adds to what is demanded: where something is demanded that reads it under a condition."""
        known = found.get(asked)
        if known is not None and known.head is None and known.inside == TRUE:
            return
        inside = both(by.inside, condition)
        if inside == FALSE:
            return
        if known is None:
            found[asked] = _Demand(by.head, inside)
        elif known.head is by.head:
            found[asked] = _Demand(by.head, either(known.inside, inside))
        else:
            found[asked] = _Demand(
                None, either(self.whole(known), self.whole(_Demand(by.head, inside)))
            )


def _liveness(outputs: tuple[Value, ...], order: Sequence[Value]) -> _Live:
    """Where each value is live, and each weight in use."""
    live = _Live(dict.fromkeys(outputs, _ALWAYS), {}, {None: TRUE})
    for value in reversed(order):
        here = live.values.get(value)
        if here is None:
            continue
        if not here.inside.is_tabled:
            live.heads[value] = live.whole(here)
            here = live.values[value] = _Demand(value, TRUE)
        for operand, condition in _needs(value):
            live.add(live.values, operand, here, condition)
        for weight, condition in _uses(value):
            live.add(live.weights, weight.identity, here, condition)
    return live


def _needs(value: Value) -> Iterator[tuple[Value, Expr]]:
    """The operands of a value that is live, each with the condition under which it needs it."""
    if isinstance(value, Op):
        for operand in value.inputs:
            yield operand, TRUE
    elif isinstance(value, Select):
        for position in reachable(value.index):
            yield value.operands[position], _where(_equals, position, value.index)
    elif isinstance(value, Pick):
        for position, operand in enumerate(value.operands):
            yield operand, _where(_contains, position, value.subset)


def _uses(value: Value) -> Iterator[tuple[Weight, Expr]]:
    """The weights of a value that is live, each with the condition under which it uses it."""
    if isinstance(value, Op):
        for weight in value.weights:
            yield weight, TRUE
    elif isinstance(value, Pick) and value.weights:
        several = test(_several, value.subset)
        each = len(value.weights) == len(value.operands)
        for position, weight in enumerate(value.weights):
            yield (
                weight,
                both(several, _where(_contains, position, value.subset))
                if each
                else several,
            )


def _where(fn: Callable[[int, Any], bool], position: int, expr: Expr) -> Expr:
    """Where `fn` holds of a position and the value; once for a tied choice, however often it selects."""
    if not expr.scope:
        return test(partial(fn, position), expr)
    key = fn, position, expr
    joined = expr.scope[0].joined
    known: Expr | None = joined.get(key)
    if known is None:
        known = joined[key] = test(partial(fn, position), expr)
    return known


def _reads(
    outputs: tuple[Value, ...],
    order: Sequence[Value],
    live: _Live,
    targets: Mapping[Value, Expr],
) -> dict[Expr, Expr]:
    """Every expression that decides what the network is, and where it is read.

    A network is its operations, their parameters and what each of them is wired to. Shapes, costs and weights
    follow from these.
    """
    reads: dict[Expr, _Demand] = {}
    for output in outputs:
        if targets[output].scope:
            reads[targets[output]] = _ALWAYS
    for position, value in enumerate(order):
        here = live.values.get(value)
        if here is None:
            continue
        for expr, condition in _decided_by(value, position, targets):
            if expr.scope:
                live.add(reads, expr, here, condition)
    return {expr: live.whole(demand) for expr, demand in reads.items()}


def _decided_by(
    value: Value, position: int, targets: Mapping[Value, Expr]
) -> Iterator[tuple[Expr, Expr]]:
    """The expressions that decide what a live value is, each with the condition under which it is read."""
    if isinstance(value, Op):
        for operand in value.inputs:
            yield targets[operand], TRUE
        for attr in value.attrs.values():
            yield attr, TRUE
        # An answer for which the op has no value is another than one for which it has.
        for check in value.checks:
            yield check.problem, TRUE
    elif isinstance(value, Pick) and not is_single(value):
        several = test(_several, value.subset)
        yield value.subset, several
        for member, operand in enumerate(value.operands):
            yield targets[operand], both(several, _where(_contains, member, value.subset))
    elif isinstance(value, Select | Pick) and targets[value] == constant(position):
        yield selected_index(value), TRUE  # too wide to be followed: it counts as itself


def _matters(reads: Mapping[Expr, Expr]) -> dict[Choice, Expr]:
    """Where, by the answers to all others, a choice can change the network; in program order, without those
    that never can.

    It can where something that it changes is read, whatever its own answer has to do with that.
    """
    found: dict[Choice, Expr] = {}
    for expr, here in reads.items():
        for choice in expr.scope:
            before = found.get(choice, FALSE)
            if before == TRUE:
                continue
            changed = both(somewhere(here, (choice,)), varies(expr, choice))
            found[choice] = either(before, changed)
    return {c: found[c] for c in sorted(found, key=lambda c: c.order) if found[c] != FALSE}


def asking_order(matters: Mapping[Choice, Expr]) -> tuple[Choice, ...]:
    """The choices in the order in which they are asked.

    p governs q where an answer of p can leave q nothing to decide. Governors come first; where two govern
    each other, and round longer cycles, the order of the text decides.
    """
    governors = {
        q: set(condition.scope).intersection(matters) for q, condition in matters.items()
    }
    waiting: dict[Choice, set[Choice]] = {}
    followers: dict[Choice, list[Choice]] = {q: [] for q in matters}
    for q, others in governors.items():
        waiting[q] = {p for p in others if p.order < q.order or q not in governors[p]}
        for p in waiting[q]:
            followers[p].append(q)
    ready = [(q.order, q) for q, before in waiting.items() if not before]
    heapify(ready)
    order: list[Choice] = []
    while waiting:
        choice = heappop(ready)[1] if ready else _first_of_cycle(waiting)
        order.append(choice)
        del waiting[choice]
        for q in followers[choice]:
            if q in waiting:
                waiting[q].discard(choice)
                if not waiting[q]:
                    heappush(ready, (q.order, q))
    return tuple(order)


def _first_of_cycle(waiting: Mapping[Choice, set[Choice]]) -> Choice:
    """The first in the text of a cycle that waits for nothing but itself."""
    choice = next(iter(waiting))
    while True:
        above = _reached(choice, waiting)
        outside = next((p for p in above if choice not in _reached(p, waiting)), None)
        if outside is None:
            return min([choice, *above], key=lambda c: c.order)
        choice = outside


def _reached(choice: Choice, waiting: Mapping[Choice, set[Choice]]) -> set[Choice]:
    """All that a choice waits for, also through others."""
    found: set[Choice] = set()
    stack = [choice]
    while stack:
        more = waiting[stack.pop()] - found
        found |= more
        stack.extend(more)
    return found


def binding(requirement: Requirement, live: Activity) -> Expr:
    """The condition of a requirement as it binds: it is void where a choice that it reads is inactive."""
    condition = requirement.condition
    return (
        condition
        if condition.is_constant
        else either(negate(where_bound(condition, live)), condition)
    )


def where_bound(condition: Expr, live: Activity) -> Expr:
    """Where a condition has to hold: where all choices that it reads are active.

    It reads a choice where, under the answers to those that are asked before, its value can still depend on
    it.
    """
    never = [c for c in condition.scope if c not in live.choices]
    order = [c for c in live.asked if c in set(condition.scope)] + never
    applies = TRUE
    for position, choice in enumerate(order):
        read = somewhere(varies(condition, choice), order[position + 1 :])
        applies = both(applies, either(live.guard(choice), negate(read)))
    return applies


def resolve(order: Sequence[Value]) -> dict[Value, Expr]:
    """For each value the position in `order` of the value that it really is, once selections are followed.

    Equal operations at one place of the text are one, the first: `if wide { x = x -> relu } else { x = x ->
    relu }` decides nothing. A selection that depends on too much to be followed counts as itself.
    """
    targets: dict[Value, Expr] = {}
    first: dict[Hashable, int] = {}
    for position, value in enumerate(order):
        number = position
        if isinstance(value, Op | Pick):
            number = first.setdefault(_likeness(value, targets), position)
        own = constant(number)
        if isinstance(value, Input | Op) or (isinstance(value, Pick) and _never_one(value)):
            targets[value] = own
            continue
        options = [targets[o] for o in value.operands]
        try:
            if isinstance(value, Select) or is_single(value):
                targets[value] = mend(select(selected_index(value), options), number)
            else:
                targets[value] = mend(
                    select(
                        lift(partial(_place, len(options)), value.subset), (*options, own)
                    ),
                    number,
                )
        except TooWide:
            targets[value] = own
    return targets


def _likeness(value: Op | Pick, targets: Mapping[Value, Expr]) -> Hashable:
    """Equal for values that compute the same with the same weights."""
    weights = tuple([w.full_name for w in value.weights])
    if isinstance(value, Op):
        attrs = tuple(value.attrs.items())
        return (
            value.name,
            tuple([targets[o] for o in value.inputs]),
            attrs,
            weights,
            value.instance.path,
        )
    inputs = tuple([targets[o] for o in value.operands])
    return value.combine, value.dim, inputs, value.subset, weights, value.instance.path


def is_single(pick: Pick) -> bool:
    """Whether the pick always takes one operand, and so is a selection."""
    return all(len(subset) == 1 for subset in defined(pick.subset))


def _never_one(pick: Pick) -> bool:
    return all(len(subset) > 1 for subset in defined(pick.subset))


def defined(expr: Expr) -> list[Any]:
    """The distinct values that an expression has where it has one."""
    return [value for value in expr.distinct() if not isinstance(value, Undefined)]


def selected_index(value: Select | Pick) -> Expr:
    """The index of the operand that a selection yields."""
    return value.index if isinstance(value, Select) else lift(_only, value.subset)


def reachable(index: Expr) -> tuple[int, ...]:
    return tuple(sorted(set(defined(index))))


def representative(
    value: Select | Pick, position: int, targets: Mapping[Value, Expr]
) -> int:
    """The first operand that the selection can yield and that always resolves to what this one does."""
    target = targets[value.operands[position]]
    return next(
        i for i in reachable(selected_index(value)) if targets[value.operands[i]] == target
    )


def selection(value: Select | Pick, targets: Mapping[Value, Expr]) -> Expr:
    """The index of a selection with operands that are always equal told apart no longer."""
    index = selected_index(value)
    first = {i: representative(value, i, targets) for i in reachable(index)}
    return (
        index if all(i == j for i, j in first.items()) else lift(first.__getitem__, index)
    )


def _place(count: int, subset: tuple[int, ...]) -> int:
    """Where the target of a pick stands among those of its operands and, after them, its own."""
    return subset[0] if len(subset) == 1 else count


def _only(subset: tuple[int, ...]) -> int:
    return subset[0]


def _several(subset: tuple[int, ...]) -> bool:
    return len(subset) > 1


def _contains(position: int, subset: tuple[int, ...]) -> bool:
    return position in subset


def _equals(position: int, index: int) -> bool:
    return index == position

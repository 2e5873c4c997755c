"""The least and the greatest sums of terms, exactly: bucket elimination over their tables, or one diagram for
all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from operator import add
from typing import TypeAlias

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.choice import Choice
from archdsl.ir.expr import TABLE_LIMIT, Expr, lift, spread
from archdsl.ir.frontier import Diagram, frontier
from archdsl.ir.terms import merged

_WORK = (
    8 * TABLE_LIMIT
)  # table entries that an elimination may take; beyond, a diagram is the smaller

_Scope: TypeAlias = tuple[Choice, ...]
_Table: TypeAlias = tuple[_Scope, Sequence[int]]
Ends: TypeAlias = tuple[int, int]


def extremes(
    terms: Iterable[Expr],
    constraints: Iterable[Expr] = (),
    guards: Mapping[Choice, Expr] | None = None,
) -> Ends | None:
    """The least and the greatest sum over all assignments that satisfy the constraints; None where none does.

    A term must not depend on inactive choices, so that it does not matter what those are; with `guards`, when
    choices are active, they need not be told apart. Raises DiagnosticError E0509 where all of it is out of
    reach.
    """
    found = extremes_of([terms], constraints, guards)
    return found[0] if found is not None else None


def extremes_of(
    sums: Iterable[Iterable[Expr]],
    constraints: Iterable[Expr] = (),
    guards: Mapping[Choice, Expr] | None = None,
) -> list[Ends] | None:
    """The extremes of several sums under the same constraints: what several of them ask is found out once."""
    constraints = tuple(constraints)
    parts: list[_Part] = []
    ends: list[Ends] = []
    for question, terms in enumerate(sums):
        ends.append((0, 0))
        parts.extend(
            [_Part(question, *part) for part in _components(merged(terms), constraints)]
        )
    known: dict[tuple[tuple[Expr, ...], ...], Ends | None] = {}
    hard: list[_Part] = []
    for part in parts:
        if len(part.terms) == 1 and not part.conditions:
            values = part.terms[0].distinct()
            ends[part.question] = _plus(ends[part.question], (min(values), max(values)))
            continue
        order = _order([e.scope for e in part.exprs])
        if order is None:
            hard.append(part)
            continue
        key = part.terms, part.conditions
        if key not in known:
            known[key] = _by_elimination(part.terms, part.conditions, order)
        found = known[key]
        if found is None:
            return None
        ends[part.question] = _plus(ends[part.question], found)
    for together in _overlapping(hard):
        answers = _by_diagram(together, guards or {})
        if answers is None:
            return None
        for part, found in zip(together, answers, strict=True):
            ends[part.question] = _plus(ends[part.question], found)
    return ends


@dataclass(frozen=True, slots=True)
class _Part:
    """Terms of one of the sums and conditions that share no choice with the rest."""

    question: int
    terms: tuple[Expr, ...]
    conditions: tuple[Expr, ...]

    @property
    def exprs(self) -> tuple[Expr, ...]:
        return self.terms + self.conditions

    def choices(self) -> set[Choice]:
        return set().union(*[e.scope for e in self.exprs])


def _plus(a: Ends, b: Ends) -> Ends:
    return a[0] + b[0], a[1] + b[1]


def _components(
    terms: Sequence[Expr], constraints: Sequence[Expr]
) -> Iterator[tuple[tuple[Expr, ...], tuple[Expr, ...]]]:
    """The terms and conditions in groups that share no choice, so that each has extremes of its own."""
    exprs = [*terms, *constraints]
    for group in _linked([set(e.choices()) for e in exprs]):
        yield (
            tuple(exprs[i] for i in group if i < len(terms)),
            tuple(exprs[i] for i in group if i >= len(terms)),
        )


def _overlapping(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """The parts in groups that share no choice."""
    for group in _linked([part.choices() for part in parts]):
        yield [parts[i] for i in group]


def _linked(sets: Sequence[set[Choice]]) -> list[list[int]]:
    """The positions of the sets in groups without a choice in common."""
    groups: list[tuple[set[Choice], list[int]]] = []
    for i, members in enumerate(sets):
        joint, positions = set(members), [i]
        apart = []
        for group in groups:
            if group[0].isdisjoint(members):
                apart.append(group)
            else:
                joint |= group[0]
                positions += group[1]
        groups = [*apart, (joint, sorted(positions))]
    return sorted([positions for _, positions in groups])


# -- elimination --------------------------------------------------------------------------------------


def _order(scopes: Iterable[_Scope]) -> list[Choice] | None:
    """The variables in the order in which they are eliminated, the smallest joint table first; None where
    tables grow too large.
    """
    waiting: dict[Choice, list[frozenset[Choice]]] = {}
    for scope in scopes:
        for variable in scope:
            waiting.setdefault(variable, []).append(frozenset(scope))
    sizes = {variable: _joint(near) for variable, near in waiting.items()}
    order: list[Choice] = []
    work = 0
    while waiting:
        variable = min(waiting, key=lambda v: (sizes[v], v.order))
        work += sizes[variable]
        if sizes[variable] > TABLE_LIMIT or work > _WORK:
            return None
        gone = waiting.pop(variable)
        rest = frozenset().union(*gone) - {variable}
        for other in rest:
            waiting[other] = [
                scope for scope in waiting[other] if variable not in scope
            ] + [rest]
            sizes[other] = _joint(waiting[other])
        order.append(variable)
    return order


def _joint(scopes: Iterable[frozenset[Choice]]) -> int:
    return prod(v.size for v in frozenset().union(*scopes))


def _by_elimination(
    terms: Sequence[Expr], constraints: Sequence[Expr], order: Sequence[Choice]
) -> Ends | None:
    """The extremes; None where the constraints cannot be met."""
    # One broken condition outweighs every sum.
    heavy = 1 + 2 * sum([max(map(abs, e.distinct())) for e in terms])
    costs: list[_Table] = [(e.scope, e.table) for e in terms]
    found = []
    for best, weight in ((min, heavy), (max, -heavy)):
        price = {True: 0, False: weight}
        broken: list[_Table] = [
            (c.scope, list(map(price.__getitem__, c.table))) for c in constraints
        ]
        found.append(_eliminated(costs + broken, order, best))
    return (found[0], found[1]) if abs(found[0]) < heavy else None


def _eliminated(
    tables: list[_Table], order: Iterable[Choice], best: Callable[..., int]
) -> int:
    """The best total."""
    for variable in order:
        mine = [t for t in tables if variable in t[0]]
        around = dict.fromkeys(chain.from_iterable([scope for scope, _ in mine]))
        others = tuple([v for v in around if v is not variable])
        width = prod(v.size for v in others)
        total: Sequence[int] = [0] * (width * variable.size)
        for scope, table in mine:
            total = list(
                map(add, total, spread(Expr(scope, tuple(table)), (variable, *others)))
            )
        slices = [total[k * width : (k + 1) * width] for k in range(variable.size)]
        tables = [t for t in tables if variable not in t[0]]
        tables.append((others, list(map(best, *slices)) if len(slices) > 1 else slices[0]))
    return sum(table[0] for _, table in tables)


# -- one diagram for several sums ---------------------------------------------------------------------


def _by_diagram(parts: Sequence[_Part], guards: Mapping[Choice, Expr]) -> list[Ends] | None:
    """The extremes of each part; None where the constraints cannot be met.

    The sums travel side by side in one whole number, each in a field of bits that it cannot overflow.
    """
    known = set().union(*(part.choices() for part in parts))
    conditions = dict.fromkeys(chain.from_iterable([part.conditions for part in parts]))
    inside = {
        c: guard
        for c, guard in guards.items()
        if c in known and known.issuperset(guard.choices())
    }
    fields = _fields(parts)
    terms: list[Expr] = []
    for part, field in zip(parts, fields, strict=True):
        terms.extend([lift(field.placed, term) for term in part.terms])
    try:
        diagram = frontier(tuple(inside), inside, conditions, terms)
    except DiagnosticError:
        if len(parts) == 1:
            raise
        found: list[Ends] = []
        for part in parts:
            alone = _by_diagram([part], guards)
            if alone is None:
                return None
            found += alone
        return found
    if not diagram.possible:
        return None
    return [_ends(diagram, field) for field in fields]


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a sum stands in a number, and what is added to each of its terms so that none is negative."""

    shift: int
    mask: int
    lift: int
    terms: int

    def placed(self, value: int) -> int:
        return value + self.lift << self.shift


def _fields(parts: Iterable[_Part]) -> list[_Field]:
    fields, shift = [], 0
    for part in parts:
        values = [t.distinct() for t in part.terms]
        lowest = -min([0, *map(min, values)])
        width = sum([max(of_term) + lowest for of_term in values]).bit_length()
        fields.append(_Field(shift, (1 << width) - 1, lowest, len(part.terms)))
        shift += width
    return fields


def _ends(diagram: Diagram, field: _Field) -> Ends:
    """The extremes of one field of the cost."""
    low, high = [0], [0]
    for layer in reversed(diagram.layers):
        now_low, now_high = [], []
        for edges in layer.edges:
            costs = [
                (target, cost >> field.shift & field.mask) for _, target, cost in edges
            ]
            now_low.append(min([low[target] + cost for target, cost in costs]))
            now_high.append(max([high[target] + cost for target, cost in costs]))
        low, high = now_low, now_high
    constant = (diagram.constant >> field.shift & field.mask) - field.lift * field.terms
    return low[0] + constant, high[0] + constant

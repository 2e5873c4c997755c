"""The least and the greatest sum of terms, exactly: bucket elimination over their tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from operator import add
from typing import TypeAlias

from archdsl.ir.choice import Choice
from archdsl.ir.expr import TABLE_LIMIT, Derived, Expr, Variable, restrict, spread
from archdsl.ir.frontier import frontier
from archdsl.ir.terms import merged

_Table: TypeAlias = tuple[tuple[Variable, ...], Sequence[int]]


def extremes(terms: Iterable[Expr], constraints: Iterable[Expr] = ()) -> tuple[int, int] | None:
    """The least and the greatest sum over all assignments that satisfy the constraints; None where none does.

    A term must not depend on inactive choices, so that it does not matter what those are. Where a joint table would grow
    too large, the choice that most terms hang on is settled one way after the other; failing that, the frontier answers.
    Raises DiagnosticError E0509 where all of it is out of reach.
    """
    low = high = 0
    for sums, conditions in _components(merged(terms), tuple(constraints)):
        found = _extremes(sums, conditions)
        if found is None:
            return None
        low, high = low + found[0], high + found[1]
    return low, high


def _extremes(sums: Sequence[Expr], constraints: Sequence[Expr]) -> tuple[int, int] | None:
    found = _by_elimination(sums, constraints)
    if found is not _TOO_LARGE:
        return found
    choice = _cutset([*sums, *constraints])
    if choice is None:
        return frontier((), {}, constraints, sums).extremes()
    parts = []
    for i in range(choice.size):
        settle = {choice: i}
        part = _by_elimination(merged(restrict(e, settle) for e in sums), tuple(restrict(c, settle) for c in constraints))
        if part is _TOO_LARGE:
            return frontier((), {}, constraints, sums).extremes()
        parts.append(part)
    ends = [p for p in parts if p is not None]
    return (min(least for least, _ in ends), max(most for _, most in ends)) if ends else None


def _components(sums: Sequence[Expr], constraints: Sequence[Expr]) -> list[tuple[list[Expr], list[Expr]]]:
    """The terms and conditions in groups that share no choice, so that each has extremes of its own."""
    groups: list[tuple[set[Choice], list[Expr], list[Expr]]] = []
    for expr, is_term in [*((e, True) for e in sums), *((c, False) for c in constraints)]:
        mine = (set(expr.choices()), [expr] if is_term else [], [] if is_term else [expr])
        apart = []
        for group in groups:
            if group[0] & mine[0]:
                mine = (group[0] | mine[0], group[1] + mine[1], group[2] + mine[2])
            else:
                apart.append(group)
        groups = [*apart, mine]
    return [(terms, conditions) for _, terms, conditions in groups]


_TOO_LARGE = (0, -1)  # no pair of extremes


def _by_elimination(sums: Sequence[Expr], constraints: Sequence[Expr]) -> tuple[int, int] | None:
    """The extremes, or _TOO_LARGE."""
    heavy = 1 + 2 * sum(max(map(abs, e.table)) for e in sums)  # one broken condition outweighs every sum
    conditions = [(c.scope, [int(not holds) for holds in c.table]) for c in constraints]
    for variable in _derived([*sums, *constraints]):
        if prod(v.size for v in variable.expr.scope) * variable.size > TABLE_LIMIT:
            return _TOO_LARGE
        conditions.append(((*variable.expr.scope, variable), [int(code != i) for code in variable.codes for i in range(variable.size)]))
    found = []
    for best, weight in ((min, heavy), (max, -heavy)):
        tables: list[_Table] = [(e.scope, e.table) for e in sums]
        tables += [(scope, [weight * broken for broken in table]) for scope, table in conditions]
        total = _eliminated(tables, best)
        if total is None:
            return _TOO_LARGE
        found.append(total)
    return (found[0], found[1]) if abs(found[0]) < heavy else None


def _cutset(exprs: Sequence[Expr]) -> Choice | None:
    """The choice under the most expressions and derived variables, if one is under several."""
    under: Counter[Choice] = Counter(c for e in exprs for c in e.choices())
    under.update(v for d in _derived(exprs) for v in d.expr.scope if isinstance(v, Choice))
    best = max(under, key=lambda c: (under[c], -c.order), default=None)
    return best if best is not None and under[best] > 1 else None


def _eliminated(tables: list[_Table], best: Callable[..., int]) -> int | None:
    """The best total. The variable with the smallest joint table goes first; None where even that exceeds the limit."""
    waiting = {v for scope, _ in tables for v in scope}
    while waiting:
        variable = min(waiting, key=partial(_order, tables))
        size = _joint_size(variable, tables)
        if size > TABLE_LIMIT:
            return None
        mine = [t for t in tables if variable in t[0]]
        others = tuple({v: None for scope, _ in mine for v in scope if v is not variable})
        total: Sequence[int] = [0] * size
        for scope, table in mine:
            total = list(map(add, total, spread(Expr(scope, tuple(table)), (variable, *others))))
        width = size // variable.size
        slices = [total[k * width : (k + 1) * width] for k in range(variable.size)]
        tables = [t for t in tables if variable not in t[0]]
        tables.append((others, list(map(best, *slices)) if len(slices) > 1 else slices[0]))
        waiting.remove(variable)
    return sum(table[0] for _, table in tables)


def _order(tables: Iterable[_Table], variable: Variable) -> tuple[int, tuple[int, int]]:
    return _joint_size(variable, tables), variable.rank


def _joint_size(variable: Variable, tables: Iterable[_Table]) -> int:
    return prod(v.size for v in {v for scope, _ in tables if variable in scope for v in scope})


def _derived(exprs: Iterable[Expr]) -> list[Derived]:
    """The derived variables under the expressions, those under others included."""
    found: dict[Derived, None] = {}
    waiting = [v for e in exprs for v in e.scope]
    while waiting:
        variable = waiting.pop()
        if isinstance(variable, Derived) and variable not in found:
            found[variable] = None
            waiting.extend(variable.expr.scope)
    return list(found)

"""The least and the greatest sum of terms, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from operator import add

from archdsl.ir.choice import Choice
from archdsl.ir.expr import TABLE_LIMIT, Expr, Variable, spread, union
from archdsl.ir.frontier import frontier
from archdsl.ir.terms import merged


def extremes(terms: Iterable[Expr], constraints: Iterable[Expr] = ()) -> tuple[int, int] | None:
    """The least and the greatest sum over all assignments that satisfy the constraints; None where none does.

    A term must not depend on inactive choices, so that it does not matter what those are. Without constraints each
    choice is eliminated from the tables that mention it; otherwise, or where such a table grows too large, the frontier answers.
    Raises DiagnosticError E0509 where both are out of reach.
    """
    sums = merged(terms)
    constraints = tuple(constraints)
    if not constraints and all(isinstance(v, Choice) for e in sums for v in e.scope):
        low, high = _eliminated(sums, min), _eliminated(sums, max)
        if low is not None and high is not None:
            return low, high
    return frontier((), {}, constraints, sums).extremes()


def _eliminated(sums: Iterable[Expr], best: Callable[..., int]) -> int | None:
    """Bucket elimination in program order; None where a joint table exceeds the limit."""
    tables: list[tuple[tuple[Variable, ...], Sequence[int]]] = [(e.scope, e.table) for e in sums]
    for variable in union(Expr(scope, ()) for scope, _ in tables):
        mine = [t for t in tables if variable in t[0]]
        rest = [t for t in tables if variable not in t[0]]
        others = tuple(v for v in union(Expr(scope, ()) for scope, _ in mine) if v is not variable)
        scope = (variable, *others)
        if prod(v.size for v in scope) > TABLE_LIMIT:
            return None
        total: Sequence[int] = [0] * prod(v.size for v in scope)
        for inner, table in mine:
            total = list(map(add, total, spread(Expr(inner, tuple(table)), scope)))
        width = len(total) // variable.size
        slices = [total[k * width : (k + 1) * width] for k in range(variable.size)]
        tables = [*rest, (others, list(map(best, *slices)) if len(slices) > 1 else slices[0])]
    return sum(table[0] for _, table in tables)

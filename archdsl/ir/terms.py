"""Sums of tables: costs are sums of many small terms, and few large ones answer the same questions faster."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add

from archdsl.ir.expr import Expr, Variable, lift, spread


def merged(terms: Iterable[Expr]) -> tuple[Expr, ...]:
    """The same sum with terms of one scope added up, and those whose scope lies in another's added to it."""
    by_scope: dict[tuple[Variable, ...], list[Expr]] = {}
    for term in terms:
        by_scope.setdefault(term.scope, []).append(term)
    sums: dict[tuple[Variable, ...], list[int]] = {}
    for scope in sorted(by_scope, key=len, reverse=True):
        tables = [t.table for t in by_scope[scope]]
        total = list(map(sum, zip(*tables, strict=True))) if len(tables) > 1 else list(tables[0])
        inside = set(scope)
        home = next((s for s in sums if inside.issubset(s)), None) if scope else None
        if home is None:
            sums[scope] = total
        else:
            sums[home] = list(map(add, sums[home], spread(Expr(scope, tuple(total)), home)))
    return tuple(lift(_same, Expr(scope, tuple(total))) for scope, total in sums.items())


def _same(value: int) -> int:
    return value

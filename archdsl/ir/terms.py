"""Sums of tables: costs are sums of many small terms, and few large ones answer the same questions faster."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, of_table, spread


def merged(terms: Iterable[Expr]) -> tuple[Expr, ...]:
    """The same sum with tables of one scope added up, and those whose scope lies in another's added to it.

    A term that is a diagram stays as it is, counted once for each time it occurs.
    """
    by_scope: dict[tuple[Choice, ...], list[Expr]] = {}
    diagrams: dict[Expr, int] = {}
    for term in terms:
        if term.is_tabled:
            by_scope.setdefault(term.scope, []).append(term)
        else:
            diagrams[term] = diagrams.get(term, 0) + 1
    sums: dict[tuple[Choice, ...], list[int]] = {}
    for scope in sorted(by_scope, key=len, reverse=True):
        tables = [t.table for t in by_scope[scope]]
        total = (
            list(map(sum, zip(*tables, strict=True)))
            if len(tables) > 1
            else list(tables[0])
        )
        inside = set(scope)
        home = next((s for s in sums if inside.issubset(s)), None) if scope else None
        if home is None:
            sums[scope] = total
        else:
            sums[home] = list(map(add, sums[home], spread(Expr(scope, tuple(total)), home)))
    found = [of_table(scope, tuple(total)) for scope, total in sums.items()]
    for term, times in diagrams.items():
        found.extend([term] * times)
    return tuple(found)

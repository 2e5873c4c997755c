"""When a choice is asked, in words."""

from __future__ import annotations

from itertools import product
from math import prod

from archdsl.diagnostics.suggestions import few
from archdsl.ir.choice import Choice
from archdsl.ir.expr import TRUE, Expr
from archdsl.outline.paths import KeyPath

_MOST = 4096  # entries of a table that are looked at
_FEW = 3  # choices or labels that are named one by one


def condition_text(guard: Expr, beside: KeyPath) -> str:
    """`kind = dot and gate = true`; "" for always. Paths are shortened by the instance that the choice itself
    lives in.

    A guard that is neither a conjunction nor the negation of one is told by the choices that it depends on.
    """
    if guard == TRUE:
        return ""
    scope = list(guard.scope)
    if prod([c.size for c in scope]) > _MOST:
        return _depending(scope, beside)
    points: list[tuple[int, ...]] = []
    rest: list[tuple[int, ...]] = []
    for point in product(*(range(choice.size) for choice in scope)):
        is_asked = guard.at(dict(zip(scope, point, strict=True)))
        (points if is_asked else rest).append(point)
    whole = _conjunction(scope, points, beside)
    if whole is not None:
        return whole
    negated = _conjunction(scope, rest, beside)
    return f"unless {negated}" if negated is not None else _depending(scope, beside)


def _conjunction(
    scope: list[Choice], points: list[tuple[int, ...]], beside: KeyPath
) -> str | None:
    """The points as one condition a choice, where they are all combinations of such."""
    sides = [sorted(set(side)) for side in zip(*points, strict=True)]
    if not points or prod(map(len, sides)) != len(points):
        return None
    parts = [
        _one(c, side, beside)
        for c, side in zip(scope, sides, strict=True)
        if len(side) < c.size
    ]
    return " and ".join(parts)


def _one(choice: Choice, side: list[int], beside: KeyPath) -> str:
    name = shortened(choice.path, beside)
    if choice.kind == "subset":
        chosen = [set(choice.alternatives[i].value) for i in side]
        common = set.intersection(*chosen) if chosen else set()
        total = sum(1 for a in choice.alternatives if common and common <= set(a.value))
        if common and total == len(side):
            return f"{name} has {', '.join(map(str, sorted(common)))}"
    labels = choice.labels()
    if len(side) > _FEW and choice.size - len(side) <= _FEW:
        return f"{name} is not {' or '.join(labels[i] for i in range(choice.size) if i not in side)}"
    if len(side) > _FEW:
        return f"{name} is one of {len(side)}"
    return f"{name} = {' or '.join(labels[i] for i in side)}"


def _depending(scope: list[Choice], beside: KeyPath) -> str:
    names = [shortened(c.path, beside) for c in scope]
    return f"depending on {few(names, _FEW)}"


def shortened(path: str, beside: KeyPath) -> str:
    """A path without what it has in common with the instance beside it."""
    return str(KeyPath.parse(path).beside(beside))

"""Pairing the choices of two spaces: by path, under a renamed layer, then by their set of alternatives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from archdsl.compare.expressions import ChoicePairs
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Graph, Op, Pick, Select, Value
from archdsl.outline.paths import KeyPath, natural
from archdsl.outline.tree import Node


def pair_choices(a: Graph, b: Graph, moved: Mapping[Node, Node]) -> ChoicePairs:
    """Pairs by path; by the path that a move gives; last, where one scope has one choice left with the same
    alternatives on either side."""
    found = ChoicePairs()
    left = {c.path: c for c in a.choices}
    right = {c.path: c for c in b.choices}

    def take(path_a: str, path_b: str) -> None:
        found.add(left.pop(path_a), right.pop(path_b))

    for path in list(left):
        if path in right:
            take(path, path)
    renames = [(x.path, y.path) for x, y in moved.items()]
    for path in list(left):
        here = KeyPath.parse(path)
        renamed = (
            str(here.moved(old, new)) for old, new in renames if here.parent.startswith(old)
        )
        target = next((name for name in renamed if name in right), None)
        if target is not None:
            take(path, target)
    scopes: dict[tuple[KeyPath, frozenset[str]], tuple[list[str], list[str]]] = {}
    for side, rest in enumerate((left, right)):
        for choice in rest.values():
            alike = KeyPath.parse(choice.path).parent, frozenset(choice.labels())
            scopes.setdefault(alike, ([], []))[side].append(choice.path)
    for ours, theirs in scopes.values():
        if len(ours) == len(theirs) == 1:
            take(ours[0], theirs[0])
    return found


def settled_as(
    choices: Sequence[Choice], values: Mapping[Value, Value], present: set[KeyPath]
) -> dict[Choice, tuple[str, ...]]:
    """The alternatives that the other graph, which has none of these choices, may have settled each of them
    as; nothing where it may be any.

    Constraint propagation: the facts are the attributes and sizes that are constant on the other side, and
    which alternatives of a choice of layers are there (`present`: the paths of live instances). Where
    `width ~ [8, 16]` here and a convolution has `width * 2` channels, and there 32, the width is 16.
    """
    open_ = {choice: _there(choice, present) for choice in choices}
    _propagate(open_, list(_facts(open_, values)))
    found: dict[Choice, tuple[str, ...]] = {}
    for choice, still in open_.items():
        labels = choice.labels()
        if len(still) < choice.size:
            found[choice] = tuple(labels[i] for i in sorted(still))
        elif (
            "identity" in labels and choice.size > 1
        ):  # nothing tells: of layers, that there is none
            found[choice] = ("identity",)
        else:
            found[choice] = ()
    return found


def _there(choice: Choice, present: set[KeyPath]) -> set[int]:
    """The alternatives whose instances are there; all, where it is no choice of such."""
    path = KeyPath.parse(choice.path)
    there = {i for i, label in enumerate(choice.labels()) if path.child(label) in present}
    return there or set(range(choice.size))


def _facts(
    open_: Collection[Choice], values: Mapping[Value, Value]
) -> Iterator[tuple[Expr, Any]]:
    """Expressions over these choices alone, each with the value that its counterpart has."""
    for a, b in values.items():
        for x, y in _counterparts(a, b):
            if y.is_constant and x.scope and all(choice in open_ for choice in x.scope):
                yield x, y.value


def _propagate(open_: dict[Choice, set[int]], facts: Sequence[tuple[Expr, Any]]) -> None:
    """Strikes the alternatives that contradict a fact in which one choice is left open, until no more go."""
    count = len(facts) + 1
    while facts and len(facts) < count:
        count = len(facts)
        known = {c: next(iter(still)) for c, still in open_.items() if len(still) == 1}
        rest = []
        for expr, value in facts:
            free = [choice for choice in expr.scope if choice not in known]
            if len(free) > 1:
                rest.append((expr, value))
            elif free:
                left = free[0]
                open_[left] &= {
                    i for i in open_[left] if expr.at({**known, left: i}) == value
                }
        facts = rest


def _counterparts(a: Value, b: Value) -> Sequence[tuple[Expr, Expr]]:
    pairs = [(size, b.shape[dim]) for dim, size in a.shape.items() if dim in b.shape]
    if isinstance(a, Op) and isinstance(b, Op):
        pairs.extend((e, b.attrs[k]) for k, e in a.attrs.items() if k in b.attrs)
    if isinstance(a, Select) and isinstance(b, Select):
        pairs.append((a.index, b.index))
    if isinstance(a, Pick) and isinstance(b, Pick):
        pairs.append((a.subset, b.subset))
    return pairs


def in_path_order(choices: Sequence[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda c: natural(c.path))

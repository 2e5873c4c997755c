"""Pairing the choices of two spaces: by path, under a renamed layer, then by their set of alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        renamed = (str(here.moved(old, new)) for old, new in renames if here.parent.startswith(old))
        target = next((name for name in renamed if name in right), None)
        if target is not None:
            take(path, target)
    scopes: dict[tuple[KeyPath, frozenset[str]], tuple[list[str], list[str]]] = {}
    for side, rest in enumerate((left, right)):
        for choice in rest.values():
            scopes.setdefault((KeyPath.parse(choice.path).parent, frozenset(choice.labels())), ([], []))[
                side
            ].append(choice.path)
    for ours, theirs in scopes.values():
        if len(ours) == len(theirs) == 1:
            take(ours[0], theirs[0])
    return found


def settled_as(
    choices: Sequence[Choice], values: Mapping[Value, Value], present: set[KeyPath]
) -> dict[Choice, tuple[str, ...]]:
    """The alternatives that the other graph, which has none of these choices, may have settled each of them
    as.

    Reads off every attribute and size that depends on one of them, those already settled put in, and which
    alternatives of a choice of layers are there (`present`: the paths of live instances).
    """
    open_ = {c: set(range(c.size)) for c in choices}
    for choice in choices:
        labels = choice.labels()
        there = {i for i, label in enumerate(labels) if KeyPath.parse(choice.path).child(label) in present}
        if there:
            open_[choice] &= there
    facts = [
        (x, y.value) for a, b in values.items() for x, y in _counterparts(a, b) if y.is_constant and x.scope
    ]
    facts = [(e, value) for e, value in facts if all(v in open_ for v in e.scope)]
    while facts:
        known = {c: next(iter(still)) for c, still in open_.items() if len(still) == 1}
        rest = []
        for expr, value in facts:
            free = [v for v in expr.scope if v not in known]
            if len(free) == 1:
                left = free[0]
                open_[left] &= {i for i in open_[left] if expr.at({**known, left: i}) == value}
            elif free:
                rest.append((expr, value))
        if len(rest) == len(facts):
            break
        facts = rest
    for choice, still in open_.items():
        if len(still) == choice.size and "identity" in choice.labels():
            open_[choice] = {choice.labels().index("identity")}
    return {
        c: tuple(c.labels()[i] for i in sorted(still)) if len(still) < c.size else ()
        for c, still in open_.items()
    }


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

"""The order of a model's values: that of the text, with all that belongs to one instance side by side.

A block then is one run of instructions, so it can be one function in Python source. Where something outside
needs a part of a block before another part can run (an edit may have put it there), that block is dissolved
into the scope around it.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import TypeAlias

from archdsl.ir.graph import Graph, Input, Value, operands
from archdsl.ir.instance import Instance

Item: TypeAlias = Value | Instance


def scope_of(value: Value) -> Instance:
    """The block, loop turn or alternative in which a value is computed."""
    assert not isinstance(value, Input)
    instance = value.instance
    while instance.level == "primitive":
        assert instance.parent is not None
        instance = instance.parent
    return instance


def schedule(graph: Graph) -> tuple[tuple[Value, ...], frozenset[Instance]]:
    """All values but the inputs, operands before users, and the scopes that had to be dissolved."""
    values: list[Value] = [v for v in graph.values if not isinstance(v, Input)]
    chains = {v: _chain(scope_of(v)) for v in values}
    dissolved: set[Instance] = set()
    return tuple(_ordered(values, chains, 0, dissolved)), frozenset(dissolved)


def _chain(scope: Instance) -> tuple[Instance, ...]:
    """The scopes around a value, outermost first, without the root."""
    found = []
    at: Instance | None = scope
    while at is not None and at.parent is not None:
        found.append(at)
        at = at.parent
    return tuple(reversed(found))


def _ordered(
    values: list[Value],
    chains: Mapping[Value, tuple[Instance, ...]],
    depth: int,
    dissolved: set[Instance],
) -> list[Value]:
    """`values`, all in one scope at this depth, with its inner scopes as units."""
    item: dict[Value, Item] = {}
    for v in values:
        inner = [s for s in chains[v][depth:] if s not in dissolved]
        item[v] = inner[0] if inner else v
    while True:
        order, stuck = _topological(values, item)
        if not stuck:
            break
        loose = {i for i in stuck if isinstance(i, Instance)}
        dissolved |= loose
        for v in values:
            if item[v] in loose:
                inner = [s for s in chains[v][depth:] if s not in dissolved]
                item[v] = inner[0] if inner else v
    members: dict[Item, list[Value]] = {}
    for v in values:
        members.setdefault(item[v], []).append(v)
    found: list[Value] = []
    for one in order:
        if isinstance(one, Instance):
            found += _ordered(
                members[one],
                chains,
                chains[members[one][0]].index(one) + 1,
                dissolved,
            )
        else:
            found.append(one)
    return found


def _topological(
    values: list[Value], item: Mapping[Value, Item]
) -> tuple[list[Item], set[Item]]:
    """Items with what they need before them, as near to the given order as that allows; and those that lie on
    cycles.
    """
    first: dict[Item, int] = {}
    needs: dict[Item, set[Item]] = {}
    users: dict[Item, set[Item]] = {}
    for position, v in enumerate(values):
        mine = item[v]
        first.setdefault(mine, position)
        wanted = needs.setdefault(mine, set())
        for operand in operands(v):
            other = item.get(operand)
            if other is not None and other is not mine:
                wanted.add(other)
                users.setdefault(other, set()).add(mine)
    left = {i: len(n) for i, n in needs.items()}
    heap = [first[i] for i, n in left.items() if not n]
    at = {position: i for i, position in first.items()}
    heapq.heapify(heap)
    order: list[Item] = []
    while heap:
        one = at[heapq.heappop(heap)]
        order.append(one)
        for user in users.get(one, ()):
            left[user] -= 1
            if not left[user]:
                heapq.heappush(heap, first[user])
    stuck = {i for i, n in left.items() if n}
    while ends := {i for i in stuck if stuck.isdisjoint(users.get(i, ()))}:
        stuck -= ends  # behind a cycle, not on it
    return order, stuck

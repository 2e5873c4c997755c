"""What leads to what: the order of a walk through a graph, and its strongly connected components.

Of the edges a → b, b → c, c → b, c → d the components are (d), (b, c) and (a). Declarations that are
defined by themselves are such circles, choices that govern each other, and stages that read each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def walk(roots: Iterable[Node], after: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """All nodes that the roots lead to, depth first, each behind those that it leads to (round a circle, but
    for one).

    Without recursion, so that depth is no limit. `graphlib` sorts as well, but level by level; this is the
    order in which a text would say it.
    """
    seen: set[Node] = set()
    left: list[Node] = []
    for root in roots:
        path = [] if root in seen else [(root, iter(after(root)))]
        seen.add(root)
        while path:
            node, rest = path[-1]
            for other in rest:
                if other not in seen:
                    seen.add(other)
                    path.append((other, iter(after(other))))
                    break
            else:
                left.append(node)
                path.pop()
    return left


def components(after: Mapping[Node, Collection[Node]]) -> list[tuple[Node, ...]]:
    """Each component after all that it leads to; its members in the order of the mapping, which holds every
    node.

    Kosaraju's algorithm: nodes are taken from the end of a walk; what leads to one and is in no component yet
    is in that of the node.
    """
    before: dict[Node, list[Node]] = {node: [] for node in after}
    for node, others in after.items():
        for other in others:
            before[other].append(node)
    place = {node: at for at, node in enumerate(after)}
    taken: set[Node] = set()
    found: list[tuple[Node, ...]] = []
    for root in reversed(walk(after, after.__getitem__)):
        members = [] if root in taken else [root]
        taken.add(root)
        for node in members:  # grows while it is walked
            fresh = [other for other in dict.fromkeys(before[node]) if other not in taken]
            taken.update(fresh)
            members += fresh
        if members:
            found.append(tuple(sorted(members, key=place.__getitem__)))
    return found[::-1]


def circles(after: Mapping[Node, Collection[Node]]) -> list[tuple[Node, ...]]:
    """The components whose members reach themselves."""
    return [
        members
        for members in components(after)
        if len(members) > 1 or members[0] in after[members[0]]
    ]

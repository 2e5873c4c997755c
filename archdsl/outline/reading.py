"""A graph read once: its tree of instances, what flows where, and what is live when.

    outline = read(graph)
    outline.body                      the nodes that a table or a picture shows: [stem, stage[0], …]
    outline.inside[node]              its values and those below it, in program order
    outline.readers[value]            what reads a value
    outline.entering(values)          what a part reads from outside
    outline.leaving(values)           what others read of it

Tables, pictures and the page ask these; none of them goes through the graph itself to know.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from archdsl.ir.activity import Activity, activity
from archdsl.ir.graph import Graph, Value, operands
from archdsl.outline.tree import Node, live_tree, read_of


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """The live tree of a graph. `owner` has the node of every value, `place` its number in program order."""

    graph: Graph
    root: Node
    owner: Mapping[Value, Node]
    place: Mapping[Value, int]
    readers: Mapping[Value, tuple[Value, ...]]
    inside: Mapping[Node, tuple[Value, ...]]

    @property
    def live(self) -> Activity:
        """When each value is part of an architecture."""
        return activity(self.graph.outputs)

    @property
    def body(self) -> list[Node]:
        """The children of the root; where that is one block and nothing else, what is inside it. Inputs come
        first.

        `output x -> network` is as good as the network itself. A network of no layers has an empty body.
        """
        inputs = [c for c in self.root.children if c.level == "input"]
        return [*inputs, *parts_of(self.core)]

    @property
    def core(self) -> Node:
        """The root, or the one block that all of it is."""
        node = self.root
        parts = parts_of(node)
        while (
            len(parts) == 1
            and parts[0].level == "block"
            and not node.values
            and not parts[0].values
        ):
            node = parts[0]
            parts = parts_of(node)
        return node

    def in_order(self, values: Collection[Value]) -> list[Value]:
        return sorted(values, key=self.place.__getitem__)

    def entering(self, values: Collection[Value]) -> list[Value]:
        """The values from outside that these read, in program order."""
        inside = set(values)
        return self.in_order(set(read_of(inside)) - inside)

    def leaving(self, values: Collection[Value]) -> list[Value]:
        """Those of the values that others read, or that the network gives, in program order."""
        inside = set(values)
        ends = set(self.graph.outputs)
        read = {v for v in inside if not inside.issuperset(self.readers.get(v, ()))}
        return self.in_order(read | (inside & ends))

    def users(self, values: Collection[Value]) -> set[Value]:
        """What reads these from outside."""
        inside = set(values)
        found: set[Value] = set()
        for value in inside:
            found.update(self.readers.get(value, ()))
        return found - inside


def parts_of(node: Node) -> list[Node]:
    """The children of a node that are no inputs."""
    return [c for c in node.children if c.level != "input"]


@lru_cache(
    maxsize=8
)  # the table, the views and the page of one graph ask one after the other
def read(graph: Graph) -> Outline:
    """The outline of a graph."""
    root, owner = live_tree(graph)
    place = {
        value: i for i, value in enumerate(dict.fromkeys((*graph.inputs, *graph.values)))
    }
    readers: dict[Value, dict[Value, None]] = {}
    for value in graph.values:
        for operand in operands(value):
            readers.setdefault(operand, {}).setdefault(value)
    inside: dict[Node, tuple[Value, ...]] = {}
    for node in reversed(list(root.walk())):
        held = list(node.values)
        for child in node.children:
            held.extend(inside[child])
        inside[node] = tuple(sorted(held, key=place.__getitem__))
    return Outline(
        graph, root, owner, place, {v: tuple(found) for v, found in readers.items()}, inside
    )


def batch_of(graph: Graph) -> int:
    """The nominal batch, at which MACs are counted; 1 unless somebody feeds another size."""
    sizes = [
        max(given.shape["b"].distinct()) for given in graph.inputs if "b" in given.shape
    ]
    return max(sizes, default=1)

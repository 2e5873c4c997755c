"""The tree of what is live in a graph: instances with the values that they hold, in order of the dataflow."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from archdsl.compare.paths import base
from archdsl.ir.choice import Choice
from archdsl.ir.codec import function
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight
from archdsl.ir.instance import Instance, join


@dataclass(eq=False, slots=True)
class Node:
    """An instance of which something is live. `values` are those of its own, without its children's."""

    path: str
    segment: str
    callee: str
    level: str
    parent: Node | None
    choice: Choice | None = None
    children: list[Node] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    digest: Hashable = None

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def weights(self) -> Iterator[Weight]:
        for node in self.walk():
            for value in node.values:
                yield from weights_of(value)


def weights_of(value: Value) -> tuple[Weight, ...]:
    return value.weights if isinstance(value, Op | Pick) else ()


def live_tree(graph: Graph) -> tuple[Node, dict[Value, Node]]:
    """The root, and the node of every value."""
    root = Node("", "", graph.name, "root", None)
    nodes: dict[Instance, Node] = {}
    owner: dict[Value, Node] = {}

    def node_of(instance: Instance) -> Node:
        chain = []
        here: Instance | None = instance
        while here is not None and here.parent is not None and here not in nodes:
            chain.append(here)
            here = here.parent
        parent = nodes.get(here, root) if here is not None else root
        for step in reversed(chain):
            callee = "turn" if step.level == "loop" else step.callee
            node = Node(join(parent.path, step.segment), step.segment, callee, step.level, parent, step.choice)
            parent.children.append(node)
            nodes[step] = parent = node
        return parent

    for value in (*graph.inputs, *graph.values):
        if value in owner:
            continue
        if isinstance(value, Input):
            node = Node(value.name, value.name, "input", "input", root)
            root.children.append(node)
        else:
            node = node_of(value.instance)
        node.values.append(value)
        owner[value] = node
    return root, owner


def kind(value: Value) -> str:
    """What a value is: the primitive's name, or the construct's."""
    if isinstance(value, Op):
        return value.name
    if isinstance(value, Pick):
        return value.primitive
    return "select" if isinstance(value, Select) else "input"


def digest(node: Node) -> Hashable:
    """Equal for subtrees that are the same but for their own name, their sizes and where they stand."""
    for inner in reversed(list(node.walk())):
        if inner.digest is None:
            own = tuple(_value_digest(v) for v in inner.values)
            inner.digest = hash((inner.callee, own, tuple((c.segment, c.digest) for c in inner.children)))
    return node.digest


def _value_digest(value: Value) -> Hashable:
    if isinstance(value, Op):
        attrs = tuple((k, _expr_digest(e)) for k, e in sorted(value.attrs.items()))
        return value.name, attrs, tuple(w.name for w in value.weights)
    if isinstance(value, Select):
        return "select", _expr_digest(value.index)
    return kind(value)


def _expr_digest(expr: Expr) -> Hashable:
    scope = tuple([(base(c.path.rsplit(".", 1)[-1]), c.labels()) for c in expr.scope])
    return repr((scope, function(expr)))

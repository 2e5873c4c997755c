"""The tree of what is live in a graph: instances with the values that they hold, in order of the dataflow."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from archdsl.diagnostics.source import Span
from archdsl.ir.choice import Choice
from archdsl.ir.codec import function
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight, operands
from archdsl.ir.instance import Instance
from archdsl.outline.paths import KeyPath


@dataclass(eq=False, slots=True)
class Node:
    """An instance of which something is live. `values` are those of its own, without its children's.

    The root and an input are no instance of the text. A turn of a loop is called `turn`.
    """

    path: KeyPath
    callee: str
    level: str
    parent: Node | None
    instance: Instance | None = None
    children: list[Node] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    digest: Hashable = None

    @property
    def segment(self) -> str:
        return self.path.name

    @property
    def choice(self) -> Choice | None:
        """The choice that an alternative answers."""
        return self.instance.choice if self.instance is not None else None

    @property
    def choices_path(self) -> KeyPath:
        """Where its choices live, which for a tied instance is not its path."""
        return (
            self.path
            if self.instance is None
            else KeyPath.parse(self.instance.choices_path)
        )

    @property
    def span(self) -> Span | None:
        return self.instance.span if self.instance is not None else None

    @property
    def is_junction(self) -> bool:
        """Whether it only passes on one of the alternatives of a choice."""
        return self.level == "primitive" and all(isinstance(v, Select) for v in self.values)

    @property
    def is_called(self) -> bool:
        """Whether the text calls it: sums by `+` and junctions of alternatives come without a call."""
        parent = self.instance.parent if self.instance is not None else None
        return parent is not None and self.instance in parent.children

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def held(self) -> Iterator[Value]:
        """The values of this node and of all below it."""
        for node in self.walk():
            yield from node.values

    def weights(self) -> Iterator[Weight]:
        for value in self.held():
            yield from weights_of(value)

    @property
    def has_weights(self) -> bool:
        return next(self.weights(), None) is not None


def in_text_order(siblings: Sequence[Node]) -> list[Node]:
    """Called nodes of one parent in the order in which the text has them, which the flow of data need not
    follow."""
    instances = [node.instance for node in siblings if node.instance is not None]
    parent = instances[0].parent if instances else None
    places: dict[Instance | None, int] = {}
    if parent is not None:
        places.update((instance, i) for i, instance in enumerate(parent.children))
    return sorted(siblings, key=lambda node: places.get(node.instance, -1))


def weights_of(value: Value) -> tuple[Weight, ...]:
    return value.weights if isinstance(value, Op | Pick) else ()


def live_tree(graph: Graph) -> tuple[Node, dict[Value, Node]]:
    """The root, and the node of every value."""
    root = Node(KeyPath(), graph.name, "root", None)
    nodes: dict[Instance, Node] = {}
    owner: dict[Value, Node] = {}

    def node_of(instance: Instance) -> Node:
        new = []
        here: Instance | None = instance
        while here is not None and here.parent is not None and here not in nodes:
            new.append(here)
            here = here.parent
        parent = nodes.get(here, root) if here is not None else root
        for step in reversed(new):
            callee = "turn" if step.level == "loop" else step.callee
            node = Node(parent.path.child(step.segment), callee, step.level, parent, step)
            parent.children.append(node)
            nodes[step] = parent = node
        return parent

    for value in (*graph.inputs, *graph.values):
        if value in owner:
            continue
        if isinstance(value, Input):
            node = Node(KeyPath((value.name,)), "input", "input", root)
            root.children.append(node)
        else:
            node = node_of(value.instance)
        node.values.append(value)
        owner[value] = node
    return root, owner


def read_of(values: Iterable[Value]) -> Iterator[Value]:
    """What these values read, one after the other."""
    return chain.from_iterable(map(operands, values))


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
            own = tuple(map(_value_digest, inner.values))
            below = tuple((c.segment, c.digest) for c in inner.children)
            inner.digest = hash((inner.callee, own, below))
    return node.digest


def _value_digest(value: Value) -> Hashable:
    if isinstance(value, Op):
        attrs = tuple((k, _expr_digest(e)) for k, e in sorted(value.attrs.items()))
        return value.name, attrs, tuple(w.name for w in value.weights)
    if isinstance(value, Select):
        return "select", _expr_digest(value.index)
    return kind(value)


def _expr_digest(expr: Expr) -> Hashable:
    scope = tuple([(KeyPath.parse(c.path).base, c.labels()) for c in expr.scope])
    return repr((scope, function(expr)))

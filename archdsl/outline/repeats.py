"""What repeats: equal siblings in a row or side by side, told once with their number.

    block[0] -> block[1] -> block[2]      one run of three: each alone reads the one before it
    head[0], head[1]                      one run of two abreast: both read the same, and the same reads both

Of an open depth, `depth ~ 2..4`, a run has a least and a most.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from archdsl.ir.graph import Op, Select, Value, operands
from archdsl.ops.table import role_of
from archdsl.outline.asking import is_optional, selection_of, times
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node


@dataclass(eq=False, slots=True)
class Run:
    """Equal siblings, one after the other or, if `abreast`, side by side."""

    nodes: list[Node]
    abreast: bool = False

    def count(self, outline: Outline) -> tuple[int, int]:
        """How many there are, at least and at most."""
        return times([outline.inside[node] for node in self.nodes], outline)


@dataclass(slots=True)
class Repeats:
    """Finds runs in one outline; likenesses of parts are worked out once."""

    outline: Outline
    _likenesses: dict[Node, int] = field(default_factory=dict)
    _kinds: dict[Hashable, int] = field(
        default_factory=dict
    )  # what makes nodes alike, numbered

    def runs(self, siblings: Sequence[Node]) -> Iterator[Run]:
        """Siblings of one name that are equal and chained, or equal and side by side, together; the others
        alone."""
        rest = list(siblings)
        while rest:
            run = Run([rest.pop(0)])
            while rest and self._continues(run, rest[0]):
                run.nodes.append(rest.pop(0))
            yield run

    def likeness(self, node: Node) -> Hashable:
        """Equal for what is drawn as equal: the same operations with the same weights, whatever their rates
        of dropping."""
        for inner in reversed(list(node.walk())):
            if inner not in self._likenesses:
                own = tuple(_value_likeness(v) for v in inner.values)
                below = tuple((c.segment, self._likenesses[c]) for c in inner.children)
                kind = inner.callee, own, below
                self._likenesses[inner] = self._kinds.setdefault(kind, len(self._kinds))
        return self._likenesses[node]

    def _continues(self, run: Run, after: Node) -> bool:
        before = run.nodes[-1]
        if after.path.index is None or after.path.base != before.path.base:
            return False
        if self.likeness(before) != self.likeness(after) or not self._same_sizes(
            before, after
        ):
            return False
        is_first = len(run.nodes) == 1
        if self._are_beside(before, after) and (run.abreast or is_first):
            run.abreast = True
            return True
        return self._are_chained(before, after) and not run.abreast

    def _flow(self, node: Node) -> tuple[list[Value], list[Value]]:
        """What a node reads from outside and what others read of it, in program order."""
        values = self.outline.inside[node]
        return self.outline.entering(values), self.outline.leaving(values)

    def _same_sizes(self, a: Node, b: Node) -> bool:
        (reads_a, leaves_a), (reads_b, leaves_b) = self._flow(a), self._flow(b)
        if len(reads_a) != len(reads_b) or len(leaves_a) != len(leaves_b):
            return False
        first = chain(reads_a, leaves_a, a.held())
        second = chain(reads_b, leaves_b, b.held())
        return all(
            dict(x.shape) == dict(y.shape) for x, y in zip(first, second, strict=True)
        )

    def _are_chained(self, a: Node, b: Node) -> bool:
        """Whether what leaves the one is what the other reads, and nothing else reads it.

        Of an open depth every optional layer may be the last: what takes the end reads those before it, too.
        """
        left, read = self._flow(a)[1], self._flow(b)[0]
        others = self.outline.users(self.outline.inside[a]) - set(self.outline.inside[b])
        if left != read or set(left) & set(self.outline.graph.outputs):
            return False
        if not others:
            return True
        is_last = all(isinstance(v, Select) for v in others)
        return is_last and is_optional(self.outline.inside[b], self.outline)

    def _are_beside(self, a: Node, b: Node) -> bool:
        """Whether both read the same and are read by the same."""
        users = [self.outline.users(self.outline.inside[node]) for node in (a, b)]
        return self._flow(a)[0] == self._flow(b)[0] and users[0] == users[1]


def _value_likeness(value: Value) -> Hashable:
    if isinstance(value, Op):
        attrs = () if role_of(value.name) == "dropout" else frozenset(value.attrs.items())
        return value.name, attrs, tuple(w.name for w in value.weights), len(value.inputs)
    asked = selection_of(value)
    labels = () if asked is None else tuple(c.labels() for c in asked.choices())
    return type(value).__name__, labels, len(operands(value))

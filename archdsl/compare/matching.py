"""Which part of one architecture is which part of the other: by path, then by content, then by likeness."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from archdsl.ir.graph import Value, Weight, operands
from archdsl.outline.paths import KeyPath
from archdsl.outline.tree import Node, digest, kind, read_of, weights_of

# The share of inner parts that two layers have in common before one counts as the other renamed.
LIKENESS = 0.5


@dataclass(eq=False, slots=True)
class Matching:
    """Pairs of nodes and of values. `moved` are the roots of subtrees found under another path."""

    nodes: dict[Node, Node] = field(default_factory=dict)
    values: dict[Value, Value] = field(default_factory=dict)
    moved: dict[Node, Node] = field(default_factory=dict)
    removed: list[Node] = field(
        default_factory=list
    )  # maximal subtrees without a counterpart
    added: list[Node] = field(default_factory=list)


def match(
    a: Node, b: Node, owners_a: Mapping[Value, Node], owners_b: Mapping[Value, Node]
) -> Matching:
    """Pairs two trees. Stable paths first; what is left by equal content, then by likeness within one
    scope.
    """
    search = _Search(owners_a, owners_b)
    found = search.found
    search.pair(a, b)
    backward = {y: x for x, y in found.nodes.items()}
    turns_left, search.left = _set_turns_apart(search.left, found.nodes)
    turns_right, search.right = _set_turns_apart(search.right, backward)
    for equal in (_content, _likeness):
        for x, y in equal(search.left, search.right, found):
            found.moved[x] = y
            search.pair(x, y)
    for x, y in _substitutes(search):
        search.pair(x, y)
    _pair_layers(search)
    found.removed = _maximal([*turns_left, *search.left], found.nodes)
    found.added = _maximal([*turns_right, *search.right], set(found.nodes.values()))
    return found


def _set_turns_apart(
    nodes: list[Node], pairs: Mapping[Node, Node]
) -> tuple[list[Node], list[Node]]:
    """Splits off the turns of a loop that the other side runs less often: those are repeats, never moves."""
    turns: list[Node] = []
    others: list[Node] = []
    names: dict[Node, set[str]] = {}
    for node in nodes:
        twin = pairs.get(node.parent) if node.parent is not None else None
        if twin is None or node.path.index is None:
            others.append(node)
            continue
        if twin not in names:
            names[twin] = {child.path.base for child in twin.children}
        (turns if node.path.base in names[twin] else others).append(node)
    return turns, others


@dataclass(slots=True)
class _Search:
    """What is paired, and what of either side is `left` over."""

    owners_a: Mapping[Value, Node]
    owners_b: Mapping[Value, Node]
    found: Matching = field(default_factory=Matching)
    left: list[Node] = field(default_factory=list)
    right: list[Node] = field(default_factory=list)

    def pair(self, a: Node, b: Node) -> None:
        """Pairs two nodes and what is below them under equal names; the rest is left over."""
        stack = [(a, b)]
        while stack:
            a, b = stack.pop()
            self.found.nodes[a] = b
            _pair_values(a, b, self.found)
            rows_a, rows_b = _by_segment(a.children), _by_segment(b.children)
            for segment, row in rows_a.items():
                stack.extend(self._pair_rows(row, rows_b.pop(segment, [])))
            for row in rows_b.values():
                self.right.extend(row)

    def _pair_rows(self, row_a: list[Node], row_b: list[Node]) -> list[tuple[Node, Node]]:
        """Nodes of one name in one scope."""
        is_plain = len(row_a) == len(row_b) == 1
        pairs = [(row_a[0], row_b[0])] if is_plain else self._align(row_a, row_b)
        self.left.extend(_without(row_a, {x for x, _ in pairs}))
        self.right.extend(_without(row_b, {y for _, y in pairs}))
        return pairs

    def _align(self, row_a: list[Node], row_b: list[Node]) -> list[tuple[Node, Node]]:
        """Pairs instances without weights that share one name (two `relu` in one scope) by what they read,
        then in order.
        """
        keys_a = [_reads(n, self.owners_a) for n in row_a]
        keys_b = [_reads(n, self.owners_b) for n in row_b]
        pairs: list[tuple[Node, Node]] = []
        for tag, a0, a1, b0, b1 in SequenceMatcher(
            None, keys_a, keys_b, autojunk=False
        ).get_opcodes():
            if tag in ("equal", "replace"):
                pairs.extend(zip(row_a[a0:a1], row_b[b0:b1], strict=False))
        return pairs


def _pair_layers(search: _Search) -> None:
    """Pairs what is left of layers with weights by what they read: the convolution of a stem that is a block
    on one side and a layer of a block on the other.
    """
    pairs = search.found.values
    taken = set(pairs.values())
    rest: dict[Hashable, list[Value]] = {}
    for value in search.owners_b:
        if value not in taken and weights_of(value):
            rest.setdefault((kind(value), operands(value)), []).append(value)
    for value in search.owners_a:
        reads = tuple(pairs.get(each) for each in operands(value))
        alike = rest.get((kind(value), reads), []) if value not in pairs else []
        if alike:
            pairs[value] = alike.pop(0)


def _without(row: Iterable[Node], taken: set[Node]) -> list[Node]:
    return [node for node in row if node not in taken]


def _pair_values(a: Node, b: Node, found: Matching) -> None:
    if len(a.values) == len(b.values):
        found.values.update(zip(a.values, b.values, strict=True))
        return
    rest = list(b.values)
    for value in a.values:
        twin = next((v for v in rest if kind(v) == kind(value)), None)
        if twin is not None:
            rest.remove(twin)
            found.values[value] = twin


def _by_segment(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    rows: dict[str, list[Node]] = {}
    for node in nodes:
        rows.setdefault(node.segment, []).append(node)
    return rows


def _reads(node: Node, owners: Mapping[Value, Node]) -> Hashable:
    return node.callee, tuple(owners[o].path for o in read_of(node.values))


def _content(
    left: list[Node], right: list[Node], found: Matching
) -> Iterable[tuple[Node, Node]]:
    """Pairs of subtrees of equal content: those in one scope first, then, at equal sizes, the largest parts
    anywhere.
    """
    taken = set(found.nodes.values())
    by_content: dict[Hashable, list[Node]] = {}
    for root in right:
        for node in root.walk():
            if node not in taken and _substantial(node):
                by_content.setdefault((digest(node), node.callee), []).append(node)
    pairs: dict[Node, Node] = {}
    covered: set[Node] = set()

    def take(x: Node, y: Node) -> None:
        pairs[x] = y
        covered.update(x.walk(), y.walk())

    for nearby in (True, False):
        for root in left:
            for node in root.walk():
                if node in covered or node in found.nodes or not _substantial(node):
                    continue
                candidates = [
                    c
                    for c in by_content.get((digest(node), node.callee), ())
                    if c not in covered
                ]
                fits = _same_scope if nearby else _same_tensors
                candidates = [c for c in candidates if fits(node, c, found)]
                if candidates:
                    take(node, candidates[0])
    return list(pairs.items())


def _likeness(
    left: list[Node], right: list[Node], found: Matching
) -> Iterable[tuple[Node, Node]]:
    """Pairs of layers of one kind in one scope that have most inner parts in common."""
    taken = set(found.nodes.values())
    rest = [n for n in right if n not in taken and _substantial(n)]
    pairs = []
    for node in left:
        if node in found.nodes or not _substantial(node):
            continue
        near = [n for n in rest if n.callee == node.callee and _same_scope(node, n, found)]
        best = max(near, key=lambda other: _alike(node, other), default=None)
        if best is not None and _alike(node, best) >= LIKENESS:
            rest.remove(best)
            pairs.append((node, best))
    return pairs


def _substitutes(search: _Search) -> list[tuple[Node, Node]]:
    """Pairs of primitives in one scope that read the same: `relu` and the `gelu` in its place."""
    found = search.found
    taken = set(found.nodes.values())
    # by their scope and what they read, or a long row would take the square of its length
    rest: dict[Hashable, deque[Node]] = {}
    for other in search.right:
        if other not in taken and other.level == "primitive":
            theirs = tuple(search.owners_b[o] for o in read_of(other.values))
            rest.setdefault((other.parent, theirs), deque()).append(other)
    pairs: list[tuple[Node, Node]] = []
    for node in search.left:
        if node in found.nodes or node.level != "primitive" or node.parent is None:
            continue
        reads = tuple(found.nodes.get(search.owners_a[o]) for o in read_of(node.values))
        waiting = rest.get((found.nodes.get(node.parent, node.parent), reads))
        if waiting:
            pairs.append((node, waiting.popleft()))
    return pairs


def _alike(a: Node, b: Node) -> float:
    parts_a, parts_b = _parts(a), _parts(b)
    if not parts_a and not parts_b:
        return 1.0
    return len(parts_a & parts_b) / len(parts_a | parts_b)


def _parts(node: Node) -> set[tuple[KeyPath, str]]:
    """The names and kinds of all that is inside."""
    return {
        (inner.path.below(node.path), inner.callee)
        for inner in node.walk()
        if inner is not node
    }


def _same_scope(a: Node, b: Node, found: Matching) -> bool:
    return (
        a.parent is not None
        and b.parent is not None
        and found.nodes.get(a.parent) is b.parent
    )


def _same_tensors(a: Node, b: Node, found: Matching) -> bool:
    """Whether the weights have equal sizes: across scopes, a layer of another size is another layer."""
    return all(
        _tables(x) == _tables(y) for x, y in zip(a.weights(), b.weights(), strict=False)
    )


def _tables(weight: Weight) -> list[tuple[Any, ...]]:
    return [size.table for size in weight.shape]


def _substantial(node: Node) -> bool:
    """Whether a layer is worth recognising elsewhere: one with weights."""
    return node.level != "input" and node.has_weights


def _maximal(nodes: list[Node], taken: Mapping[Node, Node] | set[Node]) -> list[Node]:
    """The roots among unpaired nodes; where a part of one was paired, its other parts stand alone."""
    roots: list[Node] = []
    for root in dict.fromkeys(nodes):
        if root in taken:
            continue
        stack = [root]
        while stack:
            node = stack.pop()
            if node in taken:
                continue
            if any(inner in taken for inner in node.walk()):
                stack.extend(reversed(node.children))
            else:
                roots.append(node)
    return list(dict.fromkeys(roots))

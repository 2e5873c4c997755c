"""The difference between two spaces, two models, or one of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace

from archdsl.compare.choice_edits import choice_edits
from archdsl.compare.choices import pair_choices
from archdsl.compare.difference import Difference
from archdsl.compare.edits import (
    Added,
    Changed,
    ChoiceChanged,
    Edit,
    Effect,
    Moved,
    Removed,
    Rewired,
    functional,
)
from archdsl.compare.expressions import ChoicePairs
from archdsl.compare.inheritance import inheritance
from archdsl.compare.matching import match
from archdsl.compare.pairing import Pairing, same_op, same_sizes
from archdsl.compare.properties import conditions, is_replaced, properties
from archdsl.compare.rollup import rolled_up
from archdsl.compare.totals import totals
from archdsl.compare.wiring import rewired
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph, Input, Op, Value
from archdsl.ir.notation import values_text
from archdsl.outline.asking import selection_of
from archdsl.outline.paths import KeyPath, gather, natural
from archdsl.outline.tree import Node, live_tree


def compare_graphs(a: Graph, b: Graph) -> Difference:
    """The difference between two graphs; empty where they have the same structure, sizes, keys and
    choices.
    """
    pairing = paired(a, b)
    nodes, owners_a, owners_b = pairing.nodes, pairing.owners_a, pairing.owners_b
    edits: list[Edit] = []
    for source in (
        _inputs,
        _results,
        choice_edits,
        _moves,
        _presence,
        properties,
        _wiring,
        conditions,
    ):
        edits += source(pairing)
    same = []
    for x, y in nodes.values.items():
        if isinstance(x, Op) and isinstance(y, Op) and same_op(x, y, pairing):
            same.append((x, y))
    return Difference(
        "architectures",
        (a.name, b.name),
        tuple(sorted(_collapsed(edits), key=lambda e: natural(e.path))),
        unchanged=len(same),
        following=sum(not same_sizes(x, y, pairing) for x, y in same),
        before=totals(a),
        after=totals(b),
        inherits=inheritance(pairing),
        kept=tuple(str(owners_b[y].path) for _, y in same),
        costs=rolled_up(a, b, owners_a, owners_b),
    )


def paired(a: Graph, b: Graph) -> Pairing:
    """Which part and which choice of one graph is which of the other."""
    root_a, owners_a = live_tree(a)
    root_b, owners_b = live_tree(b)
    nodes = match(root_a, root_b, owners_a, owners_b)
    return Pairing(a, b, nodes, pair_choices(a, b, nodes.moved), owners_a, owners_b)


def _inputs(pairing: Pairing) -> Iterator[Edit]:
    for x, y in pairing.nodes.values.items():
        if isinstance(x, Input) and isinstance(y, Input):
            for dim in dict.fromkeys((*x.shape, *y.shape)):
                before = values_text(x.shape[dim]) if dim in x.shape else ""
                after = values_text(y.shape[dim]) if dim in y.shape else ""
                if before != after:
                    yield Changed(x.name, dim, before, after, ("shape",))
            if x.dims != y.dims and set(x.dims) == set(y.dims):
                yield Changed(x.name, "order", x.dims, y.dims, ("cosmetic",))


def _results(pairing: Pairing) -> Iterator[Edit]:
    """Outputs that are called otherwise, or whose dimensions come in another order."""
    ours, theirs = pairing.a.results, pairing.b.results
    if len(ours) != len(theirs):
        return
    for place, (x, y) in enumerate(zip(ours, theirs, strict=True)):
        path = "output" if len(ours) == 1 else f"output[{place}]"
        if x.name != y.name:
            yield Changed(path, "name", x.name, y.name, ("cosmetic",))
        if x.dims != y.dims and sorted(x.dims) == sorted(y.dims):
            yield Changed(path, "order", x.dims, y.dims, ("shape",))


def _moves(pairing: Pairing) -> Iterator[Edit]:
    for x, y in pairing.nodes.moved.items():
        effects: tuple[Effect, ...] = (
            ("checkpoint-incompatible",) if x.has_weights else ("cosmetic",)
        )
        around = pairing.nodes.nodes.get(x.parent) if x.parent is not None else None
        renamed = around is not None and around is y.parent
        yield Moved(str(x.path), str(y.path), renamed, effects)


class _Turns(dict[Node, Counter[str]]):
    """How often each loop inside a node runs, by its name."""

    def __missing__(self, node: Node) -> Counter[str]:
        self[node] = Counter(child.path.base for child in node.children)
        return self[node]


@dataclass(frozen=True, slots=True)
class _Side:
    """What only one of two graphs has: `roots` of subtrees, `twins` of what both have, and what accounts for
    some of it: layers that are replaced, choices of which alternatives come or go.
    """

    edit: type[Added] | type[Removed]
    roots: Sequence[Node]
    twins: Mapping[Node, Node]
    replaced: Set[Node]
    explained: Set[Choice]

    def unexplained(self) -> Iterator[Node]:
        for node in self.roots:
            if node.parent not in self.replaced and not _explained(node, self.explained):
                yield node

    def loop(self, node: Node, turns: _Turns) -> tuple[Node, Node, str] | None:
        """Where a node is a turn that the other side's loop does not reach: what holds the loop in the first
        graph and in the second, and its name.
        """
        parent, name = node.parent, node.path.base
        twin = self.twins.get(parent) if parent is not None else None
        if parent is None or twin is None or node.path.index is None:
            return None
        ours, theirs = turns[parent][name], turns[twin][name]
        if not ours or not theirs or ours == theirs:
            return None
        return (parent, twin, name) if self.edit is Removed else (twin, parent, name)


def _presence(pairing: Pairing) -> Iterator[Edit]:
    """What came and went; of loops that run more or less often how often they do."""
    turns = _Turns()
    loops: dict[tuple[Node, Node, str], None] = {}
    for side in _sides(pairing):
        for node in side.unexplained():
            loop = side.loop(node, turns)
            if loop is None:
                yield side.edit(str(node.path), node.callee, functional(node.has_weights))
            else:
                loops[loop] = None
    for first, second, name in loops:
        inner = [c for c in (*first.children, *second.children) if c.path.base == name]
        effects = functional(any(child.has_weights for child in inner))
        before, after = str(turns[first][name]), str(turns[second][name])
        yield Changed(str(second.path.child(name)), "repeats", before, after, effects)


def _sides(pairing: Pairing) -> Iterator[_Side]:
    nodes = pairing.nodes
    replaced: set[Node] = set()
    for x, y in nodes.nodes.items():
        if is_replaced(x, y):
            replaced.update((x, y))
    backward = {y: x for x, y in nodes.nodes.items()}
    first = _explaining(pairing.a, pairing.choices, True)
    second = _explaining(pairing.b, pairing.choices, False)
    yield _Side(Removed, nodes.removed, nodes.nodes, replaced, first)
    yield _Side(Added, nodes.added, backward, replaced, second)


def _explaining(graph: Graph, choices: ChoicePairs, first: bool) -> set[Choice]:
    """The choices whose alternatives come or go by an edit of their own."""
    pairs = choices.pairs if first else {y: x for x, y in choices.pairs.items()}
    return {c for c in graph.choices if c not in pairs or pairs[c].labels() != c.labels()}


def _explained(node: Node, choices: Set[Choice]) -> bool:
    """Whether all of a subtree belongs to alternatives of these choices."""
    if not choices:
        return False
    above: Node | None = node
    while above is not None:
        if above.choice in choices:
            return True
        above = above.parent
    stack = [node]
    while stack:
        inner = stack.pop()
        if inner.choice in choices:
            continue
        for value in inner.values:
            asked = selection_of(value)
            if asked is None or choices.isdisjoint(asked.choices()):
                return False
        stack.extend(inner.children)
    return True


def _wiring(pairing: Pairing) -> Iterator[Edit]:
    through: set[Value] = set()
    for x, y in pairing.nodes.moved.items():
        if x.parent is None or pairing.nodes.nodes.get(x.parent) is not y.parent:
            through.update(x.held())
    for value, before, after in rewired(
        pairing.a, pairing.b, pairing.nodes.values, through
    ):
        path = pairing.owners_b[value].path if value is not None else KeyPath(("output",))
        names_before = tuple(
            str(_source_path(pairing.owners_a[v]).beside(path)) for v in before
        )
        names_after = tuple(
            str(_source_path(pairing.owners_b[v]).beside(path)) for v in after
        )
        yield Rewired(str(path), names_before, names_after, ("function",))


def _source_path(node: Node) -> KeyPath:
    """Where a value comes from; a junction of alternatives goes by the choice of layers that it belongs
    to.
    """
    around = node.parent.path if node.parent is not None else KeyPath()
    return around if node.callee == "select" and around else node.path


def _collapsed(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Equal edits at several places as one: at several indices of a loop, or the same to a layer of one name
    in many scopes.
    """

    def likeness(edit: Edit) -> Hashable:
        skipped = ("path", "to", "places")
        rest = tuple(getattr(edit, f.name) for f in fields(edit) if f.name not in skipped)
        return type(edit).__name__, rest, _target(edit) if isinstance(edit, Moved) else None

    gathered: list[Edit] = []
    for path, group in gather(edits, lambda e: KeyPath.parse(e.path), likeness):
        first = replace(group[0], path=str(path), places=len(group))
        if isinstance(first, Moved) and len(group) > 1:
            first = replace(
                first, to=str(KeyPath.parse(first.to).with_indices(path.indices))
            )
        gathered.append(first)
    alike: dict[Hashable, list[Edit]] = {}
    for edit in sorted(gathered, key=lambda e: natural(e.path)):
        alike.setdefault(_substitution(edit) or edit, []).append(edit)
    for same in alike.values():
        if len(same) < _MANY:
            yield from same
            continue
        first = replace(
            same[0],
            path=", ".join(e.path for e in same),
            places=sum(e.places for e in same),
        )
        if isinstance(first, Moved):
            first = replace(first, to=", ".join(e.to for e in same if isinstance(e, Moved)))
        yield first


_MANY = 4  # scopes in which one edit is told once


def _substitution(edit: Edit) -> Hashable | None:
    """Equal for what one exchanged block brings about wherever it stands: another layer, a parameter or name
    inside it.
    """
    path = KeyPath.parse(edit.path)
    scope, name = path.parent, path.name
    match edit:
        case Changed(field="layer"):
            return "layer", edit.before, edit.after, edit.effects
        case Changed(field="repeats"):
            return None
        case ChoiceChanged() if (
            scope
        ):  # of a layer that stands in several places, by its path within
            return "choice", path.segments[1:], edit.before, edit.after, edit.effects
        case Changed() if scope:
            return "changed", name, edit.field, edit.before, edit.after, edit.effects
        case Moved() if scope and edit.renamed and KeyPath.parse(edit.to).parent == scope:
            return "renamed", name, KeyPath.parse(edit.to).name, edit.effects
        case Added() | Removed() if scope:
            return type(edit).__name__, name, edit.what, edit.effects
        case Rewired() if scope:
            return "rewired", name, edit.before, edit.after
    return None


def _target(edit: Moved) -> Hashable:
    """Where a move goes, without the indices if they are those that it comes from."""
    path, to = KeyPath.parse(edit.path), KeyPath.parse(edit.to)
    return to.with_indices(["[]"] * len(to.indices)) if to.indices == path.indices else to

"""The difference between two spaces, two models, or one of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import fields, replace

from archdsl.compare.choice_edits import choice_edits
from archdsl.compare.choices import pair_choices
from archdsl.compare.difference import Difference
from archdsl.compare.edits import (
    FUNCTION,
    KEYS,
    Added,
    Changed,
    ChoiceChanged,
    Edit,
    Effect,
    Moved,
    Removed,
    Rewired,
    ordered,
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
from archdsl.ir.graph import Graph, Input, Op, Pick, Select
from archdsl.ir.notation import values_text
from archdsl.outline.paths import KeyPath, gather, natural
from archdsl.outline.tree import Node, live_tree


def compare_graphs(a: Graph, b: Graph) -> Difference:
    """The difference between two graphs; empty where they have the same structure, sizes, keys and
    choices.
    """
    pairing = paired(a, b)
    nodes, owners_a, owners_b = pairing.nodes, pairing.owners_a, pairing.owners_b
    sources = (_inputs, _results, choice_edits, _moves, _presence, properties, _wiring, conditions)
    edits = [edit for source in sources for edit in source(pairing)]
    same = [
        (x, y)
        for x, y in nodes.values.items()
        if isinstance(x, Op) and isinstance(y, Op) and same_op(x, y, pairing)
    ]
    following = sum(not same_sizes(x, y, pairing) for x, y in same)
    return Difference(
        "architectures",
        (a.name, b.name),
        tuple(sorted(_collapsed(edits), key=lambda e: natural(e.path))),
        len(same),
        following,
        totals(a),
        totals(b),
        inheritance(pairing),
        tuple(str(owners_b[y].path) for _, y in same),
        rolled_up(a, b, owners_a, owners_b),
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
        effects: set[Effect] = {"checkpoint-incompatible"} if next(x.weights(), None) is not None else set()
        renamed = (
            x.parent is not None and y.parent is not None and pairing.nodes.nodes.get(x.parent) is y.parent
        )
        yield Moved(str(x.path), str(y.path), renamed, ordered(effects))


def _presence(pairing: Pairing) -> Iterator[Edit]:
    nodes = pairing.nodes
    backward = {y: x for x, y in nodes.nodes.items()}
    replaced = {x for x, y in nodes.nodes.items() if is_replaced(x, y)}
    replaced |= {nodes.nodes[x] for x in replaced}
    repeats: dict[tuple[Node, str], tuple[Node, Node]] = {}
    turns: dict[Node, Counter[str]] = {}

    def count(node: Node, name: str) -> int:
        if node not in turns:
            turns[node] = Counter(child.path.base for child in node.children)
        return turns[node][name]

    lists: list[tuple[type[Added] | type[Removed], list[Node], Mapping[Node, Node], set[Choice]]] = [
        (Removed, nodes.removed, nodes.nodes, _explaining(pairing.a, pairing.choices, True)),
        (Added, nodes.added, backward, _explaining(pairing.b, pairing.choices, False)),
    ]
    for edit, roots, twins, explained in lists:
        for node in roots:
            parent = node.parent
            if parent in replaced or _explained(node, explained):
                continue
            twin = twins.get(parent) if parent is not None else None
            if parent is not None and twin is not None and node.path.index is not None:
                ours, theirs = (count(side, node.path.base) for side in (parent, twin))
                if ours and theirs and ours != theirs:
                    first, second = (parent, twin) if edit is Removed else (twin, parent)
                    repeats[first, node.path.base] = first, second
                    continue
            keyed = KEYS if next(node.weights(), None) is not None else set[Effect]()
            yield edit(str(node.path), node.callee, ordered(FUNCTION | keyed))
    for (first, name), (_, second) in repeats.items():
        either = [c for c in (*first.children, *second.children) if c.path.base == name]
        keyed = KEYS if any(next(c.weights(), None) is not None for c in either) else set[Effect]()
        yield Changed(
            str(second.path.child(name)),
            "repeats",
            str(count(first, name)),
            str(count(second, name)),
            ordered(FUNCTION | keyed),
        )


def _explaining(graph: Graph, choices: ChoicePairs, first: bool) -> set[Choice]:
    """The choices whose alternatives come or go by an edit of their own."""
    pairs = choices.pairs if first else {y: x for x, y in choices.pairs.items()}
    return {c for c in graph.choices if c not in pairs or pairs[c].labels() != c.labels()}


def _explained(node: Node, choices: set[Choice]) -> bool:
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
            asked = (
                value.index
                if isinstance(value, Select)
                else value.subset
                if isinstance(value, Pick)
                else None
            )
            if asked is None or not choices.intersection(asked.choices()):
                return False
        stack.extend(inner.children)
    return True


def _wiring(pairing: Pairing) -> Iterator[Edit]:
    transparent: set[Node] = set()
    for x, y in pairing.nodes.moved.items():
        if x.parent is None or pairing.nodes.nodes.get(x.parent) is not y.parent:
            transparent.update(x.walk())
    through = {v for n in transparent for v in n.values}
    for value, before, after in rewired(pairing.a, pairing.b, pairing.nodes.values, through):
        path = pairing.owners_b[value].path if value is not None else KeyPath(("output",))
        names_before = tuple(str(_source_path(pairing.owners_a[v]).beside(path)) for v in before)
        names_after = tuple(str(_source_path(pairing.owners_b[v]).beside(path)) for v in after)
        yield Rewired(str(path), names_before, names_after, ("function",))


def _source_path(node: Node) -> KeyPath:
    """Where a value comes from; a junction of alternatives goes by the choice of layers that it belongs
    to.
    """
    return (
        node.parent.path
        if node.callee == "select" and node.parent is not None and node.parent.path
        else node.path
    )


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
            first = replace(first, to=str(KeyPath.parse(first.to).with_indices(path.indices)))
        gathered.append(first)
    alike: dict[Hashable, list[Edit]] = {}
    for edit in sorted(gathered, key=lambda e: natural(e.path)):
        alike.setdefault(_substitution(edit) or edit, []).append(edit)
    for same in alike.values():
        if len(same) < _MANY:
            yield from same
            continue
        first = replace(same[0], path=", ".join(e.path for e in same), places=sum(e.places for e in same))
        yield (
            replace(first, to=", ".join(e.to for e in same if isinstance(e, Moved)))
            if isinstance(first, Moved)
            else first
        )


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
        case ChoiceChanged() if scope:  # of a layer that stands in several places, by its path within
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

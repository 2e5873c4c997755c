"""Edits to choices: other alternatives, settled, opened, renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archdsl.compare.choices import in_path_order, settled_as
from archdsl.compare.edits import KEYS, Changed, ChoiceChanged, Edit, Effect, Moved, ordered
from archdsl.compare.pairing import Pairing
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph, Select
from archdsl.outline.paths import KeyPath
from archdsl.outline.tree import Node, weights_of


def choice_edits(pairing: Pairing) -> Iterator[Edit]:
    pairs = pairing.choices.pairs
    sized = _sizing(pairing.a) | _sizing(pairing.b)
    here = _with_ancestors(n.path for n in pairing.owners_a.values())
    there = _with_ancestors(n.path for n in pairing.owners_b.values())
    backward = {y: x for x, y in pairing.nodes.values.items()}
    known = set(pairs.values())
    closed = settled_as(
        [c for c in pairing.a.choices if c not in pairs], pairing.nodes.values, there
    )
    opened = settled_as([c for c in pairing.b.choices if c not in known], backward, here)

    def effects(*choices: Choice) -> tuple[Effect, ...]:
        keyed = KEYS if sized.intersection(choices) else set[Effect]()
        return ordered({"space", *keyed})

    for choice in in_path_order(pairing.a.choices):
        twin = pairs.get(choice)
        if twin is not None:
            yield from _changes(choice, twin, effects(choice, twin), pairing)
        elif _scope_stays(choice, pairing.nodes.nodes):
            kinds = choice.kind, choice.kind
            yield ChoiceChanged(
                choice.path, choice.labels(), closed[choice], effects(choice), kinds=kinds
            )
    nodes = {y: x for x, y in pairing.nodes.nodes.items()}
    for choice in in_path_order(pairing.b.choices):
        if choice not in known and _scope_stays(choice, nodes):
            kinds = choice.kind, choice.kind
            yield ChoiceChanged(
                choice.path, opened[choice], choice.labels(), effects(choice), kinds=kinds
            )


def _changes(
    a: Choice, b: Choice, effects: tuple[Effect, ...], pairing: Pairing
) -> Iterator[Edit]:
    """What differs between a choice and the one that it has become."""
    if b.path != a.path and not _follows_a_move(a, b, pairing):
        yield Moved(a.path, b.path, True, ("space",))
    if b.labels() != a.labels():
        is_other = set(b.labels()) != set(a.labels())
        severity: tuple[Effect, ...] = effects if is_other else ("cosmetic",)
        yield ChoiceChanged(
            b.path, a.labels(), b.labels(), severity, kinds=(a.kind, b.kind)
        )
    if b.kind != a.kind:
        yield Changed(b.path, "kind", a.kind, b.kind, effects)


def _scope_stays(choice: Choice, pairs: Mapping[Node, Node]) -> bool:
    """Whether the other side has the scope of a choice; where it has not, the choice comes or goes with
    it.
    """
    paths = {node.path for node in pairs}
    everything: set[KeyPath] = set()
    for node in pairs:
        everything.update(child.path for child in node.children)
    scope = KeyPath.parse(choice.path)
    while scope := scope.parent:
        if scope in paths:
            return True
        if scope in everything:
            return False
    return True


def _follows_a_move(a: Choice, b: Choice, pairing: Pairing) -> bool:
    old, new = KeyPath.parse(a.path), KeyPath.parse(b.path)
    moves = ((x.path, y.path) for x, y in pairing.nodes.moved.items())
    return any(old.parent.startswith(x) and new == old.moved(x, y) for x, y in moves)


def _with_ancestors(paths: Iterable[KeyPath]) -> set[KeyPath]:
    found = set()
    for path in paths:
        while path and path not in found:
            found.add(path)
            path = path.parent
    return found


def _sizing(graph: Graph) -> set[Choice]:
    """The choices that sizes of weights depend on, or whether there are any."""
    found: set[Choice] = set()
    for weight in graph.weights().values():
        for size in weight.shape:
            found.update(size.choices())
    for value in graph.values:
        if isinstance(value, Select) and any(weights_of(o) for o in value.operands):
            found.update(value.index.choices())
    return found

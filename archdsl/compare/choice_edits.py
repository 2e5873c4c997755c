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
    closed = settled_as([c for c in pairing.a.choices if c not in pairs], pairing.nodes.values, there)
    opened = settled_as([c for c in pairing.b.choices if c not in known], backward, here)

    def effects(*choices: Choice) -> tuple[Effect, ...]:
        return ordered({"space", *(KEYS if any(c in sized for c in choices) else ())})

    for choice in in_path_order(pairing.a.choices):
        twin = pairs.get(choice)
        if twin is None:
            if _scope_stays(choice, pairing.nodes.nodes):
                yield ChoiceChanged(
                    choice.path,
                    choice.labels(),
                    closed[choice],
                    effects(choice),
                    kinds=(choice.kind, choice.kind),
                )
            continue
        if twin.path != choice.path and not _follows_a_move(choice, twin, pairing):
            yield Moved(choice.path, twin.path, True, ("space",))
        if twin.labels() != choice.labels():
            is_other = set(twin.labels()) != set(choice.labels())
            severity: tuple[Effect, ...] = effects(choice, twin) if is_other else ("cosmetic",)
            yield ChoiceChanged(
                twin.path, choice.labels(), twin.labels(), severity, kinds=(choice.kind, twin.kind)
            )
        if twin.kind != choice.kind:
            yield Changed(twin.path, "kind", choice.kind, twin.kind, effects(choice, twin))
    for choice in in_path_order(pairing.b.choices):
        if choice not in known and _scope_stays(choice, {y: x for x, y in pairing.nodes.nodes.items()}):
            yield ChoiceChanged(
                choice.path,
                opened[choice],
                choice.labels(),
                effects(choice),
                kinds=(choice.kind, choice.kind),
            )


def _scope_stays(choice: Choice, pairs: Mapping[Node, Node]) -> bool:
    """Whether the other side has the scope of a choice; where it has not, the choice comes or goes with
    it.
    """
    paths = {node.path for node in pairs}
    everything = {c.path for node in pairs for c in node.children}
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

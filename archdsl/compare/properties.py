"""Edits to what both architectures have: attributes, layers replaced, requirements."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.compare.edits import FUNCTION, KEYS, Changed, Edit, Effect, functional, ordered
from archdsl.compare.expressions import agree
from archdsl.compare.pairing import Pairing, same_shape, same_weights
from archdsl.ir.graph import Op, Pick, Select
from archdsl.ir.notation import Axes, value_text, values_text
from archdsl.outline.attributes import attribute_text
from archdsl.outline.tree import Node


def properties(pairing: Pairing) -> Iterator[Edit]:
    for x, y in pairing.nodes.nodes.items():
        if is_replaced(x, y):
            path = y.path if x in pairing.nodes.moved else x.path
            effects = functional(x.has_weights or y.has_weights)
            yield Changed(str(path), "layer", x.callee, y.callee, effects)
    for a, b in pairing.nodes.values.items():
        if isinstance(a, Op) and isinstance(b, Op) and a.name == b.name:
            yield from _attributes(a, b, pairing)
        elif (
            isinstance(a, Select)
            and isinstance(b, Select)
            and not agree(a.index, b.index, pairing.choices)
        ):
            path = pairing.owners_b[b].path
            yield Changed(
                str(path), "index", values_text(a.index), values_text(b.index), ("space",)
            )
        elif isinstance(a, Pick) and isinstance(b, Pick):
            yield from _pick(a, b, pairing)


def _attributes(a: Op, b: Op, pairing: Pairing) -> Iterator[Edit]:
    path = str(pairing.owners_b[b].path)
    effects: set[Effect] = set(FUNCTION)
    if not same_shape(a, b, pairing):
        effects.add("shape")
    if not same_weights(a, b, pairing):
        effects |= KEYS
    seen: set[tuple[str, str]] = set()
    for name in dict.fromkeys((*a.attrs, *b.attrs)):
        x, y = a.attrs.get(name), b.attrs.get(name)
        if x is not None and y is not None and agree(x, y, pairing.choices):
            continue
        before, after = attribute_text(a, name), attribute_text(b, name)
        if name == "groups" and (before, after) in seen:
            continue  # a depthwise convolution: as many groups as channels
        seen.add((before, after))
        yield Changed(path, name, before, after, ordered(effects))
    yield from _weights(a, b, path, pairing)


def _weights(a: Op, b: Op, path: str, pairing: Pairing) -> Iterator[Edit]:
    """Weights that begin otherwise, where no attribute says so, and those that are now shared otherwise."""
    theirs = {w.name: w for w in b.weights}
    is_told = "init" in a.attrs or "gamma" in a.attrs
    stays = str(pairing.owners_a[a].path) == path
    for weight in a.weights:
        twin = theirs.get(weight.name)
        if twin is None:
            continue
        if not is_told and not agree(weight.init, twin.init, pairing.choices):
            before, after = values_text(weight.init), values_text(twin.init)
            yield Changed(path, f"{weight.name} init", before, after, ("cosmetic",))
        if stays and weight.full_name != twin.full_name:
            yield Changed(path, "weights", weight.full_name, twin.full_name, ordered(KEYS))


def _pick(a: Pick, b: Pick, pairing: Pairing) -> Iterator[Edit]:
    path = str(pairing.owners_b[b].path)
    if a.combine != b.combine:
        yield Changed(path, "combine", a.combine, b.combine, functional(has_weights=True))
    if a.dim != b.dim:
        yield Changed(
            path, "dim", _axis_text(a.dim), _axis_text(b.dim), ("function", "shape")
        )
    if not agree(a.subset, b.subset, pairing.choices):
        yield Changed(
            path, "subset", values_text(a.subset), values_text(b.subset), ("space",)
        )


def _axis_text(dim: str | None) -> str:
    return "" if dim is None else value_text(Axes(dim))


def is_replaced(a: Node, b: Node) -> bool:
    return a.callee != b.callee and a.level not in ("root", "loop")


def conditions(pairing: Pairing) -> Iterator[Edit]:
    a, b = pairing.a, pairing.b
    bounds_a = sorted(f"{c.metric} {c.op} {c.limit:,.12g}" for c in a.bounds)
    bounds_b = sorted(f"{c.metric} {c.op} {c.limit:,.12g}" for c in b.bounds)
    if bounds_a != bounds_b:
        yield Changed(
            "require", "cost", ", ".join(bounds_a), ", ".join(bounds_b), ("space",)
        )
    left = [r.condition for r in b.requirements]
    lost = 0
    for requirement in a.requirements:
        twin = next(
            (c for c in left if agree(requirement.condition, c, pairing.choices)), None
        )
        if twin is None:
            lost += 1
        else:
            left.remove(twin)
    if lost or left:
        after = f"{len(b.requirements)} ({lost} gone, {len(left)} new)"
        yield Changed("require", "conditions", str(len(a.requirements)), after, ("space",))

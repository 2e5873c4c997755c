"""The stages of a network: the rows that a paper's macro table would have, in program order.

A stage is a part of the instance tree: a turn of a labelled loop, a block, or a convolution, linear layer or
pool with the norm and activation behind it. Equal blocks side by side are one stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Graph, Input, Op, Shape, Value, operands
from archdsl.ir.notation import between, extent_text, value_text
from archdsl.ops.table import role_of
from archdsl.outline.asking import times
from archdsl.outline.attributes import attribute_text
from archdsl.outline.following import followed
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline, parts_of, read
from archdsl.outline.tree import Node, in_text_order

_WEIGHTED = ("convolution", "linear")
_SHOWN = (
    *_WEIGHTED,
    "pool",
    "average",
    "attention",
    "resize",
)  # what a table names of a block's body
_STEPS = 8  # as many convolutions as a row can show

_ARROW = " → "


@dataclass(frozen=True, slots=True)
class Stage:
    """A row: its name, what it does in short texts, its values in order, the choices declared in it, its
    output.

    `repeat` is how many equal instances the row stands for, `least` how many of them every architecture has.
    """

    name: str
    operators: tuple[str, ...]
    values: tuple[Value, ...]
    choices: tuple[Choice, ...]
    output: Shape
    repeat: int = 1
    least: int = 1


def stages(graph: Graph) -> tuple[Stage, ...]:
    """The rows of a graph; every live operation belongs to exactly one. A network that only passes its input
    on has none."""
    outline = read(graph)
    rows = [
        tuple(equal)
        for _, equal in groupby(_parts(outline), key=lambda part: _likeness(part, outline))
    ]
    return tuple(_stage(row, outline) for row in rows)


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """An instance that makes a row, with the values that the row holds. `nodes` are those that declare its
    choices."""

    node: Node
    values: tuple[Value, ...]
    nodes: tuple[Node, ...]


def _parts(outline: Outline) -> list[_Part]:
    """One part for every child of the body that is called, norms, activations and dropouts with the
    convolution, linear layer or pool that they read.

    What no call makes, such as a sum, goes with the last part that it reads; where it reads none, as in
    `output x * 2`, the body is a part.
    """
    core = outline.core
    children = in_text_order([child for child in parts_of(core) if child.is_called])
    order = {core: -1, **{child: i for i, child in enumerate(children)}}
    called = {value: child for child in children for value in outline.inside[child]}
    row: dict[Value, Node] = {}
    values: dict[Node, list[Value]] = {}
    members: dict[Node, list[Node]] = {}
    for value in outline.graph.values:
        if isinstance(value, Input):
            continue
        child = called.get(value)
        if child is None:
            before = [row[o] for o in operands(value) if o in row]
            row[value] = max(before, key=order.__getitem__, default=core)
        else:
            source = followed(child, outline)
            host = row[source] if source is not None else child
            row[value] = host if host.level == "primitive" else child
            members.setdefault(row[value], []).append(child)
        values.setdefault(row[value], []).append(value)
    parts = []
    for node in sorted(values, key=order.__getitem__):
        declaring = dict.fromkeys(members.get(node, ()))
        parts.append(_Part(node, tuple(values[node]), tuple(declaring)))
    return parts


def _likeness(part: _Part, outline: Outline) -> tuple[Any, ...]:
    """Equal for parts that make one row: turns of an unlabelled loop without choices, equal in text and
    size."""
    path = part.node.path
    if path.index is None or part.node.level == "loop" or _choices(part, outline):
        return (part.node,)
    return (
        path.base,
        _operators(part, outline),
        tuple(sorted(part.values[-1].shape.items())),
    )


def _choices(part: _Part, outline: Outline) -> tuple[Choice, ...]:
    homes = [node.choices_path for node in part.nodes]
    return tuple(
        c
        for c in outline.graph.choices
        if any(KeyPath.parse(c.path).startswith(home) for home in homes)
    )


def _stage(row: Sequence[_Part], outline: Outline) -> Stage:
    first, last = row[0], row[-1]
    name = first.node.segment or outline.owner[first.values[0]].segment
    if len(row) > 1:
        name = f"{first.node.path.base}[{first.node.path.index}..{last.node.path.index}]"
    values = tuple(value for part in row for value in part.values)
    leaving = outline.leaving(values)
    choices = tuple(choice for part in row for choice in _choices(part, outline))
    least, most = times([outline.inside[part.node] for part in row], outline)
    return Stage(
        name,
        _operators(first, outline),
        values,
        choices,
        (leaving or values)[-1].shape,
        most,
        least,
    )


# -- what a stage does, in short texts --------------------------------------------------------------


def _operators(part: _Part, outline: Outline) -> tuple[str, ...]:
    ops = [value for value in part.values if isinstance(value, Op)]
    if part.node.level == "primitive" or part.node is outline.core:
        return (_ARROW.join(_primitive(op) for op in ops),)
    return tuple(_describe(part.node, outline))


def _describe(node: Node, outline: Outline) -> Iterator[str]:
    """One text for a block; for a turn of a loop, and for a block of blocks, one for each of its layers,
    equal ones counted."""
    block = _block(node, outline)
    if block.steps:
        yield block.text()
        return
    layers: dict[tuple[str, str], list[tuple[_Block | str, Node]]] = {}
    told = node.level == "loop"
    for child in node.children:
        layer = _layer(child, outline)
        if layer is not None:
            layers.setdefault((child.path.base, _callee(child)), []).append((layer, child))
            is_turn = child.path.index is not None
            told = told or (is_turn and isinstance(layer, _Block) and bool(layer.steps))
    if not told:
        yield block.text()
        return
    kinds = Counter(callee for _, callee in layers)
    for (name, callee), found in layers.items():
        before = (
            f"{name}: " if kinds[callee] > 1 and name != callee else ""
        )  # two streams, say
        only, child = found[0]
        is_inside = (
            isinstance(only, _Block)
            and not only.steps
            and len(found) == 1
            and child.level == "block"
        )
        for text in _describe(child, outline) if is_inside else _counted(found, outline):
            yield before + text


@dataclass(frozen=True, slots=True)
class _Block:
    """A block in short: the convolutions and linear layers of its main path, what stands between them, and
    further blocks in it."""

    callee: str
    steps: tuple[str, ...]
    joints: tuple[str, ...]
    extras: tuple[str, ...]

    def text(self, count: str = "1", extras: Iterable[str] | None = None) -> str:
        steps = "".join(map(str.__add__, self.steps, (*self.joints, "")))
        times = f"{count} × " if count != "1" else ""
        more = "".join(
            f" + {extra}" for extra in (self.extras if extras is None else extras)
        )
        return f"{times}{self.callee}  {steps}".rstrip() + more


def _counted(
    layers: Sequence[tuple[_Block | str, Node]], outline: Outline
) -> Iterator[str]:
    """Equal layers counted. Blocks of one build are one text: what differs in one step is given as
    alternatives."""
    for _, alike in groupby(layers, key=lambda layer: _build(layer[0])):
        found = list(alike)
        count = between(
            *map(str, times([outline.inside[node] for _, node in found], outline))
        )
        blocks = [layer for layer, _ in found if isinstance(layer, _Block)]
        if not blocks:
            yield f"{count} × {found[0][0]}" if count != "1" else str(found[0][0])
            continue
        steps = tuple(
            _either(tuple(dict.fromkeys(step)))
            for step in zip(*(block.steps for block in blocks), strict=True)
        )
        often = Counter(extra for block in blocks for extra in block.extras)
        extras = [
            extra if n == len(blocks) else f"{n} {extra}" for extra, n in often.items()
        ]
        yield _Block(blocks[0].callee, steps, blocks[0].joints, ()).text(count, extras)


def _build(layer: _Block | str) -> object:
    return (layer.callee, layer.joints) if isinstance(layer, _Block) else layer


def _either(texts: tuple[str, ...]) -> str:
    """`3x1x1/1x1x1, 64` for `3x1x1, 64` and `1x1x1, 64`."""
    parts = [text.rpartition(", ") for text in texts]
    if len(texts) > 1 and len({(comma, width) for _, comma, width in parts}) == 1:
        return "/".join(window for window, _, _ in parts) + parts[0][1] + parts[0][2]
    return "/".join(texts)


def _layer(node: Node, outline: Outline) -> _Block | str | None:
    """A layer of a body; None for what a table leaves out: small change, and open choices, which it lists
    apart."""
    alternatives = _alternatives(node)
    if alternatives:
        is_settled = alternatives[0].choice not in outline.graph.choices
        return (
            f"{node.segment}  {alternatives[0].segment}"
            if len(alternatives) == 1 and is_settled
            else None
        )
    if node.level != "primitive":
        return _block(node, outline) if _ops(node, outline) else None
    if not node.is_called or role_of(node.callee) not in _SHOWN:
        return None
    return _primitive(_ops(node, outline)[0])


def _alternatives(node: Node) -> list[Node]:
    return [child for child in node.children if child.level == "alternative"]


def _ops(node: Node, outline: Outline) -> list[Op]:
    return [value for value in outline.inside[node] if isinstance(value, Op)]


def _block(node: Node, outline: Outline) -> _Block:
    """A block by its convolutions and linear layers, and by those of the units that it is made of; shortcuts
    are left out.

    A unit has one of them, or is what most of a block without its own is made of. A block that holds more
    than that, or a choice between layers, is its name.
    """
    children = [c for c in node.children if c.segment != "shortcut"]
    blocks = [
        c
        for c in children
        if c.level == "block" and not _is_open(c, outline) and _ops(c, outline)
    ]
    units = _units(children, blocks)
    steps = [
        op
        for c in children
        for op in units.get(c, _weighted(c) if c.level == "primitive" else ())
    ]
    others = [c for c in children if c.level not in ("primitive", "block")]
    if (
        len(steps) > _STEPS
        or node.level == "loop"
        or any(_holds_weights(c) for c in others)
    ):
        return _Block(_callee(node), (), (), ())
    joints = tuple(
        _ARROW if _reads_from(after, before) else " | " for before, after in pairwise(steps)
    )
    extras = (
        tuple(
            dict.fromkeys(c.callee for c in blocks if c not in units and _holds_weights(c))
        )
        if steps
        else ()
    )
    return _Block(
        _callee(node), tuple(_primitive(op, bare=True) for op in steps), joints, extras
    )


def _units(children: Sequence[Node], blocks: Sequence[Node]) -> dict[Node, list[Op]]:
    """The blocks that are told by their one convolution or linear layer."""
    units = {c: found for c in blocks if len(found := _weighted(c)) == 1 and _is_flat(c)}
    has_its_own = any(
        role_of(v.name) in _WEIGHTED
        for c in children
        for v in c.values
        if isinstance(v, Op)
    )
    if blocks and not has_its_own:
        common = Counter(c.callee for c in blocks).most_common(1)[0][0]
        alike = [
            c for c in blocks if c.callee == common and c.path.index is None and _is_flat(c)
        ]
        if len(alike) > 1:
            units |= {c: _weighted(c) for c in alike}
    return units


def _is_flat(node: Node) -> bool:
    return all(child.level == "primitive" for child in node.children)


def _is_open(node: Node, outline: Outline) -> bool:
    return any(child.choice in outline.graph.choices for child in _alternatives(node))


def _callee(node: Node) -> str:
    """What a node is called in the text, a turn by the name of its loop."""
    return node.instance.callee if node.instance is not None else node.callee


def _weighted(node: Node) -> list[Op]:
    """The convolutions and linear layers of a node and its own children."""
    return [
        v
        for n in (node, *node.children)
        for v in n.values
        if isinstance(v, Op) and role_of(v.name) in _WEIGHTED
    ]


def _holds_weights(node: Node) -> bool:
    return any(_weighted(inner) for inner in node.walk())


def _reads_from(after: Op, before: Op) -> bool:
    """Whether one operation reads what another gives, whatever lies between."""
    waiting, seen = list(after.inputs), set[Value]()
    while waiting:
        value = waiting.pop()
        if value is before:
            return True
        if value not in seen and not (
            isinstance(value, Op) and role_of(value.name) in _WEIGHTED
        ):
            seen.add(value)
            waiting.extend(operands(value))
    return False


def _primitive(op: Op, *, bare: bool = False) -> str:
    """`conv 1x3x3, 24`, without the word where `bare`."""
    width = op.attrs.get("channels") or op.attrs.get("width")
    window = op.attrs.get("kernel") or op.attrs.get("window")
    sizes = [_size(window, op)] if window is not None else []
    sizes += [sizes_text(width)] if width is not None else []
    if role_of(op.name) in ("average", "attention"):
        over = attribute_text(op, "over")
        sizes += [over] if over not in ("", "@") else []
    if bare and sizes:
        return ", ".join(sizes)
    name = op.attrs["op"].value if op.name == "scalar" else op.name
    return " ".join([name, ", ".join(sizes)]).rstrip()


def _size(window: Expr, op: Op) -> str:
    """A window over the dimensions that there are: 1 is 1x1x1 on a clip."""
    if window.is_constant and isinstance(window.value, int):
        return (
            value_text((window.value,) * _dimensions(op))
            if _dimensions(op) > 1
            else str(window.value)
        )
    return sizes_text(window)


def _dimensions(op: Op) -> int:
    return sum(d in op.inputs[0].shape for d in "thw")


def sizes_text(expr: Expr) -> str:
    """A size as a table shows it: its value, the name of the choice that it is, or its extremes."""
    choices = expr.choices()
    if len(choices) == 1 and expr.table == choices[0].values():
        return KeyPath.parse(choices[0].path).name
    return extent_text(expr)

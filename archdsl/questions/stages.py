"""The stages of a network: the rows that a paper's macro table would have, in program order.

A stage is a part of the instance tree: a turn of a labelled loop, a block, or a convolution, linear layer or pool with
the norm and activation behind it. Equal blocks side by side are one stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, opened
from archdsl.ir.graph import Graph, Input, Op, Shape, Value, operands
from archdsl.ir.instance import Instance
from archdsl.ir.notation import extent_text

_FOLLOWERS = {"batch_norm", "layer_norm", "relu", "relu6", "swish", "sigmoid", "gelu", "tanh", "softmax", "dropout", "drop_path"}
_SHOWN = {"conv", "linear", "max_pool", "avg_pool", "mean", "dot", "attend", "resize"}  # what a table names of a block's body

_WEIGHTED = {"conv", "linear"}
_STEPS = 8  # as many convolutions as a row can show

_ARROW = " → "


@dataclass(frozen=True, slots=True)
class Stage:
    """A row: its name, what it does in short texts, its values in order, the choices declared in it, its output.

    `repeat` is how many equal instances the row stands for.
    """

    name: str
    operators: tuple[str, ...]
    values: tuple[Value, ...]
    choices: tuple[Choice, ...]
    output: Shape
    repeat: int = 1


def stages(graph: Graph) -> tuple[Stage, ...]:
    """The rows of a graph; every live operation belongs to exactly one."""
    read_by: dict[Value, list[Value]] = {}
    for value in graph.values:
        for operand in operands(value):
            read_by.setdefault(operand, []).append(value)
    parts = _merged(_parts(graph, _body(graph)))
    rows = [tuple(equal) for _, equal in groupby(parts, key=lambda part: _likeness(part, graph))]
    return tuple(_stage(row, graph, read_by) for row in rows)


@dataclass(frozen=True, slots=True)
class _Part:
    """Instances side by side that make one row, and their values."""

    instances: tuple[Instance, ...]
    values: tuple[Value, ...]

    @property
    def first(self) -> Instance:
        return self.instances[0]


def _body(graph: Graph) -> Instance:
    """The instance whose children are the stages: the root, or the one block that all of it is."""
    owners = {value.instance for value in graph.values if not isinstance(value, Input)}
    root = graph.root
    while root not in owners:
        inside = {_child_of(owner, root) for owner in owners}
        only = inside.pop()
        if inside or only is None or only.level != "block":
            break
        root = only
    return root


def _child_of(instance: Instance, root: Instance) -> Instance | None:
    """The child of `root` that an instance is or lies in."""
    while instance.parent is not None and instance.parent is not root:
        instance = instance.parent
    return instance if instance.parent is root else None


def _parts(graph: Graph, root: Instance) -> Iterator[_Part]:
    """One part for every child of the root that has values. A value of the root itself, and arithmetic, which is no child of
    it, goes with what it reads."""
    place: dict[Instance | None, int] = {child: i for i, child in enumerate(root.children)}
    home: dict[Value, int] = {}
    members: dict[int, list[Value]] = {}
    for value in graph.values:
        if isinstance(value, Input):
            continue
        child = _child_of(value.instance, root)
        home[value] = place[child] if child in place else max((home.get(o, 0) for o in operands(value)), default=0)
        members.setdefault(home[value], []).append(value)
    for i in sorted(members):
        yield _Part((root.children[i],), tuple(members[i]))


def _merged(parts: Iterable[_Part]) -> Iterator[_Part]:
    """Norms, activations and dropouts join the convolution, linear layer or pool before them."""
    pending: _Part | None = None
    for part in parts:
        joins = part.first.level == "primitive" and part.first.callee in _FOLLOWERS
        if joins and pending is not None and pending.first.level == "primitive":
            pending = _Part(pending.instances + part.instances, pending.values + part.values)
            continue
        if pending is not None:
            yield pending
        pending = part
    if pending is not None:
        yield pending


def _likeness(part: _Part, graph: Graph) -> tuple[Any, ...]:
    """Equal for parts that make one row: turns of an unlabelled loop without choices, equal in text and size."""
    name, bracket, _ = part.first.segment.partition("[")
    if not bracket or part.first.level == "loop" or _choices(part, graph):
        return (part.first,)
    return name, _operators(part, graph), tuple(sorted(part.values[-1].shape.items()))


def _choices(part: _Part, graph: Graph) -> tuple[Choice, ...]:
    return tuple(c for c in graph.choices if any(_inside(c.path, i.choices_path) for i in part.instances))


def _inside(path: str, outer: str) -> bool:
    return path.startswith(outer) and path[len(outer) : len(outer) + 1] in ("", ".", "[")


def _stage(row: Sequence[_Part], graph: Graph, read_by: Mapping[Value, Sequence[Value]]) -> Stage:
    first, last = row[0], row[-1]
    name = first.first.segment if len(row) == 1 else f"{first.first.segment[:-1]}..{last.first.segment.partition('[')[2]}"
    values = tuple(value for part in row for value in part.values)
    inside = set(values)
    leaving = [v for v in values if v in graph.outputs or any(reader not in inside for reader in read_by.get(v, ()))]
    choices = tuple(choice for part in row for choice in _choices(part, graph))
    return Stage(name, _operators(first, graph), values, choices, (leaving or values)[-1].shape, len(row))


# -- what a stage does, in short texts --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is live: the operation of each instance of a primitive, and the open choices."""

    ops: Mapping[Instance, Op]
    choices: frozenset[Choice]


def _operators(part: _Part, graph: Graph) -> tuple[str, ...]:
    ops = [value for value in part.values if isinstance(value, Op)]
    if part.first.level == "primitive":
        return (_ARROW.join(_primitive(op) for op in ops),)
    return tuple(_describe(part.first, _Scene({op.instance: op for op in ops}, frozenset(graph.choices))))


def _describe(instance: Instance, scene: _Scene) -> Iterator[str]:
    """One text for a block; for a turn of a loop, and for a block of blocks, one for each of its layers, equal ones counted."""
    block = _block(instance, scene)
    if block.steps:
        yield block.text()
        return
    layers: dict[tuple[str, str], list[_Block | str]] = {}
    told = instance.level == "loop"
    for child in instance.children:
        layer = _layer(child, scene)
        if layer is not None:
            name, bracket, _ = child.segment.partition("[")
            layers.setdefault((name, child.callee), []).append(layer)
            told = told or bool(bracket and isinstance(layer, _Block) and layer.steps)
    if not told:
        yield block.text()
        return
    kinds = Counter(callee for _, callee in layers)
    made_of = {c.segment: c for c in instance.children if c.level == "block"}
    for (name, callee), found in layers.items():
        before = f"{name}: " if kinds[callee] > 1 and name != callee else ""  # two streams, say
        only = found[0]
        inside = isinstance(only, _Block) and not only.steps and len(found) == 1 and name in made_of
        for text in _describe(made_of[name], scene) if inside else _counted(found):
            yield before + text


@dataclass(frozen=True, slots=True)
class _Block:
    """A block in short: the convolutions and linear layers of its main path, what stands between them, and further blocks in it."""

    callee: str
    steps: tuple[str, ...]
    joints: tuple[str, ...]
    extras: tuple[str, ...]

    def text(self, count: int = 1, extras: Iterable[str] | None = None) -> str:
        steps = "".join(map(str.__add__, self.steps, (*self.joints, "")))
        times = f"{count} × " if count > 1 else ""
        more = "".join(f" + {extra}" for extra in (self.extras if extras is None else extras))
        return f"{times}{self.callee}  {steps}".rstrip() + more


def _counted(layers: Sequence[_Block | str]) -> Iterator[str]:
    """Equal layers counted. Blocks of one build are one text: what differs in one step is given as alternatives."""
    for _, alike in groupby(layers, key=lambda layer: (layer.callee, layer.joints) if isinstance(layer, _Block) else layer):
        found = list(alike)
        blocks = [layer for layer in found if isinstance(layer, _Block)]
        if not blocks:
            yield f"{len(found)} × {found[0]}" if len(found) > 1 else str(found[0])
            continue
        steps = tuple(_either(tuple(dict.fromkeys(step))) for step in zip(*(block.steps for block in blocks), strict=True))
        times = Counter(extra for block in blocks for extra in block.extras)
        extras = [extra if n == len(blocks) else f"{n} {extra}" for extra, n in times.items()]
        yield _Block(blocks[0].callee, steps, blocks[0].joints, ()).text(len(blocks), extras)


def _either(texts: tuple[str, ...]) -> str:
    """`3x1x1/1x1x1, 64` for `3x1x1, 64` and `1x1x1, 64`."""
    parts = [text.rpartition(", ") for text in texts]
    if len(texts) > 1 and len({(comma, width) for _, comma, width in parts}) == 1:
        return "/".join(window for window, _, _ in parts) + parts[0][1] + parts[0][2]
    return "/".join(texts)


def _layer(instance: Instance, scene: _Scene) -> _Block | str | None:
    """A layer of a body; None for what a table leaves out: small change, and open choices, which it lists apart."""
    alternatives = [child for child in instance.children if child.level == "alternative"]
    if alternatives:
        left = [child.segment for child in alternatives if any(inner in scene.ops for inner in child.walk())]
        return f"{instance.segment}  {left[0]}" if len(left) == 1 and alternatives[0].choice not in scene.choices else None
    if instance.level == "primitive":
        return _primitive(scene.ops[instance]) if instance in scene.ops and instance.callee in _SHOWN else None
    return _block(instance, scene) if any(inner in scene.ops for inner in instance.walk()) else None


def _block(instance: Instance, scene: _Scene) -> _Block:
    """A block by its convolutions and linear layers, and by those of the units that it is made of; shortcuts are left out.

    A unit has one of them, or is what most of a block without its own is made of. A block that holds more than that, or a
    choice between layers, is its name.
    """
    children = [c for c in instance.children if c.segment != "shortcut"]
    open_choices = [c for c in children if any(i.level == "alternative" and i.choice in scene.choices for i in c.children)]
    blocks = [c for c in children if c.level == "block" and c not in open_choices and any(i in scene.ops for i in c.walk())]
    units = {c: found for c in blocks if len(found := _weighted(c, scene)) == 1 and all(i.level == "primitive" for i in c.children)}
    if not any(c in scene.ops and c.callee in _WEIGHTED for c in children) and blocks:
        common = Counter(c.callee for c in blocks).most_common(1)[0][0]
        alike = [c for c in blocks if c.callee == common and "[" not in c.segment and all(i.level == "primitive" for i in c.children)]
        units |= {c: _weighted(c, scene) for c in alike if len(alike) > 1}
    steps = [op for c in children for op in units.get(c, _weighted(c, scene) if c.level == "primitive" else ())]
    others = [c for c in children if c.level not in ("primitive", "block")]
    if len(steps) > _STEPS or instance.level == "loop" or any(_holds_weights(c, scene) for c in others):
        return _Block(instance.callee, (), (), ())
    joints = tuple(_ARROW if _follows(after, before) else " | " for before, after in pairwise(steps))
    extras = tuple(dict.fromkeys(c.callee for c in blocks if c not in units and _holds_weights(c, scene))) if steps else ()
    return _Block(instance.callee, tuple(_primitive(op, bare=True) for op in steps), joints, extras)


def _weighted(instance: Instance, scene: _Scene) -> list[Op]:
    """The convolutions and linear layers of an instance and its own children."""
    return [scene.ops[i] for i in (instance, *instance.children) if i in scene.ops and i.callee in _WEIGHTED]


def _holds_weights(instance: Instance, scene: _Scene) -> bool:
    return any(i in scene.ops and i.callee in _WEIGHTED for i in instance.walk())


def _follows(after: Op, before: Op) -> bool:
    """Whether one operation reads what another gives, whatever lies between."""
    waiting, seen = list(after.inputs), set[Value]()
    while waiting:
        value = waiting.pop()
        if value is before:
            return True
        if value not in seen and not (isinstance(value, Op) and value.name in _WEIGHTED):
            seen.add(value)
            waiting.extend(operands(value))
    return False


def _primitive(op: Op, *, bare: bool = False) -> str:
    """`conv 1x3x3, 24`, without the word where `bare`."""
    width = op.attrs.get("channels") or op.attrs.get("width")
    window = op.attrs.get("kernel") or op.attrs.get("window")
    sizes = [_size(window, op)] if window is not None else []
    sizes += [sizes_text(width)] if width is not None else []
    if op.name in ("mean", "dot", "attend") and op.attrs["over"].is_constant and op.attrs["over"].value:
        sizes.append(f"@{op.attrs['over'].value}")
    return ", ".join(sizes) if bare and sizes else " ".join([op.name, ", ".join(sizes)]).rstrip()


def _size(window: Expr, op: Op) -> str:
    """A window over the dimensions that there are: 1 is 1x1x1 on a clip."""
    if window.is_constant and isinstance(window.value, int):
        return "x".join([str(window.value)] * max(1, sum(d in op.inputs[0].shape for d in "thw")))
    return sizes_text(window)


def sizes_text(expr: Expr) -> str:
    """A size as a table shows it: its value, the name of the choice that it is, or its extremes."""
    expr = opened(expr)
    choices = expr.choices()
    if len(choices) == 1 and expr.table == choices[0].values():
        return choices[0].path.rpartition(".")[2]
    return extent_text(expr)

"""The stages of a network: the rows that a paper's macro table would have, in program order.

A stage is a part of the instance tree: a turn of a labelled loop, a block, or a convolution, linear layer or pool with
the norm and activation behind it. Equal blocks side by side are one stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, opened
from archdsl.ir.graph import Graph, Input, Op, Shape, Value, operands
from archdsl.ir.instance import Instance

_FOLLOWERS = {"batch_norm", "layer_norm", "relu", "relu6", "swish", "sigmoid", "gelu", "tanh", "softmax", "dropout", "drop_path"}
_SHOWN = {"conv", "linear", "max_pool", "avg_pool", "mean", "dot", "attend", "resize"}  # what a table names of a block's body

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
    """One text for a block; for a turn of a loop one for each of its layers, equal ones side by side counted."""
    if instance.level != "loop":
        yield _block(instance, scene)
        return
    texts = [(child.callee, text) for child in instance.children for text in [_layer(child, scene)] if text]
    for _, alike in groupby(texts, key=lambda pair: pair[0]):
        for text, count in _counted([text for _, text in alike]):
            yield text if count == 1 else f"{count} × {text}"


def _counted(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Equal texts counted. A block that has only more than its neighbours, a projection at the entrance, is one of them."""
    plainest = min(texts, key=len)
    if all(_contains(text.split(_ARROW), plainest.split(_ARROW)) for text in texts):
        yield plainest, len(texts)
        return
    for text, equal in groupby(texts):
        yield text, len(list(equal))


def _contains(whole: Sequence[str], part: Sequence[str]) -> bool:
    """Whether one sequence is the other with something left out."""
    rest = iter(whole)
    return all(step in rest for step in part)


def _layer(instance: Instance, scene: _Scene) -> str | None:
    """A layer of a loop's body; None for what a table leaves out: small change, and open choices, which it lists apart."""
    alternatives = [child for child in instance.children if child.level == "alternative"]
    if alternatives:
        left = [child.segment for child in alternatives if any(inner in scene.ops for inner in child.walk())]
        return f"{instance.segment}  {left[0]}" if len(left) == 1 and alternatives[0].choice not in scene.choices else None
    if instance.level == "primitive":
        return _primitive(scene.ops[instance]) if instance in scene.ops and instance.callee in _SHOWN else None
    return _block(instance, scene) if any(inner in scene.ops for inner in instance.walk()) else None


def _block(instance: Instance, scene: _Scene) -> str:
    inner = [_primitive(scene.ops[i], bare=True) for i in instance.children if i in scene.ops and i.callee in ("conv", "linear")]
    return f"{instance.callee}  {_ARROW.join(inner)}" if inner else instance.callee


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
    if expr.is_constant:
        return _text(expr.value)
    choices = expr.choices()
    if len(choices) == 1 and expr.table == choices[0].values():
        return choices[0].path.rpartition(".")[2]
    values = expr.distinct()
    return f"{_text(min(values))}–{_text(max(values))}"


def _text(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)

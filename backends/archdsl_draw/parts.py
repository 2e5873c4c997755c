"""What the cell view and the graph view draw: parts of a graph, what flows between them, and the frames around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from archdsl.compare.paths import BRACKET
from archdsl.compare.tree import Node, live_tree
from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph, Input, Value, operands

Kind = Literal["input", "output", "part"]


@dataclass(eq=False, slots=True)
class Part:
    """A box: an instance with all that is below it, or what enters or leaves the whole.

    `absorbed` are the norms and activations that it took in, `repeat` how many equal parts it stands for, one after
    the other or, if `abreast`, side by side; `frame` is the instance whose frame it stands in.
    """

    kind: Kind
    path: str
    name: str
    node: Node | None
    values: list[Value]
    frame: Node | None = None
    absorbed: list[Node] = field(default_factory=list)
    repeat: int = 1
    abreast: bool = False


@dataclass(eq=False, slots=True)
class Link:
    """What flows from a part to another, each value once."""

    source: Part
    target: Part
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Picture:
    """Parts in program order. `frames` are the instances drawn as frames, outer ones first, each with its title; `inside`
    has the frame around each."""

    focus: Node
    parts: tuple[Part, ...]
    links: tuple[Link, ...]
    frames: Mapping[Node, str]
    inside: Mapping[Node, Node | None]


@dataclass(frozen=True, slots=True)
class Around:
    """The live tree of a graph with the part of it that is looked at."""

    graph: Graph
    root: Node
    focus: Node
    owner: Mapping[Value, Node]
    inside: frozenset[Value]

    def entering(self) -> list[Value]:
        """The values from outside that are read inside, in program order."""
        read = {o for v in self.inside for o in operands(v) if o not in self.inside}
        read |= {v for v in self.inside if isinstance(v, Input)}
        return [v for v in dict.fromkeys((*self.graph.inputs, *self.graph.values)) if v in read]

    def leaving(self) -> list[Value]:
        """The values of the inside that are read outside, or are outputs."""
        outer = {o for v in self.graph.values if v not in self.inside for o in operands(v)} | set(self.graph.outputs)
        return [v for v in self.graph.values if v in self.inside and v in outer]

    def source_name(self, value: Value) -> str:
        """What a value from outside is called: the input, or the path of the instance beside the focus that it comes from."""
        if isinstance(value, Input):
            return value.name
        above = set()
        here: Node | None = self.focus
        while here is not None:
            above.add(here)
            here = here.parent
        node = self.owner[value]
        while node.parent is not None and node.parent not in above:
            node = node.parent
        return node.path


def look_at(graph: Graph, focus: str | None) -> Around:
    """The part of a graph under a path; without one, all of it.

    Raises DiagnosticError E0965 where nothing live has this path.
    """
    root, owner = live_tree(graph)
    node = root if focus is None else _at(graph, root, focus)
    inside = {v for n in node.walk() for v in n.values}
    if focus is not None:
        inside = {v for v in inside if not isinstance(v, Input)}
    return Around(graph, root, node, owner, frozenset(inside))


def _at(graph: Graph, root: Node, path: str) -> Node:
    from archdsl.diagnostics.suggestions import closest

    found = [n for n in root.walk() if n.path == path and n is not root and n.level != "input"]
    if found:
        return max(found, key=lambda n: len(n.children))
    paths = list(dict.fromkeys(n.path for n in root.walk() if n.path and n.level not in ("primitive", "input")))
    near = closest(path, paths)
    if not near:  # a path without its indices, or with a slip in one that others have many turns of
        plain = {BRACKET.sub("", p): p for p in reversed(paths)}
        near = [plain[name] for name in (BRACKET.sub("", path), *closest(BRACKET.sub("", path), plain)) if name in plain]
    if near:
        hint: str | None = f"did you mean {' or '.join(f'`{n}`' for n in near)}?"
    else:
        outer = sorted(paths, key=lambda p: p.count("."))
        hint = f"there are {', '.join(f'`{p}`' for p in outer[:6])}{' …' if len(paths) > 6 else ''}" if paths else None
    raise DiagnosticError(codes.NO_SUCH_PART.error(None, f"`{graph.name}` has nothing live at `{path}`", help=hint))


def links_between(parts: Iterable[Part], owner: Mapping[Value, Part], targets: Mapping[Value, Part]) -> list[Link]:
    """One link for each two parts; `owner` has the part that a value leaves, `targets` the part that reads for a value."""
    links: dict[tuple[Part, Part], Link] = {}
    for part in parts:
        for value in part.values:
            for operand in operands(value):
                source, target = owner.get(operand), targets.get(value)
                if source is None or target is None or source is target:
                    continue
                link = links.setdefault((source, target), Link(source, target, []))
                if operand not in link.values:
                    link.values.append(operand)
    return list(links.values())

"""What the cell view and the graph view draw: parts of a graph, what flows between them, and the frames
around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import closest, few, question
from archdsl.ir.graph import Graph, Input, Value, operands
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline, read
from archdsl.outline.tree import Node

_HINTED = 6  # paths that a message names
Kind = Literal["input", "output", "part"]


@dataclass(eq=False, slots=True)
class Part:
    """A box: an instance with all that is below it, or what enters or leaves the whole.

    `absorbed` are the norms and activations that it took in, `repeat` how many equal parts it stands for at
    least and at most, one after the other or, if `abreast`, side by side; `frame` is the instance whose frame
    it stands in.
    """

    kind: Kind
    path: str
    name: str
    node: Node | None
    values: list[Value]
    frame: Node | None = None
    absorbed: list[Node] = field(default_factory=list)
    repeat: tuple[int, int] = (1, 1)
    abreast: bool = False
    # the values of the equal parts that it stands for besides its own
    twins: list[Value] = field(default_factory=list)

    @property
    def is_several(self) -> bool:
        return self.repeat[1] > 1


@dataclass(eq=False, slots=True)
class Link:
    """What flows from a part to another, each value once."""

    source: Part
    target: Part
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Picture:
    """Parts in program order. `frames` are the instances drawn as frames, outer ones first, each with its
    title; `inside` has the frame around each.
    """

    focus: Node
    parts: tuple[Part, ...]
    links: tuple[Link, ...]
    frames: Mapping[Node, str]
    inside: Mapping[Node, Node | None]


@dataclass(frozen=True, slots=True)
class Around:
    """The part of a graph that is looked at."""

    outline: Outline
    focus: Node

    @property
    def graph(self) -> Graph:
        return self.outline.graph

    @property
    def inside(self) -> tuple[Value, ...]:
        """The values of the part; what enters the network is in it only where all of it is looked at."""
        values = self.outline.inside[self.focus]
        if self.focus.parent is None:
            return values
        return tuple(value for value in values if not isinstance(value, Input))

    def entering(self) -> list[Value]:
        """The values from outside that are read inside, in program order."""
        inputs = (v for v in self.inside if isinstance(v, Input))
        return self.outline.in_order({*self.outline.entering(self.inside), *inputs})

    def leaving(self) -> list[Value]:
        """The values of the inside that are read outside, or are outputs."""
        leaving = self.outline.leaving(self.inside)
        return [v for v in leaving if not isinstance(v, Input) or v in self.graph.outputs]

    def source_name(self, value: Value) -> str:
        """What a value from outside is called: the input, or the path of the instance beside the focus that
        it comes from.
        """
        if isinstance(value, Input):
            return value.name
        above = set()
        here: Node | None = self.focus
        while here is not None:
            above.add(here)
            here = here.parent
        node = self.outline.owner[value]
        while node.parent is not None and node.parent not in above:
            node = node.parent
        return str(node.path)


def look_at(graph: Graph, focus: str | None) -> Around:
    """The part of a graph under a path; without one, all of it.

    Raises DiagnosticError E0965 where nothing live has this path.
    """
    outline = read(graph)
    return Around(outline, outline.root if focus is None else _at(outline, focus))


def _at(outline: Outline, path: str) -> Node:
    inner = [n for n in outline.root.walk() if n is not outline.root and n.level != "input"]
    found = [n for n in inner if str(n.path) == path]
    if found:
        return max(found, key=lambda n: len(n.children))
    paths = list(dict.fromkeys(n.path for n in inner if n.level != "primitive"))
    message = f"`{outline.graph.name}` has nothing live at `{path}`"
    raise DiagnosticError(codes.NO_SUCH_PART.error(None, message, help=_hint(path, paths)))


def _hint(path: str, paths: Sequence[KeyPath]) -> str | None:
    """The nearest paths; without any, those that one can begin with."""
    near = closest(path, [str(p) for p in paths])
    if (
        not near
    ):  # a path without its indices, or with a slip in one that others have many turns of
        plain = {p.plain: str(p) for p in reversed(paths)}
        wanted = KeyPath.parse(path).plain
        near = [plain[name] for name in (wanted, *closest(wanted, plain)) if name in plain]
    if near or not paths:
        return question(near)
    outer = sorted(paths, key=lambda p: len(p.segments))
    return f"there are {few([f'`{p}`' for p in outer], _HINTED)}"


def links_between(
    parts: Iterable[Part], owner: Mapping[Value, Part], targets: Mapping[Value, Part]
) -> list[Link]:
    """One link for each two parts; `owner` has the part that a value leaves, `targets` the part that reads
    for a value.
    """
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

"""A graph cut at a depth: what lies deeper is one box, equal parts in a row or side by side are one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from archdsl.ir.graph import Value
from archdsl.outline.following import hosts
from archdsl.outline.reading import Outline, parts_of
from archdsl.outline.repeats import Repeats
from archdsl.outline.tree import Node
from archdsl_draw.parts import Around, Link, Part, Picture, links_between
from archdsl_draw.words import count_text

_ENOUGH = 4  # parts that make a drawing worth its paper
_DEEPEST = 6


def usual_depth(around: Around) -> int:
    """The least depth at which there are at least four parts."""
    for depth in range(1, _DEEPEST):
        picture = cut(around, depth)
        if sum(p.kind == "part" for p in picture.parts) >= _ENOUGH:
            return depth
    return 1


def cut(around: Around, depth: int) -> Picture:
    """The parts at this depth below the focus; norms and activations join the part before them."""
    return _Cut(around, depth).picture()


class _Cut:
    def __init__(self, around: Around, depth: int) -> None:
        self._around = around
        self._outline = around.outline
        self._depth = depth
        self._repeats = Repeats(around.outline)
        self._leaving: dict[Value, Part] = {}  # the part that a value comes from
        self._reading: dict[Value, Part] = {}  # the part that reads for a value
        self._frames: dict[Node, str] = {}
        self._inside: dict[Node, Node | None] = {}

    def picture(self) -> Picture:
        around = self._around
        parts = [
            Part("input", name, name, None, [])
            for name in map(around.source_name, around.entering())
        ]
        for part, value in zip(parts, around.entering(), strict=True):
            self._leaving[value] = part
        body = list(self._expanded(around.focus, None, 1))
        if not body:  # the focus is a single operation
            body = [self._part(around.focus, None, str(around.focus.path))]
        ends = around.leaving()
        output = Part("output", "output", "output", None, [])
        links = links_between([*parts, *body], self._leaving, self._reading)
        given: dict[Part, list[Value]] = {}
        for value in ends:
            if value in self._leaving:
                given.setdefault(self._leaving[value], []).append(value)
        links += [Link(part, output, values) for part, values in given.items()]
        everything = [*parts, *sorted(body, key=self._order), *([output] if given else [])]
        kept, links = _absorbed(everything, links, self._outline)
        return Picture(around.focus, tuple(kept), tuple(links), self._frames, self._inside)

    def _order(self, part: Part) -> int:
        return min((self._outline.place[v] for v in part.values), default=0)

    def _first(self, node: Node) -> int:
        return self._outline.place[self._outline.inside[node][0]]

    def _expanded(self, node: Node, frame: Node | None, level: int) -> Iterator[Part]:
        children = sorted(parts_of(node), key=self._first)
        if node.values and children and node.parent is not None:
            own = Node(
                node.path,
                node.callee,
                node.level,
                node.parent,
                node.instance,
                [],
                node.values,
            )
            yield self._part(own, frame, node.segment)
        for run in self._repeats.runs(children):
            outer = run.nodes[0]
            first, below = _only_block(outer)
            name = (outer.segment if len(run.nodes) == 1 else _listed(run.nodes)) + below
            count = run.count(self._outline)
            if level < self._depth and first.children:
                self._frames[first] = (
                    f"{name} × {count_text(count)}" if count[1] > 1 else name
                )
                self._inside[first] = frame
                yield from self._expanded(first, first, level + 1)
            else:
                part = self._part(first, frame, name)
                part.repeat, part.abreast = count, run.abreast
                part.twins = list(
                    chain.from_iterable(self._outline.inside[n] for n in run.nodes[1:])
                )
                yield part
            for other in run.nodes[1:]:
                self._stand_in(outer, other)

    def _part(self, node: Node, frame: Node | None, name: str) -> Part:
        values = self._outline.in_order(list(node.held()))
        part = Part("part", str(node.path), name, node, values, frame)
        for value in values:
            self._leaving[value] = self._reading[value] = part
        return part

    def _stand_in(self, first: Node, other: Node) -> None:
        """What leaves an equal part leaves the first of the run; what it reads is not drawn again."""
        for a, b in zip(first.walk(), other.walk(), strict=True):
            for x, y in zip(a.values, b.values, strict=True):
                if x in self._leaving:
                    self._leaving[y] = self._leaving[x]


def _only_block(node: Node) -> tuple[Node, str]:
    """Of a turn that holds one block and nothing else that block, and what its name adds to the turn's."""
    below = ""
    while (
        node.level == "loop"
        and not node.values
        and len(node.children) == 1
        and node.children[0].level in ("block", "alternative")
    ):
        node = node.children[0]
        below += "" if node.segment == node.callee else f".{node.segment}"
    return node, below


def _listed(nodes: list[Node]) -> str:
    first, last = nodes[0].path, nodes[-1].path
    dots = ".." if len(nodes) > 2 else ", "
    return f"{first.base}[{first.index}{dots}{last.index}]"


def _absorbed(
    parts: list[Part], links: list[Link], outline: Outline
) -> tuple[list[Part], list[Link]]:
    """Norms, activations and dropouts of one frame join the part that they read where nothing else reads
    that.
    """

    def fits(part: Part, source: Part) -> bool:
        is_single = not part.is_several and not source.is_several
        return is_single and source.kind == "part" and source.frame is part.frame

    into = hosts(parts, outline, fits)
    for part, host in into.items():
        assert part.node is not None
        host.absorbed.append(part.node)
        host.values.extend(part.values)
    kept = [p for p in parts if p not in into]
    found = []
    for link in links:
        link.source, link.target = (
            into.get(link.source, link.source),
            into.get(link.target, link.target),
        )
        if link.source is not link.target:
            found.append(link)
    return kept, found

"""A graph cut at a depth: what lies deeper is one box, equal parts in a row or side by side are one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from archdsl.compare.paths import base, index
from archdsl.compare.tree import Node
from archdsl.ir.graph import Op, Value, operands
from archdsl.ops.table import joins_what_it_reads, role_of
from archdsl_draw.parts import Around, Link, Part, Picture, links_between

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
        self._depth = depth
        self._place = {v: i for i, v in enumerate(dict.fromkeys((*around.graph.inputs, *around.graph.values)))}
        self._leaving: dict[Value, Part] = {}  # the part that a value comes from
        self._reading: dict[Value, Part] = {}  # the part that reads for a value
        self._frames: dict[Node, str] = {}
        self._inside: dict[Node, Node | None] = {}
        self._likenesses: dict[Node, int] = {}
        self._readers: dict[Value, set[Value]] = {}
        for value in around.graph.values:
            for operand in operands(value):
                self._readers.setdefault(operand, set()).add(value)

    def picture(self) -> Picture:
        around = self._around
        parts = [Part("input", name, name, None, []) for name in map(around.source_name, around.entering())]
        for part, value in zip(parts, around.entering(), strict=True):
            self._leaving[value] = part
        body = list(self._expanded(around.focus, None, 1))
        if not body:  # the focus is a single operation
            body = [self._part(around.focus, None, around.focus.path)]
        ends = around.leaving()
        output = Part("output", "output", "output", None, [])
        links = links_between([*parts, *body], self._leaving, self._reading)
        last = [self._leaving[v] for v in ends if v in self._leaving]
        links += [Link(p, output, [v for v in ends if self._leaving.get(v) is p]) for p in dict.fromkeys(last)]
        everything = [*parts, *sorted(body, key=self._order), *([output] if last else [])]
        kept, links = _absorbed(everything, links)
        return Picture(around.focus, tuple(kept), tuple(links), self._frames, self._inside)

    def _order(self, part: Part) -> int:
        return min((self._place[v] for v in part.values), default=0)

    def _expanded(self, node: Node, frame: Node | None, level: int) -> Iterator[Part]:
        children = sorted((c for c in node.children if c.level != "input"), key=lambda c: min(self._places(c)))
        if node.values and children:
            own = Node(node.path, node.segment, node.callee, node.level, node.parent, node.choice, [], node.values)
            yield self._part(own, frame, node.segment)
        for run in self._runs(children):
            outer = run.nodes[0]
            first, below = _only_block(outer)
            name = (outer.segment if len(run.nodes) == 1 else _listed(run.nodes)) + below
            if level < self._depth and first.children:
                times = f" × {len(run.nodes)}" if len(run.nodes) > 1 else ""
                self._frames[first] = f"{name}{times}"
                self._inside[first] = frame
                yield from self._expanded(first, first, level + 1)
            else:
                part = self._part(first, frame, name)
                part.repeat, part.abreast = len(run.nodes), run.abreast
                yield part
            for other in run.nodes[1:]:
                self._stand_in(outer, other)

    def _part(self, node: Node, frame: Node | None, name: str) -> Part:
        values = sorted((v for n in node.walk() for v in n.values), key=self._place.__getitem__)
        part = Part("part", node.path, name, node, values, frame)
        for value in values:
            self._leaving[value] = self._reading[value] = part
        return part

    def _stand_in(self, first: Node, other: Node) -> None:
        """What leaves an equal part leaves the first of the run; what it reads is not drawn again."""
        for a, b in zip(first.walk(), other.walk(), strict=True):
            for x, y in zip(a.values, b.values, strict=True):
                if x in self._leaving:
                    self._leaving[y] = self._leaving[x]

    def _places(self, node: Node) -> list[int]:
        return [self._place[v] for n in node.walk() for v in n.values]

    def _runs(self, children: list[Node]) -> Iterator[_Run]:
        """Siblings of one name, equal and chained or equal and side by side, together."""
        rest = list(children)
        while rest:
            run = _Run([rest.pop(0)])
            while rest and index(rest[0].segment) is not None and base(rest[0].segment) == base(run.nodes[-1].segment):
                before, after = run.nodes[-1], rest[0]
                if self._likeness(before) != self._likeness(after) or not self._same_sizes(before, after):
                    break
                chained, abreast = self._chained(before, after), self._beside(before, after)
                if not (chained and not (run.abreast and len(run.nodes) > 1)) and not (abreast and (run.abreast or len(run.nodes) == 1)):
                    break
                run.abreast = abreast
                run.nodes.append(rest.pop(0))
            yield run

    def _likeness(self, node: Node) -> Hashable:
        """Equal for what is drawn as equal: the same operations with the same weights, whatever their rates of dropping."""
        for inner in reversed(list(node.walk())):
            if inner not in self._likenesses:
                own = tuple(_value_likeness(v) for v in inner.values)
                below = tuple((c.segment, self._likenesses[c]) for c in inner.children)
                self._likenesses[inner] = hash((inner.callee, own, below))
        return self._likenesses[node]

    def _flow(self, node: Node) -> tuple[list[Value], list[Value]]:
        """What a node reads from outside and what others read of it, in program order."""
        values = {v for n in node.walk() for v in n.values}
        read = {o for v in values for o in operands(v)} - values
        left = {v for v in values if v in self._around.graph.outputs or self._readers.get(v, set()) - values}
        return sorted(read, key=self._place.__getitem__), sorted(left, key=self._place.__getitem__)

    def _same_sizes(self, a: Node, b: Node) -> bool:
        (reads_a, leaves_a), (reads_b, leaves_b) = self._flow(a), self._flow(b)
        inner = zip((v for n in a.walk() for v in n.values), (v for n in b.walk() for v in n.values), strict=True)
        return (
            [dict(v.shape) for v in reads_a] == [dict(v.shape) for v in reads_b]
            and [dict(v.shape) for v in leaves_a] == [dict(v.shape) for v in leaves_b]
            and all(dict(x.shape) == dict(y.shape) for x, y in inner)
        )

    def _chained(self, a: Node, b: Node) -> bool:
        """Whether what leaves the one is what the other reads, and nothing else does."""
        values = {v for n in b.walk() for v in n.values}
        own = {v for n in a.walk() for v in n.values}
        left = self._flow(a)[1]
        outside = {r for v in left for r in self._readers.get(v, set())} - own - values
        return left == self._flow(b)[0] and not outside and not set(left) & set(self._around.graph.outputs)

    def _beside(self, a: Node, b: Node) -> bool:
        """Whether both read the same and are read by the same."""
        (reads_a, leaves_a), (reads_b, leaves_b) = self._flow(a), self._flow(b)

        def users(left: list[Value]) -> set[Value]:
            return {r for v in left for r in self._readers.get(v, set())}

        inner_a, inner_b = ({v for n in x.walk() for v in n.values} for x in (a, b))
        return reads_a == reads_b and users(leaves_a) - inner_a == users(leaves_b) - inner_b


def _value_likeness(value: Value) -> Hashable:
    if isinstance(value, Op):
        attrs = () if role_of(value.name) == "dropout" else tuple((k, repr(e)) for k, e in sorted(value.attrs.items()))
        return value.name, attrs, tuple(w.name for w in value.weights), len(value.inputs)
    index = getattr(value, "index", getattr(value, "subset", None))
    return type(value).__name__, () if index is None else tuple(tuple(c.labels()) for c in index.choices()), len(operands(value))


class _Run:
    """Equal siblings."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.abreast = False


def _only_block(node: Node) -> tuple[Node, str]:
    """Of a turn that holds one block and nothing else that block, and what its name adds to the turn's."""
    below = ""
    while node.level == "loop" and not node.values and len(node.children) == 1 and node.children[0].level in ("block", "alternative"):
        node = node.children[0]
        below += "" if node.segment == node.callee else f".{node.segment}"
    return node, below


def _listed(nodes: list[Node]) -> str:
    first, last = (index(n.segment) or "" for n in (nodes[0], nodes[-1]))
    dots = ".." if len(nodes) > 2 else ", "
    return f"{base(nodes[0].segment)}[{first[1:-1]}{dots}{last[1:-1]}]"


def _absorbed(parts: list[Part], links: list[Link]) -> tuple[list[Part], list[Link]]:
    """Norms, activations and dropouts of one frame join the part before them where nothing else reads that."""
    into: dict[Part, Part] = {}
    for part in parts:
        if part.node is None or not joins_what_it_reads(part.node.callee) or part.node.children or part.repeat > 1:
            continue
        before = [link for link in links if link.target is part]
        if len(before) != 1 or len(before[0].values) != 1:
            continue
        host = into.get(before[0].source, before[0].source)
        others = [link for link in links if link.source is before[0].source and link.target is not part]
        if host.kind != "part" or others or host.frame is not part.frame or host.repeat > 1:
            continue
        into[part] = host
        host.absorbed.append(part.node)
        host.values.extend(part.values)
    kept = [p for p in parts if p not in into]
    found = []
    for link in links:
        link.source, link.target = into.get(link.source, link.source), into.get(link.target, link.target)
        if link.source is not link.target:
            found.append(link)
    return kept, found

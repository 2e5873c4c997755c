"""A cell as a graph of nodes: turns of a loop as nodes, operations in them or on the edges between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from archdsl.ir.choice import Choice
from archdsl.ir.graph import Op, Pick, Select, Value, operands
from archdsl.outline.asking import answered_in, selection_of
from archdsl.outline.following import hosts
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline, parts_of
from archdsl.outline.streams import meets
from archdsl.outline.tree import Node, read_of
from archdsl_draw.parts import Around, Part

Chances = Mapping[str, Mapping[str, float]]


@dataclass(eq=False, slots=True)
class CellNode:
    """A node of a cell: `part` says what and where; `gathers` is what joins its incoming edges, `choice` the
    open question which of them there are.
    """

    part: Part
    gathers: Value | None = None
    choice: Choice | None = None
    body: Node | None = None  # the one operation of the turn


@dataclass(eq=False, slots=True)
class CellEdge:
    """An edge, with the operation on it where operations stand on edges: its node, or the label of an answer
    without any operation. `chance` is how likely a search finds it, `optional` whether a choice decides that
    it is there.
    """

    source: CellNode
    target: CellNode
    value: Value
    operation: Node | None = None
    answer: str = ""
    asked: Choice | None = None
    chance: float | None = None
    optional: bool = False
    aside: bool = False  # read besides what the node gathers, as keys and values are


@dataclass(slots=True)
class Cell:
    focus: Node
    nodes: list[CellNode] = field(default_factory=list)
    edges: list[CellEdge] = field(default_factory=list)
    levels: dict[Node, str] = field(
        default_factory=dict
    )  # turns of an outer loop: the columns


def entered(around: Around) -> Around:
    """What is to be seen of a whole network as a cell: inside its one block, where it has but one."""
    focus = around.focus
    while focus.parent is None or (not focus.values and len(parts_of(focus)) == 1):
        body = parts_of(focus)
        if (
            len(body) != 1
            or body[0].level not in ("block", "alternative")
            or not body[0].children
        ):
            break
        focus = body[0]
    return Around(around.outline, focus)


def cell_of(around: Around, chances: Chances) -> Cell:
    """The cell under the focus."""
    return _Reading(around, chances).cell


class _Reading:
    def __init__(self, around: Around, chances: Chances) -> None:
        self._around = around
        self._outline = around.outline
        self._graph = around.graph
        self._chances = chances
        self._choices = {c.path: c for c in around.graph.choices}
        self._from: dict[Value, CellNode] = {}
        self.cell = Cell(around.focus)
        self._nodes()
        for node in list(self.cell.nodes):
            self._edges(node)
        self._leave()

    # -- nodes ------------------------------------------------------------------------------------

    def _nodes(self) -> None:
        for value in self._around.entering():
            name = self._around.source_name(value)
            node = CellNode(Part("input", name, name, None, []))
            self._from[value] = node
            self.cell.nodes.append(node)
        found = list(self._visit(self._around.focus, None))
        if not found:
            found = [self._node(self._around.focus, None)]
        found = self._absorbed(
            sorted(found, key=lambda n: self._outline.place[n.part.values[0]])
        )
        self.cell.nodes += found

    def _absorbed(self, nodes: list[CellNode]) -> list[CellNode]:
        """Norms, activations and dropouts join the layer that they read where nothing else reads that."""

        def fits(part: Part, source: Part) -> bool:
            return source.frame is part.frame and any(
                isinstance(v, Op) and v.weights for v in source.values
            )

        node_of = {node.part: node for node in nodes}
        into = hosts([node.part for node in nodes], self._outline, fits)
        for part, host in into.items():
            assert part.node is not None
            host.absorbed.append(part.node)
            host.values.extend(part.values)
            self._from.update(dict.fromkeys(part.values, node_of[host]))
        return [node for node in nodes if node.part not in into]

    def _visit(self, focus: Node, level: Node | None) -> Iterator[CellNode]:
        for child in parts_of(focus):
            if (
                child.level == "loop"
                and not child.values
                and all(c.level == "loop" for c in child.children)
            ):
                self.cell.levels[child] = child.segment
                yield from self._visit(child, child)
            else:
                yield self._node(child, level)

    def _node(self, node: Node, level: Node | None) -> CellNode:
        values = list(self._outline.inside[node])
        name = str(node.path.below((level or self._around.focus).path))
        found = CellNode(Part("part", str(node.path), name, node, values, level))
        for value in values:
            self._from[value] = found
        return found

    # -- edges ------------------------------------------------------------------------------------

    def _edges(self, node: CellNode) -> None:
        part = node.part
        if part.node is None:
            return
        own = set(part.values)
        meeting = (
            _meeting(part.node, own, self._outline) if part.node.level == "loop" else None
        )
        if meeting is not None and self._on_edges(node, meeting, own):
            return
        if part.node.level == "loop":
            bodies = [c for c in part.node.children if not all(map(_joins, c.held()))]
            node.body = bodies[0] if len(bodies) == 1 else None
        seen: set[CellNode] = set()
        for value in part.values:
            if _joins(value) and not own & set(operands(value)):
                node.gathers = value
                self._incoming(node, value, seen)
        for value in part.values:
            for operand in operands(value):
                source = self._from.get(operand)
                if source is not None and source is not node and source not in seen:
                    seen.add(source)
                    self.cell.edges.append(
                        CellEdge(source, node, operand, aside=node.gathers is not None)
                    )

    def _incoming(self, node: CellNode, value: Value, seen: set[CellNode]) -> None:
        """The edges that a sum, a concatenation or a selection gathers."""
        asked = _asked(value)
        node.choice = asked
        for position, operand in enumerate(operands(value)):
            source = self._from.get(operand)
            if source is None or source is node:
                continue
            seen.add(source)
            chance = self._chance(value, position)
            self.cell.edges.append(
                CellEdge(source, node, operand, chance=chance, optional=asked is not None)
            )

    def _chance(self, value: Value, position: int) -> float | None:
        """How likely the operand at a position is picked, where a search says so of an open choice or of the
        answered one.
        """
        choice = _asked(value)
        if choice is not None:
            chances = self._chances.get(choice.path)
            index = selection_of(value)
            if chances is None or index is None or index.scope != (choice,):
                return None
            total = 0.0
            for label, picked in zip(choice.labels(), index.table, strict=True):
                if position == picked or (isinstance(picked, tuple) and position in picked):
                    total += chances.get(label, 0.0)
            return total
        return self._settled_chance(value, position) if isinstance(value, Op) else None

    def _settled_chance(self, value: Op, position: int) -> float | None:
        """Of an answered subset: the chance that a search gave to the operand which now stands at the
        position.
        """
        around = value.instance.parent
        at = KeyPath.parse(around.choices_path) if around is not None else KeyPath()
        for path, label in self._graph.answers.items():
            if (
                path not in self._chances
                or KeyPath.parse(path).parent != at
                or not label.startswith("[")
            ):
                continue
            picked = [int(i) for i in label[1:-1].split(",")]
            if len(picked) == len(value.inputs):
                subsets = [
                    (s, p) for s, p in self._chances[path].items() if s.startswith("[")
                ]
                return sum(
                    p for subset, p in subsets if picked[position] in _indices(subset)
                )
        return None

    def _on_edges(self, node: CellNode, meeting: Value, own: set[Value]) -> bool:
        """Whether each operand of the turn's result is an operation on one value from outside; then these are
        the edges.
        """
        assert node.part.node is not None
        edges = []
        for position, operand in enumerate(operands(meeting)):
            if operand not in own:
                edges.append(CellEdge(self._from[operand], node, operand))
            else:
                inner = _upstream(operand, own)
                outside = set(read_of(inner)) - own
                others = {v for v in own - inner - {meeting} if set(operands(v)) & inner}
                child = _child_with(node.part.node, operand)
                if len(outside) != 1 or others or child is None:
                    return False
                source = next(iter(outside))
                at = str(child.choices_path)
                asked = self._choices.get(at) if child.choice is None else None
                edges.append(CellEdge(self._from[source], node, source, child, asked=asked))
                edges[-1].answer = self._graph.answers.get(at, "")
            edges[-1].chance = self._chance(meeting, position)
            edges[-1].optional = _asked(meeting) is not None
        if not any(e.operation is not None for e in edges):
            return False
        self._answers_without_operation(node, edges)
        node.gathers, node.choice = meeting, _asked(meeting)
        self.cell.edges += edges
        return True

    def _answers_without_operation(self, node: CellNode, edges: list[CellEdge]) -> None:
        """A skip leaves no operation: the answers of the turn that no operation stands for belong to its
        direct edges.
        """
        assert node.part.node is not None
        turn = node.part.node
        answers = answered_in(turn, self._outline)
        named = {
            e.operation.choices_path.below(turn.choices_path)
            for e in edges
            if e.operation is not None
        }
        free = [
            p
            for p, label in answers.items()
            if p.index is not None and p not in named and label[:1].isalpha()
        ]
        kept = next((label for label in answers.values() if label.startswith("[")), None)
        taken = sorted(free, key=lambda p: p.order)
        if kept is not None:
            taken = [
                p for p in taken if p.index is not None and int(p.index) in _indices(kept)
            ]
        direct = [e for e in edges if e.operation is None]
        if len(taken) == len(direct):
            for edge, path in zip(direct, taken, strict=True):
                edge.answer = answers[path]

    def _leave(self) -> None:
        ends = [v for v in self._around.leaving() if v in self._from]
        if ends:
            output = CellNode(Part("output", "output", "output", None, []))
            self.cell.nodes.append(output)
            given: dict[CellNode, Value] = {}
            for value in ends:
                given.setdefault(self._from[value], value)
            self.cell.edges += [
                CellEdge(source, output, value) for source, value in given.items()
            ]


def _joins(value: Value) -> bool:
    return isinstance(value, Select | Pick) or (
        isinstance(value, Op) and meets(value.name) and len(value.inputs) > 1
    )


def _asked(value: Value) -> Choice | None:
    """The open choice that decides which operands there are."""
    index = selection_of(value)
    choices = index.choices() if index is not None else ()
    return choices[0] if len(choices) == 1 else None


def _meeting(turn: Node, own: set[Value], outline: Outline) -> Value | None:
    """The one value that leaves a turn, where it joins several."""
    leaving = outline.leaving(own)
    if len(leaving) != 1 or not _joins(leaving[0]) or isinstance(leaving[0], Select):
        return None
    own_primitives = (child for child in turn.children if child.level == "primitive")
    is_direct = any(leaving[0] in child.values for child in own_primitives)
    return leaving[0] if is_direct else None


def _upstream(value: Value, own: set[Value]) -> set[Value]:
    found: set[Value] = set()
    stack = [value]
    while stack:
        here = stack.pop()
        if here in own and here not in found:
            found.add(here)
            stack.extend(operands(here))
    return found


def _child_with(turn: Node, value: Value) -> Node | None:
    return next((child for child in turn.children if value in child.held()), None)


def _indices(label: str) -> set[int]:
    return {int(i) for i in label[1:-1].split(",")}


def is_branching(cell: Cell) -> bool:
    """Whether several read from some node, so that it is more than a chain."""
    inner = [e for e in cell.edges if e.source.part.kind == "part"]
    return len({e.source for e in inner}) < len(inner)

"""The cell view: nodes with what they do, edges with their operations or weights, inputs and output apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from archdsl.ir.choice import Choice
from archdsl.ir.graph import Op, Pick
from archdsl.outline.asking import deciding
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node
from archdsl_draw.cell import Cell, CellEdge, CellNode, Chances, cell_of, entered
from archdsl_draw.flow import Flow, FlowBox, FlowEdge, FlowFrame, Text, draw_flow
from archdsl_draw.heading import MARGIN, draw_heading, finished, summary_of
from archdsl_draw.keys import Entry, draw_entries, line, sample, swatch
from archdsl_draw.palette import FAINT, PAPER, colour_of
from archdsl_draw.parts import Around, Part
from archdsl_draw.scene import Scene
from archdsl_draw.words import (
    absorbed_text,
    answered,
    answers_of,
    contents,
    deciders_of,
    depending_on,
    domain_words,
    open_choices,
    operation,
    shape_text,
    short,
    sign_of,
    wrapped,
)
from archdsl_draw.worth import worths

_COLUMNS = 22
_MOST = 8  # open questions of a node that are named one by one
_FEW = 5  # operations of a block that are named one by one


def cell_scene(around: Around, chances: Chances) -> Scene:
    """The cell under the focus, or inside the one block of the network. Raises DiagnosticError E0960 without
    a program of Graphviz.
    """
    around = entered(around)
    cell = cell_of(around, chances)
    place = f" · inside {around.focus.path}" if around.focus.path else ""
    scene = Scene(around.graph.name, summary_of(around.graph) + place)
    right, top = draw_heading(scene)
    drawn = _Drawn(cell, around.outline, chances)
    flow = Flow(drawn.boxes, drawn.edges, drawn.frames, "LR")
    far, bottom = draw_flow(scene, flow, MARGIN, top)
    right = max(right, far)
    far, bottom = draw_entries(scene, drawn.legend(), MARGIN, bottom + 18, right)
    return finished(scene, max(right, far), bottom)


class _Drawn:
    """The cell as boxes and edges."""

    def __init__(self, cell: Cell, outline: Outline, chances: Chances) -> None:
        self._cell, self._outline, self._chances = cell, outline, chances
        costs = worths([node.part.values for node in cell.nodes], outline.graph)
        self._worth = dict(zip(cell.nodes, costs, strict=True))
        self._said: dict[str, None] = {}  # the questions whose answers stand in nodes
        self._example = ""
        kinds = {self._kind(n) for n in cell.nodes} | {_on_edge(e) for e in cell.edges}
        self._colours = {kind: colour_of(i) for i, kind in enumerate(sorted(kinds - {""}))}
        levels = list(cell.levels)
        frame = {node: i for i, node in enumerate(levels)}
        self.frames = [FlowFrame(cell.levels[n], _number(n.parent, frame)) for n in levels]
        number = {node: i for i, node in enumerate(cell.nodes)}
        self.boxes = [self._box(n, _number(n.part.frame, frame)) for n in cell.nodes]
        self.edges = [self._edge(e, number) for e in cell.edges if not e.aside]

    # -- nodes ------------------------------------------------------------------------------------

    def _box(self, node: CellNode, frame: int | None) -> FlowBox:
        part = node.part
        if part.node is None:
            return FlowBox(part.path, tuple(self._end(node)), "end", FAINT, note=part.kind)
        note, joint = self._note(node), self._joint(node)
        if joint is not None:
            lines = [Text(joint, 9, True), *_own_question(node)]
            is_open = node.choice is not None
            return FlowBox(
                part.path, tuple(lines), "joint", open=is_open, note=note, frame=frame
            )
        lines, kind, is_open = self._lines(node)
        fill = self._colours[kind] if kind else PAPER
        return FlowBox(
            part.path, tuple(lines), "box", fill, is_open, note=note, frame=frame
        )

    def _end(self, node: CellNode) -> Iterator[Text]:
        """An input or the output, with the shape of what flows there."""
        yield Text(node.part.name, 9, True)
        values = [e.value for e in self._cell.edges if node in (e.source, e.target)]
        for text in dict.fromkeys(shape_text(v.shape) for v in values):
            yield Text(text, 7.5)

    def _joint(self, node: CellNode) -> str | None:
        """A node without weights that only joins: its word."""
        part = node.part
        value = part.values[-1]
        if len(part.values) != 1 or part.node is None or part.node.level != "primitive":
            return None
        if isinstance(value, Op):
            is_plain = not value.weights or value.name == "weighted_sum"
            return _word(value.name) if is_plain else None
        return _word(operation(value)[0] if isinstance(value, Pick) else "one of")

    def _lines(self, node: CellNode) -> tuple[list[Text], str, bool]:
        """The lines of a node, the kind that its colour stands for, and whether questions are open in it."""
        if self._on_edges(node):
            assert node.gathers is not None
            lines = [Text(node.part.name, 9, True), Text(operation(node.gathers)[0], 8)]
            return lines + _own_question(node), "", node.choice is not None
        part = node.part
        assert part.node is not None
        inside = {e.asked for e in self._cell.edges if e.target is node}
        opened = self._opened(node, inside)
        lines = self._heading(node, bool(opened))
        if part.absorbed:
            lines.append(Text(absorbed_text(part.absorbed), 8))
        lines += _own_question(node)
        for name, choice in list(opened.items())[:_MOST]:
            lines += [Text(t, 7.5) for t in self._asked(name, choice)]
        if len(opened) > _MOST:
            lines.append(Text(f"and {len(opened) - _MOST} more", 7.5))
        known = {node.choice, *inside, *opened.values()}
        elsewhere = [c for c in deciding(part.values, self._outline) if c not in known]
        lines += [Text(t, 7.5) for t in deciders_of(elsewhere, part.node.path)]
        for edge in self._cell.edges:
            if edge.target is node and edge.aside:
                lines.append(Text(f"also reads {edge.source.part.name}", 7.5))
        is_open = bool(opened or elsewhere) or node.choice is not None
        return lines, self._kind(node), is_open

    def _opened(self, node: CellNode, inside: Set[Choice | None]) -> dict[str, Choice]:
        """The open questions of a node that stand neither on its edges nor for the whole of it."""
        assert node.part.node is not None
        asked = open_choices(node.part.node, self._outline)
        return {n: c for n, c in asked.items() if c is not node.choice and c not in inside}

    def _heading(self, node: CellNode, is_open: bool) -> list[Text]:
        """What a node is: what was answered in it, else the operation or what it consists of."""
        part = node.part
        assert part.node is not None
        words = answers_of(part.node, self._outline)
        answers = {
            n: answered(n, label) for n, label in words.items() if not label.startswith("[")
        }
        said = [word for word in answers.values() if word]
        if said or is_open:
            self._said.update(dict.fromkeys(answers))
            first = " · ".join(said[:2])
            self._example = self._example or first
            lines = [Text(part.name, 7.5, soft=True)]
            lines += [Text(first, 9, True)] if said else []
            return lines + [Text(t, 8) for t in wrapped(said[2:], _COLUMNS)]
        return [Text(part.name, 8.5, True), *_consisting(part, node.body or part.node)]

    def _asked(self, name: str, choice: Choice) -> Iterator[str]:
        """An open question with its alternatives, or where a search ran the likeliest with its
        probability.
        """
        word = KeyPath.parse(name).name
        chances = self._chances.get(choice.path)
        if chances:
            best = max(chances, key=lambda label: (chances[label], label))
            yield f"{word}: {answered(word, best) or f'no {word}'}, {chances[best]:.2f}"
        else:
            yield f"{word}: {domain_words(choice)}"

    def _kind(self, node: CellNode) -> str:
        """What a node is coloured by: the first layer that was chosen in it, else the block that it is."""
        body = node.body or node.part.node
        if (
            node.part.node is None
            or body is None
            or self._on_edges(node)
            or self._joint(node) is not None
        ):
            return ""
        words = answers_of(node.part.node, self._outline)
        chosen = {n.segment for n in body.walk() if n.level == "alternative"} | {
            c.segment for c in body.children
        }
        for name, label in words.items():
            if KeyPath.parse(name).name in chosen or label in chosen:
                return label
        return body.callee if node.part.node.level == "loop" else ""

    def _on_edges(self, node: CellNode) -> bool:
        """Whether operations stand on the edges into the node."""
        return any(
            e.operation is not None or e.answer
            for e in self._cell.edges
            if e.target is node
        )

    def _note(self, node: CellNode) -> str:
        part = node.part
        assert part.node is not None
        words = answers_of(part.node, self._outline)
        facts = [part.path, *(f"{n} = {label}" for n, label in words.items())]
        facts += [
            f"{n} ~ {domain_words(c)}"
            for n, c in open_choices(part.node, self._outline).items()
        ]
        deciders = deciding(part.values, self._outline)
        facts += [f"depends on {depending_on(deciders)}"] if deciders else []
        return "\n".join(
            [
                *facts,
                f"shape {shape_text(part.values[-1].shape)}",
                *self._worth[node].lines(),
            ]
        )

    # -- edges ------------------------------------------------------------------------------------

    def _edge(self, edge: CellEdge, number: Mapping[CellNode, int]) -> FlowEdge:
        lines, fill, note = [], "", ""
        word = _on_edge(edge)
        if word:
            lines, fill = [Text(short(word), 8.5)], self._colours[word]
        elif edge.asked is not None:
            fill = PAPER
            lines, note = self._question_on_edge(edge.asked)
        if edge.chance is not None:
            lines.append(Text(f"{edge.chance:.2f}", 8, bold=True))
        thickness = 1.0 if edge.chance is None else round(0.4 + 2.6 * edge.chance, 2)
        dashed = edge.optional or edge.asked is not None
        return FlowEdge(
            number[edge.source],
            number[edge.target],
            tuple(lines),
            fill,
            dashed,
            thickness,
            note,
        )

    def _question_on_edge(self, choice: Choice) -> tuple[list[Text], str]:
        """The lines of a question, and its alternatives for the note where the plate has no room for them."""
        name = KeyPath.parse(choice.path).name
        if choice.size > 3 and choice.path not in self._chances:
            return [Text(f"{name}: 1 of {choice.size}", 7.5)], domain_words(choice)
        return [Text(t, 7.5) for t in self._asked(name, choice)], ""

    # -- legend -----------------------------------------------------------------------------------

    def legend(self) -> Iterator[Entry]:
        yield swatch("input, output", FAINT, radius=6)
        for kind, colour in self._colours.items():
            yield swatch(short(kind), colour)
        said = list(dict.fromkeys(KeyPath.parse(n).name for n in self._said))
        if said:
            yield sample(f"answers to {', '.join(said)}", self._example, bold=True)
        if any(b.outline == "joint" for b in self.boxes):
            yield swatch("without weights", PAPER, radius=6)
        if any(b.open for b in self.boxes):
            yield swatch("questions are open", PAPER, dashed=True)
        if any(e.dashed for e in self.edges):
            yield line("edge that a choice decides", dashed=True)
        asked = [e.asked for e in self._cell.edges if e.asked is not None]
        for labels in list(dict.fromkeys(choice.labels() for choice in asked))[:2]:
            yield sample(f"one of {', '.join(labels)}", f"1 of {len(labels)}")
        if any(e.chance is not None for e in self._cell.edges):
            yield line("probability in the search, as number and thickness", thickness=2.2)


def _number(node: Node | None, numbers: Mapping[Node, int]) -> int | None:
    return numbers.get(node) if node is not None else None


def _on_edge(edge: CellEdge) -> str:
    """What the operation on an edge is called; "" where there is none, or a choice decides."""
    node = edge.operation
    if edge.answer or edge.asked is not None or node is None:
        return edge.answer
    if node.level == "alternative":
        return node.segment
    inner = next(
        (n for n in node.walk() if n is not node and n.level == "alternative"), None
    )
    return inner.segment if inner is not None else node.callee


def _question(choice: Choice) -> str:
    return f"{KeyPath.parse(choice.path).name}: {domain_words(choice)}"


def _own_question(node: CellNode) -> list[Text]:
    """The open question which edges a node has."""
    return [Text(_question(node.choice), 7.5)] if node.choice is not None else []


def _consisting(part: Part, body: Node) -> Iterator[Text]:
    """What a node without answers does: its operation, or the block with its contents."""
    if body.level == "primitive":
        yield from (
            Text(word, 8) for word in operation(body.values[-1]) if word != part.name
        )
        return
    found = contents(body)
    if found and body is not part.node and body.callee not in ("turn", body.segment):
        yield Text(body.callee, 8)
    shown = found if len(found) <= _FEW else [*found[: _FEW - 1], "…"]
    yield from (Text(t, 7.5) for t in wrapped(shown, _COLUMNS, ", "))


def _word(name: str) -> str:
    """The sign of what joins, else its name."""
    return sign_of(name) or short(name)

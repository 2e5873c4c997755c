"""The cell view: nodes with what they do, edges with their operations or weights, inputs and output apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archdsl.ir.choice import Choice
from archdsl.ir.graph import Op, Pick
from archdsl.outline.asking import deciding
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline
from archdsl_draw.cell import Cell, CellEdge, CellNode, Chances, cell_of, entered
from archdsl_draw.flow import FlowBox, FlowEdge, FlowFrame, Text, draw_flow
from archdsl_draw.heading import MARGIN, draw_heading, finished, summary_of
from archdsl_draw.keys import Entry, draw_entries, line, sample, swatch
from archdsl_draw.palette import FAINT, PAPER, colour_of
from archdsl_draw.parts import Around
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


def cell_scene(around: Around, title: str, chances: Chances) -> Scene:
    """The cell under the focus, or inside the one block of the network. Raises DiagnosticError E0960 without
    a program of Graphviz.
    """
    around = entered(around)
    cell = cell_of(around, chances)
    place = f" · inside {around.focus.path}" if around.focus.path else ""
    scene = Scene(title, summary_of(around.graph) + place)
    right, top = draw_heading(scene)
    drawn = _Drawn(cell, around.outline, chances)
    far, bottom = draw_flow(scene, drawn.boxes, drawn.edges, drawn.frames, "LR", MARGIN, top)
    right = max(right, far)
    far, bottom = draw_entries(scene, drawn.legend(), MARGIN, bottom + 18, right)
    return finished(scene, max(right, far), bottom)


class _Drawn:
    """The cell as boxes and edges."""

    def __init__(self, cell: Cell, outline: Outline, chances: Chances) -> None:
        self._cell, self._outline, self._chances = cell, outline, chances
        self._worth = dict(
            zip(cell.nodes, worths([n.part.values for n in cell.nodes], outline.graph), strict=True)
        )
        self._said: dict[str, None] = {}  # the questions whose answers stand in nodes
        self._example = ""
        kinds = {self._kind(n) for n in cell.nodes} | {_on_edge(e) for e in cell.edges}
        self._colours = {kind: colour_of(i) for i, kind in enumerate(sorted(kinds - {""}))}
        levels = list(cell.levels)
        frame = {node: i for i, node in enumerate(levels)}
        self.frames = [
            FlowFrame(cell.levels[n], frame.get(n.parent) if n.parent is not None else None) for n in levels
        ]
        number = {node: i for i, node in enumerate(cell.nodes)}
        self.boxes = [
            self._box(n, frame.get(n.part.frame) if n.part.frame is not None else None) for n in cell.nodes
        ]
        self.edges = [self._edge(e, number) for e in cell.edges if not e.aside]

    # -- nodes ------------------------------------------------------------------------------------

    def _box(self, node: CellNode, frame: int | None) -> FlowBox:
        part = node.part
        if part.node is None:
            return FlowBox(part.path, tuple(self._end(node)), "end", FAINT, note=part.kind)
        joint = self._joint(node)
        if joint is not None:
            lines = [Text(joint, 9, True)]
            if node.choice is not None:
                lines.append(Text(_question(node.choice), 7.5))
            return FlowBox(
                part.path,
                tuple(lines),
                "joint",
                open=node.choice is not None,
                note=self._note(node),
                frame=frame,
            )
        lines, kind, is_open = self._lines(node)
        fill = self._colours[kind] if kind else PAPER
        return FlowBox(part.path, tuple(lines), "box", fill, is_open, note=self._note(node), frame=frame)

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
        word = (
            operation(value)[0]
            if isinstance(value, Pick)
            else value.name
            if isinstance(value, Op)
            else "one of"
        )
        return (
            (sign_of(word) or short(word))
            if not isinstance(value, Op) or not value.weights or word == "weighted_sum"
            else None
        )

    def _lines(self, node: CellNode) -> tuple[list[Text], str, bool]:
        """The lines of a node, the kind that its colour stands for, and whether questions are open in it."""
        part = node.part
        assert part.node is not None
        inside = {e.asked for e in self._cell.edges if e.target is node}
        words = answers_of(part.node, self._outline)
        opened = {
            n: c
            for n, c in open_choices(part.node, self._outline).items()
            if c is not node.choice and c not in inside
        }
        on_edges = self._on_edges(node)
        lines = [Text(part.name, 7.5, soft=True)] if not on_edges else [Text(part.name, 9, True)]
        if on_edges:
            assert node.gathers is not None
            lines.append(Text(operation(node.gathers)[0], 8))
            if node.choice is not None:
                lines.append(Text(_question(node.choice), 7.5))
            return lines, "", node.choice is not None
        answers = {n: answered(n, label) for n, label in words.items() if not label.startswith("[")}
        said = [word for word in answers.values() if word]
        kind = self._kind(node)
        body = node.body or part.node
        if not said and not opened:
            found = contents(body)
            title = body.callee if body.callee not in ("turn", body.segment) and body is not part.node else ""
            if body.level == "primitive" or not found:
                lines = [Text(part.name, 8.5, True)]
                said = (
                    [w for w in operation(body.values[-1]) if w != part.name]
                    if body.level == "primitive"
                    else []
                )
                lines += [Text(t, 8) for t in said]
            else:
                lines = [Text(part.name, 8.5, True), *([Text(title, 8)] if title else [])]
                shown = found if len(found) <= _FEW else [*found[: _FEW - 1], "…"]
                lines += [Text(t, 7.5) for t in wrapped(shown, _COLUMNS, ", ")]
        else:
            self._said.update(dict.fromkeys(answers))
            self._example = self._example or " · ".join(said[:2])
            lines += [Text(" · ".join(said[:2]), 9, True)] if said else []
            lines += [Text(t, 8) for t in wrapped(said[2:], _COLUMNS)]
        if part.absorbed:
            lines.append(Text(absorbed_text(part.absorbed), 8))
        if node.choice is not None:
            lines.append(Text(_question(node.choice), 7.5))
        lines += [Text(t, 7.5) for n, c in list(opened.items())[:_MOST] for t in self._asked(n, c)]
        if len(opened) > _MOST:
            lines.append(Text(f"and {len(opened) - _MOST} more", 7.5))
        known = {node.choice, *inside, *opened.values()}
        elsewhere = [c for c in deciding(part.values, self._outline) if c not in known]
        lines += [Text(t, 7.5) for t in deciders_of(elsewhere, part.node.path)]
        lines += [
            Text(f"also reads {e.source.part.name}", 7.5)
            for e in self._cell.edges
            if e.target is node and e.aside
        ]
        return lines, kind, bool(opened or elsewhere) or node.choice is not None

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
        if node.part.node is None or body is None or self._on_edges(node) or self._joint(node) is not None:
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
        return any(e.operation is not None or e.answer for e in self._cell.edges if e.target is node)

    def _note(self, node: CellNode) -> str:
        part = node.part
        assert part.node is not None
        words = answers_of(part.node, self._outline)
        facts = [part.path, *(f"{n} = {label}" for n, label in words.items())]
        facts += [f"{n} ~ {domain_words(c)}" for n, c in open_choices(part.node, self._outline).items()]
        deciders = deciding(part.values, self._outline)
        facts += [f"depends on {depending_on(deciders)}"] if deciders else []
        return "\n".join([*facts, f"shape {shape_text(part.values[-1].shape)}", *self._worth[node].lines()])

    # -- edges ------------------------------------------------------------------------------------

    def _edge(self, edge: CellEdge, number: Mapping[CellNode, int]) -> FlowEdge:
        lines, fill, note = [], "", ""
        word = _on_edge(edge)
        if word:
            lines, fill = [Text(short(word), 8.5)], self._colours[word]
        elif edge.asked is not None:
            name = KeyPath.parse(edge.asked.path).name
            lines, fill = [Text(t, 7.5) for t in self._asked(name, edge.asked)], PAPER
            if edge.asked.size > 3 and edge.asked.path not in self._chances:
                lines = [Text(f"{name}: 1 of {edge.asked.size}", 7.5)]
                note = domain_words(edge.asked)
        if edge.chance is not None:
            lines.append(Text(f"{edge.chance:.2f}", 8, bold=True))
        thickness = 1.0 if edge.chance is None else round(0.4 + 2.6 * edge.chance, 2)
        dashed = edge.optional or edge.asked is not None
        return FlowEdge(number[edge.source], number[edge.target], tuple(lines), fill, dashed, thickness, note)

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
        asked = list(dict.fromkeys(tuple(e.asked.labels()) for e in self._cell.edges if e.asked is not None))
        for labels in asked[:2]:
            yield sample(f"one of {', '.join(labels)}", f"1 of {len(labels)}")
        if any(e.chance is not None for e in self._cell.edges):
            yield line("probability in the search, as number and thickness", thickness=2.2)


def _on_edge(edge: CellEdge) -> str:
    """What the operation on an edge is called; "" where there is none, or a choice decides."""
    node = edge.operation
    if edge.answer or edge.asked is not None or node is None:
        return edge.answer
    if node.level == "alternative":
        return node.segment
    inner = next((n for n in node.walk() if n is not node and n.level == "alternative"), None)
    return inner.segment if inner is not None else node.callee


def _question(choice: Choice) -> str:
    return f"{KeyPath.parse(choice.path).name}: {domain_words(choice)}"

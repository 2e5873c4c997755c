"""The graph view: the operations at a depth, deeper ones as one box, with shapes on the edges and costs in
the boxes.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Value
from archdsl.outline.asking import deciding
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node
from archdsl_draw.cut import cut, usual_depth
from archdsl_draw.flow import Flow, FlowBox, FlowEdge, FlowFrame, Text, draw_flow
from archdsl_draw.flow import Outline as Outlined
from archdsl_draw.heading import MARGIN, draw_heading, finished, summary_of
from archdsl_draw.keys import Entry, draw_entries, line, pile, sample, swatch
from archdsl_draw.palette import FAINT, OKABE_ITO, PANEL, PAPER
from archdsl_draw.parts import Around, Link, Part, Picture
from archdsl_draw.scene import Scene
from archdsl_draw.words import (
    FAMILIES,
    absorbed_text,
    answered,
    answers_of,
    contents,
    count_text,
    deciders_of,
    depending_on,
    domain_words,
    family_of,
    open_choices,
    operation,
    shape_text,
    wrapped,
)
from archdsl_draw.worth import worths

MOST = 1000  # boxes
_COLUMNS = 26
_FEW = 4


def graph_scene(around: Around, depth: int | None) -> Scene:
    """The graph at a depth below the focus; without one, at the least that shows something.

    Raises DiagnosticError E0966 for more than a thousand boxes, E0960 without a program of Graphviz.
    """
    depth = usual_depth(around) if depth is None else depth
    picture = cut(around, depth)
    if len(picture.parts) > MOST:
        message = (
            f"`{around.graph.name}` has {len(picture.parts):,} parts at depth {depth}, more than the "
            f"{MOST:,} that one picture takes"
        )
        raise DiagnosticError(
            codes.VIEW_DOES_NOT_FIT.error(
                None, message, help="a smaller `--depth`, or a part of it by `--focus`"
            )
        )
    place = f" · inside {around.focus.path}" if around.focus.path else ""
    scene = Scene(around.graph.name, f"{summary_of(around.graph)}{place} · depth {depth}")
    right, top = draw_heading(scene)
    drawn = _Drawn(picture, around.outline)
    flow = Flow(drawn.boxes, drawn.edges, drawn.frames, "TB")
    far, bottom = draw_flow(scene, flow, MARGIN, top)
    right = max(right, far)
    far, bottom = draw_entries(scene, drawn.legend(), MARGIN, bottom + 18, right)
    return finished(scene, max(right, far), bottom)


class _Drawn:
    """The picture as boxes and edges."""

    def __init__(self, picture: Picture, outline: Outline) -> None:
        self._picture, self._outline = picture, outline
        costs = worths([part.values for part in picture.parts], outline.graph)
        self._worth = dict(zip(picture.parts, costs, strict=True))
        self._families: dict[str, None] = {}
        number: dict[Node | None, int] = {node: i for i, node in enumerate(picture.frames)}
        self.frames: list[FlowFrame] = []
        for node, title in picture.frames.items():
            self.frames.append(FlowFrame(title, number.get(picture.inside[node])))
        self.boxes = [self._box(part, number.get(part.frame)) for part in picture.parts]
        place = {part: i for i, part in enumerate(picture.parts)}
        self.edges = [self._edge(link, place) for link in picture.links]

    def _box(self, part: Part, frame: int | None) -> FlowBox:
        if part.node is None:
            return FlowBox(
                part.path, (Text(part.name, 9, True),), "end", FAINT, note=part.kind
            )
        lines, is_open, family = self._lines(part)
        fill = OKABE_ITO[list(FAMILIES).index(family)] if family else PAPER
        if family:
            self._families.setdefault(family)
        is_plain = not part.node.children and not family and not self._worth[part].params[1]
        outline: Outlined = "joint" if is_plain and not part.is_several else "box"
        note = self._note(part)
        return FlowBox(
            part.path, tuple(lines), outline, fill, is_open, part.is_several, note, frame
        )

    def _lines(self, part: Part) -> tuple[list[Text], bool, str]:
        """The lines of a box, whether something is open in it, and the family that its colour stands for."""
        node = part.node
        assert node is not None
        family = ""
        asked = open_choices(node, self._outline) if node.level != "primitive" else {}
        own = {
            name: choice for name, choice in asked.items() if not KeyPath.parse(name).parent
        }
        if not node.children and part.values:
            value = next((v for v in part.values if v in node.values), part.values[0])
            lines, family = _of_operation(part, value), family_of(value)
        else:
            lines = self._of_block(part, node, bool(own))
        deciders = deciding([*part.values, *part.twins], self._outline)
        if part.absorbed:
            lines.append(Text(absorbed_text(part.absorbed), 8))
        lines += [
            Text(f"{name}: {domain_words(choice)}", 7.5)
            for name, choice in list(own.items())[:_FEW]
        ]
        inner = len(asked) - min(len(own), _FEW)
        if inner:
            lines.append(
                Text(
                    f"{inner} {'more ' if own else ''}choice{'s' * (inner > 1)} inside", 7.5
                )
            )
        elsewhere = [c for c in deciders if c not in asked.values()]
        lines += [Text(t, 7.5) for t in deciders_of(elsewhere, node.path)]
        if part.is_several:
            lines.append(
                Text(
                    f"× {count_text(part.repeat)}{' side by side' if part.abreast else ''}",
                    9,
                    True,
                )
            )
        each = " each" if part.is_several else ""
        lines += [Text(f"{t}{each}", 7.5, soft=True) for t in self._worth[part].lines()]
        return lines, bool(deciders or asked), family

    def _of_block(self, part: Part, node: Node, is_open: bool) -> list[Text]:
        """What a block is called, and what was answered in it or, if nothing is open, what it consists of."""
        lines = [Text(part.name, 9, True)]
        if node.callee not in ("turn", node.path.base):
            lines.append(Text(node.callee, 8))
        said = []
        for name, label in answers_of(node, self._outline).items():
            if not KeyPath.parse(name).parent and not label.startswith("["):
                said.append(answered(name, label))
        found = [word for word in said if word]
        between = " · " if found else ", "
        if not found and not is_open:
            found = contents(node)
        shown = found if len(found) <= _FEW else [*found[: _FEW - 1], "…"]
        return lines + [Text(t, 7.5) for t in wrapped(shown, _COLUMNS, between)]

    def _note(self, part: Part) -> str:
        assert part.node is not None
        facts = [part.path, *(f"then {n.path}" for n in part.absorbed)]
        if part.is_several:
            facts.append(
                f"{count_text(part.repeat)} equal ones {'side by side' if part.abreast else 'in a row'}"
            )
        facts += [
            f"{n} = {label}" for n, label in answers_of(part.node, self._outline).items()
        ]
        facts += [
            f"{n} ~ {domain_words(c)}"
            for n, c in open_choices(part.node, self._outline).items()
        ]
        deciders = deciding([*part.values, *part.twins], self._outline)
        facts += [f"depends on {depending_on(deciders)}"] if deciders else []
        return "\n".join(
            [
                *facts,
                f"shape {shape_text(part.values[-1].shape)}",
                *self._worth[part].lines(),
            ]
        )

    def _edge(self, link: Link, place: dict[Part, int]) -> FlowEdge:
        shapes = dict.fromkeys(shape_text(v.shape) for v in link.values)
        lines = [Text(shape, 7, soft=True) for shape in list(shapes)[:3]]
        return FlowEdge(place[link.source], place[link.target], tuple(lines))

    def _white(self) -> Iterator[str]:
        """What white boxes are."""
        for part, box in zip(self._picture.parts, self.boxes, strict=True):
            if part.node is not None and box.outline == "box" and box.fill == PAPER:
                yield (
                    "block, its inside not shown"
                    if part.node.children
                    else "another operation"
                )

    def legend(self) -> Iterator[Entry]:
        yield swatch("input, output", FAINT, radius=6)
        for family in sorted(self._families, key=list(FAMILIES).index):
            yield swatch(family, OKABE_ITO[list(FAMILIES).index(family)])
        if any(b.outline == "joint" for b in self.boxes):
            yield swatch("operation without weights", PAPER, radius=6)
        for text in sorted(set(self._white())):
            yield swatch(text, PAPER)
        if self.frames:
            yield swatch("block, its inside shown", PANEL)
        if any(b.several for b in self.boxes):
            yield pile("equal ones, drawn once")
        if any(" × " in f.title for f in self.frames):
            yield sample("so many equal ones in a row, the first drawn", "× 2", bold=True)
        if any(b.open for b in self.boxes):
            yield swatch("choices are open", PAPER, dashed=True)
        if self.edges:
            yield line("c64 t8 h14 w14: the sizes of what flows, by dimension")


def _of_operation(part: Part, value: Value) -> list[Text]:
    first, *more = operation(value)
    named = [Text(part.name, 9, True)] if _is_named(part, value) else []
    return [*named, Text(first, 8.5, not named), *(Text(t, 8) for t in more)]


def _is_named(part: Part, value: Value) -> bool:
    """Whether somebody gave the operation a name of its own."""
    assert part.node is not None
    return part.is_several or part.node.path.base not in (
        part.node.callee,
        getattr(value, "name", "select"),
    )

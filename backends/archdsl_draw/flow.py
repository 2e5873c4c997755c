"""Boxes and curves on paper: measures boxes by their texts, has them placed, and draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from archdsl_draw.metrics import fitted, text_width
from archdsl_draw.palette import INK, LINE, PANEL, PAPER, SOFT, ink_on
from archdsl_draw.placing import Direction, Frame, Places, Spot, Tie, place
from archdsl_draw.scene import Arrow, Box, Label, Scene

Outline = Literal["box", "end", "joint"]
_PAD = 5.0
_WIDEST = 150.0  # longer texts are cut; the note has them whole
_PILE = 4.0
_TITLE = 8.5


@dataclass(frozen=True, slots=True)
class Text:
    """A line of a box or of an edge."""

    text: str
    size: float = 8
    bold: bool = False
    soft: bool = False

    @property
    def width(self) -> float:
        return text_width(self.text, self.size, self.bold)

    @property
    def height(self) -> float:
        return self.size * 1.3

    def fitted(self) -> Text:
        return replace(self, text=fitted(self.text, _WIDEST, self.size, self.bold))


@dataclass(frozen=True, slots=True)
class FlowBox:
    """An `end` is an input or output, a `joint` a small round operation; `several` draws a pile, `open` a
    dashed outline.
    """

    name: str
    lines: tuple[Text, ...]
    outline: Outline = "box"
    fill: str = PAPER
    open: bool = False
    several: bool = False
    note: str = ""
    frame: int | None = None

    @property
    def size(self) -> tuple[float, float]:
        pad = 4.0 if self.outline == "joint" else _PAD
        lines = self.shown()
        width = max([line.width for line in lines], default=0) + 2 * pad
        height = sum(line.height for line in lines) + 2 * pad
        if self.outline == "end":  # for its round corners
            width += 6
        least = height if self.outline == "joint" else 34
        return max(width, least), max(height, 18)

    def shown(self) -> list[Text]:
        return [line.fitted() for line in self.lines]


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """From one box to another, by their numbers. `fill` is that of the plate under its text, "" for none; the
    text stands in the curve, so that nobody asks whose it is.
    """

    source: int
    target: int
    lines: tuple[Text, ...] = ()
    fill: str = ""
    dashed: bool = False
    thickness: float = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class FlowFrame:
    """A titled frame around boxes, `inside` another one."""

    title: str
    inside: int | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Boxes, what leads from one to another, and frames around them, to be drawn from left to right or from
    top to bottom.
    """

    boxes: Sequence[FlowBox]
    edges: Sequence[FlowEdge]
    frames: Sequence[FlowFrame]
    direction: Direction


def draw_flow(scene: Scene, flow: Flow, left: float, top: float) -> tuple[float, float]:
    """Draws with the upper left corner there; returns the right and lower ends. Raises DiagnosticError E0960
    without a program of Graphviz.
    """
    boxes, edges, frames = flow.boxes, flow.edges, flow.frames
    pile = [_PILE if b.several else 0.0 for b in boxes]
    spots = []
    for box, shift in zip(boxes, pile, strict=True):
        width, height = box.size
        spots.append(Spot(width + shift, height + shift, box.frame))
    ties, owners = [], []  # the edge of each curve
    plates: dict[int, int] = {}  # the spot of the text of each edge that runs through it
    for number, edge in enumerate(edges):
        if edge.lines:
            plates[number] = len(spots)
            frame = _around(boxes[edge.source].frame, boxes[edge.target].frame, frames)
            spots.append(Spot(*_plate(edge), frame))
            ties.append(Tie(edge.source, plates[number], head=False))
            ties.append(Tie(plates[number], edge.target))
            owners += [edge, edge]
        else:
            ties.append(Tie(edge.source, edge.target))
            owners.append(edge)
    rooms = [
        Frame(2 * text_width(f.title, _TITLE, True) + 20, 13, f.inside) for f in frames
    ]
    places = place(spots, ties, rooms, flow.direction)
    scene.items.extend(_frames(frames, places, left, top))
    for edge, tie, curve in zip(owners, ties, places.curves, strict=True):
        points = tuple((x + left, y + top) for x, y in curve)
        scene.items.append(Arrow(points, tie.head, edge.dashed, INK, True, edge.thickness))
    scene.items.extend(_titles(frames, places, left, top))
    for number, spot in plates.items():
        x, y = places.boxes[spot]
        scene.items.extend(_edge_text(edges[number], x + left, y + top))
    for box, (x, y), shift in zip(boxes, places.boxes, pile, strict=False):
        scene.items.extend(_box(box, x + left - shift / 2, y + top - shift / 2, shift))
    return left + places.width, top + places.height


def _plate(edge: FlowEdge) -> tuple[float, float]:
    """The room of an edge's text, with air around it where it has a plate."""
    air = 5 if edge.fill else 1
    return max(line.width for line in edge.lines) + 8, sum(
        line.height for line in edge.lines
    ) + air


def _around(a: int | None, b: int | None, frames: Sequence[FlowFrame]) -> int | None:
    """The innermost frame around two boxes: what is between them stands in it."""
    outer = []
    while a is not None:
        outer.append(a)
        a = frames[a].inside
    while b is not None and b not in outer:
        b = frames[b].inside
    return b


def _frames(
    frames: Sequence[FlowFrame], places: Places, left: float, top: float
) -> Iterator[Box | Label]:
    depth: list[int] = []
    for frame in frames:
        depth.append(0 if frame.inside is None else depth[frame.inside] + 1)
    for number, (x0, y0, x1, y1) in enumerate(places.frames):
        fill = PANEL if depth[number] % 2 == 0 else PAPER
        yield Box(x0 + left, y0 + top, x1 - x0, y1 - y0, fill, LINE, radius=4)


def _titles(
    frames: Sequence[FlowFrame], places: Places, left: float, top: float
) -> Iterator[Label]:
    """At the left, so that what enters in the middle does not cross them: the room is twice as wide."""
    for frame, (x0, _, _, _), (_, y) in zip(
        frames, places.frames, places.titles, strict=True
    ):
        yield Label(
            x0 + left + 8, y + top + 3, frame.title, _TITLE, "start", bold=True, colour=SOFT
        )


def _edge_text(edge: FlowEdge, x: float, y: float) -> Iterator[Box | Label]:
    width, height = _plate(edge)
    left, top = x - width / 2, y - height / 2
    if edge.fill:
        yield Box(
            left,
            top,
            width,
            height,
            edge.fill,
            dashed=edge.dashed,
            radius=4,
            note=edge.note,
        )
    yield from _stacked(edge.lines, x, y, edge.fill or PAPER)


def _box(box: FlowBox, x: float, y: float, pile: float) -> Iterator[Box | Label]:
    width, height = box.size
    left, top = x - width / 2, y - height / 2
    radius = {"box": 2.0, "end": min(height / 2, 12.0), "joint": height / 2}[box.outline]
    if pile:
        for shift in (pile, pile / 2):
            yield Box(left + shift, top + shift, width, height, PAPER, radius=radius)
    paper = Box(left, top, width, height, box.fill, dashed=box.open, radius=radius)
    yield replace(paper, name=box.name, note=box.note)
    yield from _stacked(box.shown(), x, y, box.fill)


def _stacked(lines: Sequence[Text], x: float, y: float, fill: str) -> Iterator[Label]:
    """Lines of text around a point on a colour; what is soft is so on white and grey."""
    top = y - sum(line.height for line in lines) / 2
    for line in lines:
        colour = SOFT if line.soft and fill in (PAPER, PANEL) else ink_on(fill)
        yield Label(
            x, top + line.height * 0.8, line.text, line.size, bold=line.bold, colour=colour
        )
        top += line.height

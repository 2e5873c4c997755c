"""Places boxes of known size and the curves between them. Graphviz computes where, others draw.

places = place([Spot(40, 20), Spot(60, 20)], [Tie(0, 1)], [], "TB")
places.width, places.height      60 and 51 points
places.boxes                     the centres, (30, 10) and (30, 41)
places.curves                    one: from (30, 20.18) straight down to the tip at (30, 30.98)
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from archdsl_draw.engine import run

if TYPE_CHECKING:
    from graphviz import Digraph

Point = tuple[float, float]
Direction = Literal["LR", "TB"]
_INCH = 72


@dataclass(frozen=True, slots=True)
class Spot:
    """A box to be placed, by its number; `frame` is the frame around it, by its number."""

    width: float
    height: float
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A curve from one box to another."""

    source: int
    target: int
    head: bool = True


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame around boxes and other frames, with room for a title of this size at its upper edge."""

    width: float
    height: float
    inside: int | None = None


class Places:
    """Points, y downwards. Boxes by their centres; a curve is a Bézier spline whose last point is the tip of
    the arrow; frames are (left, top, right, bottom) with the centre of their title.
    """

    def __init__(
        self, width: float, height: float, boxes: int, curves: int, frames: int
    ) -> None:
        self.width, self.height = width, height
        self.boxes: list[Point] = [(0, 0)] * boxes
        self.curves: list[tuple[Point, ...]] = [()] * curves
        self.frames: list[tuple[float, float, float, float]] = [(0, 0, 0, 0)] * frames
        self.titles: list[Point] = [(0, 0)] * frames


def place(
    spots: Sequence[Spot],
    ties: Sequence[Tie],
    frames: Sequence[Frame],
    direction: Direction,
) -> Places:
    """Raises DiagnosticError E0960 where no program of Graphviz is installed, or it fails."""
    found = run(source(spots, ties, frames, direction), "json")
    return read_places(json.loads(found), len(spots), len(ties), len(frames))


def source(
    spots: Sequence[Spot],
    ties: Sequence[Tie],
    frames: Sequence[Frame],
    direction: Direction,
) -> str:
    """The graph in the DOT language: boxes are `n0`, `n1` …, frames clusters, edges have their number as
    `id`.
    """
    from graphviz import Digraph  # here, as most drawings need no program

    across, along = (12, 30) if direction == "LR" else (18, 11)
    if direction == "LR" and ties:  # room for many curves into one box
        busiest = max(Counter(t.target for t in ties).values())
        along = min(along + 12 * max(busiest - 3, 0), 130)
    graph = Digraph()
    graph.attr("graph", rankdir=direction, nodesep=_inches(across), ranksep=_inches(along))
    graph.attr("graph", splines="true", labeljust="l", margin="0", pad="0")
    graph.attr("node", shape="box", fixedsize="true", label="")
    graph.attr("edge", arrowsize="0.55")
    _fill(graph, None, spots, frames)
    for number, tie in enumerate(ties):
        look = {} if tie.head else {"dir": "none"}
        graph.edge(f"n{tie.source}", f"n{tie.target}", id=f"e{number}", **look)
    text: str = graph.source
    return text


def _fill(
    graph: Digraph, frame: int | None, spots: Sequence[Spot], frames: Sequence[Frame]
) -> None:
    """Puts what is inside a frame into its cluster, and what is in none into the whole."""
    for number, inner in enumerate(frames):
        if inner.inside == frame:
            with graph.subgraph(name=f"cluster_{number}") as cluster:
                cluster.attr("graph", margin="8", label=_room(inner.width, inner.height))
                _fill(cluster, number, spots, frames)
    for number, spot in enumerate(spots):
        if spot.frame == frame:
            graph.node(f"n{number}", width=_inches(spot.width), height=_inches(spot.height))


def _inches(points: float) -> str:
    return f"{points / _INCH:.4f}"


def _room(width: float, height: float) -> str:
    """A label that takes a given room, whatever fonts there are."""
    size = f'fixedsize="true" width="{width:.0f}" height="{height:.0f}"'
    bare = 'border="0" cellborder="0" cellspacing="0" cellpadding="0"'
    return f"<<table {bare} {size}><tr><td></td></tr></table>>"


def read_places(found: Mapping[str, Any], boxes: int, ties: int, frames: int) -> Places:
    left, bottom, right, top = map(float, found["bb"].split(","))

    def turned(text: str) -> Point:
        x, y = map(float, text.split(","))
        return round(x - left, 2), round(top - y, 2)

    places = Places(right - left, top - bottom, boxes, ties, frames)
    for thing in found.get("objects", ()):
        name = thing["name"]
        if not name.startswith("cluster_"):
            places.boxes[int(name[1:])] = turned(thing["pos"])
            continue
        number = int(name.removeprefix("cluster_"))
        x0, y0, x1, y1 = thing["bb"].split(",")
        places.frames[number] = (*turned(f"{x0},{y1}"), *turned(f"{x1},{y0}"))
        places.titles[number] = turned(thing["lp"])
    for edge in found.get("edges", ()):
        places.curves[int(edge["id"][1:])] = _curve(edge["pos"].split(), turned)
    return places


def _curve(parts: Sequence[str], turned: Callable[[str], Point]) -> tuple[Point, ...]:
    tip = next((turned(p[2:]) for p in parts if p.startswith("e,")), None)
    points = tuple(turned(p) for p in parts if p[:2] not in ("e,", "s,"))
    return (*points, tip if tip is not None else points[-1])

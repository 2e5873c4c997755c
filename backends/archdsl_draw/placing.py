"""Places boxes of known size and the curves between them: Graphviz's `dot` computes, the drawing is made
elsewhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError

Point = tuple[float, float]
_INCH = 72
_SECONDS = 120


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


@dataclass(slots=True)
class Places:
    """Points, y downwards. Boxes by their centres; a curve is a Bézier spline whose last point is the tip of
    the arrow; frames are (left, top, right, bottom) with the centre of their title.
    """

    width: float
    height: float
    boxes: list[Point]
    curves: list[tuple[Point, ...]]
    frames: list[tuple[float, float, float, float]]
    titles: list[Point] = field(default_factory=list)


def place(
    spots: Sequence[Spot], ties: Sequence[Tie], frames: Sequence[Frame], direction: Literal["LR", "TB"]
) -> Places:
    """Raises DiagnosticError E0960 where the program `dot` is missing or fails."""
    text = "\n".join(_source(spots, ties, frames, direction))
    return _read(json.loads(_run(text)), len(spots), len(ties), len(frames))


def _run(text: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        message = (
            "the cell view and the graph view need the program `dot` of Graphviz, which is not installed"
        )
        help = "`apt install graphviz`, or `--view macro` or `--view space`, which need none"
        raise DiagnosticError(codes.NO_DOT.error(None, message, help=help))
    try:
        done = subprocess.run(
            [program, "-Tjson"], input=text.encode(), capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"`dot` did not place the boxes within {_SECONDS} seconds"
        raise DiagnosticError(
            codes.NO_DOT.error(None, message, help="draw less: `--depth 1`, or a part by `--focus`")
        ) from None
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no output"]
        raise DiagnosticError(
            codes.NO_DOT.error(None, f"`dot` failed: {lines[-1]}", help="`--view macro` needs no program")
        )
    return done.stdout


def _source(
    spots: Sequence[Spot], ties: Sequence[Tie], frames: Sequence[Frame], direction: str
) -> Iterator[str]:
    across, along = (12, 30) if direction == "LR" else (18, 11)
    if direction == "LR" and ties:  # room for many curves into one box
        busiest = max(Counter(t.target for t in ties).values(), default=0)
        along = min(along + 12 * max(busiest - 3, 0), 130)
    yield "digraph g {"
    gaps = f"nodesep={across / _INCH:.4f}, ranksep={along / _INCH:.4f}"
    yield f"graph [rankdir={direction}, {gaps}, splines=true, labeljust=l, margin=0, pad=0];"
    yield 'node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0.55];'
    yield from _inside(None, spots, frames)
    for number, tie in enumerate(ties):
        head = "" if tie.head else ", dir=none"
        yield f'n{tie.source} -> n{tie.target} [id="e{number}"{head}];'
    yield "}"


def _inside(frame: int | None, spots: Sequence[Spot], frames: Sequence[Frame]) -> Iterator[str]:
    for number, inner in enumerate(frames):
        if inner.inside == frame:
            yield f"subgraph cluster_{number} {{ graph [margin=8, label={_room(inner.width, inner.height)}];"
            yield from _inside(number, spots, frames)
            yield "}"
    for number, spot in enumerate(spots):
        if spot.frame == frame:
            yield f"n{number} [width={spot.width / _INCH:.4f}, height={spot.height / _INCH:.4f}];"


def _room(width: float, height: float) -> str:
    """A label that takes a given room, whatever fonts there are."""
    size = f'fixedsize="true" width="{width:.0f}" height="{height:.0f}"'
    bare = 'border="0" cellborder="0" cellspacing="0" cellpadding="0"'
    return f"<<table {bare} {size}><tr><td></td></tr></table>>"


def _read(found: Mapping[str, Any], boxes: int, ties: int, frames: int) -> Places:
    left, bottom, right, top = map(float, found["bb"].split(","))

    def turned(text: str) -> Point:
        x, y = map(float, text.split(","))
        return round(x - left, 2), round(top - y, 2)

    places = Places(
        right - left, top - bottom, [(0, 0)] * boxes, [()] * ties, [(0, 0, 0, 0)] * frames, [(0, 0)] * frames
    )
    for thing in found.get("objects", ()):
        name = thing["name"]
        if name.startswith("cluster_"):
            number = int(name.removeprefix("cluster_"))
            x0, y0, x1, y1 = map(float, thing["bb"].split(","))
            places.frames[number] = (
                round(x0 - left, 2),
                round(top - y1, 2),
                round(x1 - left, 2),
                round(top - y0, 2),
            )
            places.titles[number] = turned(thing["lp"])
        else:
            places.boxes[int(name[1:])] = turned(thing["pos"])
    for edge in found.get("edges", ()):
        number = int(edge["id"][1:])
        places.curves[number] = _curve(edge["pos"].split(), turned)
    return places


def _curve(parts: Sequence[str], turned: Any) -> tuple[Point, ...]:
    tip = next((turned(p[2:]) for p in parts if p.startswith("e,")), None)
    points = tuple(turned(p) for p in parts if p[:2] not in ("e,", "s,"))
    return (*points, tip if tip is not None else points[-1])

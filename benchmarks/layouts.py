"""Graphviz's `dot` beside its port `graphviz-pure` over the gallery: `python benchmarks/layouts.py`.

Every network that ships is drawn as a graph and as a cell, and the cells of the gallery's figures are. What
these drawings ask of Graphviz is asked of both programs. Counted are failures, paper, crossings of curves,
and boxes that a curve of others runs through.
"""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import isclose
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Any

from archdsl.architecture import load
from archdsl_draw import engine, flow, placing, render

Point = tuple[float, float]
Room = tuple[float, float, float, float]  # left, top, right, bottom
_STEPS = 8  # straight pieces of a Bézier curve
_ALIKE = 0.02  # of the paper: what its width and height may differ by
_GALLERY = Path(__file__).parent.parent / "docs" / "gallery.py"


@dataclass(frozen=True, slots=True)
class Question:
    """One layout that a drawing needs."""

    name: str
    source: str
    spots: Sequence[placing.Spot]
    ties: Sequence[placing.Tie]
    frames: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` of the processor, the paper in points, and what is bad about the curves."""

    seconds: float
    width: float
    height: float
    crossings: int
    struck: int

    def is_like(self, other: Answer) -> bool:
        sizes = ((self.width, other.width), (self.height, other.height))
        is_as_large = all(isclose(a, b, rel_tol=_ALIKE) for a, b in sizes)
        return is_as_large and (self.crossings, self.struck) == (
            other.crossings,
            other.struck,
        )


def questions() -> Iterator[Question]:
    gallery: dict[str, Any] = runpy.run_path(str(_GALLERY))
    for entry in gallery["entries"]():
        if entry.is_drawn:
            graph = load(f"{entry.file}:{entry.name}").graph
            for view in ("graph", "cell"):
                yield from asked(
                    f"{entry.name}, {view}", lambda g=graph, v=view: render(g, view=v)
                )
    for name, (_, figure) in gallery["FIGURES"].items():
        if name.endswith("cell"):
            yield from asked(name, figure)


def asked(name: str, draw: Callable[[], object]) -> list[Question]:
    """What a drawing asks of Graphviz."""
    found: list[Question] = []
    place = flow.place

    def recording(spots: Any, ties: Any, frames: Any, direction: Any) -> placing.Places:
        text = placing.source(spots, ties, frames, direction)
        found.append(Question(name, text, spots, ties, len(frames)))
        return place(spots, ties, frames, direction)

    flow.place = recording
    try:
        draw()
    finally:
        flow.place = place
    return found


def answer(program: str, question: Question) -> Answer | None:
    """None where the program fails."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        [program, "-Tjson"], input=question.source.encode(), capture_output=True
    )
    after = getrusage(RUSAGE_CHILDREN)
    if done.returncode or not done.stdout:
        return None
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = json.loads(done.stdout)
    places = placing.read_places(
        found, len(question.spots), len(question.ties), question.frames
    )
    lines = [straightened(curve) for curve in places.curves]
    struck = count_struck(question, places, lines)
    return Answer(
        seconds, places.width, places.height, count_crossings(question.ties, lines), struck
    )


def count_crossings(ties: Sequence[placing.Tie], lines: Sequence[list[Point]]) -> int:
    """Crossings of curves that have no box in common."""
    total = 0
    for (one, a), (other, b) in combinations(zip(ties, lines, strict=True), 2):
        if {one.source, one.target}.isdisjoint((other.source, other.target)) and meet(
            room(a), room(b)
        ):
            total += crossings(a, b)
    return total


def count_struck(
    question: Question, places: placing.Places, lines: Sequence[list[Point]]
) -> int:
    """Pairs of a box and a curve between other boxes that runs through it."""
    total = 0
    for number, (spot, (x, y)) in enumerate(zip(question.spots, places.boxes, strict=True)):
        half = spot.width / 2 - 1, spot.height / 2 - 1
        around = (x - half[0], y - half[1], x + half[0], y + half[1])
        for tie, line in zip(question.ties, lines, strict=True):
            if number not in (tie.source, tie.target):
                total += any(meet((*point, *point), around) for point in line)
    return total


def straightened(curve: Sequence[Point]) -> list[Point]:
    """Points along a spline of Bézier curves; the last one is the tip of the arrow."""
    points = [curve[0]]
    for start in range(0, len(curve) - 4, 3):
        ends = curve[start : start + 4]
        points += [along(ends, step / _STEPS) for step in range(1, _STEPS + 1)]
    return [*points, curve[-1]]


def along(ends: Sequence[Point], t: float) -> Point:
    """The point at `t` of a Bézier curve (de Casteljau)."""
    while len(ends) > 1:
        ends = [(a + (c - a) * t, b + (d - b) * t) for (a, b), (c, d) in pairwise(ends)]
    return ends[0]


def crossings(a: Sequence[Point], b: Sequence[Point]) -> int:
    total = 0
    for p, q in pairwise(a):
        total += sum(cross(p, q, r, s) for r, s in pairwise(b))
    return total


def cross(p: Point, q: Point, r: Point, s: Point) -> bool:
    return is_left(p, q, r) != is_left(p, q, s) and is_left(r, s, p) != is_left(r, s, q)


def is_left(a: Point, b: Point, c: Point) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])


def room(line: Sequence[Point]) -> Room:
    xs, ys = zip(*line, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def meet(a: Room, b: Room) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def line_of(name: str, answers: Sequence[Answer | None]) -> str:
    good = [a for a in answers if a is not None]
    paper = sum(a.width * a.height for a in good) / 1e6
    seconds = [a.seconds for a in good]
    return (
        f"{name:<14} failed {len(answers) - len(good):>3}   crossings {sum(a.crossings for a in good):>5}   "
        f"boxes struck {sum(a.struck for a in good):>3}   paper {paper:.2f} M points²   "
        f"seconds: median {median(seconds):.3f}, most {max(seconds):.3f}"
    )


def main() -> None:
    """A line for each program, and one for each layout in which they differ."""
    programs = {"dot": shutil.which("dot"), engine.PORT: engine.ported()}
    there = {name: program for name, program in programs.items() if program is not None}
    found = list(questions())
    boxes, curves = sum(len(q.spots) for q in found), sum(len(q.ties) for q in found)
    print(f"{len(found)} layouts, {boxes:,} boxes, {curves:,} curves")
    answers = []
    for name, program in there.items():
        answers.append([answer(program, question) for question in found])
        print(line_of(name, answers[-1]))
    for question, *own in zip(found, *answers, strict=True):
        good = [a for a in own if a is not None]
        if len(good) < len(own) or not all(a.is_like(good[0]) for a in good):
            texts = [
                f"{a.width:.0f} × {a.height:.0f}, {a.crossings}, {a.struck}" for a in good
            ]
            print(f"  {question.name:<44} {'   '.join(texts)}")


if __name__ == "__main__":
    main()

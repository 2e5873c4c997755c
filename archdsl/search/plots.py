"""Plots of numbers over rounds or epochs, as SVG: axes with ticks, levels to compare with, and values under
the pointer without a script.

    Plot("Loss", "epoch", (Line("training", [(1, 2.1), (2, 1.7)]),), (Level("chance", 2.08),))

has an axis from 0 to 2.5 with ticks at 0, 0.5 … 2.5, a dashed line at 2.08, and tells "epoch 2: training 1.7"
under the pointer. The style sheet is `page.css`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10
from typing import TypeVar

from archdsl.diagnostics.visible import markup
from archdsl.ir.notation import amount

WIDTH, HEIGHT = 380, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 18, 32
POINTS = 120  # of a line, at most
_TOLD = 60  # places under the pointer, at most
_INKS = 8  # colours of lines; after those they are dashed

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers at rounds, in order; `ink` is its colour by the style sheet."""

    name: str
    points: Sequence[tuple[float, float]]
    ink: int = 0


@dataclass(frozen=True, slots=True)
class Level:
    """A number that others are compared with: chance, a budget."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over one axis. `most` holds at least what the axis shows, so that several plots have one scale;
    `across` is what is counted from left to right, to `last` at least.
    """

    title: str
    across: str
    lines: Sequence[Line]
    levels: Sequence[Level] = ()
    most: float | None = None
    last: float = 1

    def values(self) -> list[float]:
        """All that it shows."""
        found = [level.value for level in self.levels]
        for line in self.lines:
            found.extend(value for _, value in line.points)
        return found

    def greatest(self) -> float:
        """What its axis reaches at least."""
        return max([*self.values(), self.most or 0.0])


def figure(plot: Plot) -> str:
    """The plot with its title, and in words what stands at its end."""
    ends = [f"{_key(line)}<b>{number(line.points[-1][1])}</b>" for line in plot.lines]
    ends += [
        f'<i class="key level"></i>{markup(level.name)} {number(level.value)}'
        for level in plot.levels
    ]
    caption = ", ".join(ends)
    title = f"<h3>{markup(plot.title)}</h3>"
    return f"<figure>{title}{_svg(plot)}<figcaption>{caption}</figcaption></figure>"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from at most `low` to at least `high`, about `most`: 0 to 2.3 is 0, 0.5 … 2.5."""
    span = (high - low) or abs(high) or 1.0
    rough = span / most
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough * 0.999)
    first = floor(low / step + 1e-9)
    found = [first * step]
    while len(found) < 2 or found[-1] < high - step * 1e-9:
        found.append((first + len(found)) * step)
    return found


def number(value: float) -> str:
    """`0.125`, `1.7`, `1.2M`."""
    return amount(round(value)) if abs(value) >= 1000 else f"{value:.4g}"


def thinned(values: Sequence[Item], most: int = POINTS) -> list[Item]:
    """At most so many, the first and the last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def framed(
    xs: Sequence[float], ys: Sequence[float], across: str
) -> tuple[str, Scale, Scale]:
    """The axes of a plot between its outermost ticks, and where numbers lie along them."""
    x = Scale(xs[0], xs[-1], LEFT, WIDTH - RIGHT)
    y = Scale(ys[0], ys[-1], HEIGHT - BOTTOM, TOP)
    parts = []
    for value in ys:
        at = f"{y(value):.1f}"
        parts.append(f'<path class="grid" d="M{LEFT} {at}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 5}" y="{y(value) + 3.5:.1f}">{number(value)}</text>'
        )
    for value in xs:
        place = f'x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 14}"'
        parts.append(f'<text class="tick across" {place}>{number(value)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text class="tick across" x="{middle}" y="{HEIGHT - 3}">{markup(across)}</text>'
    )
    return "".join(parts), x, y


@dataclass(frozen=True, slots=True)
class Scale:
    """From numbers to places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / (
            (self.high - self.low) or 1.0
        )


def chart(label: str, content: str) -> str:
    """An SVG of the size of all plots."""
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return (
        f'<svg class="chart" role="img" aria-label="{markup(label)}" {box}>{content}</svg>'
    )


def told(places: Sequence[float], x: Scale, tell: Callable[[int], tuple[str, str]]) -> str:
    """What appears under the pointer at each place: `tell` gives marks and words for its number."""
    kept = thinned(range(len(places)), _TOLD)
    between = [(x(places[a]) + x(places[b])) / 2 for a, b in pairwise(kept)]
    height = HEIGHT - TOP - BOTTOM
    found = []
    for i, (left, right) in zip(kept, pairwise([x.start, *between, x.end]), strict=True):
        marks, words = tell(i)
        width = max(right - left, 0.1)
        area = f'<rect x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{height}"/>'
        rule = f'<path d="M{x(places[i]):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        text = f'<text x="{LEFT}" y="11">{markup(words)}</text>'
        found.append(f'<g class="at">{area}<g>{rule}{marks}{text}</g></g>')
    return "".join(found)


def whole_ticks(last: float) -> list[float]:
    """Ticks of what is counted, from 0."""
    return [t for t in ticks(0, max(last, 1)) if t == round(t)]


def _svg(plot: Plot) -> str:
    low, high = min([0.0, *plot.values()]), plot.greatest()
    last = max([plot.last, *(line.points[-1][0] for line in plot.lines)])
    axes, x, y = framed(whole_ticks(last), ticks(low, high), plot.across)
    parts = [axes]
    for level in plot.levels:
        parts.append(
            f'<path class="level" d="M{LEFT} {y(level.value):.1f}H{WIDTH - RIGHT}"/>'
        )
    parts.extend(_drawn(line, x, y) for line in plot.lines)
    shown: set[float] = set()
    for line in plot.lines:
        shown.update(at for at, _ in thinned(line.points))
    places = sorted(shown)
    known = [dict(line.points) for line in plot.lines]

    def tell(i: int) -> tuple[str, str]:
        at = places[i]
        here = [
            (line, own[at])
            for line, own in zip(plot.lines, known, strict=True)
            if at in own
        ]
        marks = [_dot(line, x(at), y(value)) for line, value in here]
        words = [f"{line.name} {number(value)}" for line, value in here]
        return "".join(marks), f"{plot.across} {at:g}: {', '.join(words)}"

    return chart(plot.title, "".join([*parts, told(places, x, tell)]))


def _drawn(line: Line, x: Scale, y: Scale) -> str:
    points = thinned(line.points)
    if len(points) == 1:
        return _dot(line, x(points[0][0]), y(points[0][1]))
    path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
    return f'<polyline class="{_class(line)}" points="{path}"/>'


def _dot(line: Line, x: float, y: float) -> str:
    return f'<circle class="{_class(line)}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'


def _class(line: Line) -> str:
    return f"ink-{line.ink % _INKS}" + (" dashed" if line.ink >= _INKS else "")


def _key(line: Line) -> str:
    return f'<i class="key {_class(line)}"></i>{markup(line.name)} '


def points_of(
    records: Iterable[tuple[float, object]],
) -> Iterator[tuple[float, float]]:
    """Those of places and values where the value is a number."""
    for at, value in records:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield at, float(value)

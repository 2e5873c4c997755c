"""A legend of entries in lines: a picture and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from archdsl_draw.metrics import text_width
from archdsl_draw.palette import PAPER
from archdsl_draw.scene import Arrow, Box, Item, Label, Scene

Picture: TypeAlias = Callable[[float, float], list[Item]]

_SIZE = 9.0
_GAP = 16.0
_BETWEEN = 8.0  # lines


@dataclass(frozen=True, slots=True)
class Entry:
    """`picture` draws so wide and high, with its left end and its middle line at what it is given."""

    text: str
    width: float
    height: float
    picture: Picture

    @property
    def room(self) -> float:
        return self.width + 5 + text_width(self.text, _SIZE)


def draw_entries(
    scene: Scene, entries: Iterable[Entry], left: float, top: float, right: float
) -> tuple[float, float]:
    """Lays entries out in lines, each as high as its tallest; returns their right and lower ends."""
    far, bottom = left, top
    for line in _lines(entries, right - left):
        y = bottom + (_BETWEEN if bottom > top else 0)
        bottom = y + max(entry.height for entry in line)
        middle, x = (y + bottom) / 2, left
        for entry in line:
            scene.items.extend(entry.picture(x, middle))
            scene.items.append(
                Label(x + entry.width + 5, middle + 3.2, entry.text, _SIZE, "start")
            )
            x += entry.room + _GAP
        far = max(far, x - _GAP)
    return far, bottom


def _lines(entries: Iterable[Entry], width: float) -> Iterator[list[Entry]]:
    """As many entries in a line as fit."""
    line: list[Entry] = []
    used = 0.0
    for entry in entries:
        if line and used + entry.room > width:
            yield line
            line, used = [], 0.0
        line.append(entry)
        used += entry.room + _GAP
    if line:
        yield line


def swatch(text: str, fill: str, *, dashed: bool = False, radius: float = 2) -> Entry:
    def picture(x: float, y: float) -> list[Item]:
        return [Box(x, y - 6, 20, 12, fill, dashed=dashed, radius=radius)]

    return Entry(text, 20, 14, picture)


def line(text: str, *, dashed: bool = False, thickness: float = 1) -> Entry:
    def picture(x: float, y: float) -> list[Item]:
        return [Arrow(((x, y), (x + 24, y)), dashed=dashed, thickness=thickness)]

    return Entry(text, 24, 14, picture)


def sample(text: str, word: str, *, bold: bool = False) -> Entry:
    """A word as it stands in the drawing."""

    def picture(x: float, y: float) -> list[Item]:
        return [Label(x, y + 3, word, 8, "start", bold=bold)]

    return Entry(text, text_width(word, 8, bold), 14, picture)


def pile(text: str) -> Entry:
    def picture(x: float, y: float) -> list[Item]:
        return [
            Box(x + shift, y - 7 + shift, 20, 10, PAPER, radius=2)
            for shift in (4.0, 2.0, 0.0)
        ]

    return Entry(text, 24, 16, picture)

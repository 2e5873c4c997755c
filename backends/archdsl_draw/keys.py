"""A legend of entries in lines: a picture and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from archdsl_draw.metrics import text_width
from archdsl_draw.palette import PAPER
from archdsl_draw.scene import Arrow, Box, Item, Label, Scene

Picture: TypeAlias = Callable[[float, float], list[Item]]

_SIZE = 9.0
_GAP = 16.0


@dataclass(frozen=True, slots=True)
class Entry:
    """`picture` draws so wide and high, with its left end and its middle line at what it is given."""

    text: str
    width: float
    height: float
    picture: Picture


def draw_entries(
    scene: Scene, entries: Iterable[Entry], left: float, top: float, right: float
) -> tuple[float, float]:
    """Lays entries out in lines; returns their right and lower ends."""
    x, y, far = left, top, left
    height = 0.0
    for entry in entries:
        room = entry.width + 5 + text_width(entry.text, _SIZE)
        if x > left and x + room > right:
            x, y, height = left, y + height + 8, 0.0
        middle = y + 7
        scene.items.extend(entry.picture(x, middle))
        scene.items.append(Label(x + entry.width + 5, middle + 3.2, entry.text, _SIZE, "start"))
        x, far, height = x + room + _GAP, max(far, x + room), max(height, entry.height)
    return far, y + height


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
        return [Box(x + shift, y - 7 + shift, 20, 10, PAPER, radius=2) for shift in (4.0, 2.0, 0.0)]

    return Entry(text, 24, 16, picture)

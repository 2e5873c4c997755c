"""What a drawing is made of: placed shapes. Points, y downwards. Every form of output is written from
these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from archdsl_draw.palette import INK, LINE, PAPER

Shape = Literal["star", "circle", "square", "triangle", "diamond"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `name` is the path of what it stands for and `note` what a reader sees on pointing at
    it.
    """

    x: float
    y: float
    width: float
    height: float
    fill: str = PAPER
    stroke: str = INK
    dashed: bool = False
    radius: float = 0
    name: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    anchor: Literal["start", "middle", "end"] = "middle"
    bold: bool = False
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line of straight pieces, with a head at its end unless `head` is False.

    Where it is `curved`, the points before the last are a Bézier spline, and a straight piece leads from its
    end to the last.
    """

    points: tuple[tuple[float, float], ...]
    head: bool = True
    dashed: bool = False
    colour: str = INK
    curved: bool = False
    thickness: float = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A small shape around a point."""

    shape: Shape
    x: float
    y: float
    radius: float
    fill: str
    stroke: str = INK


Item: TypeAlias = Box | Label | Arrow | Mark


@dataclass(slots=True)
class Scene:
    """The items from back to front, and the size of the paper."""

    title: str
    description: str
    width: float = 0
    height: float = 0
    items: list[Item] = field(default_factory=list)

    def rule(self, x0: float, y0: float, x1: float, y1: float, colour: str = LINE) -> None:
        self.items.append(Arrow(((x0, y0), (x1, y1)), head=False, colour=colour))

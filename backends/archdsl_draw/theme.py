"""A drawing of which a style sheet may turn the neutral colours, so that it reads on dark paper too."""

from __future__ import annotations

from dataclasses import replace

from archdsl_draw.palette import DIFFERENT, FAINT, INK, LINE, PANEL, PAPER, SOFT
from archdsl_draw.scene import Arrow, Box, Item, Label, Mark, Scene

NAMES = {INK: "ink", SOFT: "soft", LINE: "line", FAINT: "faint", PANEL: "panel", PAPER: "paper", DIFFERENT: "different"}


def themed(scene: Scene) -> Scene:
    """The same scene with `var(--ink)` for ink and so on. A text or a mark on a box of its own colour keeps its colour."""
    items: list[Item] = []
    boxes: list[Box] = []
    for item in scene.items:
        match item:
            case Box():
                boxes.append(item)
                items.append(replace(item, fill=_turned(item.fill), stroke=_turned(item.stroke)))
            case Arrow():
                items.append(replace(item, colour=_turned(item.colour)))
            case Label():
                stays = _is_fixed(boxes, item.x, item.y - item.size / 3)
                items.append(item if stays else replace(item, colour=_turned(item.colour)))
            case Mark():
                stays = _is_fixed(boxes, item.x, item.y)
                items.append(item if stays else replace(item, fill=_turned(item.fill), stroke=_turned(item.stroke)))
    return Scene(scene.title, scene.description, scene.width, scene.height, items)


def _turned(colour: str) -> str:
    return f"var(--{NAMES[colour]})" if colour in NAMES else colour


def _is_fixed(boxes: list[Box], x: float, y: float) -> bool:
    """Whether the topmost box under a point has a colour that stays."""
    for box in reversed(boxes):
        if box.fill != "none" and box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height:
            return box.fill not in NAMES
    return False

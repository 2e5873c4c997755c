"""A drawing of which a style sheet may turn the colours that are no kernels', so that it reads on dark paper
too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archdsl_draw.palette import (
    DIFFERENT,
    FAINT,
    INK,
    LINE,
    OKABE_ITO,
    PANEL,
    PAPER,
    SIGNS,
    SOFT,
    paled,
)
from archdsl_draw.scene import Arrow, Box, Item, Label, Mark, Scene

# The variables of the style sheet. What stands back is pale on white, and dim on dark paper.
_NEUTRAL = {
    INK: "ink",
    SOFT: "soft",
    LINE: "line",
    FAINT: "faint",
    PANEL: "panel",
    PAPER: "paper",
    DIFFERENT: "different",
}
_FILLS = _NEUTRAL | {paled(colour): f"pale-{i}" for i, colour in enumerate(OKABE_ITO)}
_LINES = _NEUTRAL | {SIGNS["+"]: "added", SIGNS["~"]: "changed"}


def themed(scene: Scene) -> Scene:
    """The same scene with `var(--ink)` for ink and so on. A text or a mark on a box of its own colour keeps
    its colour.
    """
    items: list[Item] = []
    boxes: list[tuple[Box, bool]] = []
    for item in scene.items:
        match item:
            case Box():
                is_tag = (
                    item.fill == item.stroke
                )  # of a sign, which has the colour of its outline
                fill = _turned(item.fill, _LINES if is_tag else _FILLS)
                boxes.append((item, fill == item.fill))
                items.append(replace(item, fill=fill, stroke=_turned(item.stroke, _LINES)))
            case Arrow():
                items.append(replace(item, colour=_turned(item.colour, _LINES)))
            case Label():
                stays = _is_fixed(boxes, item.x, item.y - item.size / 3)
                items.append(
                    item if stays else replace(item, colour=_turned(item.colour, _LINES))
                )
            case Mark():
                stays = _is_fixed(boxes, item.x, item.y)
                turned = replace(
                    item,
                    fill=_turned(item.fill, _FILLS),
                    stroke=_turned(item.stroke, _LINES),
                )
                items.append(item if stays else turned)
    return Scene(scene.title, scene.description, scene.width, scene.height, items)


def _turned(colour: str, names: Mapping[str, str]) -> str:
    return f"var(--{names[colour]})" if colour in names else colour


def _is_fixed(boxes: list[tuple[Box, bool]], x: float, y: float) -> bool:
    """Whether the topmost box under a point has a colour that stays."""
    for box, fixed in reversed(boxes):
        if (
            box.fill != "none"
            and box.x <= x <= box.x + box.width
            and box.y <= y <= box.y + box.height
        ):
            return fixed
    return False

"""SVG, written here: no program and no package is needed, and the same scene gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import cos, pi, sin

from archdsl.diagnostics.visible import visible
from archdsl_draw.metrics import FONT
from archdsl_draw.palette import PAPER
from archdsl_draw.scene import Arrow, Box, Item, Label, Mark, Scene

_HEAD = 5.5  # length of an arrow's head


def as_svg(scene: Scene) -> str:
    """The scene as one SVG document with a title and a description for readers who do not see it."""
    width, height = number(scene.width), number(scene.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img"'
        f' font-family="{FONT}">',
        f"<title>{_text(scene.title)}</title>",
        f"<desc>{_text(scene.description)}</desc>",
        f'<rect class="paper" width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    for item in scene.items:
        lines.extend(_item(item))
    return "\n".join([*lines, "</svg>", ""])


def _text(text: str, quote: bool = True) -> str:
    """Text as it may stand in XML: what no document may hold, and what hides, is seen as its escape."""
    return escape(visible(text, keep="\n"), quote=quote)


def number(value: float) -> str:
    """At most two decimals, no trailing zeros, never -0."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def corners(mark: Mark) -> list[tuple[float, float]]:
    """The corners of a mark other than a circle."""
    if mark.shape == "star":
        spokes = [(k * pi / 5 - pi / 2, 1.0 if k % 2 == 0 else 0.42) for k in range(10)]
    else:
        count, turn, scale = {
            "square": (4, pi / 4, 1.2),
            "triangle": (3, -pi / 2, 1.2),
            "diamond": (4, 0, 1.15),
        }[mark.shape]
        spokes = [(2 * pi * k / count + turn, scale) for k in range(count)]
    return [
        (mark.x + mark.radius * r * cos(a), mark.y + mark.radius * r * sin(a))
        for a, r in spokes
    ]


def _item(item: Item) -> Iterator[str]:
    match item:
        case Box():
            yield from _box(item)
        case Label():
            weight = ' font-weight="bold"' if item.bold else ""
            anchor = "" if item.anchor == "start" else f' text-anchor="{item.anchor}"'
            where = (
                f'x="{number(item.x)}" y="{number(item.y)}" font-size="{number(item.size)}"'
            )
            look = f'{where}{anchor}{weight} fill="{item.colour}"'
            yield f"<text {look}>{_text(item.text, quote=False)}</text>"
        case Arrow():
            yield from _arrow(item)
        case Mark(shape="circle"):
            place = f'cx="{number(item.x)}" cy="{number(item.y)}" r="{number(item.radius)}"'
            yield f'<circle {place} fill="{item.fill}" stroke="{item.stroke}" stroke-width="0.8"/>'
        case Mark():
            points = " ".join(f"{number(x)},{number(y)}" for x, y in corners(item))
            line = f'stroke="{item.stroke}" stroke-width="0.8" stroke-linejoin="round"'
            yield f'<polygon points="{points}" fill="{item.fill}" {line}/>'


def _box(box: Box) -> Iterator[str]:
    size = f'width="{number(box.width)}" height="{number(box.height)}"'
    place = f'x="{number(box.x)}" y="{number(box.y)}" {size}'
    rounded = f' rx="{number(box.radius)}"' if box.radius else ""
    stroke = f' stroke="{box.stroke}"' if box.stroke != "none" else ""
    dashed = ' stroke-dasharray="3 2"' if box.dashed else ""
    name = f' data-path="{_text(box.name)}"' if box.name else ""
    rect = f'<rect {place}{rounded} fill="{box.fill}"{stroke}{dashed}{name}'
    yield (
        f"{rect}><title>{_text(box.note, quote=False)}</title></rect>"
        if box.note
        else f"{rect}/>"
    )


def _arrow(arrow: Arrow) -> Iterator[str]:
    points = list(arrow.points)
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    if arrow.head:
        points[-1] = (x1 - ux * _HEAD * 0.8, y1 - uy * _HEAD * 0.8)
    texts = [f"{number(x)} {number(y)}" for x, y in points]
    path = (
        f"M{texts[0]} C{' '.join(texts[1:-1])} L{texts[-1]}"
        if arrow.curved
        else "M" + " L".join(texts)
    )
    thick = f' stroke-width="{number(arrow.thickness)}"' if arrow.thickness != 1 else ""
    dashed = ' stroke-dasharray="3 2"' if arrow.dashed else ""
    yield f'<path d="{path}" fill="none" stroke="{arrow.colour}" stroke-linejoin="round"{thick}{dashed}/>'
    if arrow.head:
        bx, by, half = x1 - ux * _HEAD, y1 - uy * _HEAD, _HEAD * 0.45
        tips = (
            (x1, y1),
            (bx - uy * half, by + ux * half),
            (bx + uy * half, by - ux * half),
        )
        tip = " L".join(f"{number(x)} {number(y)}" for x, y in tips)
        yield f'<path d="M{tip} Z" fill="{arrow.colour}"/>'

"""DOT: boxes become nodes under their paths, every place is pinned, so that `dot -Tpng` draws the same
picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from archdsl.diagnostics.visible import visible
from archdsl_draw.metrics import text_width
from archdsl_draw.scene import Arrow, Box, Label, Mark, Scene
from archdsl_draw.svg import number

_INCH = 72


def as_dot(scene: Scene) -> str:
    """The scene as a Graphviz graph with the layout engine `nop2`, which keeps given places."""
    lines = [
        "digraph archdsl {",
        "  graph [layout=nop2, outputorder=nodesfirst, bgcolor=white, pad=0.1, "
        f"tooltip={_quoted(scene.title)}];",
        '  node [fontname="Helvetica", fixedsize=true, label="", penwidth=0.8];',
        "  edge [arrowsize=0.5, penwidth=0.8];",
    ]
    names: set[str] = set()
    for count, item in enumerate(scene.items):
        name = (
            _unused(item.name, names)
            if isinstance(item, Box) and item.name
            else f"box {count}"
        )
        lines.extend(f"  {line}" for line in _item(item, count, name, scene.height))
    return "\n".join([*lines, "}", ""])


def _unused(name: str, taken: set[str]) -> str:
    """The name of a node; a second part of one path, such as another unnamed `add`, gets a number."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}#{number}"
    taken.add(found)
    return found


def _item(
    item: Box | Label | Arrow | Mark, count: int, name: str, height: float
) -> Iterator[str]:
    match item:
        case Box():
            style = ", ".join(
                w
                for w, on in (
                    ("filled", True),
                    ("rounded", item.radius > 5),
                    ("dashed", item.dashed),
                )
                if on
            )
            place = _place(
                item.x + item.width / 2,
                item.y + item.height / 2,
                item.width,
                item.height,
                height,
            )
            stroke = item.stroke if item.stroke != "none" else item.fill
            attributes = f'shape=box, {place}, style="{style}", fillcolor="{item.fill}", color="{stroke}"'
            yield f"{_quoted(name)} [{attributes}, tooltip={_quoted(item.note or item.name)}];"
        case Label():
            width = text_width(item.text, item.size, item.bold)
            x = item.x + {"start": width / 2, "middle": 0, "end": -width / 2}[item.anchor]
            face = "Helvetica-Bold" if item.bold else "Helvetica"
            place = _place(x, item.y - item.size * 0.36, width, item.size, height)
            turn = {"start": "\\l", "middle": "", "end": "\\r"}[
                item.anchor
            ]  # against the end that is given, whatever the font
            font = f'fontname="{face}", fontsize={number(item.size)}, fontcolor="{item.colour}"'
            text = f'label={_quoted(item.text)[:-1]}{turn}", margin=0, {font}'
            yield f'"text {count}" [shape=plaintext, {place}, {text}];'
        case Mark():
            side = 2 * item.radius
            place = _place(item.x, item.y, side, side, height)
            colours = f'fillcolor="{item.fill}", color="{item.stroke}"'
            yield f'"mark {count}" [shape={item.shape}, {place}, style=filled, {colours}];'
        case Arrow():
            yield from _edge(item, count, height)


def _edge(arrow: Arrow, count: int, height: float) -> Iterator[str]:
    points = [(x, height - y) for x, y in arrow.points]
    ends = (f"line {count} a", f"line {count} b")
    for end, (x, y) in zip(ends, (points[0], points[-1]), strict=True):
        yield f'"{end}" [shape=point, width=0.01, height=0.01, style=invis, pos="{number(x)},{number(y)}"];'
    tip = f"e,{number(points[-1][0])},{number(points[-1][1])} " if arrow.head else ""
    if arrow.head:
        (x0, y0), (x1, y1) = points[-2:]
        length = max(abs(x1 - x0) + abs(y1 - y0), 1)
        points[-1] = (x1 - 4 * (x1 - x0) / length, y1 - 4 * (y1 - y0) / length)
    curve = points[:-1] if arrow.curved else [points[0]]
    for a, b in () if arrow.curved else pairwise(points):
        curve += [a, b, b]  # a straight piece as a Bézier curve
    spline = " ".join(f"{number(x)},{number(y)}" for x, y in curve)
    style = "dashed" if arrow.dashed else "solid"
    head = "" if arrow.head else ", arrowhead=none"
    thick = f", penwidth={number(0.8 * arrow.thickness)}" if arrow.thickness != 1 else ""
    look = f'style={style}, color="{arrow.colour}"{thick}{head}'
    yield f'"{ends[0]}" -> "{ends[1]}" [pos="{tip}{spline}", {look}];'


def _place(x: float, y: float, width: float, height: float, paper: float) -> str:
    return f'pos="{number(x)},{number(paper - y)}", width={width / _INCH:.4f}, height={height / _INCH:.4f}'


def _quoted(text: str) -> str:
    shown = visible(text, keep="\n")
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

"""What every drawing owes its reader: nothing overlaps, nothing is clipped, no curve runs through a box."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from itertools import combinations

from archdsl_draw import Drawing
from archdsl_draw.metrics import text_width
from archdsl_draw.scene import Arrow, Box, Label

Rectangle = tuple[float, float, float, float]


def is_sound(drawing: Drawing) -> None:
    """Fails where two boxes overlap, a text leaves its box or the paper, texts overlap, or a curve crosses a
    box.
    """
    scene = drawing.scene
    ElementTree.fromstring(drawing.svg())
    boxes = [item for item in scene.items if isinstance(item, Box) and item.name]
    labels = [item for item in scene.items if isinstance(item, Label) and item.text]
    places = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes]
    for (a, box), (b, other) in _near(list(zip(places, boxes, strict=True))):
        assert not _overlap(a, b), f"{box.name} and {other.name} overlap"
    texts = [(_room(label), label) for label in labels]
    for (a, label), (b, text) in _near(texts):
        assert not _overlap(a, b), f"{label.text} and {text.text} overlap"
    for (x0, y0, x1, y1), label in texts:
        assert x0 >= 0 and y0 >= 0 and x1 <= scene.width and y1 <= scene.height, (
            f"{label.text} is cut off"
        )
    for (a, what), (b, other_thing) in _near([*texts, *zip(places, boxes, strict=True)]):
        if isinstance(what, Label) != isinstance(other_thing, Label) and _overlap(a, b):
            (inner, outer) = (a, b) if isinstance(what, Label) else (b, a)
            label, box = (
                (what, other_thing) if isinstance(what, Label) else (other_thing, what)
            )
            inside = (
                outer[0] - 0.5 <= inner[0]
                and inner[2] <= outer[2] + 0.5
                and outer[1] - 1 <= inner[1]
                and inner[3] <= outer[3] + 1
            )
            assert inside, f"{label} leaves {box}"
    for arrow in (item for item in scene.items if isinstance(item, Arrow) and item.curved):
        points = list(_along(arrow))
        left, top = min(x for x, _ in points), min(y for _, y in points)
        right, bottom = max(x for x, _ in points), max(y for _, y in points)
        assert left >= 0 and top >= 0 and right <= scene.width and bottom <= scene.height
        for (x0, y0, x1, y1), box in zip(places, boxes, strict=True):
            if x0 < right and left < x1 and y0 < bottom and top < y1:
                crossed = any(
                    x0 + 2 < x < x1 - 2 and y0 + 2 < y < y1 - 2 for x, y in points
                )
                assert not crossed or box.radius > 6, (
                    f"a curve runs through {box.name}"
                )  # round corners are not where dot sees them


def _near(
    things: list[tuple[Rectangle, object]],
) -> Iterator[tuple[tuple[Rectangle, object], tuple[Rectangle, object]]]:
    """Pairs that share some height."""
    rows: dict[int, list[int]] = {}
    for number, ((_, y0, _, y1), _) in enumerate(things):
        for row in range(int(y0 // 40), int(y1 // 40) + 1):
            rows.setdefault(row, []).append(number)
    for i, j in {pair for row in rows.values() for pair in combinations(row, 2)}:
        yield things[i], things[j]


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return (
        a[0] < b[2] - 0.5 and b[0] < a[2] - 0.5 and a[1] < b[3] - 0.5 and b[1] < a[3] - 0.5
    )


def _room(label: Label) -> Rectangle:
    """What a line of text covers, without ascenders and descenders, which few letters have."""
    width = text_width(label.text, label.size, label.bold)
    left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
    return left, label.y - 0.72 * label.size, left + width, label.y + 0.1 * label.size


def _along(arrow: Arrow) -> Iterator[tuple[float, float]]:
    """Points of the curve, close to each other."""
    spline = arrow.points[:-1]
    for start in range(0, len(spline) - 1, 3):
        a, b, c, d = spline[start : start + 4]
        for step in range(17):
            t = step / 16
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(
                sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True))
                for i in (0, 1)
            )  # type: ignore[misc]
    yield arrow.points[-1]

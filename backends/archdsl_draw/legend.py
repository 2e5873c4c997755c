"""The legend: an entry for what occurs in the drawing, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archdsl_draw.boxes import PER_EXPANSION, Key, is_searched, star
from archdsl_draw.look import usual_kind
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import FAINT, INK, LINE, PAPER, PLAIN, colour_of
from archdsl_draw.plan import Plan
from archdsl_draw.scene import Box, Item, Label, Mark, Scene, Shape

_SIZE = 9.0
_GAP = 16.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """`picture` draws at the left end, around the middle line it is given."""

    text: str
    width: float
    height: float
    picture: Callable[[float, float], list[Item]]


def draw_legend(scene: Scene, plans: Sequence[Plan], left: float, top: float, right: float) -> float:
    """Lays the entries out in lines; returns where they end."""
    x, y = left, top
    line: list[tuple[_Entry, float]] = []

    def flush() -> float:
        height = max(entry.height for entry, _ in line)
        middle = y + height / 2
        for entry, at in line:
            scene.items.extend(entry.picture(at, middle))
            scene.items.append(Label(at + entry.width + 5, middle + 3.2, entry.text, _SIZE, "start"))
        return height + 8

    for entry in _entries(plans):
        room = entry.width + 5 + text_width(entry.text, _SIZE)
        if line and x + room > right:
            y += flush()
            x, line = left, []
        line.append((entry, x))
        x += room + _GAP
    if line:
        y += flush()
    return y


def _entries(plans: Sequence[Plan]) -> Iterator[_Entry]:
    """What occurs in any of the plans; they have one key and one ground."""
    plan, faces = plans[0], [face for plan in plans for face in plan.faces.values()]
    bands = [band for plan in plans for band in plan.bands]
    looks = [face.look for face in faces]
    unnamed = [
        usual_kind(plan.macro.units)
        for plan in plans
        if any(not face.look.name for face in plan.faces.values())
    ]
    if unnamed:
        yield _Entry(f"box without a name: {' or '.join(dict.fromkeys(unnamed))}", 0, 12, lambda x, y: [])
    several = any(is_searched(look) for look in looks)
    for kernel, number in plan.key.kernels.items():
        yield _Entry(f"kernel {kernel}", 18, 12, _swatch(colour_of(number)))
    if several:
        yield _Entry(
            "searched: one of the kernels in the cells",
            6.0 * min(len(plan.key.kernels), 4),
            16,
            _cells(plan.key),
        )
    ranged = any(look.expansion is not None and look.expansion[0] != look.expansion[1] for look in looks)
    heights = sorted({look.expansion[1] for look in looks if look.expansion is not None})
    if len(heights) == 1 and not ranged:
        yield _Entry(
            f"expansion {heights[0]:g} (inner over outgoing channels) wherever it occurs",
            12,
            12,
            _outline(12),
        )
    for e in (heights[0], heights[-1]) if len(heights) > 1 else ():
        height = plan.ground + PER_EXPANSION * e
        least = " (inner over outgoing channels)" if e == heights[0] else ""
        yield _Entry(
            f"height: expansion {'up to ' if ranged else ''}{e:g}{least}", 12, height, _outline(height)
        )
    if ranged:
        yield _Entry(
            "expansion (inner over outgoing channels)", 8, 12, lambda x, y: [Label(x, y + 3, "e", 8, "start")]
        )
    if any(look.channels for look in looks):
        yield _Entry(
            "channels",
            text_width("24", 11, True),
            12,
            lambda x, y: [Label(x, y + 4, "24", 11, "start", bold=True)],
        )
    if any(look.attention == "yes" for look in looks):
        yield _Entry("attention", 14, 14, lambda x, y: [star(x + 7, y, 7, "yes")])
    if any(look.attention == "maybe" for look in looks):
        yield _Entry("attention, if chosen", 14, 14, lambda x, y: [star(x + 7, y, 7, "maybe")])
    if any(look.options for look in looks):
        yield _Entry("one of the layers named", 18, 12, _dashed)
    if any(face.unit.deciders and not face.look.options for face in faces):
        yield _Entry("choices are open", 18, 12, _dashed)
    if any(face.unit.repeat > 1 for face in faces):
        yield _Entry(
            "so many such blocks in a row",
            14,
            12,
            lambda x, y: [Label(x, y + 3, "×2", 9, "start", bold=True)],
        )
    for name, (shape, full) in plan.key.marks.items():
        yield _Entry(f"with {name}", 8, 8, _mark(shape, INK if full else PAPER))
    if any(band.macs[1] for band in bands):
        spread = any(band.macs[0] != band.macs[1] for band in bands)
        text = "MACs of a stage: full the least, hollow the most" if spread else "MACs of a stage"
        yield _Entry(text, 12, 14, _bars(spread))


def _dashed(x: float, y: float) -> list[Item]:
    return [Box(x, y - 6, 18, 12, PAPER, dashed=True, radius=2)]


def _swatch(colour: str) -> Callable[[float, float], list[Item]]:
    return lambda x, y: [Box(x, y - 6, 18, 12, colour, radius=2)]


def _outline(height: float) -> Callable[[float, float], list[Item]]:
    return lambda x, y: [Box(x, y - height / 2, 12, height, PLAIN, radius=2)]


def _cells(key: Key) -> Callable[[float, float], list[Item]]:
    def picture(x: float, y: float) -> list[Item]:
        colours = [colour_of(n) for n in list(key.kernels.values())[:4]]
        cells: list[Item] = [Box(x + 6 * i, y + 2, 6, 6, colour) for i, colour in enumerate(colours)]
        return [Box(x, y - 8, 6 * len(colours), 16, PAPER, radius=2), *cells]

    return picture


def _mark(shape: Shape, fill: str) -> Callable[[float, float], list[Item]]:
    return lambda x, y: [Mark(shape, x + 4, y, 3.2, fill)]


def _bars(ranged: bool) -> Callable[[float, float], list[Item]]:
    def picture(x: float, y: float) -> list[Item]:
        full = Box(x, y - (0 if ranged else 7), 12, 7 if ranged else 14, FAINT, LINE)
        return [Box(x, y - 7, 12, 7, PAPER, LINE, dashed=True), full] if ranged else [full]

    return picture

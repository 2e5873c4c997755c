"""The legend: an entry for what occurs in the drawing, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal

from archdsl_draw.boxes import PER_EXPANSION, Face, Key, is_searched, star
from archdsl_draw.keys import Entry, Picture
from archdsl_draw.look import Look, Range, usual_kind
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import FAINT, INK, LINE, PAPER, colour_of
from archdsl_draw.plan import Band, Plan
from archdsl_draw.scene import Box, Item, Label, Mark, Shape

_RATIO = "(inner over outgoing channels)"
_ATTENTION: Mapping[Literal["yes", "maybe"], str] = {
    "yes": "attention",
    "maybe": "attention, if chosen",
}


def legend_of(plans: Sequence[Plan]) -> Iterator[Entry]:
    """What occurs in any of the plans; they have one key and one ground."""
    key, ground = plans[0].key, plans[0].ground
    faces = list(chain.from_iterable(plan.faces.values() for plan in plans))
    found = [face.look for face in faces]
    yield from _unnamed(plans)
    yield from _kernels(key, found)
    yield from _heights(
        ground, [look.expansion for look in found if look.expansion is not None]
    )
    yield from _contents(faces, found)
    for name, (shape, full) in key.marks.items():
        yield Entry(f"with {name}", 8, 8, _mark(shape, INK if full else PAPER))
    yield from _costs(chain.from_iterable(plan.bands for plan in plans))


def _unnamed(plans: Sequence[Plan]) -> Iterator[Entry]:
    """What the boxes are that do not say so."""
    kinds: dict[str, None] = {}
    for plan in plans:
        if any(not face.look.name for face in plan.faces.values()):
            kinds[usual_kind(plan.macro.units)] = None
    if kinds:
        yield Entry(f"box without a name: {' or '.join(kinds)}", 0, 12, lambda x, y: [])


def _kernels(key: Key, found: Sequence[Look]) -> Iterator[Entry]:
    for kernel, number in key.kernels.items():
        yield Entry(f"kernel {kernel}", 18, 12, _swatch(colour_of(number)))
    if any(is_searched(look) for look in found):
        shown = min(len(key.kernels), 4)
        yield Entry(
            "searched: one of the kernels in the cells", 6.0 * shown, 16, _cells(key)
        )


def _heights(ground: float, expansions: Sequence[Range]) -> Iterator[Entry]:
    """What the height of a box says, by the lowest and the highest that there are."""
    ranged = any(low != high for low, high in expansions)
    highest = sorted({high for _, high in expansions})
    if len(highest) == 1 and not ranged:
        text = f"expansion {highest[0]:g} {_RATIO} wherever it occurs"
        yield Entry(text, 12, 12, _outline(12))
    if len(highest) > 1:
        up_to = "up to " if ranged else ""
        for most, more in ((highest[0], f" {_RATIO}"), (highest[-1], "")):
            height = ground + PER_EXPANSION * most
            yield Entry(
                f"height: expansion {up_to}{most:g}{more}", 12, height, _outline(height)
            )
    if ranged:
        yield Entry(
            f"expansion {_RATIO}", 8, 12, lambda x, y: [Label(x, y + 3, "e", 8, "start")]
        )


def _contents(faces: Sequence[Face], found: Sequence[Look]) -> Iterator[Entry]:
    """The words and signs that stand in boxes, and their outlines."""
    if any(look.channels for look in found):
        yield Entry("channels", text_width("24", 11, True), 12, _bold("24", 11, 4))
    for attention, text in _ATTENTION.items():
        if any(look.attention == attention for look in found):
            yield Entry(text, 14, 14, _star(attention))
    if any(look.options for look in found):
        yield Entry("one of the layers named", 18, 12, _dashed)
    if any(face.unit.deciders and not face.look.options for face in faces):
        yield Entry("choices are open", 18, 12, _dashed)
    if any(face.unit.repeat > 1 for face in faces):
        yield Entry("so many such blocks in a row", 14, 12, _bold("×2", 9, 3))


def _costs(bands: Iterable[Band]) -> Iterator[Entry]:
    macs = [band.macs for band in bands]
    if any(high for _, high in macs):
        ranged = any(low != high for low, high in macs)
        text = (
            "MACs of a stage: full the least, hollow the most"
            if ranged
            else "MACs of a stage"
        )
        yield Entry(text, 12, 14, _bars(ranged))


def _bold(text: str, size: float, drop: float) -> Picture:
    return lambda x, y: [Label(x, y + drop, text, size, "start", bold=True)]


def _star(attention: Literal["maybe", "yes"]) -> Picture:
    return lambda x, y: [star(x + 7, y, 7, attention)]


def _dashed(x: float, y: float) -> list[Item]:
    return [Box(x, y - 6, 18, 12, PAPER, dashed=True, radius=2)]


def _swatch(colour: str) -> Picture:
    return lambda x, y: [Box(x, y - 6, 18, 12, colour, radius=2)]


def _outline(height: float) -> Picture:
    return lambda x, y: [Box(x, y - height / 2, 12, height, PAPER, radius=2)]


def _cells(key: Key) -> Picture:
    def picture(x: float, y: float) -> list[Item]:
        colours = [colour_of(n) for n in list(key.kernels.values())[:4]]
        cells: list[Item] = [
            Box(x + 6 * i, y + 2, 6, 6, colour) for i, colour in enumerate(colours)
        ]
        return [Box(x, y - 8, 6 * len(colours), 16, PAPER, radius=2), *cells]

    return picture


def _mark(shape: Shape, fill: str) -> Picture:
    return lambda x, y: [Mark(shape, x + 4, y, 3.2, fill)]


def _bars(ranged: bool) -> Picture:
    def picture(x: float, y: float) -> list[Item]:
        if not ranged:
            return [Box(x, y - 7, 12, 14, FAINT, LINE)]
        hollow = Box(x, y - 7, 12, 7, PAPER, LINE, dashed=True)
        return [hollow, Box(x, y, 12, 7, FAINT, LINE)]

    return picture

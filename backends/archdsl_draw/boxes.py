"""The inside of a box: its lines of text, its size, and how it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from archdsl.ir.notation import amounts, between
from archdsl_draw.look import Look
from archdsl_draw.macro import Unit
from archdsl_draw.metrics import fitted, text_width
from archdsl_draw.palette import (
    INK,
    LINE,
    PAPER,
    SOFT,
    STAR,
    colour_of,
    ink_on,
    kernel_number,
    paled,
)
from archdsl_draw.scene import Box, Item, Label, Mark, Shape
from archdsl_draw.words import count_text, depending_on

SHAPES: tuple[Shape, ...] = ("circle", "triangle", "square", "diamond")
_PAD = 5.0
_WIDEST = 120.0  # longer texts are cut; the note has them whole
_STAR = 7.0
_MARK = 2.8
_SIGN = 18.0  # across
PER_EXPANSION = 8.0  # height for each 1 of expansion


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    size: float
    bold: bool = False

    @property
    def width(self) -> float:
        return text_width(self.text, self.size, self.bold)

    @property
    def height(self) -> float:
        return self.size * 1.25

    def fitted(self) -> Line:
        return replace(self, text=fitted(self.text, _WIDEST, self.size, self.bold))


@dataclass(frozen=True, slots=True)
class Face:
    """A box ready to be placed."""

    unit: Unit
    look: Look
    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Key:
    """What colours and marks stand for in one drawing: of a mark its shape, and whether it is full. What
    occurs less often than there are marks has none; the note of its box names it.
    """

    kernels: Mapping[str, int]
    marks: Mapping[str, tuple[Shape, bool]]


def key_of(found: Mapping[Unit, Look]) -> Key:
    """Numbers the kernels that are shown as colours, by size, and gives every mark a shape."""
    shown: set[str] = set()
    marks: Counter[str] = Counter()
    for look in found.values():
        shown.update(look.kernels if is_searched(look) else look.kernels[:1])
        marks.update(look.marks)
    kernels = sorted(shown, key=lambda k: [int(n) for n in k.split("×")])
    often = sorted(sorted(marks), key=lambda m: -marks[m])[: len(SHAPES) * 2]
    return Key(
        {kernel: kernel_number(kernel) for kernel in kernels},
        {m: (SHAPES[i % len(SHAPES)], i >= len(SHAPES)) for i, m in enumerate(often)},
    )


def face(unit: Unit, look: Look) -> Face:
    """Measures what a unit's box has to hold."""
    lines = tuple(line.fitted() for line in _lines(unit, look))
    inside = sum(line.height for line in lines)
    inside += 2 * _STAR + 3 if look.attention != "no" else 0
    inside += 2 * _MARK + 4 if look.marks else 0
    inside += 7 if is_searched(look) else 0
    width = max(
        [line.width for line in lines] + [2 * _STAR, len(look.marks) * (2 * _MARK + 3), 18]
    )
    if look.sign:
        return Face(unit, look, lines, _SIGN, _SIGN)
    return Face(unit, look, lines, width + 2 * _PAD, max(inside + 2 * _PAD, 26))


def scaled(faces: Mapping[Unit, Face]) -> tuple[dict[Unit, Face], float]:
    """The same boxes, those with an expansion as high as it says; and the height at expansion 0, so that all
    fit.
    """
    expanding = [
        (f, f.look.expansion[1]) for f in faces.values() if f.look.expansion is not None
    ]
    ground = max((f.height - PER_EXPANSION * e for f, e in expanding), default=0.0)
    heights = {f.unit: ground + PER_EXPANSION * e for f, e in expanding}
    return {
        u: replace(f, height=heights.get(u, f.height)) for u, f in faces.items()
    }, ground


def is_searched(look: Look) -> bool:
    """Whether a choice decides the kernel."""
    return look.kernel_choice and len(look.kernels) > 1


def _lines(unit: Unit, look: Look) -> Iterator[Line]:
    if unit.is_input:
        yield Line(look.name, 9, True)
        yield Line(look.sizes, 8)
        return
    if look.sign:
        yield Line(look.sign, 11, True)
        return
    if look.name and not look.options:
        yield Line(look.name, 8.5)
    if look.window:
        yield Line(look.window, 8)
    if look.options:
        yield from (Line(label, 8.5) for label in look.options)
        yield from _repeat(look)
        return
    yield from _sizes(look)
    if look.expansion is not None and look.expansion[0] != look.expansion[1]:
        yield Line(f"e {_ends(look.expansion)}", 8)
    if look.inside:
        yield Line(f"{look.inside} choice{'s' * (look.inside > 1)} inside", 7.5)
    yield from _repeat(look)


def _sizes(look: Look) -> Iterator[Line]:
    """Channels and kernels; of many kernels two in a line."""
    if look.channels:
        channels, _, step = look.channels.partition(" by ")
        yield Line(channels, 11, True)
        if step:
            yield Line(f"by {step}", 7.5)
    if len(look.kernels) <= 2:
        yield from (Line(kernel, 8) for kernel in look.kernels)
        return
    for i in range(0, len(look.kernels), 2):
        yield Line("  ".join(look.kernels[i : i + 2]), 7.5)


def _repeat(look: Look) -> Iterator[Line]:
    """`×4`, or `×2–4` where a choice decides how many there are."""
    if look.repeat[1] > 1:
        yield Line(f"×{count_text(look.repeat)}", 9, True)


def note(unit: Unit, look: Look) -> str:
    """What a reader sees on pointing at the box."""
    facts = [unit.path]
    if unit.followers:
        facts.append("then " + ", ".join(unit.followers))
    if look.marks:
        facts.append("with " + ", ".join(look.marks))
    if look.kernels:
        word = " or " if is_searched(look) else " and "
        facts.append(f"kernel {word.join(look.kernels)}")
    if look.channels:
        facts.append(f"channels {look.channels}")
    if look.expansion is not None:
        facts.append(f"expansion {_ends(look.expansion)}")
    if look.sizes:
        facts.append(f"size {look.sizes}")
    if unit.deciders:
        facts.append(f"depends on {depending_on(unit.deciders)}")
    if not unit.is_input:
        facts.append(f"params {costs(look.params)}")
        facts.append(f"MACs {costs(look.macs)}")
    return "\n".join(facts)


def costs(ends: tuple[float, float]) -> str:
    """A cost or its range: `1.96G`, `3.10M–41.0M`."""
    return amounts((int(ends[0]), int(ends[1])))


def _ends(ends: tuple[float, float]) -> str:
    return between(f"{ends[0]:g}", f"{ends[1]:g}")


def draw(box: Face, x: float, y: float, key: Key, pale: bool = False) -> Iterator[Item]:
    """The box with its upper left corner at (x, y)."""
    unit, look = box.unit, box.look
    fill = _fill(look, key)
    ink, stroke = ink_on(fill), INK
    if pale:
        fill, ink, stroke = paled(fill), SOFT, LINE
    radius = 9.0 if unit.is_input or look.sign else 2.0
    for shift in (4.0, 2.0) if unit.repeat > 1 else ():  # a pile of equal blocks
        yield Box(x + shift, y + shift, box.width, box.height, PAPER, stroke, radius=radius)
    paper = Box(x, y, box.width, box.height, fill, stroke, bool(unit.deciders), radius)
    yield replace(paper, name=unit.path, note=note(unit, look))
    yield from _inside(box, x, y, key, (ink, stroke))
    if is_searched(look):
        colours = [colour_of(key.kernels[kernel]) for kernel in look.kernels]
        if pale:
            colours = list(map(paled, colours))
        yield from _cells(colours, x, y + box.height - 6, box.width)


def _fill(look: Look, key: Key) -> str:
    """The colour of the kernel, where there is one and it alone says what the box is."""
    if is_searched(look) or look.options or look.inside or not look.kernels:
        return PAPER
    return colour_of(key.kernels[look.kernels[0]])


def _inside(
    box: Face, x: float, y: float, key: Key, colours: tuple[str, str]
) -> Iterator[Item]:
    """The star, the lines below each other, and the marks at the lower edge, in the colours of texts and of
    lines.
    """
    look, (ink, stroke) = box.look, colours
    middle = x + box.width / 2
    content = sum(line.height for line in box.lines) + (
        2 * _STAR + 3 if look.attention != "no" else 0
    )
    floor = (2 * _MARK + 4 if look.marks else 0) + (7 if is_searched(look) else 0)
    top = y + (box.height - floor - content) / 2
    if look.attention != "no":
        yield star(middle, top + _STAR, _STAR, look.attention, stroke)
        top += 2 * _STAR + 3
    for line in box.lines:
        base = top + line.height * 0.82
        yield Label(middle, base, line.text, line.size, bold=line.bold, colour=ink)
        top += line.height
    if look.marks:
        yield from _marks(look.marks, middle, y + box.height - floor + _MARK, key, stroke)


def star(
    x: float,
    y: float,
    radius: float,
    attention: Literal["no", "maybe", "yes"],
    stroke: str = INK,
) -> Mark:
    """Filled where there is attention, empty where a choice decides."""
    return Mark("star", x, y, radius, STAR if attention == "yes" else PAPER, stroke)


def _marks(
    marks: Sequence[str], middle: float, y: float, key: Key, stroke: str
) -> Iterator[Item]:
    step = 2 * _MARK + 3
    left = middle - step * (len(marks) - 1) / 2
    for i, name in enumerate(marks):
        if name in key.marks:
            shape, full = key.marks[name]
            yield Mark(shape, left + i * step, y, _MARK, stroke if full else PAPER, stroke)


def _cells(colours: Sequence[str], x: float, y: float, width: float) -> Iterator[Item]:
    each = width / len(colours)
    for i, colour in enumerate(colours):
        yield Box(x + i * each, y, each, 6, colour)

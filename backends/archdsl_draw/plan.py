"""What is to be placed: boxes with their looks, and the stages with their sizes and costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from archdsl.ir.notation import amount
from archdsl.outline.tree import Node
from archdsl_draw.boxes import Face, Key
from archdsl_draw.look import Range
from archdsl_draw.macro import Macro, Unit
from archdsl_draw.metrics import text_width


@dataclass(frozen=True, slots=True)
class Band:
    """The columns of one stage. `sizes` is the feature map that leaves it, `macs` its cost."""

    name: str
    first: int
    last: int
    sizes: str
    macs: Range

    @property
    def width(self) -> float:
        """What its texts need."""
        return (
            max(
                text_width(self.name, 9, True),
                *(text_width(t, 8) for t in (self.sizes, *cost_lines(self.macs))),
            )
            + 4
        )


@dataclass(frozen=True, slots=True)
class Plan:
    title: str
    subtitle: str
    macro: Macro
    faces: dict[Unit, Face]
    bands: tuple[Band, ...]
    key: Key
    ground: float  # the height of a box at expansion 0
    pale: frozenset[Unit] = frozenset()  # boxes that stand back

    def lane_names(self) -> dict[int, str]:
        """The streams that most boxes of each lane belong to, where lanes have different ones that run
        through stages.
        """
        counts: dict[int, Counter[str]] = {}
        stages: dict[str, set[Node]] = {}
        for unit in self.macro.units:
            if unit.node is not unit.stage:
                stages.setdefault(unit.stream, set()).add(unit.stage)
        for unit in self.macro.units:
            if unit.node is not unit.stage and len(stages[unit.stream]) > 1:
                counts.setdefault(unit.lane, Counter())[unit.stream] += 1
        names = {lane: count.most_common(1)[0][0] for lane, count in counts.items()}
        return names if len(set(names.values())) == len(names) > 1 else {}


def cost_lines(macs: Range) -> tuple[str, ...]:
    """A stage's cost as one line, or its least and most as two."""
    low, high = amount(int(macs[0])), amount(int(macs[1]))
    if high == "0":
        return ("",)
    return (high,) if low == high else (f"{low}–", high)

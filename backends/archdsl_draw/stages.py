"""Above the boxes the stages' names and sizes, below them the strip of what each stage costs."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl_draw.layout import Placed, Row
from archdsl_draw.metrics import fitted
from archdsl_draw.palette import FAINT, LINE, PANEL, PAPER, SOFT
from archdsl_draw.plan import Band, Plan, cost_lines
from archdsl_draw.scene import Box, Label, Scene

_BAR = 30.0  # the tallest bar


def draw_stages(scene: Scene, plan: Plan, placed: Placed, most: float) -> None:
    """Headers, separators and bars of every row, `most` the tallest; a stage that goes on in the next row has
    its bar where it starts.
    """
    for row in placed.rows:
        base = row.bottom + _BAR + 4
        for band, x0, x1, starts in _parts(plan, placed, row):
            middle = (x0 + x1) / 2
            if band.name:
                panel = Box(
                    x0 - 6,
                    row.top - 4,
                    x1 - x0 + 12,
                    row.bottom - row.top,
                    PANEL,
                    "none",
                    radius=4,
                )
                scene.items.append(panel)
                name = band.name if starts else f"{band.name} …"
                scene.items.append(
                    Label(middle, row.top + 9, fitted(name, x1 - x0, 9, True), 9, bold=True)
                )
            scene.items.append(
                Label(middle, row.top + 20, fitted(band.sizes, x1 - x0, 8), 8, colour=SOFT)
            )
            if starts and most and band.macs[1]:
                _bar(scene, band, x0, x1, base, most)
        scene.rule(row.left, base, row.right, base, LINE)


def _parts(
    plan: Plan, placed: Placed, row: Row
) -> Iterator[tuple[Band, float, float, bool]]:
    for band in plan.bands:
        inside = [c for c in range(band.first, band.last + 1) if c in row.columns]
        if inside:
            yield (
                band,
                placed.columns[inside[0]].x,
                placed.columns[inside[-1]].right,
                inside[0] == band.first,
            )


def _bar(scene: Scene, band: Band, x0: float, x1: float, base: float, most: float) -> None:
    """A bar as high as the cost; of a space full up to the least and hollow up to the most."""
    width = min(x1 - x0, 60.0)
    left = (x0 + x1 - width) / 2
    low, high = (_BAR * n / most for n in band.macs)
    if high > low:
        scene.items.append(
            Box(left, base - high, width, high - low, PAPER, LINE, dashed=True)
        )
    if low:
        scene.items.append(Box(left, base - low, width, low, FAINT, LINE))
    for i, line in enumerate(cost_lines(band.macs)):
        scene.items.append(Label((x0 + x1) / 2, base + 10 + 10 * i, line, 8, colour=SOFT))

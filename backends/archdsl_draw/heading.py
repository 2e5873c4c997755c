"""The lines above a drawing: what it is of, its size and its cost."""

from __future__ import annotations

from functools import lru_cache

from archdsl.compare.difference import Totals
from archdsl.compare.text import amount
from archdsl.compare.totals import totals
from archdsl.ir.graph import Graph
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import SOFT
from archdsl_draw.scene import Label, Scene

MARGIN = 16.0


def draw_heading(scene: Scene) -> tuple[float, float]:
    """Writes the scene's title and description; returns the right end and where the drawing may begin."""
    scene.items.append(Label(MARGIN, MARGIN + 12, scene.title, 16, "start", bold=True))
    scene.items.append(Label(MARGIN, MARGIN + 28, scene.description, 10, "start", colour=SOFT))
    widths = (text_width(scene.title, 16, True), text_width(scene.description, 10), 420)
    return MARGIN + max(widths), MARGIN + 42


def finished(scene: Scene, right: float, bottom: float) -> Scene:
    """The scene on paper of this size."""
    scene.width, scene.height = round(right + MARGIN, 2), round(bottom + MARGIN, 2)
    return scene


def summary_of(graph: Graph) -> str:
    """`a space · 2.1M–3.4M params · 1.9G MACs · 44 choices · 1,024 architectures`."""
    parts, known = facts_of(graph), totals_of(graph).architectures
    if graph.choices and known is not None:
        low, high = known
        parts.append(f"{many(high) if low == high else f'{many(low)} to {many(high)}'} architectures")
    return " · ".join(parts)


def facts_of(graph: Graph) -> list[str]:
    """What a graph is, what it costs, and how many choices it has."""
    known = totals_of(graph)
    parts = ["a space" if graph.choices else "a model"]
    for what, ends in (("params", known.params), ("MACs", known.macs)):
        if ends is not None:
            low, high = amount(ends[0]), amount(ends[1])
            parts.append(f"{low if low == high else f'{low}–{high}'} {what}")
    if graph.choices:
        parts.append(f"{len(graph.choices)} choice{'s' * (len(graph.choices) > 1)}")
    return parts


@lru_cache(maxsize=2)
def totals_of(graph: Graph) -> Totals:
    """What a graph amounts to; the heading and the end of a drawing both say it."""
    return totals(graph)


def many(count: int) -> str:
    """A number in full up to a billion, then as 2.77e30."""
    if count < 10**9:
        return f"{count:,}"
    digits = str(count)
    return f"{digits[0]}.{digits[1:3]}e{len(digits) - 1}"

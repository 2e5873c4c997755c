"""The lines above a drawing: what it is of, its size and its cost."""

from __future__ import annotations

from functools import lru_cache

from archdsl.compare.difference import Totals
from archdsl.compare.totals import totals
from archdsl.ir.graph import Graph
from archdsl.ir.notation import amounts, counts, macs_word
from archdsl.outline.reading import batch_of
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import SOFT
from archdsl_draw.scene import Label, Scene

MARGIN = 16.0


def draw_heading(scene: Scene) -> tuple[float, float]:
    """Writes the scene's title and description; returns the right end and where the drawing may begin."""
    scene.items.append(Label(MARGIN, MARGIN + 12, scene.title, 16, "start", bold=True))
    scene.items.append(
        Label(MARGIN, MARGIN + 28, scene.description, 10, "start", colour=SOFT)
    )
    widths = (text_width(scene.title, 16, True), text_width(scene.description, 10), 420)
    return MARGIN + max(widths), MARGIN + 42


def finished(scene: Scene, right: float, bottom: float) -> Scene:
    """The scene on paper of this size."""
    scene.width, scene.height = round(right + MARGIN, 2), round(bottom + MARGIN, 2)
    return scene


def summary_of(graph: Graph) -> str:
    """`a space · 2.10M–3.40M params · 1.90G MACs · 44 choices · 1,024 architectures`."""
    parts, known = facts_of(graph), totals_of(graph).architectures
    if graph.choices and known is not None:
        parts.append(f"{counts(known)} architectures")
    return " · ".join(parts)


def facts_of(graph: Graph) -> list[str]:
    """What a graph is, what it costs, and how many choices it has."""
    known = totals_of(graph)
    parts = ["a space" if graph.choices else "a model"]
    for what, ends in (("params", known.params), (macs_word(batch_of(graph)), known.macs)):
        if ends is not None:
            parts.append(f"{amounts(ends)} {what}")
    if graph.choices:
        parts.append(f"{len(graph.choices)} choice{'s' * (len(graph.choices) > 1)}")
    return parts


@lru_cache(maxsize=2)
def totals_of(graph: Graph) -> Totals:
    """What a graph amounts to; the heading and the end of a drawing both say it."""
    return totals(graph)

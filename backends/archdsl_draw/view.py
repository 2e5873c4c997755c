"""The macro view of a graph as a drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from archdsl.compare.text import amount
from archdsl.compare.totals import totals
from archdsl.ir.activity import activity
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import assignment
from archdsl_draw.boxes import face, key_of, scaled
from archdsl_draw.drawing import Drawing
from archdsl_draw.layout import MARGIN, draw_flow, place
from archdsl_draw.legend import draw_legend
from archdsl_draw.look import Look, cost_of, looks
from archdsl_draw.macro import Macro, Unit, arrange, joined, units_of
from archdsl_draw.metrics import text_width
from archdsl_draw.page import Subject
from archdsl_draw.palette import SOFT
from archdsl_draw.plan import Band, Plan
from archdsl_draw.scene import Label, Scene
from archdsl_draw.stages import draw_stages


def render(graph: Graph, genotype: Mapping[str, str] | None = None, *, title: str | None = None) -> Drawing:
    """The macro view of a space or a model: stages from left to right, streams as lanes, a box per block.

    With a genotype, the architecture that it selects. Raises DiagnosticError where the genotype names a choice (E0601) or
    an alternative (E0602) that the graph does not have.
    """
    if genotype is not None:
        graph = fix(graph, assignment(graph, genotype))
    return Drawing(scene_of(plan_of(graph, title or graph.name)), Subject((graph,)))


def plan_of(graph: Graph, title: str) -> Plan:
    """The boxes of a graph with what they say, in their columns and lanes."""
    live = activity(graph.outputs)
    units = units_of(graph)
    if graph.choices:
        first = looks(units, live)
        units = joined(units, lambda a, b: _alike(first[a], first[b]))
    found = looks(units, live)
    macro = arrange(units)
    faces, ground = scaled({unit: face(unit, found[unit]) for unit in units})
    return Plan(title, _subtitle(graph), macro, faces, _bands(macro, found), key_of(found), ground)


def scene_of(plan: Plan) -> Scene:
    """The plan on paper: title, stages, flow, legend."""
    scene = Scene(plan.title, plan.subtitle)
    scene.items.append(Label(MARGIN, MARGIN + 12, plan.title, 16, "start", bold=True))
    scene.items.append(Label(MARGIN, MARGIN + 28, plan.subtitle, 10, "start", colour=SOFT))
    placed = place(plan, MARGIN + 42)
    texts = (text_width(plan.title, 16, True), text_width(plan.subtitle, 10), 420)
    right = max([row.right for row in placed.rows] + [MARGIN + width for width in texts])
    draw_stages(scene, plan, placed)
    draw_flow(scene, plan, placed)
    bottom = draw_legend(scene, plan, MARGIN, placed.rows[-1].bottom + 70, right)
    scene.width, scene.height = right + MARGIN, bottom + MARGIN / 2
    return scene


def _alike(a: Look, b: Look) -> bool:
    return (a.kernels, a.channels, a.expansion, a.options, a.attention, a.sizes) == (
        b.kernels,
        b.channels,
        b.expansion,
        b.options,
        b.attention,
        b.sizes,
    )


def _bands(macro: Macro, found: Mapping[Unit, Look]) -> tuple[Band, ...]:
    """The stages; their size is that of the longest lane where it leaves them."""
    main = Counter(u.lane for u in macro.units).most_common(1)[0][0]
    bands = []
    for name, first, last in macro.bands:
        inside = [u for u in macro.units if first <= u.column <= last and not u.is_input]
        leaving = max((u for u in inside if u.lane == main), key=lambda u: u.column, default=None)
        bands.append(Band(name, first, last, found[leaving].sizes if leaving is not None else "", cost_of(inside, found)))
    return tuple(bands)


def _subtitle(graph: Graph) -> str:
    known = totals(graph)
    parts = ["a space" if graph.choices else "a model"]
    for what, ends in (("params", known.params), ("MACs", known.macs)):
        if ends is not None:
            low, high = amount(ends[0]), amount(ends[1])
            parts.append(f"{low if low == high else f'{low}–{high}'} {what}")
    if graph.choices:
        parts.append(f"{len(graph.choices)} choice{'s' if len(graph.choices) > 1 else ''}")
        if known.architectures is not None:
            parts.append(f"{_many(known.architectures[1])} architectures")
    return " · ".join(parts)


def _many(n: int) -> str:
    return f"{n:,}" if n < 10**9 else f"{n:.3g}".replace("e+", "e")

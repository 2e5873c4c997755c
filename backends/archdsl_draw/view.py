"""The macro view of a graph as a drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.outline.reading import read
from archdsl.questions.genotype import assignment
from archdsl_draw.boxes import face, key_of, scaled
from archdsl_draw.drawing import Drawing
from archdsl_draw.heading import summary_of
from archdsl_draw.layout import MARGIN, Placed, draw_flow, place
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

    With a genotype, the architecture that it selects. Raises DiagnosticError where the genotype names a
    choice (E0601) or an alternative (E0602) that the graph does not have.
    """
    if genotype is not None:
        graph = fix(graph, assignment(graph, genotype))
    return Drawing(scene_of(plan_of(graph, title or graph.name)), Subject((graph,)))


def plan_of(graph: Graph, title: str) -> Plan:
    """The boxes of a graph with what they say, in their columns and lanes."""
    return plans_of([graph], [title])[0]


def plans_of(graphs: Sequence[Graph], titles: Sequence[str]) -> list[Plan]:
    """The boxes of several graphs, with the same colours, marks and heights for the same things."""
    parts: list[tuple[Macro, dict[Unit, Look]]] = []
    for graph in graphs:
        outline = read(graph)
        units = units_of(graph)
        if graph.choices:
            units = joined(units, partial(_alike, looks(units, outline)))
        parts.append((arrange(units), looks(units, outline)))
    key = key_of({unit: look for _, found in parts for unit, look in found.items()})
    faces, ground = scaled({unit: face(unit, look) for _, found in parts for unit, look in found.items()})
    return [
        Plan(
            title,
            summary_of(graph),
            macro,
            {u: faces[u] for u in macro.units},
            _bands(macro, found),
            key,
            ground,
        )
        for graph, title, (macro, found) in zip(graphs, titles, parts, strict=True)
    ]


def scene_of(plan: Plan) -> Scene:
    """The plan on paper: title, stages, flow, legend."""
    scene = Scene(plan.title, plan.subtitle)
    draw_title(scene, plan.title, plan.subtitle)
    placed = place([plan], MARGIN + 42)
    draw_plans(scene, [plan], placed)
    return scene


def draw_title(scene: Scene, title: str, subtitle: str) -> None:
    scene.items.append(Label(MARGIN, MARGIN + 12, title, 16, "start", bold=True))
    scene.items.append(Label(MARGIN, MARGIN + 28, subtitle, 10, "start", colour=SOFT))
    scene.width = MARGIN + max(text_width(title, 16, True), text_width(subtitle, 10), 420)


def draw_plans(scene: Scene, plans: Sequence[Plan], placed: Sequence[Placed]) -> None:
    """Stages and flow of each, and one legend for all below them; sets the size of the paper."""
    right = max([scene.width, *(row.right for part in placed for row in part.rows)])
    most = max((band.macs[1] for plan in plans for band in plan.bands), default=0)
    for plan, part in zip(plans, placed, strict=True):
        draw_stages(scene, plan, part, most)
        draw_flow(scene, plan, part)
    low = max(row.bottom for part in placed for row in part.rows)
    bottom = draw_legend(scene, plans, MARGIN, low + 70, right)
    scene.width, scene.height = right + MARGIN, bottom + MARGIN / 2


def _alike(found: Mapping[Unit, Look], one: Unit, other: Unit) -> bool:
    """Whether two boxes say the same."""
    a, b = found[one], found[other]
    return (a.kernels, a.channels, a.expansion, a.options, a.attention, a.sizes, a.inside) == (
        b.kernels,
        b.channels,
        b.expansion,
        b.options,
        b.attention,
        b.sizes,
        b.inside,
    )


def _bands(macro: Macro, found: Mapping[Unit, Look]) -> tuple[Band, ...]:
    """The stages; their size is that of the longest lane where it leaves them."""
    main = Counter(u.lane for u in macro.units).most_common(1)[0][0]
    bands = []
    for name, first, last in macro.bands:
        inside = [u for u in macro.units if first <= u.column <= last and not u.is_input]
        leaving = max((u for u in inside if u.lane == main), key=lambda u: u.column, default=None)
        bands.append(
            Band(
                name, first, last, found[leaving].sizes if leaving is not None else "", cost_of(inside, found)
            )
        )
    return tuple(bands)

"""The macro view: the boxes of one graph, or of several to be compared, and their scene."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter

from archdsl.ir.graph import Graph
from archdsl.outline.reading import read
from archdsl_draw.boxes import face, key_of, scaled
from archdsl_draw.heading import summary_of
from archdsl_draw.keys import draw_entries
from archdsl_draw.layout import MARGIN, Placed, draw_flow, place
from archdsl_draw.legend import legend_of
from archdsl_draw.look import Look, cost_of, looks
from archdsl_draw.macro import Macro, Unit, arrange, joined, units_of
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import SOFT
from archdsl_draw.plan import Band, Plan
from archdsl_draw.scene import Label, Scene
from archdsl_draw.stages import draw_stages

_SAID = attrgetter(
    "kernels", "channels", "expansion", "options", "attention", "sizes", "inside"
)


def macro_scene(graph: Graph) -> Scene:
    """The macro view of a space or a model: stages from left to right, streams as lanes, a box per block."""
    plan = plans_of([graph], [graph.name])[0]
    scene = Scene(plan.title, plan.subtitle)
    draw_title(scene, plan.title, plan.subtitle)
    placed = place([plan], MARGIN + 42)
    draw_plans(scene, [plan], placed)
    return scene


def plans_of(graphs: Sequence[Graph], titles: Sequence[str]) -> list[Plan]:
    """The boxes of several graphs with what they say, in their columns and lanes. The same things have the
    same colours, marks and heights.
    """
    arranged: list[Macro] = []
    known: dict[Unit, Look] = {}
    for graph in graphs:
        outline = read(graph)
        units = units_of(graph)
        if graph.choices:
            units = joined(units, partial(_alike, looks(units, outline)))
        arranged.append(arrange(units))
        known.update(looks(units, outline))
    key = key_of(known)
    faces, ground = scaled({unit: face(unit, look) for unit, look in known.items()})
    plans = []
    for graph, title, macro in zip(graphs, titles, arranged, strict=True):
        own = {unit: faces[unit] for unit in macro.units}
        plans.append(
            Plan(title, summary_of(graph), macro, own, _bands(macro, known), key, ground)
        )
    return plans


def draw_title(scene: Scene, title: str, subtitle: str) -> None:
    scene.items.append(Label(MARGIN, MARGIN + 12, title, 16, "start", bold=True))
    scene.items.append(Label(MARGIN, MARGIN + 28, subtitle, 10, "start", colour=SOFT))
    scene.width = MARGIN + max(text_width(title, 16, True), text_width(subtitle, 10), 420)


def draw_plans(scene: Scene, plans: Sequence[Plan], placed: Sequence[Placed]) -> None:
    """Stages and flow of each, and one legend for all below them; sets the size of the paper."""
    rows = list(chain.from_iterable(part.rows for part in placed))
    bands = chain.from_iterable(plan.bands for plan in plans)
    right = max([scene.width, *(row.right for row in rows)])
    most = max((band.macs[1] for band in bands), default=0)
    for plan, part in zip(plans, placed, strict=True):
        draw_stages(scene, plan, part, most)
        draw_flow(scene, plan, part)
    low = max(row.bottom for row in rows)
    _, bottom = draw_entries(scene, legend_of(plans), MARGIN, low + 70, right)
    scene.width, scene.height = right + MARGIN, bottom + 8 + MARGIN / 2


def _alike(found: Mapping[Unit, Look], one: Unit, other: Unit) -> bool:
    """Whether two boxes say the same."""
    return _SAID(found[one]) == _SAID(found[other])


def _bands(macro: Macro, found: Mapping[Unit, Look]) -> tuple[Band, ...]:
    """The stages; their size is that of the longest lane where it leaves them."""
    main = Counter(u.lane for u in macro.units).most_common(1)[0][0]
    bands = []
    for name, first, last in macro.bands:
        inside = [u for u in macro.units if first <= u.column <= last and not u.is_input]
        leaving = max(
            (u for u in inside if u.lane == main), key=lambda u: u.column, default=None
        )
        sizes = found[leaving].sizes if leaving is not None else ""
        bands.append(Band(name, first, last, sizes, cost_of(inside, found)))
    return tuple(bands)

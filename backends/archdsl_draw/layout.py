"""Places boxes and arrows: rows of columns, lanes within a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from archdsl_draw.boxes import Face, draw
from archdsl_draw.macro import Unit
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import INK, LINE, PAPER, SOFT
from archdsl_draw.plan import Plan
from archdsl_draw.routes import Route, Routes, letters, routes
from archdsl_draw.scene import Arrow, Box, Label, Scene

Point = tuple[float, float]
MARGIN = 22.0
ROW_WIDTH = 1180.0  # where a row of boxes breaks
HEADER = 28.0  # stage names and sizes
STRIP = 66.0  # the bars of MACs with their texts
_GUTTER = 16.0
_LANE_GAP = 14.0
_TRACK = 6.0
_LETTER = 18.0  # below a box, for the letters of what goes on elsewhere


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Row:
    """One system of lanes. `lanes` are their middles, `gaps` the tops of the room for tracks above each."""

    columns: range
    top: float
    lanes: tuple[float, ...]
    gaps: tuple[float, ...]
    bottom: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Placed:
    columns: dict[int, Column]
    rows: tuple[Row, ...]
    routes: Routes

    def row(self, unit: Unit) -> Row:
        return next(r for r in self.rows if unit.column in r.columns)

    def spot(self, face: Face) -> Column:
        """The box's own left edge and width: the middle of its column."""
        column = self.columns[face.unit.column]
        return Column(column.x + (column.width - face.width) / 2, face.width)


def place(plans: Sequence[Plan], top: float, tag: float = 0) -> list[Placed]:
    """Breaks the columns into rows and gives every part its place, from `top` downwards.

    Several plans share their columns: each row of one stands over the same row of the next, `tag` apart.
    """
    widths: dict[int, float] = {}
    for plan in plans:
        for column, width in _widths(plan).items():
            widths[column] = max(widths.get(column, 0.0), width)
    parts = _balanced(_segments(plans, max(widths) + 1), widths)
    row_of: dict[int, int] = {}
    for number, part in enumerate(parts):
        row_of.update(dict.fromkeys(part, number))
    ways = [routes(plan.macro.units, row_of) for plan in plans]
    names = chain.from_iterable(plan.lane_names().values() for plan in plans)
    left = MARGIN + max((text_width(name, 9, True) + 10 for name in names), default=0)
    columns: dict[int, Column] = {}
    rows: list[list[Row]] = [[] for _ in plans]
    for number, part in enumerate(parts):
        x = left + (_GUTTER if number else 0)
        for c in part:
            columns[c] = Column(x, widths[c])
            x += widths[c] + _GUTTER + 4 * max(way.gutters.get(c, 0) for way in ways)
        for plan, way, found in zip(plans, ways, rows, strict=True):
            if len(plans) == 1 or any(unit.column in part for unit in plan.macro.units):
                lanes = _lanes(plan, part, number, way, top + tag + HEADER)
                found.append(Row(part, top + tag, *lanes, left, x))
                top = found[-1].bottom + STRIP
    return [
        Placed(columns, tuple(found), way) for found, way in zip(rows, ways, strict=True)
    ]


def _segments(plans: Sequence[Plan], end: int) -> list[range]:
    """The columns of stages; where plans have different ones, of what they have in common."""
    starts = set(range(end))
    for band in chain.from_iterable(plan.bands for plan in plans):
        starts.difference_update(range(band.first + 1, band.last + 1))
    bounds = [*sorted(starts | {0}), end]
    return [range(a, b) for a, b in pairwise(bounds)]


def _widths(plan: Plan) -> dict[int, float]:
    """The width of each column: its boxes, and its part of what the stage's texts need."""
    widths: dict[int, float] = {}
    for unit, face in plan.faces.items():
        widths[unit.column] = max(
            widths.get(unit.column, 18.0), face.width + (4 if unit.repeat > 1 else 0)
        )
    for band in plan.bands:
        inside = range(band.first, band.last + 1)
        for c in inside:
            widths.setdefault(c, 18.0)
        spare = band.width - sum(widths[c] for c in inside) - _GUTTER * (len(inside) - 1)
        for c in inside:
            widths[c] += max(0.0, spare) / len(inside)
    return widths


def _balanced(segments: Sequence[range], widths: Mapping[int, float]) -> list[range]:
    """As few rows as fit, of about one length."""
    rows = _break(segments, widths, ROW_WIDTH)
    limit = ROW_WIDTH
    while limit > 200 and len(narrower := _break(segments, widths, limit - 40)) == len(
        rows
    ):
        rows, limit = narrower, limit - 40
    return rows


def _break(
    segments: Sequence[range], widths: Mapping[int, float], limit: float
) -> list[range]:
    """Rows of columns: stages stay whole where they fit in a row."""
    rows: list[range] = []
    start, used = 0, 0.0
    for segment in segments:
        whole = sum(widths[c] + _GUTTER for c in segment)
        if used and used + whole > limit and whole <= limit:
            rows.append(range(start, segment.start))
            start, used = segment.start, 0.0
        for c in segment:
            if used and used + widths[c] > limit:
                rows.append(range(start, c))
                start, used = c, 0.0
            used += widths[c] + _GUTTER
    rows.append(range(start, segments[-1].stop))
    return rows


def _lanes(
    plan: Plan, part: range, number: int, ways: Routes, top: float
) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """The middles of the lanes of a row, the tops of the room for tracks above each, and where they end."""
    heights = [0.0] * plan.macro.lanes
    for unit, face in plan.faces.items():
        if unit.column in part:
            heights[unit.lane] = max(
                heights[unit.lane], face.height + (4 if unit.repeat > 1 else 0)
            )
    jumps = [route for route in ways.routes if route.kind == "jump"]
    ends = chain.from_iterable((route.source, route.target) for route in jumps)
    jumping = {unit.lane for unit in ends if unit.column in part}
    lanes, gaps = [], []
    y = top
    for lane, height in enumerate(heights):
        gaps.append(y)
        if height:
            y += _LANE_GAP + _TRACK * ways.tracks.get((number, lane), 0)
        lanes.append(y + height / 2)
        y += height + (_LETTER if lane in jumping else 0)
    return tuple(lanes), tuple(gaps), y + 12


def draw_flow(scene: Scene, plan: Plan, placed: Placed) -> None:
    """The arrows, then the boxes over them."""
    for route in placed.routes.routes:
        if route.kind != "jump":
            _arrow(scene, route, plan, placed)
    _jumps(scene, plan, placed)
    for unit, face in plan.faces.items():
        spot, middle = placed.spot(face), placed.row(unit).lanes[unit.lane]
        scene.items.extend(
            draw(face, spot.x, middle - face.height / 2, plan.key, unit in plan.pale)
        )
    for unit in plan.macro.units:
        if not unit.after and not unit.is_input:
            spot, middle = placed.spot(plan.faces[unit]), placed.row(unit).lanes[unit.lane]
            scene.items.append(
                Arrow(
                    (
                        (spot.right, middle),
                        (placed.columns[unit.column].right + _GUTTER - 2, middle),
                    )
                )
            )
    names_of = plan.lane_names()
    for row in placed.rows:
        for lane in sorted(
            {u.lane for u in plan.macro.units if u.column in row.columns} & set(names_of)
        ):
            scene.items.append(
                Label(
                    MARGIN,
                    row.lanes[lane] + 3,
                    names_of[lane],
                    9,
                    "start",
                    bold=True,
                    colour=SOFT,
                )
            )


def _arrow(scene: Scene, route: Route, plan: Plan, placed: Placed) -> None:
    source, target = route.source, route.target
    here, there = placed.row(source), placed.row(target)
    a, b = placed.spot(plan.faces[source]), placed.spot(plan.faces[target])
    ya, yb = here.lanes[source.lane], there.lanes[target.lane]
    if route.kind == "straight":
        scene.items.append(Arrow(((a.right, ya), (b.x, yb))))
    elif route.kind == "rise":
        half = plan.faces[target].height / 2
        x, end = b.x + b.width / 2, yb + half if ya > yb else yb - half
        scene.items.append(Arrow(((a.right, ya), (x, ya), (x, end))))
    elif route.kind == "fork":
        half = plan.faces[source].height / 2
        x, start = a.x + a.width / 2, ya + half if yb > ya else ya - half
        scene.items.append(Arrow(((x, start), (x, yb), (b.x, yb))))
    elif route.kind == "track":
        shift_a = min(plan.faces[source].height / 2 - 4, 5)
        shift_b = min(plan.faces[target].height / 2 - 4, 6)
        scene.items.append(
            Arrow(_track(route, placed, (a.right, ya - shift_a), (b.x, yb - shift_b)))
        )
    else:
        scene.items.append(Arrow(((a.right, ya), (here.right - 2, ya))))
        scene.items.append(Arrow(((there.left, yb), (b.x, yb))))


def _track(route: Route, placed: Placed, start: Point, end: Point) -> tuple[Point, ...]:
    """Out into the gutter, to the track, along it, down into the gutter before the target, and in."""
    row = placed.row(route.source)
    y = row.gaps[route.gap] + _TRACK * (route.slot + 1)
    out = placed.columns[route.source.column].right + 5 + 4 * route.out
    before = placed.columns[route.target.column - 1]
    into = before.right + 5 + 4 * route.into
    return start, (out, start[1]), (out, y), (into, y), (into, end[1]), end


def _jumps(scene: Scene, plan: Plan, placed: Placed) -> None:
    """A letter under each box whose result goes on in another row, and the same under every box that it goes
    to.
    """
    names = letters()
    leaving: dict[Unit, str] = {}
    entering: dict[Unit, list[str]] = {}
    for route in placed.routes.routes:
        if route.kind == "jump":
            if route.source not in leaving:
                leaving[route.source] = next(names)
            entering.setdefault(route.target, []).append(leaving[route.source])
    for unit in plan.macro.units:
        face = plan.faces[unit]
        spot, row = placed.spot(face), placed.row(unit)
        middle, foot = spot.x + spot.width / 2, row.lanes[unit.lane] + face.height / 2
        aside = 7.0 if unit in leaving and unit in entering else 0.0
        if unit in entering:
            text = " ".join(entering[unit])
            _letters(scene, text, middle - aside, foot, side=-1 if aside else 0)
            scene.items.append(Arrow(((middle - aside, foot + 6), (middle - aside, foot))))
        if unit in leaving:
            _letters(scene, leaving[unit], middle + aside, foot, side=1 if aside else 0)
            scene.items.append(Arrow(((middle + aside, foot), (middle + aside, foot + 6))))


def _letters(scene: Scene, text: str, x: float, y: float, side: int) -> None:
    """A round tag below (x, y), to the left of it, around it or to its right."""
    size = 7.5
    width = max(text_width(text, size) + 5, 12)
    left = x - width / 2 + side * (width - 12) / 2
    scene.items.append(Box(left, y + 6, width, 11, PAPER, LINE, radius=5.5))
    scene.items.append(Label(left + width / 2, y + 14, text, size, colour=INK))

"""The macro view of a graph: which boxes there are, in which stage and stream each stands, and what flows
where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TypeVar

from archdsl.cycles import components
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph, Op, Pick, Select, Value, operands
from archdsl.ops.table import PRIMITIVES
from archdsl.outline.asking import deciding, is_optional
from archdsl.outline.following import hosts
from archdsl.outline.reading import Outline, read
from archdsl.outline.streams import lateral, meets
from archdsl.outline.tree import Node, read_of

Place = TypeVar("Place")
_STREAMS, _TANGLED = 3, 1.5  # more parts abreast, or more arrows for each part, make a cell


@dataclass(eq=False, slots=True)
class Unit:
    """One box: a layer or block of the architecture, with the norm and activation behind it.

    `stage` is the turn of a loop or the block that it belongs to, `stream` the name of its block within the
    stage; `column` counts along the drawing, `lane` down it; `blocks` are the values of each of the equal
    blocks in a row that it stands for, `is_lateral` where it stands between two streams.
    """

    node: Node
    stage: Node
    stream: str
    order: int
    values: list[Value]
    main: Value  # what it is for: the largest value that others read
    followers: list[str] = field(default_factory=list)
    before: list[Unit] = field(
        default_factory=list
    )  # what it reads, in order of the operands
    after: list[Unit] = field(default_factory=list)
    column: int = 0
    lane: int = 0
    blocks: list[tuple[Value, ...]] = field(default_factory=list)
    is_lateral: bool = False
    is_optional: bool = False  # whether a choice decides that it is there
    deciders: tuple[Choice, ...] = ()  # the open choices that it depends on

    @property
    def path(self) -> str:
        return str(self.node.path)

    @property
    def repeat(self) -> int:
        return len(self.blocks)

    @property
    def is_input(self) -> bool:
        return self.node.level == "input"


@dataclass(frozen=True, slots=True)
class Macro:
    """The boxes in program order; `bands` are the columns of each stage, left to right."""

    units: tuple[Unit, ...]
    bands: tuple[tuple[str, int, int], ...]  # name, first column, last column
    lanes: int


def units_of(graph: Graph) -> list[Unit]:
    """The boxes of any graph: without loops and blocks, every layer of the top level is one."""
    outline = read(graph)
    units = list(_units(outline))
    _connect(units, graph)
    units = _absorbed(units, outline)
    for unit in units:
        unit.is_lateral = _is_lateral(unit)
    return units


def joined(units: list[Unit], alike: Callable[[Unit, Unit], bool]) -> list[Unit]:
    """Blocks of one loop that follow each other and are alike, as one box; where the last are optional, what
    reads the end reads those before it, too."""
    kept: list[Unit] = []
    for unit in units:
        host = unit.before[0] if len(unit.before) == 1 else None
        if (
            host is not None
            and _leads_to(host, unit)
            and _same_loop(host, unit)
            and alike(host, unit)
        ):
            host.blocks.extend(unit.blocks)
            _swallow(host, unit)
        else:
            kept.append(unit)
    return kept


def arrange(units: list[Unit]) -> Macro:
    """Gives every box its column and lane."""
    bands = _columns(units)
    return Macro(tuple(units), bands, _lanes(units))


def _leads_to(host: Unit, unit: Unit) -> bool:
    """Whether all that a box gives goes to the next one, or past it to what reads that: a layer that may not
    be there."""
    others = [reader for reader in host.after if reader is not unit]
    return unit in host.after and all(
        reader in unit.after and unit.is_optional for reader in others
    )


def _same_loop(a: Unit, b: Unit) -> bool:
    is_turn = a.node.path.index is not None and b.node.path.index is not None
    return (
        a.node.parent is b.node.parent and is_turn and a.node.path.base == b.node.path.base
    )


def _swallow(host: Unit, unit: Unit) -> None:
    host.values.extend(unit.values)
    host.deciders = tuple(sorted({*host.deciders, *unit.deciders}, key=lambda c: c.order))
    host.main = unit.main
    host.after = unit.after
    for user in unit.after:
        user.before = list(dict.fromkeys(host if u is unit else u for u in user.before))


def _units(outline: Outline) -> Iterator[Unit]:
    boxes = _Boxes(outline)
    for part in outline.body:
        boxes.visit(part, None, "")
    boxes.found.sort(key=lambda u: (outline.place[u.values[-1]], u.path))
    for order, unit in enumerate(boxes.found):
        unit.order = order
        yield unit


@dataclass(slots=True)
class _Boxes:
    """The boxes as they are found, in the order of the tree."""

    outline: Outline
    found: list[Unit] = field(default_factory=list)

    def visit(self, node: Node, stage: Node | None, stream: str) -> None:
        """A box for a part, or for each of the parts of a sequence; a junction is looked through."""
        if node.is_junction:
            return
        if node.level != "loop" and not _is_sequence(node, self.outline.place):
            self._add_part(node, stage or node, stream or node.path.base)
            return
        inner_stage = stage or node
        is_stream = node.level != "loop" and stage is not None
        for child in node.children:
            self.visit(child, inner_stage, stream or node.segment if is_stream else stream)
        if node.values:
            self._add(node, inner_stage, stream, node.values)

    def _add_part(self, node: Node, stage: Node, stream: str) -> None:
        """One box; of what connects two streams one for what is done between them, and one for where they
        meet."""
        between = lateral(self.outline.inside[node], self.outline)
        if between is None:
            self._add(node, stage, stream, self.outline.inside[node])
            return
        self._add(node, stage, stream, between.branch)
        self._add(self.outline.owner[between.join], stage, stream, [between.join])

    def _add(self, node: Node, stage: Node, stream: str, values: Collection[Value]) -> None:
        outline = self.outline
        ordered = outline.in_order(values)
        leaving = outline.leaving(ordered) or ordered
        main = max(reversed(leaving), key=_extent)
        unit = Unit(node, stage, stream, 0, ordered, main, blocks=[tuple(ordered)])
        unit.is_optional = is_optional(ordered, outline)
        unit.deciders = deciding(ordered, outline)
        self.found.append(unit)


def _extent(value: Value) -> int:
    """How many numbers a value holds, of a space the most that each dimension can be."""
    product = 1
    for size in value.shape.values():
        product *= max((n for n in size.distinct() if isinstance(n, int)), default=1)
    return product


def _is_sequence(node: Node, place: Mapping[Value, int]) -> bool:
    """Whether a block consists of numbered blocks or stages one after the other, so that it is drawn part by
    part."""
    if (
        node.level != "block"
        or sum(child.level == "alternative" for child in node.children) > 1
    ):
        return False  # what a choice is between is one box
    stack = list(node.children)
    while stack:
        child = stack.pop()
        if child.level == "loop" or (
            child.level == "block"
            and child.path.index is not None
            and not _is_web(child, place)
        ):
            return not _is_web(node, place)
        if child.level in ("block", "alternative") and not _is_web(child, place):
            stack.extend(child.children)
    return False


def _is_web(node: Node, place: Mapping[Value, int]) -> bool:
    """Whether a block is a cell, a web of parts in which one reads several others: its picture is the cell
    view's."""
    owner: dict[Value, Node] = {}
    stack = list(node.children)
    while stack:
        child = stack.pop()
        held = list(child.held())
        if child.level in ("block", "primitive") and not all(
            isinstance(v, Select | Pick) for v in held
        ):
            owner.update(dict.fromkeys(held, child))
        else:
            stack.extend(child.children)
    links: set[tuple[Node, Node]] = set()
    depth: dict[Node, int] = {}
    reach: dict[Value, frozenset[Node]] = {}
    for value in sorted(node.held(), key=place.__getitem__):
        sources = frozenset().union(*(reach.get(o, frozenset()) for o in operands(value)))
        part = owner.get(value)
        if part is None:
            reach[value] = sources
            continue
        reach[value] = frozenset({part})
        links.update((source, part) for source in sources if source is not part)
        depth[part] = max(
            [
                depth.get(part, 0),
                *(depth[source] + 1 for source in sources if source is not part),
            ]
        )
    abreast = max(Counter(depth.values()).values(), default=0)
    return abreast > _STREAMS or len(links) > _TANGLED * len(depth)


def _connect(units: list[Unit], graph: Graph) -> None:
    owner: dict[Value, Unit] = {}
    for unit in units:
        owner.update(dict.fromkeys(unit.values, unit))
    reach: dict[Value, tuple[Unit, ...]] = {}
    for value in (*graph.inputs, *graph.values):
        if value in owner:
            reach[value] = (owner[value],)
        else:
            reach[value] = tuple(
                dict.fromkeys(chain.from_iterable(reach[o] for o in operands(value)))
            )
    for unit in units:
        sources = dict.fromkeys(chain.from_iterable(reach[o] for o in read_of(unit.values)))
        earlier = [source for source in sources if source.order < unit.order]
        main = _main_source(unit, owner)
        unit.before = sorted(earlier, key=lambda u: u is not main)
        for source in unit.before:
            source.after.append(unit)


def _main_source(unit: Unit, owner: Mapping[Value, Unit]) -> Unit | None:
    """The box whose stream this one continues: that of the first operands, followed from the result
    backwards; if what comes from there has other dimensions than the result, as a class token has, the first
    that has the same."""
    inside = set(unit.values)
    value = unit.main
    while owner.get(value, unit) is unit:
        first = operands(value)
        if not first:
            return None
        value = first[0]
    if value.shape.keys() != unit.main.shape.keys():
        crossing = (o for o in read_of(unit.values) if o not in inside and o in owner)
        value = next(
            (o for o in crossing if o.shape.keys() == unit.main.shape.keys()), value
        )
    return owner[value]


def _absorbed(units: list[Unit], outline: Outline) -> list[Unit]:
    """Norms, activations and dropouts join the box that they read where nothing else reads that."""
    into = hosts(units, outline, lambda unit, source: source.after == [unit])
    kept = []
    for unit in units:
        host = into.get(unit)
        if host is None:
            kept.append(unit)
        else:
            host.followers.append(PRIMITIVES[unit.node.callee].word)
            host.blocks = [(*host.blocks[0], *unit.values)]
            _swallow(host, unit)
    return kept


def _is_lateral(unit: Unit) -> bool:
    """Whether a layer stands between two streams: the one it reads goes on, and the one that it ends in does
    not come from there."""
    if (
        len(unit.before) != 1
        or len(unit.after) != 1
        or not any(isinstance(v, Op) and v.weights for v in unit.values)
    ):
        return False
    source, join = unit.before[0], unit.after[0]
    others = [u for u in join.before if u is not unit]
    goes_on = any(reader is not unit for reader in source.after)
    return (
        meets(join.node.callee)
        and goes_on
        and bool(others)
        and not _comes_from(source, others)
    )


def _comes_from(source: Unit, units: list[Unit]) -> bool:
    waiting, seen = list(units), set[Unit]()
    while waiting:
        unit = waiting.pop()
        if unit is source:
            return True
        if unit not in seen:
            seen.add(unit)
            waiting.extend(unit.before)
    return False


def _columns(units: list[Unit]) -> tuple[tuple[str, int, int], ...]:
    """Gives every unit its column: stages after what they read, and inside a stage box after box.

    Whatever can wait stands as late as its readers allow: streams that meet stay abreast, a table of weights
    stands where it is read.
    """
    knot = _knots(units)
    inside: dict[Node, dict[Unit, None]] = {}
    after: dict[Node, set[Node]] = {}
    for unit in units:
        inside.setdefault(knot[unit.stage], {})[unit] = None
        later = after.setdefault(knot[unit.stage], set())
        later.update(
            knot[user.stage]
            for user in unit.after
            if knot[user.stage] is not knot[unit.stage]
        )
    level = _latest(after)
    local: dict[Unit, int] = {}
    for members in inside.values():
        inner = {unit: list(filter(members.__contains__, unit.after)) for unit in members}
        local.update(
            min(
                _latest(inner),
                _latest(inner, waiting=True),
                key=partial(_clashes, inner=inner),
            )
        )
    width: dict[int, int] = {}
    for unit in units:
        step = level[knot[unit.stage]]
        width[step] = max(width.get(step, 0), local[unit] + 1)
    start: dict[int, int] = {}
    at = 0
    for step in sorted(width):
        start[step] = at
        at += width[step]
    bands: dict[int, list[Node]] = {}
    for unit in units:
        step = level[knot[unit.stage]]
        unit.column = start[step] + local[unit]
        names = bands.setdefault(step, [])
        if unit.stage not in names:
            names.append(unit.stage)
    by_stage: dict[Node, list[Unit]] = {}
    for unit in units:
        by_stage.setdefault(unit.stage, []).append(unit)
    return tuple(
        (_band_name(bands[s], by_stage), start[s], start[s] + width[s] - 1)
        for s in sorted(bands)
    )


def _clashes(steps: Mapping[Unit, int], *, inner: Mapping[Unit, Collection[Unit]]) -> int:
    """How often two readers of one box stand in one column, where one of their arrows has to go round the
    other."""
    return sum(
        len(readers) - len(set(map(steps.__getitem__, readers)))
        for readers in inner.values()
    )


def _latest(
    after: Mapping[Place, Collection[Place]], waiting: bool = False
) -> dict[Place, int]:
    """A step for each place of an acyclic graph: the ends as early as they can be or, if they wait for each
    other, in the last step; all else right before its readers."""
    unread = dict.fromkeys(after, 0)
    for readers in after.values():
        for reader in readers:
            unread[reader] += 1
    ready = [place for place, count in unread.items() if not count]
    step = dict.fromkeys(after, 0)
    for place in ready:  # grows while it is walked
        for reader in after[place]:
            step[reader] = max(step[reader], step[place] + 1)
            unread[reader] -= 1
            if not unread[reader]:
                ready.append(reader)
    last = max(step.values(), default=0)
    for place in reversed(ready):
        if after[place]:
            step[place] = min(step[reader] for reader in after[place]) - 1
        elif waiting:
            step[place] = last
    return step


def _knots(units: list[Unit]) -> dict[Node, Node]:
    """For each stage the first of those that read each other in a circle, so that they are laid out as one
    stage."""
    after: dict[Node, dict[Node, None]] = {}
    for unit in units:
        later = after.setdefault(unit.stage, {})
        later.update(
            (user.stage, None) for user in unit.after if user.stage is not unit.stage
        )
    knots: dict[Node, Node] = {}
    for members in components(after):
        knots.update(dict.fromkeys(members, members[0]))
    return knots


def _band_name(stages: list[Node], inside: dict[Node, list[Unit]]) -> str:
    """The name over the columns of a stage; a single box says itself what it is."""
    named = []
    for stage in stages:
        if any(unit.node is not stage for unit in inside[stage]):
            named.append(str(stage.path))
    return ", ".join(named)


def _lanes(units: list[Unit]) -> int:
    """A unit continues the lane of the first thing it reads that nothing continues yet, its own stream first;
    what stands between two streams has a lane between theirs."""
    busy: dict[int, int] = {}  # lane -> the column up to which it is taken
    tails: dict[Unit, bool] = {}
    inner = [unit for unit in units if not unit.is_lateral]
    for unit in sorted(inner, key=lambda u: (u.column, u.order)):
        open_ = [u for u in unit.before if tails.get(u) and busy[u.lane] < unit.column]
        own = [u for u in open_ if u.stream == unit.stream]
        if open_:
            host = (own or open_)[0]
            unit.lane = host.lane
            tails[host] = False
        else:
            unit.lane = next(n for n in range(len(busy) + 1) if _free(n, unit, busy, tails))
        busy[unit.lane] = unit.column
        tails[unit] = bool(unit.after)
        for source in unit.before:
            if tails.get(source) and all(u.order <= unit.order for u in source.after):
                tails[source] = False
    first = {u.lane for u in inner if u.is_input}
    lanes = sorted({u.lane for u in inner}, key=lambda lane: (lane not in first, lane))
    heights = {unit: float(lanes.index(unit.lane)) for unit in inner}
    heights.update(_between(units, heights))
    used = sorted(set(heights.values()))
    for unit, height in heights.items():
        unit.lane = used.index(height)
    return max(len(used), 1)


def _between(units: list[Unit], heights: Mapping[Unit, float]) -> dict[Unit, float]:
    """A lane below the upper of the streams that each lateral unit connects; two of one column do not share
    it."""
    found: dict[Unit, float] = {}
    taken: set[tuple[int, float]] = set()
    for unit in units:
        if not unit.is_lateral:
            continue
        ends = [heights[u] for u in (*unit.before, *unit.after) if u in heights]
        height = min(ends, default=0.0) + 0.5
        while (unit.column, height) in taken:
            height += 0.1
        taken.add((unit.column, height))
        found[unit] = height
    return found


def _free(lane: int, unit: Unit, busy: dict[int, int], tails: dict[Unit, bool]) -> bool:
    return busy.get(lane, -1) < unit.column and not any(
        live and u.lane == lane for u, live in tails.items()
    )

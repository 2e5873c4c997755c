"""The macro view of a graph: which boxes there are, in which stage and stream each stands, and what flows where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from archdsl.compare.paths import base, index
from archdsl.compare.tree import Node, live_tree
from archdsl.ir.graph import Graph, Select, Value, operands

_FOLLOWERS = {
    "batch_norm": "BN",
    "layer_norm": "LN",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "swish": "swish",
    "sigmoid": "sigmoid",
    "gelu": "GELU",
    "tanh": "tanh",
    "softmax": "softmax",
    "dropout": "dropout",
    "drop_path": "drop path",
}


@dataclass(eq=False, slots=True)
class Unit:
    """One box: a layer or block of the architecture, with the norm and activation behind it.

    `stage` is the turn of a loop or the block that it belongs to, `stream` the name of its block within the stage;
    `column` counts along the drawing, `lane` down it; `repeat` is how many equal blocks in a row it stands for.
    """

    node: Node
    path: str
    stage: Node
    stream: str
    order: int
    values: list[Value]
    followers: list[str] = field(default_factory=list)
    before: list[Unit] = field(default_factory=list)  # what it reads, in order of the operands
    after: list[Unit] = field(default_factory=list)
    column: int = 0
    lane: int = 0
    repeat: int = 1

    @property
    def is_input(self) -> bool:
        return self.node.level == "input"

    @property
    def last(self) -> Value:
        return self.values[-1]


@dataclass(frozen=True, slots=True)
class Macro:
    """The boxes in program order; `bands` are the columns of each stage, left to right."""

    units: tuple[Unit, ...]
    bands: tuple[tuple[str, int, int], ...]  # name, first column, last column
    lanes: int


def units_of(graph: Graph) -> list[Unit]:
    """The boxes of any graph: without loops and blocks, every layer of the top level is one."""
    root, _ = live_tree(graph)
    place = {value: i for i, value in enumerate(dict.fromkeys((*graph.inputs, *graph.values)))}
    units = list(_units(_body(root), place))
    _connect(units, graph)
    return _absorbed(units)


def joined(units: list[Unit], alike: Callable[[Unit, Unit], bool]) -> list[Unit]:
    """Blocks of one loop that follow each other and are alike, as one box."""
    kept: list[Unit] = []
    for unit in units:
        host = unit.before[0] if len(unit.before) == 1 else None
        if host is not None and host.after == [unit] and _same_loop(host, unit) and alike(host, unit):
            host.repeat += 1
            _swallow(host, unit)
        else:
            kept.append(unit)
    return kept


def arrange(units: list[Unit]) -> Macro:
    """Gives every box its column and lane."""
    bands = _columns(units)
    return Macro(tuple(units), bands, _lanes(units))


def _same_loop(a: Unit, b: Unit) -> bool:
    return a.node.parent is b.node.parent and index(b.node.segment) is not None and base(a.node.segment) == base(b.node.segment)


def _swallow(host: Unit, unit: Unit) -> None:
    host.values.extend(unit.values)
    host.after = unit.after
    for user in unit.after:
        user.before = [host if u is unit else u for u in user.before]


def _body(root: Node) -> list[Node]:
    """The children of the root; where that is one block only, what is inside it."""
    inputs = [c for c in root.children if c.level == "input"]
    parts = [c for c in root.children if c.level != "input"]
    while len(parts) == 1 and parts[0].level == "block" and not parts[0].values:
        parts = parts[0].children
    return [*inputs, *parts]


def _units(parts: Iterable[Node], place: dict[Value, int]) -> Iterator[Unit]:
    found: list[Unit] = []

    def visit(node: Node, stage: Node | None, stream: str) -> None:
        if node.level == "primitive" and all(isinstance(v, Select) for v in node.values):
            return  # a junction, looked through
        if node.level == "loop" or _is_sequence(node):
            inner_stage = stage or node
            for child in node.children:
                visit(child, inner_stage, stream if node.level == "loop" or not stage else stream or node.segment)
            if node.values:
                found.append(Unit(node, node.path, inner_stage, stream, 0, sorted(node.values, key=place.__getitem__)))
            return
        values = sorted((v for n in node.walk() for v in n.values), key=place.__getitem__)
        found.append(Unit(node, node.path, stage or node, stream or base(node.segment), 0, values))

    for part in parts:
        visit(part, None, "")
    found.sort(key=lambda u: (place[u.values[0]], u.path))
    for order, unit in enumerate(found):
        unit.order = order
        yield unit


def _is_sequence(node: Node) -> bool:
    """Whether a block consists of numbered blocks or stages, so that it is drawn part by part."""
    if node.level != "block":
        return False
    stack = list(node.children)
    while stack:
        child = stack.pop()
        if child.level == "loop" or (child.level == "block" and index(child.segment)):
            return True
        if child.level in ("block", "alternative"):
            stack.extend(child.children)
    return False


def _connect(units: list[Unit], graph: Graph) -> None:
    owner = {value: unit for unit in units for value in unit.values}
    reach: dict[Value, tuple[Unit, ...]] = {}
    for value in (*graph.inputs, *graph.values):
        if value in owner:
            reach[value] = (owner[value],)
        else:
            reach[value] = tuple(dict.fromkeys(u for o in operands(value) for u in reach[o]))
    for unit in units:
        sources = dict.fromkeys(u for v in unit.values for o in operands(v) for u in reach[o] if u is not unit)
        main = _main_source(unit, owner)
        unit.before = sorted((u for u in sources if u.order < unit.order), key=lambda u: u is not main)
        for source in unit.before:
            source.after.append(unit)


def _main_source(unit: Unit, owner: dict[Value, Unit]) -> Unit | None:
    """The box whose stream this one continues: that of the first operands, followed from the result backwards."""
    value = unit.last
    while owner.get(value, unit) is unit:
        first = operands(value)
        if not first:
            return None
        value = first[0]
    return owner[value]


def _absorbed(units: list[Unit]) -> list[Unit]:
    """Norms, activations and dropouts join the box before them where nothing else reads that."""
    kept = []
    for unit in units:
        follows = unit.node.level == "primitive" and unit.node.callee in _FOLLOWERS and len(unit.before) == 1
        if follows and not (host := unit.before[0]).is_input and host.after == [unit]:
            host.followers.append(_FOLLOWERS[unit.node.callee])
            _swallow(host, unit)
            continue
        kept.append(unit)
    return kept


def _columns(units: list[Unit]) -> tuple[tuple[str, int, int], ...]:
    """Gives every unit its column: stages after what they read, and inside a stage box after box."""
    inside: dict[Node, list[Unit]] = {}
    for unit in units:
        inside.setdefault(unit.stage, []).append(unit)
    level: dict[Node, int] = {}
    local: dict[Unit, int] = {}
    for unit in units:
        local[unit] = max((local[u] + 1 for u in unit.before if u.stage == unit.stage), default=0)
        outer = max((level[u.stage] + 1 for u in unit.before if u.stage != unit.stage), default=0)
        level[unit.stage] = max(level.get(unit.stage, 0), outer)
    for stage, members in inside.items():  # a table of weights stands where it is read
        if not any(u.before or u.is_input for u in members):
            readers = [level[v.stage] for u in members for v in u.after if v.stage != stage]
            level[stage] = max(0, min(readers) - 1) if readers else 0
    _settle(units, level)
    width: dict[int, int] = {}
    for unit in units:
        width[level[unit.stage]] = max(width.get(level[unit.stage], 0), local[unit] + 1)
    start: dict[int, int] = {}
    at = 0
    for step in sorted(width):
        start[step] = at
        at += width[step]
    bands: dict[int, list[Node]] = {}
    for unit in units:
        unit.column = start[level[unit.stage]] + local[unit]
        names = bands.setdefault(level[unit.stage], [])
        if unit.stage not in names:
            names.append(unit.stage)
    return tuple((_band_name(bands[s], inside), start[s], start[s] + width[s] - 1) for s in sorted(bands))


def _settle(units: list[Unit], level: dict[Node, int]) -> None:
    """Pushes stages behind everything that they read (stages whose parts are interleaved need several passes)."""
    for _ in range(len(level)):
        moved = False
        for unit in units:
            for source in unit.before:
                if source.stage != unit.stage and level[source.stage] >= level[unit.stage]:
                    level[unit.stage] = level[source.stage] + 1
                    moved = True
        if not moved:
            return


def _band_name(stages: list[Node], inside: dict[Node, list[Unit]]) -> str:
    """The name over the columns of a stage; a single box says itself what it is."""
    return ", ".join(s.path for s in stages if any(u.node is not s for u in inside[s]))


def _lanes(units: list[Unit]) -> int:
    """A unit continues the lane of the first thing it reads that nothing continues yet, its own stream first."""
    busy: dict[int, int] = {}  # lane -> the column up to which it is taken
    tails: dict[Unit, bool] = {}
    for unit in sorted(units, key=lambda u: (u.column, u.order)):
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
    used = sorted({u.lane for u in units})
    for unit in units:
        unit.lane = used.index(unit.lane)
    return max(len(used), 1)


def _free(lane: int, unit: Unit, busy: dict[int, int], tails: dict[Unit, bool]) -> bool:
    return busy.get(lane, -1) < unit.column and not any(live and u.lane == lane for u, live in tails.items())

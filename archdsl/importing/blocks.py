"""Regions that are equal but for numbers become one block with parameters.

    layer1[0]: conv(64), conv(64, 3), conv(256), project(256)      block bottleneck(inner, stride = 1,
    layer2[0]: conv(128), conv(128, 3, 2), conv(512), …              downsample = false) { … }
    layer2[1]: conv(128), conv(128, 3), conv(512)

A number that differs is written by the width of the input where it always has the same ratio to it, else by
a parameter that is already there, else as a parameter of its own. What only some have is an option of the
block, if leaving it out means passing on what it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import product
from typing import Any

from archdsl.importing.calls import Lifted
from archdsl.importing.regions import Region, tree
from archdsl.importing.templates import (
    ANY,
    Filled,
    Node,
    Template,
    Word,
    readers_of,
    template,
)


@dataclass(frozen=True, slots=True)
class Scaled:
    """`base`, `base * by` or `base // by`: a parameter, or with a letter the size of an input."""

    base: str
    by: int = 1
    divides: bool = False
    letter: str = ""
    input: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a block; `default` is ANY where it must be given."""

    name: str
    kind: str = ""
    default: Any = ANY


@dataclass(frozen=True, slots=True)
class Option:
    """Nodes that only some instances have; where they are left out `out` is `alias`."""

    parameter: str
    nodes: tuple[int, ...]
    out: int
    alias: int


@dataclass(eq=False, slots=True)
class Block:
    """A block: its nodes, the text of what differs in `args` (by node and argument), its options."""

    base: Template
    kind: str
    parameters: list[Parameter] = field(default_factory=list)
    args: dict[tuple[int, str], Any] = field(default_factory=dict)
    options: list[Option] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    name: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Member:
    """A region of a block: `nodes` has its own node for each of the block, None where it lacks it."""

    template: Template
    nodes: tuple[Node | None, ...]
    values: Mapping[int, int]  # the network's value of each local one of the block
    options: dict[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Folded:
    """A network as blocks, those that others use first, and its root."""

    lifted: Lifted
    blocks: tuple[Block, ...]
    root: Template
    filled: Mapping[Region, Filled]


def fold(lifted: Lifted, *, together: bool = True) -> Folded:
    """The blocks of a network. Without `together` each region is a block of its own, without parameters."""
    root = tree(lifted)
    readers = readers_of(lifted)
    filled: dict[Region, Filled] = {}
    blocks: list[Block] = []
    for level in _levels(root, together):
        templates = [template(region, filled, readers) for region in level]
        groups = _groups(templates) if together else [[each] for each in templates]
        for group in groups:
            for block in _blocks(group, lifted.sizes):
                blocks.append(block)
                for member in block.members:
                    filled[member.template.region] = _filled(block, member)
    return Folded(lifted, tuple(blocks), template(root, filled, readers), filled)


def _levels(root: Region, together: bool) -> Iterator[list[Region]]:
    """The regions below the root, innermost first; those of one class at one level, if that can be."""
    heights: dict[Region, int] = {}
    order: list[Region] = []

    def visit(region: Region) -> int:
        inner = [visit(item) for item in region.items if isinstance(item, Region)]
        heights[region] = 1 + max(inner, default=0)
        order.append(region)
        return heights[region]

    visit(root)
    order.remove(root)
    if together:
        _raise(order, heights)
    for level in sorted({heights[region] for region in order}):
        yield [region for region in order if heights[region] == level]


_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "")


def _class(region: Region) -> str:
    """What a region is an instance of: its module's class, or what a list of layers is called."""
    return f"a {region.segment.name}" if region.kind in _CONTAINERS else region.kind


def _raise(order: Sequence[Region], heights: dict[Region, int]) -> None:
    """Regions of one class at the height of the highest, what holds them above; as they were where a class
    lies within itself.
    """
    before = dict(heights)
    named = {_class(region) for region in order}
    if not _raised(order, heights, named):
        heights.update(before)
        if not _raised(
            order, heights, {name for name in named if not name.startswith("a ")}
        ):
            heights.update(before)


def _raised(order: Sequence[Region], heights: dict[Region, int], classes: set[str]) -> bool:
    while True:
        tops: dict[str, int] = {}
        for region in order:
            tops[_class(region)] = max(tops.get(_class(region), 0), heights[region])
        changed = False
        for region in order:
            inner = [heights[item] for item in region.items if isinstance(item, Region)]
            top = tops[_class(region)] if _class(region) in classes else 0
            height = max(1 + max(inner, default=0), top)
            changed = changed or height != heights[region]
            heights[region] = height
        if not changed:
            return True
        if max(heights.values()) > len(order) + 1:
            return False


def _groups(templates: Sequence[Template]) -> list[list[Template]]:
    """Templates of one class. Lists of layers are alike as well where they are equal under another name."""
    first: dict[Hashable, str] = {}
    found: dict[str, list[Template]] = {}
    for each in templates:
        kind = _class(each.region)
        if kind.startswith("a "):
            kind = first.setdefault(each.key(), kind)
        found.setdefault(kind, []).append(each)
    return list(found.values())


def _blocks(
    group: Sequence[Template], sizes: Mapping[int, Mapping[str, int]]
) -> list[Block]:
    """The templates of a class as few blocks: the longest first, others as what lacks parts of it."""
    buckets: dict[Hashable, list[Template]] = {}
    for each in group:
        buckets.setdefault(each.key(), []).append(each)
    waiting = sorted(buckets.values(), key=lambda b: (-len(b[0].nodes), -len(b)))
    found: list[Block] = []
    while waiting:
        base, *rest = waiting
        block = Block(base[0], base[0].region.kind)
        block.members = [_whole(base[0], each) for each in base]
        waiting = []
        for bucket in rest:
            lacking = _lacking(block, bucket[0])
            if lacking is None:
                waiting.append(bucket)
                continue
            block.members += [_partial(block, each, lacking) for each in bucket]
        _order(block, group)
        _parametrise(block, sizes)
        found.append(block)
    return found


def _order(block: Block, group: Sequence[Template]) -> None:
    place = {id(each): i for i, each in enumerate(group)}
    block.members.sort(key=lambda member: place[id(member.template)])
    for member in block.members:
        for option in block.options:
            member.options.setdefault(option.parameter, True)


def _whole(base: Template, each: Template) -> Member:
    return Member(each, each.nodes, _met(base, each, each.nodes), {})


def _met(base: Template, each: Template, nodes: Sequence[Node | None]) -> dict[int, int]:
    """The network's values behind the local ones of a block, for one of its members."""
    values = dict(enumerate(each.values[: len(each.inputs)]))
    for theirs, ours in zip(base.nodes, nodes, strict=True):
        if ours is not None:
            for value, local in zip(theirs.outs, ours.outs, strict=True):
                values[value] = each.values[local]
    return values


# -- options -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lacking:
    """Which nodes of a block another template lacks, in runs."""

    runs: tuple[tuple[int, ...], ...]
    aliases: tuple[
        tuple[int, int], ...
    ]  # of each run, the value that comes out and the one that stands for it


def _lacking(block: Block, other: Template) -> _Lacking | None:
    base = block.base
    if len(other.inputs) != len(base.inputs) or len(other.nodes) >= len(base.nodes):
        return None
    long = [node.what for node in base.nodes]
    short = [node.what for node in other.nodes]
    runs: list[tuple[int, ...]] = []
    matcher = SequenceMatcher(None, long, short, autojunk=False)
    for tag, a0, a1, _, _ in matcher.get_opcodes():
        if tag == "equal":
            continue
        if tag != "delete":
            return None
        runs.append(tuple(range(a0, a1)))
    choices = [_aliases(base, run) for run in runs]
    wanted = other.key()
    if any(not choice for choice in choices) or len(runs) > 4:
        return None
    for aliases in product(*choices):
        gone = [place for run in runs for place in run]
        if base.key(gone, dict(aliases)) == wanted and _fits(block, runs, aliases):
            return _Lacking(tuple(runs), aliases)
    return None


def _aliases(base: Template, run: Sequence[int]) -> list[tuple[int, int]]:
    """What may stand for the output of a run: each value that it reads."""
    nodes = [base.nodes[place] for place in run]
    made = [value for node in nodes for value in node.outs]
    inside = set(run)
    rest = [node for place, node in enumerate(base.nodes) if place not in inside]
    read = {value for node in rest for value in node.ins} | set(base.outputs)
    out = [value for value in made if value in read]
    if len(out) != 1:
        return []
    given = dict.fromkeys(
        value for node in nodes for value in node.ins if value not in made
    )
    return [(out[0], value) for value in given]


def _fits(
    block: Block, runs: Sequence[tuple[int, ...]], aliases: Sequence[tuple[int, int]]
) -> bool:
    """Whether runs are options that are there already, or lie apart from those."""
    for run, (out, alias) in zip(runs, aliases, strict=True):
        for option in block.options:
            same = (option.nodes, option.out, option.alias) == (run, out, alias)
            if not same and set(option.nodes) & set(run):
                return False
    return True


def _partial(block: Block, each: Template, lacking: _Lacking) -> Member:
    flags: dict[str, bool] = {}
    for run, (out, alias) in zip(lacking.runs, lacking.aliases, strict=True):
        flags[_option(block, run, out, alias).parameter] = False
    gone = {place for run in lacking.runs for place in run}
    own = iter(each.nodes)
    nodes = tuple(
        None if place in gone else next(own) for place in range(len(block.base.nodes))
    )
    names = dict(lacking.aliases)
    values = _met(block.base, each, nodes)
    for out in names:
        alias = out
        while alias in names:
            alias = names[alias]
        values[out] = values[alias]
    return Member(each, nodes, values, flags)


def _option(block: Block, run: tuple[int, ...], out: int, alias: int) -> Option:
    for option in block.options:
        if option.nodes == run:
            return option
    node = block.base.nodes[run[0]]
    last = block.base.nodes[run[-1]]
    name = node.segment.name or (
        "residual" if last.op == "add" and len(run) == 1 else f"has_{last.op or 'part'}"
    )
    taken = {option.parameter for option in block.options}
    number = 2
    wanted = name
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    option = Option(name, run, out, alias)
    block.options.append(option)
    return option


# -- parameters --------------------------------------------------------------------------------------


def _parametrise(block: Block, sizes: Mapping[int, Mapping[str, int]]) -> None:
    """Finds the parameters of a block, and what each of its arguments is written as."""
    columns: list[tuple[Parameter, tuple[Any, ...]]] = []
    for option in block.options:
        flags = tuple(
            member.options.get(option.parameter, True) for member in block.members
        )
        columns.append((Parameter(option.parameter, "bool"), flags))
    widths = _widths(block, sizes)
    taken = {option.parameter for option in block.options}
    for place, node in enumerate(block.base.nodes):
        for name, values in _columns(block, place, node):
            known = [value for value in values if value is not ANY]
            if all(_same(value, known[0]) for value in known):
                block.args[place, name] = known[0]
                continue
            written = _written(values, columns, widths)
            if written is None:
                called = _called(name, node, taken)
                taken.add(called)
                kind = name if name in _WIDTHS else ""
                if isinstance(known[0], Word):
                    kind = "layer"
                filler = Counter(map(_hashable, known)).most_common(1)[0][0]
                whole = tuple(
                    next(k for k in known if _hashable(k) == filler) if v is ANY else v
                    for v in values
                )
                columns.append((Parameter(called, kind), whole))
                written = Scaled(called)
            block.args[place, name] = written
    block.parameters = sorted(
        (_defaulted(parameter, values) for parameter, values in columns),
        key=lambda p: p.default is not ANY,
    )
    for place, member in enumerate(block.members):
        member.options.update({p.name: values[place] for p, values in columns})


def _filled(block: Block, member: Member) -> Filled:
    inputs = tuple(member.values[i] for i in range(len(block.base.inputs)))
    outputs = tuple(member.values[value] for value in block.base.outputs)
    return Filled(block, inputs, outputs, dict(member.options))


def _columns(block: Block, place: int, node: Node) -> Iterable[tuple[str, tuple[Any, ...]]]:
    own = [member.nodes[place] for member in block.members]
    if not node.turns:
        for name in node.args:
            yield (
                name,
                tuple(ANY if each is None else each.args.get(name, ANY) for each in own),
            )
        return
    for name in loop_columns(*(each for each in own if each is not None)):
        yield name, tuple(ANY if each is None else _cell(each, name) for each in own)


def loop_columns(*nodes: Node) -> dict[str, Any]:
    """The arguments of a loop, as the first of the nodes has them: `stride` where all turns have the same,
    `stride:first` and `stride:rest` where only the first differs, else a row of a table a turn.
    """
    forms = _forms(nodes)
    listed = [name for name, form in forms.items() if form == "list"]
    names: list[str] = []
    for name, form in forms.items():
        if form != "list":
            names += [name] if form == "same" else [f"{name}:first", f"{name}:rest"]
    names.append(f"rows:{','.join(listed)}" if listed else "times:")
    return {name: _cell(nodes[0], name) for name in names}


def _cell(node: Node, name: str) -> Any:
    stem, _, part = name.partition(":")
    if stem == "times":
        return len(node.turns)
    if stem == "rows":
        names = part.split(",")
        return tuple(Row(tuple(turn.args[each] for each in names)) for turn in node.turns)
    if part == "rest":
        return node.turns[1].args[stem] if len(node.turns) > 1 else ANY
    return node.turns[0].args[stem]


def _forms(nodes: Sequence[Node]) -> dict[str, str]:
    """How the turns of a loop differ in each parameter, in the worst of the nodes."""
    found: dict[str, str] = {}
    for name in nodes[0].turns[0].args:
        form = "same"
        for node in nodes:
            values = [turn.args[name] for turn in node.turns]
            if any(not _same(v, values[0]) for v in values) and form == "same":
                form = "first"
            if len(values) > 1 and any(not _same(v, values[1]) for v in values[1:]):
                form = "list"
        found[name] = form
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of a loop."""

    values: tuple[Any, ...]


def _same(a: Any, b: Any) -> bool:
    return (type(a) is type(b) and bool(a == b)) or (
        isinstance(a, int | float) and a == b and not isinstance(a, bool)
    )


def _hashable(value: Any) -> Hashable:
    return (type(value).__name__, value)


def _widths(
    block: Block, sizes: Mapping[int, Mapping[str, int]]
) -> dict[tuple[int, str], tuple[int, ...]]:
    """The sizes of each input, by place and letter, over the members."""
    found = {}
    for place in range(len(block.base.inputs)):
        each = [sizes.get(member.values[place], {}) for member in block.members]
        if all("c" in one for one in each):
            found[place, "c"] = tuple(one["c"] for one in each)
    return found


def _written(
    values: tuple[Any, ...],
    columns: Sequence[tuple[Parameter, tuple[Any, ...]]],
    widths: Mapping[tuple[int, str], tuple[int, ...]],
) -> Scaled | None:
    """A column by what is there already: an equal one, else one of which it is a multiple or a part."""
    for parameter, other in columns:
        if all(a is ANY or _same(a, b) for a, b in zip(values, other, strict=True)):
            return Scaled(parameter.name)
    for (place, letter), other in widths.items():
        ratio = _ratio(values, other)
        if ratio is not None:
            return Scaled("", *ratio, letter, place)
    for parameter, other in columns:
        ratio = _ratio(values, other)
        if ratio is not None:
            return Scaled(parameter.name, *ratio)
    return None


def _ratio(values: Sequence[Any], others: Sequence[Any]) -> tuple[int, bool] | None:
    """(k, False) where each value is k times the other, (k, True) where it is a k-th of it."""
    pairs = [(a, b) for a, b in zip(values, others, strict=True) if a is not ANY]
    if any(type(a) is not int or type(b) is not int or a < 4 or b < 4 for a, b in pairs):
        return None
    a, b = pairs[0]
    if a % b == 0 and all(x == y * (a // b) for x, y in pairs):
        return a // b, False
    if b % a == 0 and all(y == x * (b // a) for x, y in pairs):
        return b // a, True
    return None


_WIDTHS = ("channels", "width")  # what a reader expects to be said
_WORDS = {"by": "factor", "width": "channels", "times": "depth"}


def _called(name: str, node: Node, taken: set[str]) -> str:
    """A name for a parameter, after the argument that it is for."""
    stem, _, part = name.partition(":")
    if stem == "rows":
        stem = "rows"
    elif part == "first":
        stem = f"first_{stem}"
    wanted = _WORDS.get(stem, stem)
    own = node.segment.name
    candidates = [
        wanted,
        f"{own}_{wanted}" if own and not own[0].isdigit() else f"{wanted}_2",
    ]
    candidates += [f"{wanted}_{i}" for i in range(2, 99)]
    return next(c for c in candidates if c not in taken)


def _defaulted(parameter: Parameter, values: Sequence[Any]) -> Parameter:
    """With the value that most members have as its default."""
    counts = Counter(map(_hashable, values))
    (commonest, count), *_ = counts.most_common(1)
    is_long = (
        isinstance(values[0], tuple) and bool(values[0]) and isinstance(values[0][0], Row)
    )
    if count < 2 or count * 2 < len(values) or is_long or parameter.kind in _WIDTHS:
        return parameter
    default = next(value for value in values if _hashable(value) == commonest)
    return Parameter(parameter.name, parameter.kind, default)

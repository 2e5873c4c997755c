"""What a region is but for its numbers: nodes over local values, so that equal modules are seen to be equal.

region layer1[0]                              nodes over the values 0 (its input), 1, 2 …
    %12 = conv %7 (channels = 64)             conv 0 -> 1, args channels = 64, kernel = 1, stride = 1 …
    %13 = batch_norm %12                      batch_norm 1 -> 2
    …                                         add 5, 0 -> 6
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from archdsl.importing.calls import Call, Lifted, Literal
from archdsl.importing.regions import Leaf, Region, Segment, numbered
from archdsl.ops.table import PRIMITIVES

if TYPE_CHECKING:
    from archdsl.importing.blocks import Block


@dataclass(frozen=True, slots=True)
class Word:
    """A name of the language as an argument: the layer `relu`."""

    name: str


class _Any:
    """An argument that nothing reads: the rest of a loop of one turn."""

    def __repr__(self) -> str:
        return "ANY"


ANY = _Any()


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """An op, the use of a block, or a loop of uses, over local values. `args` has every parameter.

    `turns` are the uses of a loop. `carried` says of each input of a turn which output of the turn before it
    is, None where it is the same in all turns. `shared` is the first node that has the same weights.
    """

    op: str
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    args: Mapping[str, Any]
    segment: Segment
    call: Call | None = None
    block: Block | None = None
    region: Region | None = None
    turns: tuple[Node, ...] = ()
    carried: tuple[int | None, ...] = ()
    shared: int | None = None

    @property
    def what(self) -> Hashable:
        """Equal for nodes of one kind; letters that are arguments belong to it."""
        letters = (
            tuple(sorted(name for name in self.args if len(name) == 1))
            if self.block is None
            else ()
        )
        return (
            (id(self.block) if self.block is not None else self.op),
            bool(self.turns),
            letters,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """A region over local values: its inputs are 0, 1 … `values` are those of the network behind them."""

    region: Region
    inputs: tuple[int, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    values: tuple[int, ...]

    def key(
        self, without: Iterable[int] = (), aliases: Mapping[int, int] | None = None
    ) -> Hashable:
        """Equal for templates that are alike but for numbers and names, some nodes left out: what these give
        is then `aliases` of something else.
        """
        gone = set(without)
        number = {value: value for value in range(len(self.inputs))}

        def local(value: int) -> int:
            while aliases and value in aliases:
                value = aliases[value]
            return number[value]

        keys: list[Hashable] = []
        for place, node in enumerate(self.nodes):
            if place in gone:
                continue
            ins = tuple(map(local, node.ins))
            for value in node.outs:
                number[value] = len(number)
            keys.append((node.what, ins, len(node.outs), node.carried, node.shared))
        return len(self.inputs), tuple(keys), tuple(map(local, self.outputs))


def template(
    region: Region, found: Mapping[Region, Filled], readers: Mapping[int, int]
) -> Template:
    """The template of a region, the regions in it being known. `readers` counts who reads each value of the
    network, the caller of the network included.
    """
    return _Reading(region, found, readers).template()


@dataclass(frozen=True, eq=False, slots=True)
class Filled:
    """A region as an instance of a block: its inputs and outputs in the block's order, and the arguments."""

    block: Block
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    args: Mapping[str, Any]


@dataclass(eq=False, slots=True)
class _Reading:
    region: Region
    found: Mapping[Region, Filled]
    readers: Mapping[int, int]
    local: dict[int, int] = field(default_factory=dict)

    def template(self) -> Template:
        inputs = _external(self.region, self.found)
        for value in inputs:
            self.local[value] = len(self.local)
        read: dict[int, int] = {}
        nodes: list[Node] = []
        for item in self.region.items:
            nodes.append(self._node(item))
        for call in self.region.calls():
            for value in call.inputs:
                read[value] = read.get(value, 0) + 1
        outputs = self._outputs(read)
        nodes = _with_shared(nodes)
        local_outputs = tuple(self.local[value] for value in outputs)
        values = tuple(self.local)
        return Template(
            self.region,
            tuple(inputs),
            tuple(looped(nodes, local_outputs)),
            local_outputs,
            values,
        )

    def _outputs(self, read: Mapping[int, int]) -> list[int]:
        """The values that somebody outside reads."""
        made: list[int] = []
        for item in self.region.items:
            made.extend(_ends(item, self.found)[1])
        return [value for value in made if self.readers.get(value, 0) > read.get(value, 0)]

    def _node(self, item: Leaf | Region) -> Node:
        ins, outs = _ends(item, self.found)
        for value in outs:
            self.local.setdefault(value, len(self.local))
        here = tuple(self.local[value] for value in ins)
        there = tuple(self.local[value] for value in outs)
        if isinstance(item, Region):
            filled = self.found[item]
            return Node(
                "", here, there, filled.args, item.segment, block=filled.block, region=item
            )
        op, args = _abstract(item.call)
        return Node(op, here, there, args, item.segment, call=item.call)


def _ends(
    item: Leaf | Region, found: Mapping[Region, Filled]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(item, Region):
        return found[item].inputs, found[item].outputs
    return item.call.inputs, item.call.outputs


def _external(region: Region, found: Mapping[Region, Filled]) -> list[int]:
    made: set[int] = set()
    read: dict[int, None] = {}
    for item in region.items:
        ins, outs = _ends(item, found)
        for value in ins:
            if value not in made:
                read.setdefault(value)
        made.update(outs)
    return list(read)


def readers_of(lifted: Lifted) -> dict[int, int]:
    """How often each value is read, by calls and by whoever calls the network."""
    found: dict[int, int] = {}
    for call in lifted.calls:
        for value in call.inputs:
            found[value] = found.get(value, 0) + 1
    for output in lifted.outputs:
        found[output.value] = found.get(output.value, 0) + 1
    return found


@lru_cache(maxsize=256)
def defaults(op: str) -> Mapping[str, Any]:
    """What the parameters of a primitive are where nothing is written."""
    primitive = PRIMITIVES.get(op)
    if primitive is None:
        return {}
    plain = (int, float, bool, str, type(None))
    found = {
        p.name: p.default for p in primitive.parameters if isinstance(p.default, plain)
    }
    if op == "linear":
        found["dim"] = None
    if op == "layer_norm":
        found["dim"] = None
    return {
        name: value
        for name, value in found.items()
        if name not in ("init", "gamma", "like")
    }


def is_act(op: str) -> bool:
    """Whether an op is an activation without parameters, which a block may take as a layer."""
    primitive = PRIMITIVES.get(op)
    return (
        primitive is not None
        and primitive.role == "activation"
        and not primitive.parameters
    )


def _abstract(call: Call) -> tuple[str, Mapping[str, Any]]:
    if is_act(call.op):
        return "act", {"act": Word(call.op)}
    args: dict[str, Literal] = dict(call.args)
    if call.op not in (
        "param",
        "take",
        "split",
        "expand",
        "pad",
        "chunk",
        "resize",
        "scalar",
    ):
        args = {**defaults(call.op), **args}
    return call.op, args


def _with_shared(nodes: Sequence[Node]) -> list[Node]:
    """Nodes that have the weights of an earlier one say so."""
    first: dict[str, int] = {}
    found: list[Node] = []
    for place, node in enumerate(nodes):
        keys = [held.key for held in node.call.weights] if node.call else []
        if node.region is not None:
            keys = [held.key for call in node.region.calls() for held in call.weights]
        earlier = next((first[key] for key in keys if key in first), None)
        for key in keys:
            first.setdefault(key, place)
        found.append(replace(node, shared=earlier) if earlier is not None else node)
    return found


# -- loops -------------------------------------------------------------------------------------------


def looped(nodes: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """Uses of one block one after the other, as a loop."""
    reads: dict[int, int] = {}
    for node in nodes:
        for value in node.ins:
            reads[value] = reads.get(value, 0) + 1
    for value in outputs:
        reads[value] = reads.get(value, 0) + 1
    shared = {node.shared for node in nodes}
    found: list[Node] = []
    run: list[Node] = []
    lists = Counter(place[0] for place in map(_place, nodes) if place is not None)
    for place, node in enumerate(nodes):
        is_free = node.shared is None and place not in shared
        if is_free and _continues(run, node, reads):
            run.append(node)
            continue
        found.extend(_closed(run, lists))
        run = (
            [node]
            if is_free and node.block is not None and _place(node) is not None
            else []
        )
        if not run:
            found.append(node)
    found.extend(_closed(run, lists))
    return found


def _place(node: Node) -> tuple[str, int] | None:
    if node.segment.index is not None:
        return node.segment.name, node.segment.index
    return numbered(node.segment.name)


def _continues(run: Sequence[Node], node: Node, reads: Mapping[int, int]) -> bool:
    if not run or node.block is not run[0].block:
        return False
    here, before = _place(node), _place(run[-1])
    if here is None or before is None or here[0] != before[0] or here[1] != before[1] + 1:
        return False
    carried = _carried(run[-1], node)
    if all(place is None for place in carried):
        return False
    if len(run) > 1 and carried != _carried(run[-2], run[-1]):
        return False
    return all(
        _passed(run[-1], place, carried, reads) for place in range(len(run[-1].outs))
    )


def _passed(
    node: Node, place: int, carried: Sequence[int | None], reads: Mapping[int, int]
) -> bool:
    """Whether an output of a turn is read by the next one alone."""
    times = sum(1 for each in carried if each == place)
    return times > 0 and reads.get(node.outs[place], 0) == times


def _carried(before: Node, node: Node) -> tuple[int | None, ...]:
    found: list[int | None] = []
    for old, value in zip(before.ins, node.ins, strict=True):
        if value in before.outs:
            found.append(before.outs.index(value))
        elif value == old:
            found.append(None)
        else:
            return (None,) * len(node.ins)
    return tuple(found)


def _closed(run: Sequence[Node], lists: Mapping[str, int]) -> Iterable[Node]:
    """A run as a loop; two of a longer list that differ are none."""
    if len(run) < 2:
        return run
    place = _place(run[0])
    assert place is not None
    if len(run) == 2 and lists[place[0]] > 2 and dict(run[0].args) != dict(run[1].args):
        return run
    segment = Segment(*place)
    carried = _carried(run[0], run[1])
    return [
        Node(
            "",
            run[0].ins,
            run[-1].outs,
            {},
            segment,
            block=run[0].block,
            turns=tuple(run),
            carried=carried,
        )
    ]

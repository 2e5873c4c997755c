"""Which sizes of its inputs a network depends on.

The sizes in a text are nominal: a convolution gives the right answer at any, a `param` of 49 positions at
one. So each size of a value is followed back to the inputs, as an extent: of an input x with h positions,
`conv(8, 3, 2)` has (h + 1) // 2 whatever h is, which is `Along(("x", "h"), 1, 2)`; its channels are 8. Where
an op can only be right for some sizes it makes a demand of the extents that it reads, and the demand becomes
one of the inputs:

    x + conv(x, 3, 2)          two extents that differ: h stays what it is
    max_pool(3, 2)             one window at least: h is 3 or more
    conv(8, 3, 2, "same")      pads by the rest of h by 2: h changes by twos

What is not known to be right for another size is demanded as it is, so whatever is left open is open.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import lcm, prod
from typing import Any, TypeAlias

from archdsl.ir.expr import Expr
from archdsl.ir.graph import Input, Op, Pick, Select, Value, in_order
from archdsl.ops.sizes import ONE, PADDING_MODES, window_dims
from archdsl.ops.table import PRIMITIVES, joins_what_it_reads

Origin: TypeAlias = tuple[str, str]
"""A dimension of an input: the input's name and the letter."""


@dataclass(frozen=True, slots=True)
class Along:
    """(n + plus) // per, n being the size of one dimension of an input. A window over such a size is again
    one of these.
    """

    origin: Origin
    plus: int = 0
    per: int = 1


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A size that follows from others in some other way; `Demands.made` gives one for each rule and sizes."""

    origins: frozenset[Origin]


Extent: TypeAlias = int | Along | Made
Extents: TypeAlias = Mapping[str, Extent]
"""The extents of a value by dimension, all but the batch, of which nothing is known."""


def origins(extent: Extent) -> frozenset[Origin]:
    """The dimensions of inputs that a size derives from."""
    if isinstance(extent, int):
        return frozenset()
    return extent.origins if isinstance(extent, Made) else frozenset({extent.origin})


@dataclass(slots=True)
class Demands:
    """What is asked of the inputs' sizes; grows while a network is read.

    `fixed` dimensions keep the size that they have. Of the others, `least` is the smallest, and `step` what
    they may change by. `guarded` are those that an exported program has to hold: a slice of too few positions
    would be shorter without a word, and where a size is 1, PyTorch's exporter takes that for granted.
    """

    fixed: set[Origin] = field(default_factory=set)
    least: dict[Origin, int] = field(default_factory=dict)
    step: dict[Origin, int] = field(default_factory=dict)
    guarded: set[Origin] = field(default_factory=set)
    slid: dict[Hashable, Extent] = field(
        default_factory=dict, repr=False
    )  # what windows make of extents
    _made: dict[tuple[Hashable, tuple[Extent, ...]], Made] = field(
        default_factory=dict, repr=False
    )

    def made(self, rule: Hashable, *parts: Extent) -> Made:
        """What a rule makes of sizes: the same rule of the same sizes the same."""
        known = self._made.get((rule, parts))
        if known is None:
            known = self._made[rule, parts] = Made(
                frozenset[Origin]().union(*map(origins, parts))
            )
        return known

    def exactly(self, extent: Extent) -> None:
        """The size is a number that the computation holds."""
        if not isinstance(extent, int):
            self.fixed |= origins(extent)

    def equal(self, one: Extent, other: Extent) -> None:
        """Two sizes agree: by themselves where they are one extent."""
        if one != other:
            self.exactly(one)
            self.exactly(other)

    def at_least(self, extent: Extent, size: int, *, guarded: bool = False) -> None:
        """There are so many positions."""
        if not isinstance(extent, Along):
            self.exactly(extent)
            return
        needed = size * extent.per - extent.plus
        self.least[extent.origin] = max(needed, self.least.get(extent.origin, 1))
        if guarded and needed > 1:
            self.guarded.add(extent.origin)

    def congruent(self, extent: Extent, step: int) -> None:
        """The size leaves the rest that it has, divided by `step`."""
        if step == 1:
            return
        if not isinstance(extent, Along):
            self.exactly(extent)
            return
        self.step[extent.origin] = lcm(self.step.get(extent.origin, 1), extent.per * step)


def follow(values: Iterable[Value], demands: Demands) -> dict[Value, Extents]:
    """The extents of values, which come with operands before users; what their ops demand is added to
    `demands`.
    """
    found: dict[Value, Extents] = {}
    for value in values:
        if isinstance(value, Input):
            found[value] = {d: Along((value.name, d)) for d in value.dims if d != "b"}
        elif isinstance(value, Op):
            rule = _RULES.get(value.name, _unknown)
            found[value] = rule(value, [found[v] for v in value.inputs], demands)
        else:
            found[value] = _combined(value, [found[v] for v in value.operands], demands)
        for d, extent in found[value].items():
            if isinstance(extent, Along) and value.shape[d] == ONE:
                demands.guarded.add(extent.origin)
    return found


def read_of(reads: Iterable[tuple[Value, str]]) -> frozenset[Origin]:
    """The dimensions of inputs from which these sizes of values derive."""
    open_ = [(value, d) for value, d in reads if not _is_given(value, d)]
    extents = follow(in_order(tuple(dict.fromkeys(value for value, _ in open_))), Demands())
    return frozenset[Origin]().union(
        *[origins(extents[value].get(d, 1)) for value, d in open_]
    )


def _group_norm(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Statistics are of more than one value: where a group is one channel, a dimension of positions keeps
    two.
    """
    groups, channels = op.attrs["groups"], op.shape["c"]
    if groups == channels:
        sizes = {d: max(size.distinct()) for d, size in op.shape.items() if d not in "bc"}
        widest = max(sizes, key=sizes.__getitem__, default=None)
        if widest is not None and sizes[widest] > 1:
            demands.at_least(read[0].get(widest, 1), 2)
    return dict(read[0])


# the channels of what they read
_KEEPING = frozenset(
    ("add", "sub", "mul", "div", "weighted_sum", "max_pool", "avg_pool", "mean")
)


def _is_given(value: Value, dim: str) -> bool:
    """Whether a size is known at a glance to derive from no input, as the channels after a layer: most that
    are read.
    """
    while isinstance(value, Op) and _keeps(value, dim):
        value = next(v for v in value.inputs if dim in v.shape)
    if not isinstance(value, Op):
        return False
    return value.name == "weight" or (dim == "c" and value.name in ("conv", "linear"))


def _keeps(op: Op, dim: str) -> bool:
    """Whether a dimension of the result is that of an input."""
    return _RULES.get(op.name) is _same or (dim == "c" and op.name in _KEEPING)


# -- rules: the extents of an op's result, and what it demands of those of its inputs ----------------

_Rule: TypeAlias = Callable[[Op, Sequence[Extents], Demands], Extents]


def _unknown(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """An op of which nothing is known holds every size that it reads."""
    for extents in read:
        for extent in extents.values():
            demands.exactly(extent)
    return {d: _given(n, demands) for d, n in op.shape.items() if d != "b"}


def _same(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    return read[0]


def _matched(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Dimensions are matched by name."""
    return _agreed(read, demands)


def _agreed(
    read: Sequence[Extents], demands: Demands, apart: str = ""
) -> dict[str, Extent]:
    """The union of dimensions but for those `apart`; where several tensors have one, their sizes agree."""
    found: dict[str, Extent] = {}
    for extents in read:
        for d, extent in extents.items():
            if d not in apart:
                demands.equal(found.setdefault(d, extent), extent)
    return found


def _concat(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    d = _axes(op, "dim")
    joined = [extents.get(d, 1) for extents in read]
    return {**_agreed(read, demands, d), d: _total(joined, demands)}


def _windows(name: str) -> _Rule:
    """A convolution's kernel or a pool's window, by the name of the parameter."""

    names = (name, "stride", "padding", "dilation")

    def rule(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
        found = dict(read[0])
        parts = tuple([op.attrs[part] for part in names if part in op.attrs])
        dims = window_dims(parts[0].distinct()[0], op.inputs[0].shape)
        for i, d in enumerate(dims):
            if d in found:
                found[d] = _slid(found[d], parts, i, demands)
        if name == "kernel":
            found["c"] = _given(op.shape["c"], demands)
        return found

    return rule


def _slid(extent: Extent, parts: tuple[Expr, ...], i: int, demands: Demands) -> Extent:
    """How many windows there are along the i-th dimension of a kernel: one for all answers, or a size of its
    own.
    """
    known = demands.slid.get((extent, i, parts))
    if known is None:
        counts = set()
        for window in product(*[part.distinct() for part in parts]):
            numbers = [_part(value, i) for value in window]
            if _is_window(numbers):
                counts.add(_count(extent, numbers, demands))
        for count in counts:
            demands.at_least(count, 1)
        known = (
            counts.pop()
            if len(counts) == 1
            else demands.made(("window", i, *parts), extent)
        )
        demands.slid[extent, i, parts] = known
    return known


def _part(size: Any, i: int) -> Any:
    """The part of a size for the i-th dimension of a kernel."""
    return size[min(i, len(size) - 1)] if isinstance(size, tuple) and size else size


def _is_window(numbers: Sequence[Any]) -> bool:
    """Whether a window makes sense: under answers that are refused elsewhere it may not."""
    kernel, stride, padding, *dilation = numbers
    positive = all(type(n) is int and n > 0 for n in (kernel, stride, *dilation))
    return positive and (type(padding) is int or padding in PADDING_MODES)


def _count(extent: Extent, window: Sequence[Any], demands: Demands) -> Extent:
    kernel, stride, padding, *dilation = window
    if padding == "same":
        return _quotient(_sum(extent, stride - 1, demands), stride, demands)
    reach = (kernel - 1) * (dilation[0] if dilation else 1)
    room = 2 * (reach // 2) if padding == "half" else 2 * padding
    return _quotient(_sum(extent, room - reach - 1 + stride, demands), stride, demands)


def _linear(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Its weight holds the sizes that are contracted."""
    dims = _axes(op, "dim")
    for d in dims:
        demands.exactly(read[0].get(d, 1))
    kept = _left(read[0], dims)
    made = {
        d: _given(n, demands) for d, n in op.shape.items() if d not in kept and d != "b"
    }
    return {**kept, **made}


def _left(extents: Extents, dims: str) -> dict[str, Extent]:
    """The extents of other dimensions than these."""
    return {d: extent for d, extent in extents.items() if d not in dims}


def _weight(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    return {d: _given(n, demands) for d, n in op.shape.items()}


def _merge(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    over, into = _axes(op, "over"), _axes(op, "into")
    merged = demands.made("product", *[read[0].get(d, 1) for d in over])
    return {**_left(read[0], over), into: merged}


def _split(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """One size may be open and follows from the whole, which the others divide."""
    over, into = _axes(op, "over"), _axes(op, "into")
    whole = read[0].get(over, 1)
    given = [_given(op.attrs[d], demands) for d in into if d in op.attrs]
    parts = prod(n for n in given if isinstance(n, int))
    if parts < 1 or len(given) == len(into) or not all(isinstance(n, int) for n in given):
        demands.exactly(whole)
    else:
        demands.congruent(whole, parts)
    rest = (
        demands.made(("split", *given), whole)
        if parts < 1
        else _quotient(whole, parts, demands)
    )
    parts_of = {d: _given(op.attrs[d], demands) if d in op.attrs else rest for d in into}
    return {**_left(read[0], over), **parts_of}


def _rename(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    names = dict(zip(_axes(op, "over"), _axes(op, "into"), strict=False))
    return {names.get(d, d): extent for d, extent in read[0].items()}


def _take(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Positions by number: as many as that must be there."""
    found = dict(read[0])
    for d in _letters(op, read):
        for which in op.attrs[d].distinct():
            if isinstance(which, range) and which:
                demands.at_least(found[d], max(which[0], which[-1]) + 1, guarded=True)
            elif isinstance(which, int):
                demands.at_least(found[d], which + 1)
        if d in op.shape:
            found[d] = _given(op.shape[d], demands)
        else:
            del found[d]
    return found


def _chunk(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Equal parts are cut at fixed places."""
    found = dict(read[0])
    for d in _letters(op, read):
        demands.exactly(found[d])
        found[d] = demands.made(("chunk", op.attrs[d]), found[d])
    return found


def _expand(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    new = {
        d: _given(n, demands) for d, n in op.shape.items() if d not in read[0] and d != "b"
    }
    return {**read[0], **new}


def _pad(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    found = dict(read[0])
    for d in _letters(op, read):
        amounts = op.attrs[d]
        more = {sum(v) for v in amounts.distinct() if isinstance(v, tuple)}
        if len(more) == 1:
            found[d] = _sum(found[d], more.pop(), demands)
        else:
            found[d] = demands.made(("pad", amounts), found[d])
    return found


def _resize(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    return {**read[0], **{d: _given(op.attrs[d], demands) for d in _letters(op, read)}}


def _shift(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Channels by number, at positions that are counted."""
    demands.exactly(read[0].get(_axes(op, "over"), 1))
    for channels in op.attrs["channels"].distinct():
        if isinstance(channels, range) and channels:
            demands.at_least(
                read[0].get("c", 1), max(channels[0], channels[-1]) + 1, guarded=True
            )
    return read[0]


def _mean(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    return _left(read[0], _axes(op, "over"))


def _dot(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    return _left(_agreed(read, demands), _axes(op, "over"))


def _attend(op: Op, read: Sequence[Extents], demands: Demands) -> Extents:
    """Heads cut the channels; key and value have the same positions, the query maybe others."""
    query, key, value = read
    over = _axes(op, "over")
    for d in over:
        demands.equal(key.get(d, 1), value.get(d, 1))
    for extents in read:
        demands.exactly(extents.get("c", 1))
    rest = _agreed(read, demands, over + "c")
    positions = {d: query[d] for d in over if d in query}
    return {**rest, **positions, "c": value.get("c", 1)}


def _combined(value: Select | Pick, read: Sequence[Extents], demands: Demands) -> Extents:
    """What is chosen: of one extent where all operands have it, else of a size of its own."""
    if isinstance(value, Pick):
        agreed = _agreed(read, demands, value.dim or "")
        if value.dim is None:
            return agreed
        parts = [extents.get(value.dim, 1) for extents in read]
        return {**agreed, value.dim: demands.made(value, *parts)}
    found: dict[str, Extent] = {}
    for d in read[0]:
        options = tuple(extents.get(d, 1) for extents in read)
        found[d] = (
            options[0]
            if len(set(options)) == 1
            else demands.made(("select", value.index), *options)
        )
    return found


def _given(size: Expr, demands: Demands) -> Extent:
    """A size that the text gives, or that choices decide."""
    return size.value if size.is_constant else demands.made(("given", size))


def _axes(op: Op, name: str) -> str:
    """The dimensions that a parameter names; one that choices decide is refused, wherever it is live."""
    value = op.attrs[name].first
    return value if isinstance(value, str) else ""


def _letters(op: Op, read: Sequence[Extents]) -> list[str]:
    """The keyword arguments that name a dimension of the input."""
    return [name for name in op.attrs if name in read[0]]


def _sum(extent: Extent, amount: int, demands: Demands) -> Extent:
    if isinstance(extent, int):
        return extent + amount
    if isinstance(extent, Along):
        return Along(extent.origin, extent.plus + amount * extent.per, extent.per)
    return demands.made(("plus", amount), extent) if amount else extent


def _quotient(extent: Extent, by: int, demands: Demands) -> Extent:
    if isinstance(extent, int):
        return extent // by
    if isinstance(extent, Along):
        return Along(extent.origin, extent.plus, extent.per * by)
    return demands.made(("per", by), extent) if by != 1 else extent


def _total(parts: Sequence[Extent], demands: Demands) -> Extent:
    """The sum of sizes."""
    open_ = [part for part in parts if not isinstance(part, int)]
    fixed = sum(part for part in parts if isinstance(part, int))
    if not open_:
        return fixed
    return _sum(
        open_[0] if len(open_) == 1 else demands.made("sum", *open_), fixed, demands
    )


_RULES: Mapping[str, _Rule] = {
    **dict.fromkeys(filter(joins_what_it_reads, PRIMITIVES), _same),
    **dict.fromkeys(("identity", "scalar", "softmax"), _same),
    "group_norm": _group_norm,
    **dict.fromkeys(("add", "sub", "mul", "div", "weighted_sum"), _matched),
    **dict.fromkeys(("max_pool", "avg_pool"), _windows("window")),
    "conv": _windows("kernel"),
    "concat": _concat,
    "linear": _linear,
    "weight": _weight,
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "take": _take,
    "chunk": _chunk,
    "expand": _expand,
    "pad": _pad,
    "resize": _resize,
    "shift": _shift,
    "mean": _mean,
    "dot": _dot,
    "attend": _attend,
}

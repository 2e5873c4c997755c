"""Parts of a tensor and what is put together of them: slices, chunks, padding, concatenation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from archdsl.importing.builder import ONE, WINDOWED, Tensor
from archdsl.importing.calls import Letters, Literal, Span
from archdsl.importing.captured import Ref
from archdsl.importing.lifting import Lift
from archdsl.importing.rows.dims import is_present, same_axis, uncut
from archdsl.importing.values import Layout, plain


def concat(lift: Lift, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """End to end; what a tensor is repeated along, or has one position of, needs no saying."""
    make = lift.make
    tensors = [each for each in tensors if prod(each.shape)]
    axis = tensors[0].axis(dim)
    tensors, key = _grown(lift, tensors, axis)
    if len(tensors) == 1:
        return tensors[0]
    if any(not is_present(each, axis) and each.shape[axis] != 1 for each in tensors):
        tensors = [_filled(lift, each, axis) for each in tensors]
    order = sorted(
        range(len(tensors)),
        key=lambda i: (
            tensors[i].value in make.pending,
            -len(tensors[i].layout.letters),
            i,
        ),
    )
    if not any(is_present(each, axis) for each in tensors):
        widest = order[0]
        tensors[widest] = make.expanded(tensors[widest], axis)
    lead = order[0]
    tensors = [
        uncut(lift, each, [i for i in range(each.rank) if i != axis]) for each in tensors
    ]
    first = tensors[lead]
    kept = [
        i
        for i in range(first.rank)
        if i != axis and all(same_axis(first, each, i) for each in tensors)
    ]
    ref = make.conform(
        first, {i: ONE for i in range(first.rank) if is_present(first, i) and i not in kept}
    )
    along = next((ref.layout.axes[axis][0][0] for _ in "x" if is_present(ref, axis)), None)
    if along is None:
        along = make.fresh(
            (ref.layout.letters, *(t.layout.letters for t in tensors), WINDOWED, "b")
        )
    met = [
        ref if i == lead else _beside(lift, ref, each, axis, along, kept)
        for i, each in enumerate(tensors)
    ]
    total = sum(each.shape[axis] for each in tensors)
    dims = {**ref.layout.dims, along: (total,)}
    axes = list(ref.layout.axes)
    axes[axis] = ((along, 0),)
    for i in range(ref.rank):
        for each in met:
            if i != axis and not _is_real_axis(axes[i]) and is_present(each, i):
                axes[i] = each.layout.axes[i]
                dims |= {d: each.layout.dims[d] for d, _ in axes[i]}
    layout = Layout(dims, ()).with_axes(axes)
    found = make.emit("concat", met, {"dim": Letters(along)}, layout)
    lift.joined[key] = found
    return found


def _grown(
    lift: Lift, tensors: list[Tensor], axis: int
) -> tuple[list[Tensor], tuple[Any, int]]:
    """A list that begins with one that is joined already, as that and what is new: a dense block grows."""
    values = tuple(each.value for each in tensors)
    for count in range(len(tensors), 1, -1):
        whole = lift.joined.get((values[:count], axis))
        if whole is not None:
            return [whole, *tensors[count:]], (values, axis)
    return tensors, (values, axis)


def _is_real_axis(axis: Any) -> bool:
    return bool(axis) and not any(d.startswith("*") for d, _ in axis)


def _filled(lift: Lift, x: Tensor, axis: int) -> Tensor:
    is_virtual = x.layout.axes[axis] and not is_present(x, axis)
    return lift.make.expanded(x, axis) if is_virtual else x


def _beside(
    lift: Lift, ref: Tensor, x: Tensor, axis: int, along: str, kept: Sequence[int]
) -> Tensor:
    wishes = {}
    for i in range(x.rank):
        if i in kept:
            continue
        if i != axis and is_present(x, i) and is_present(ref, i):
            wishes[i] = ref.layout.axes[i][0][0]
    if is_present(x, axis):
        wishes[axis] = along
    return (
        lift.make.conform(x, wishes, ref.layout.letters) if wishes else lift.make.named(x)
    )


def select(lift: Lift, x: Tensor, axis: int, index: int) -> Tensor:
    """One position of an axis, which goes away."""
    lies = x.layout.axes[axis]
    rest = [a for i, a in enumerate(x.layout.axes) if i != axis]
    if len(lies) == 1 and lies[0][1] == 0 and len(x.layout.dims[lies[0][0]]) > 1:
        letter = lies[0][
            0
        ]  # the slowest part of a letter that is cut further: equal parts of it
        part = _chunks(lift, x, letter, x.layout.dims[letter][0])[index]
        factors = x.layout.dims[letter][1:]
        dims = {**x.layout.dims, letter: factors}
        shifted = [tuple((d, k - 1 if d == letter else k) for d, k in a) for a in rest]
        return part.over(Layout(dims, tuple(shifted)).coalesced())
    if not lies:
        return x.over(x.layout.with_axes(rest))
    if any(d.startswith("*") for d, _ in lies):
        return x.over(x.layout.with_axes(rest))
    x = lift.make.conform(x, {axis: ONE})
    letter = x.layout.axes[axis][0][0]
    if letter == "b":
        lift.make.refuse("it takes a sample of the batch")
    layout = x.layout.with_axes(a for i, a in enumerate(x.layout.axes) if i != axis)
    return lift.make.emit("take", [x], {letter: index}, layout)


def _chunks(lift: Lift, x: Tensor, letter: str, parts: int) -> list[Tensor]:
    """A letter in equal parts; asked for once for all of them."""
    x = lift.make.named(x)
    key = (x.value, ord(letter[0]), parts)
    if key not in lift.chunks:
        size = x.layout.size(letter)
        left = plain((letter,), (size // parts,))
        others = {
            d: (x.layout.size(d),)
            for d in x.layout.dims
            if d != letter and not d.startswith("*")
        }
        layout = Layout(
            {**others, **left.dims}, tuple(((d, 0),) for d in (*others, letter))
        )
        lift.chunks[key] = lift.make.emit_several(
            "chunk", [x], {letter: parts}, [layout] * parts
        )
    return lift.chunks[key]


def narrow(lift: Lift, x: Tensor, axis: int, positions: range) -> Tensor:
    """Some positions of an axis."""
    size = x.shape[axis]
    if positions == range(size) or not len(positions):
        if not len(positions):
            lift.make.refuse("it takes no position at all")
        return x
    lies = x.layout.axes[axis]
    if any(d.startswith("*") for d, _ in lies):
        return x.over(
            Layout({**x.layout.dims, lies[0][0]: (len(positions),)}, x.layout.axes)
        )
    x = lift.make.conform(x, {axis: ONE})
    letter = x.layout.axes[axis][0][0]
    if letter == "b":
        lift.make.refuse("it takes some samples of the batch")
    count = len(positions)
    layout = Layout({**x.layout.dims, letter: (count,)}, x.layout.axes)
    if (
        positions.step == 1
        and size % count == 0
        and positions.start % count == 0
        and _tiled(lift, count, size)
    ):
        part = _chunks(lift, x, letter, size // count)[positions.start // count]
        return part.over(layout)
    step = positions.step
    span = Span(positions.start, positions.start + (count - 1) * step, step)
    last = lift.make.calls[-1] if lift.make.calls else None
    is_next = (
        last is not None
        and last.op == "take"
        and last.outputs == (x.value,)
        and _is_only(lift)
    )
    if last is not None and is_next and _spans_others(last.args, letter):
        lift.make.calls.pop()
        before = Tensor(last.inputs[0], x.layout)
        return lift.make.emit("take", [before], {**last.args, letter: span}, layout)
    return lift.make.emit("take", [x], {letter: span}, layout)


def _spans_others(args: Mapping[str, Literal], letter: str) -> bool:
    """Whether a `take` keeps its dimensions, and leaves this one alone."""
    return letter not in args and all(isinstance(each, Span) for each in args.values())


def _is_only(lift: Lift) -> bool:
    """Whether nobody else reads the first argument of the step at hand."""
    source = lift.make.step.args[0]
    return isinstance(source, Ref) and len(lift.users.get(source.name, ())) == 1


def _tiled(lift: Lift, count: int, size: int) -> bool:
    """Whether the step at hand, or its siblings, take all parts of equal size."""
    step = lift.make.step
    kind = step.target.rpartition(".")[2].lower()
    if kind in ("split", "chunk", "split_with_sizes"):
        return True
    if kind not in ("narrow", "slice"):
        return False
    siblings = [s for s in lift.users.get(step.args[0].name, ()) if s.target == step.target]
    return len(siblings) == size // count


def pad(lift: Lift, x: Tensor, sides: Sequence[tuple[int, int]]) -> Tensor:
    """Zeros before and after, by axis; less than none takes positions away."""
    for axis, (low, high) in enumerate(sides):
        if low < 0 or high < 0:
            positions = range(max(-low, 0), x.shape[axis] - max(-high, 0))
            x = narrow(lift, x, axis, positions)
    grown = {
        i: (max(low, 0), max(high, 0))
        for i, (low, high) in enumerate(sides)
        if low > 0 or high > 0
    }
    if not grown:
        return x
    x = lift.make.conform(x, dict.fromkeys(grown, ONE))
    args: dict[str, Literal] = {}
    dims = dict(x.layout.dims)
    for axis, (low, high) in grown.items():
        letter = x.layout.axes[axis][0][0]
        args[letter] = (low, high)
        dims[letter] = (x.shape[axis] + low + high,)
    return lift.make.emit("pad", [x], args, Layout(dims, x.layout.axes))

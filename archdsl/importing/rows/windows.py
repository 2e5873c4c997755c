"""What slides a window: convolutions, pools, padding that they take over, resizing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archdsl.importing.builder import Tensor
from archdsl.importing.calls import Literal
from archdsl.importing.captured import Ref
from archdsl.importing.lifting import Lift
from archdsl.importing.rows.dims import each
from archdsl.importing.rows.layers import weights_of
from archdsl.importing.rows.parts import pad
from archdsl.importing.values import Layout

_WINDOWS = {1: "t", 2: "hw", 3: "thw"}


def pads(value: Any, rank: int) -> Any:
    """Both sides of each dimension; `same` and `valid` are PyTorch's words."""
    if value == "valid":
        return ((0, 0),) * rank
    if isinstance(value, str):
        return value
    return tuple((n, n) for n in each(value, rank))


@dataclass(frozen=True, slots=True)
class Window:
    """A window over the last dimensions: one number for each, padding before and after."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]

    def args(self, sizes: Sequence[int], default: Any) -> dict[str, Literal] | None:
        """The arguments of a primitive, those that it has by itself left out; None where padding is uneven.

        `default` is its padding: "half" or 0. `sizes` are those of the input.
        """
        half = tuple(
            (k - 1) // 2 * d for k, d in zip(self.size, self.dilation, strict=True)
        )
        found: dict[str, Literal] = {}
        if any(s != 1 for s in self.stride):
            found["stride"] = self.stride
        padding = self.padding
        if padding == "same":
            if set(self.stride) == {1} and all(k % 2 for k in self.size):
                padding = tuple((n, n) for n in half)
            else:
                return None
        if all(low == high for low, high in padding):
            sides = tuple(low for low, _ in padding)
            wanted = half if default == "half" else (0,) * len(half)
            if sides != wanted:
                found["padding"] = "half" if sides == half and default != "half" else sides
        elif padding == self.same(sizes):
            found["padding"] = "same"
        else:
            return None
        if any(d != 1 for d in self.dilation):
            found["dilation"] = self.dilation
        return found

    def same(self, sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """What "same" pads: ceil(n / stride) positions, an odd rest at the end."""
        found = []
        for n, k, s, d in zip(sizes, self.size, self.stride, self.dilation, strict=True):
            total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
            found.append((total // 2, total - total // 2))
        return tuple(found)

    def after(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The sizes that come out."""
        found = []
        for n, k, s, d, (low, high) in zip(
            sizes, self.size, self.stride, self.dilation, self.padding, strict=True
        ):
            found.append((n + low + high - d * (k - 1) - 1) // s + 1)
        return tuple(found)


def _windowed(lift: Lift, x: Tensor, rank: int) -> tuple[Tensor, str, bool]:
    """The input of a window with letters where it wants them; whether a plain number says all of them."""
    letters = _WINDOWS[rank]
    places = range(x.rank - rank, x.rank)
    wishes = {
        place: letter
        for place, letter in zip(places, letters, strict=True)
        if x.layout.axes[place]
    }
    x = lift.make.conform(x, {x.rank - rank - 1: "c", **wishes})
    others = "thw" if rank == 1 else "".join(d for d in "hw" if d not in letters)
    x = lift.make.reserved(x, others, list(places))
    is_plain = len(wishes) == rank and set("thw") & set(x.layout.letters) == set(letters)
    return x, letters, is_plain


def _sized(args: Mapping[str, Literal], is_plain: bool) -> dict[str, Literal]:
    """Sizes as numbers where all their dimensions have the same."""
    found: dict[str, Literal] = {}
    for name, value in args.items():
        is_uniform = isinstance(value, tuple) and len(set(value)) == 1
        keeps = name in ("kernel", "window") and not is_plain
        found[name] = (
            value[0] if is_uniform and not keeps and isinstance(value, tuple) else value
        )
    return found


def _slid(x: Tensor, window: Window, channels: int | None) -> Layout:
    """The layout behind a window."""
    rank = len(window.size)
    after = window.after(x.shape[-rank:])
    dims = dict(x.layout.dims)
    for axis, size in zip(x.layout.axes[-rank:], after, strict=True):
        if axis:
            dims[axis[0][0]] = (size,)
    if channels is not None:
        dims["c"] = (channels,)
    return Layout(dims, x.layout.axes)


def conv(
    lift: Lift, x: Tensor, weight: Any, bias: Any, window: Window, groups: int
) -> Tensor:
    """`weight` (out, in / groups, *kernel)."""
    rank = len(window.size)
    if x.rank != rank + 2:
        lift.make.refuse("its input has no batch")
    x, _, is_plain = _windowed(lift, x, rank)
    padding = window.padding
    if padding == "same":
        totals = [d * (k - 1) for k, d in zip(window.size, window.dilation, strict=True)]
        padding = tuple((total // 2, total - total // 2) for total in totals)
    window = Window(window.size, window.stride, padding, window.dilation)
    args = window.args(x.shape[-rank:], "half")
    before = _before_padding(lift, x)
    if before is not None and not any(map(any, padding)):
        bare, sides = before
        wide = Window(window.size, window.stride, tuple(sides[-rank:]), window.dilation)
        padded = wide.args(bare.shape[-rank:], "half")
        if padded is not None and not any(map(any, sides[:-rank])):
            lift.make.calls.pop()
            x, window, args = bare, wide, padded
    if args is None:
        x = pad(lift, x, ((0, 0), (0, 0), *padding))
        window = Window(window.size, window.stride, ((0, 0),) * rank, window.dilation)
        args = window.args(x.shape[-rank:], "half") or {}
    channels = weight.shape[0]
    sizes: dict[str, Literal] = {"kernel": window.size, **args}
    complete: dict[str, Literal] = {"channels": channels, **_sized(sizes, is_plain)}
    if complete["kernel"] == 1:
        del complete["kernel"]
    if groups != 1:
        complete["groups"] = groups
    if bias is not None:
        complete["bias"] = True
    held = weights_of(lift, weight=weight, bias=bias)
    return lift.make.emit("conv", [x], complete, _slid(x, window, channels), held)


def _before_padding(lift: Lift, x: Tensor) -> tuple[Tensor, list[tuple[int, int]]] | None:
    """What the last call has padded for the step at hand alone, and by how much along each axis."""
    make = lift.make
    last = make.calls[-1] if make.calls else None
    source = make.step.args[0]
    if (
        last is None
        or last.op != "pad"
        or last.outputs != (x.value,)
        or not isinstance(source, Ref)
    ):
        return None
    if len(lift.users[source.name]) != 1:
        return None
    sides: list[tuple[int, int]] = []
    dims = dict(x.layout.dims)
    for axis in x.layout.axes:
        amounts = last.args.get(axis[0][0]) if axis else None
        low, high = amounts if isinstance(amounts, tuple) else (0, 0)
        sides.append((low, high))
        if axis and (low or high):
            dims[axis[0][0]] = (x.layout.size(axis[0][0]) - low - high,)
    return Tensor(last.inputs[0], Layout(dims, x.layout.axes)), sides


def read_by(lift: Lift, kind: str) -> bool:
    """Whether the one step that reads what the step at hand gives is of a kind."""
    readers = lift.users.get(lift.make.step.outputs[0], [])
    return len(readers) == 1 and readers[0].target.rpartition(".")[2].startswith(kind)


def padded_lowest(
    lift: Lift, x: Tensor
) -> tuple[Tensor, tuple[tuple[int, int], ...]] | None:
    """What the step before has padded with what no maximum is, for the pool at hand: its call goes."""
    source = lift.make.step.args[0]
    maker = next(
        (
            s
            for s in lift.captured.steps
            if isinstance(source, Ref) and source.name in s.outputs
        ),
        None,
    )
    if maker is None or float("-inf") not in maker.args:
        return None
    before = _before_padding(lift, x)
    if before is None:
        lift.make.refuse(
            "it pools what is padded with minus infinity, and something else is"
        )
    lift.make.calls.pop()
    return before[0], tuple(before[1])


def pool(lift: Lift, op: str, x: Tensor, window: Window, ceil: bool) -> Tensor:
    """`max_pool` or `avg_pool` over the last dimensions; padded positions never count."""
    rank = len(window.size)
    x, _, is_plain = _windowed(lift, x, rank)
    sizes = x.shape[-rank:]
    if ceil:
        window = Window(window.size, window.stride, _ceiled(window, sizes), window.dilation)
    args = window.args(sizes, 0)
    if args is None:
        lift.make.refuse("its padding is uneven")
    complete = _sized({"window": window.size, **args}, is_plain)
    return lift.make.emit(op, [x], complete, _slid(x, window, None))


def _ceiled(window: Window, sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Padding that lets the last window reach over the edge, as long as it begins inside."""
    found = []
    for n, k, s, (low, high) in zip(
        sizes, window.size, window.stride, window.padding, strict=True
    ):
        after = -(-(n + low + high - k) // s) + 1
        if (after - 1) * s >= n + low:
            after -= 1
        found.append((low, max((after - 1) * s + k - n - low, high)))
    return tuple(found)


def resize(lift: Lift, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """Linear interpolation of the last dimensions."""
    rank = len(sizes)
    letters = _WINDOWS[rank]
    for place in range(x.rank - rank, x.rank):
        if not x.layout.axes[place]:  # one position is repeated
            x = lift.make.expanded(x, place)
    x, letters, _ = _windowed(lift, x, rank)
    if tuple(sizes) == x.shape[-rank:]:
        return x
    args: dict[str, Literal] = dict(zip(letters, sizes, strict=True))
    dims = {**x.layout.dims, **{d: (n,) for d, n in zip(letters, sizes, strict=True)}}
    return lift.make.emit("resize", [x], args, Layout(dims, x.layout.axes))

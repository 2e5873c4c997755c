"""What the operations of PyTorch and of ONNX have in common, as primitives: axes in, letters out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from archdsl.importing.builder import ONE, WHOLE, WINDOWED, Tensor
from archdsl.importing.calls import Held, Letters, Literal, Span
from archdsl.importing.captured import Ref
from archdsl.importing.lifting import Constant, Lift, Scaled, Scores, Weight
from archdsl.importing.values import Layout, plain

_WINDOWS = {1: "t", 2: "hw", 3: "thw"}


def each(value: Any, rank: int) -> tuple[int, ...]:
    """A number, or one for each dimension, as the latter."""
    if isinstance(value, int):
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)


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


# -- layers with weights -------------------------------------------------------------------------------


def _held(lift: Lift, **weights: Any) -> list[Held]:
    found = []
    for name, weight in weights.items():
        if weight is None:
            continue
        if isinstance(weight, Constant) and weight.key:
            found.append(Held(name, weight.key))
        elif isinstance(weight, Weight):
            found.append(weight.held(name))
        else:
            lift.make.refuse("its weight is computed")
    return found


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
    held = _held(lift, weight=weight, bias=bias)
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


def linear(
    lift: Lift, x: Tensor, weight: Any, bias: Any, transposed: bool = False
) -> Tensor:
    """`weight` (out, in) over the last axis; with `transposed` it lies (in, out) in the source."""
    last = x.rank - 1
    if not x.layout.axes[last]:
        x = lift.make.conform(x, {last: "c"})
    x = lift.make.conform(x, {last: WHOLE})
    letters = x.layout.whole(last) or ""
    if "b" in letters:
        lift.make.refuse("it contracts the batch")
    into = "c" if "c" in letters else letters[0]
    width = weight.shape[1] if transposed else weight.shape[0]
    if into != "c" and "c" not in x.layout.letters:
        x, letters, into = lift.make.rename(x, {into: "c"}), letters.replace(into, "c"), "c"
    args: dict[str, Literal] = {"width": width}
    if letters != "c":
        args["dim"] = Letters(letters)
    if bias is None:
        args["bias"] = False
    held = _held(lift, weight=weight, bias=bias)
    if transposed:
        held[0] = Held("weight", held[0].key, True)
    dims = {**x.layout.dims, into: (width,)}
    layout = Layout(dims, ()).with_axes((*x.layout.axes[:-1], ((into, 0),)))
    return lift.make.emit("linear", [x], args, layout, held)


def batch_norm(
    lift: Lift, x: Tensor, weights: Sequence[Any], eps: float, momentum: float
) -> Tensor:
    """`weights`: scale, offset, running mean and variance."""
    x = lift.make.conform(x, {1: "c"})
    args: dict[str, Literal] = {}
    if abs(eps - 1e-5) > 1e-12:
        args["eps"] = _short(eps)
    if momentum != 0.1:
        args["momentum"] = momentum
    scale, offset, mean, variance = weights
    if scale is None:
        args["affine"] = False
    held = _held(lift, weight=scale, bias=offset, running_mean=mean, running_var=variance)
    return lift.make.emit("batch_norm", [x], args, x.layout, held)


def layer_norm(
    lift: Lift, x: Tensor, axes: int, weight: Any, bias: Any, eps: float
) -> Tensor:
    """Over the last `axes` axes."""
    places = range(x.rank - axes, x.rank)
    x = lift.make.conform(x, {place: WHOLE for place in places if x.layout.axes[place]})
    letters = "".join(x.layout.whole(place) or "" for place in places)
    if axes == 1 and letters != "c" and len(letters) == 1 and "c" not in x.layout.letters:
        x, letters = lift.make.rename(x, {letters: "c"}), "c"
    args: dict[str, Literal] = {}
    if letters != "c":
        args["dim"] = Letters(letters)
    if abs(eps - 1e-5) > 1e-12:
        args["eps"] = _short(eps)
    return _affine(lift, "layer_norm", x, args, weight, bias)


def group_norm(
    lift: Lift, x: Tensor, groups: int, weight: Any, bias: Any, eps: float
) -> Tensor:
    """Over a group of channels, axis 1, and all further axes."""
    x = lift.make.conform(
        x, {1: "c", **{i: WHOLE for i in range(2, x.rank) if x.layout.axes[i]}}
    )
    args: dict[str, Literal] = {"groups": groups}
    over = "".join(x.layout.whole(place) or "" for place in range(2, x.rank))
    if set(x.layout.letters) != {"b", "c", *over}:
        args["over"] = Letters(over)
    if abs(eps - 1e-5) > 1e-12:
        args["eps"] = _short(eps)
    return _affine(lift, "group_norm", x, args, weight, bias)


def _affine(
    lift: Lift, op: str, x: Tensor, args: dict[str, Literal], weight: Any, bias: Any
) -> Tensor:
    if (weight is None) != (bias is None):
        lift.make.refuse("it has a scale without an offset")
    if weight is None:
        args["affine"] = False
    return lift.make.emit(op, [x], args, x.layout, _held(lift, weight=weight, bias=bias))


def _short(value: float) -> float:
    """A number as somebody wrote it, where it went through 32 bits on the way."""
    return (
        float(f"{value:.6g}")
        if abs(float(f"{value:.6g}") - value) < 1e-7 * abs(value)
        else value
    )


# -- pools ---------------------------------------------------------------------------------------------


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


def mean(lift: Lift, x: Tensor, axes: Iterable[int], keep: bool) -> Tensor:
    places = sorted(axes)
    x = lift.make.conform(x, {place: WHOLE for place in places if x.layout.axes[place]})
    letters = "".join(x.layout.whole(place) or "" for place in places)
    if "b" in letters:
        lift.make.refuse("it averages over the batch")
    left = [() if i in places else axis for i, axis in enumerate(x.layout.axes)]
    kept = [axis for i, axis in enumerate(left) if keep or i not in places]
    if not letters:
        return x.over(x.layout.with_axes(kept))
    return lift.make.emit("mean", [x], {"over": Letters(letters)}, x.layout.with_axes(kept))


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


def repeated(lift: Lift, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """The nearest of the last dimensions: each position as often as the new size has it."""
    before = x.shape[-len(sizes) :]
    if any(new % old for new, old in zip(sizes, before, strict=True)):
        lift.make.refuse(
            f"the nearest of {before} for {tuple(sizes)} is no whole repetition"
        )
    first = x.rank - len(sizes)
    for place, (old, new) in enumerate(zip(before, sizes, strict=True)):
        if new != old:
            axis = first + 2 * place
            wide = unsqueezed(x, axis + 1)
            shape = list(wide.shape)
            shape[axis + 1] = new // old
            x = lift.make.expanded(expand(lift, wide, shape), axis + 1)
        else:
            x = unsqueezed(x, first + 2 * place + 1)
    return lift.make.reshape(x, (*x.shape[:first], *sizes))


# -- products ------------------------------------------------------------------------------------------


def product(lift: Lift, x: Any, y: Any) -> Any:
    """A matrix product, which is put off where it may be the first half of an attention, and is the second
    half where the first was put off.
    """
    if isinstance(x, Scores) and len(y.shape) == x.query.rank:
        return attend(lift, x.query, x.key, lift.tensor(y), x.scale, x.act or "identity")
    scale = 1.0
    parts = []
    for each in (x, y):
        scale *= each.by if isinstance(each, Scaled) else 1.0
        parts.append(each.x if isinstance(each, Scaled) else each)
    if all(
        isinstance(each, Tensor) and each.rank > 2 and each.value not in lift.make.pending
        for each in parts
    ):
        query, turned = parts
        order = (*range(turned.rank - 2), turned.rank - 1, turned.rank - 2)
        if query.rank == turned.rank:
            return Scores(query, turned.over(turned.layout.permuted(order)), scale)
    return matmul(lift, lift.tensor(x), lift.tensor(y))


def settled(lift: Lift, thing: Scores | Scaled) -> Tensor:
    """What was put off, written out."""
    if isinstance(thing, Scaled):
        return scalar(lift, "mul", thing.x, thing.by)
    order = (*range(thing.key.rank - 2), thing.key.rank - 1, thing.key.rank - 2)
    found = matmul(lift, thing.query, thing.key.over(thing.key.layout.permuted(order)))
    if thing.scale != 1:
        found = scalar(lift, "mul", found, thing.scale)
    if not thing.act:
        return found
    return (
        softmax(lift, found, -1)
        if thing.act == "softmax"
        else pointwise(thing.act, lift, found)
    )


def pointwise(op: str, lift: Lift, x: Any) -> Any:
    """An activation without parameters; one of scores is put off with them."""
    if isinstance(x, Scores) and not x.act:
        return Scores(x.query, x.key, x.scale, op)
    tensor = lift.make.named(lift.tensor(x))
    return lift.make.emit(op, [tensor], {}, tensor.layout)


def matmul(lift: Lift, x: Tensor, y: Tensor) -> Tensor:
    """[…, m, k] · [k, n] or […, k, n], the first axes broadcast."""
    if x.rank < 2 or y.rank < 2:
        lift.make.refuse("a product with a vector")
    rank = max(x.rank, y.rank)
    letters = "abcdefghij"[: rank - 2]
    first, second = letters[rank - x.rank :], letters[rank - y.rank :]
    return einsum(lift, f"{first}MK,{second}KN->{letters}MN", [x, y])


def einsum(lift: Lift, equation: str, operands: Sequence[Tensor]) -> Tensor:
    """Two tensors by an equation without repeated letters in one operand."""
    terms, _, result = equation.replace(" ", "").partition("->")
    names = terms.split(",")
    plain_terms = all(
        len(set(name)) == len(name) == x.rank
        for name, x in zip(names, operands, strict=True)
    )
    if len(names) != 2 or "." in equation or "->" not in equation or not plain_terms:
        lift.make.refuse(
            f"of einsum two tensors without repetition can be said, not {equation!r}"
        )
    x, y = operands
    shared = [d for d in names[0] if d in names[1]]
    x, y = _met(lift, x, y, names, shared)
    over = [d for d in shared if d not in result]
    # letters of the result, by those of the equation
    lies = {d: x.layout.axes[i] for i, d in enumerate(names[0])}
    for i, d in enumerate(names[1]):
        if not lies.get(d) or d not in names[0]:
            lies[d] = y.layout.axes[i]
    dims = {**y.layout.dims, **x.layout.dims}
    layout = Layout(dims, ()).with_axes([lies[d] for d in result])
    summed = "".join(dict.fromkeys(letter for d in over for letter, _ in lies[d]))
    lost = [d for d in names[0] + names[1] if d not in result and d not in shared]
    if lost:
        lift.make.refuse("it sums over a dimension of one tensor alone")
    if not summed:
        return _outer(lift, x, y, layout)
    return lift.make.emit("dot", [x, y], {"over": Letters(summed)}, layout)


def _outer(lift: Lift, x: Tensor, y: Tensor, layout: Layout) -> Tensor:
    """A product without a sum: elementwise, over all letters of either."""
    for d in layout.letters:
        if d not in x.layout.letters:
            x = _widened(lift, x, d, layout.size(d))
    return lift.make.emit("mul", [x, y], {}, layout)


def _widened(lift: Lift, x: Tensor, letter: str, size: int) -> Tensor:
    dims = {**x.layout.dims, letter: (size,)}
    axes = (*x.layout.axes, ((letter, 0),))
    return lift.make.emit("expand", [x], {letter: size}, Layout(dims, axes))


def _met(
    lift: Lift, x: Tensor, y: Tensor, names: Sequence[str], shared: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """Both with whole letters along each axis: the same along what they share, others along all else."""
    make = lift.make
    if y.value not in make.pending and x.value in make.pending:
        y, x = _met(lift, y, x, (names[1], names[0]), shared)
        return x, y
    places = [(names[0].index(d), names[1].index(d)) for d in shared]
    for i, j in places:
        if x.shape[i] != y.shape[j]:
            x = make.single(x, i) if x.shape[i] == 1 else x
            y = make.single(y, j) if y.shape[j] == 1 else y
    places = [(i, j) for i, j in places if _is_real(x, i) and _is_real(y, j)]
    alike = {
        i for i, j in places if x.layout.whole(i) and x.layout.whole(i) == y.layout.whole(j)
    }
    first = {i: WHOLE for i in range(x.rank) if _is_real(x, i)}
    x = make.conform(x, {**first, **{i: ONE for i, _ in places if i not in alike}})
    wishes = {j: x.layout.axes[i][0][0] for i, j in places if i not in alike}
    others = {j: WHOLE for j in range(y.rank) if _is_real(y, j) and j not in wishes}
    y = make.conform(y, {**others, **wishes}, x.layout.letters)
    met = {d for _, j in places for d, _ in y.layout.axes[j]}
    clash: dict[str, str] = {}
    for letter in y.layout.letters:
        if letter in x.layout.letters and letter not in met:
            clash[letter] = make.fresh(
                (x.layout.letters, y.layout.letters, *clash.values(), WINDOWED)
            )
    return x, make.rename(y, clash)


def _is_real(x: Tensor, axis: int) -> bool:
    lies = x.layout.axes[axis]
    return bool(lies) and not any(d.startswith("*") for d, _ in lies)


def attend(
    lift: Lift, q: Tensor, k: Tensor, v: Tensor, scale: float | None, act: str = "softmax"
) -> Tensor:
    """[…, N, d], [M, d], [M, e] → [N, e]; where heads are parts of the channels they are told as such."""
    heads = {_heads(each) for each in (q, k, v)}
    rank = q.rank
    whole = None not in heads and len(heads) == 1
    args: dict[str, Literal] = {}
    count = next(iter(heads)) or 1
    if whole and rank > 3:
        args["heads"] = count
        q, k, v = (_folded(each) for each in (q, k, v))
    if args.get("heads") == 1:
        del args["heads"]
    make = lift.make
    last = q.rank - 1
    q, k, v = (_uncut(lift, each, range(last)) for each in (q, k, v))
    spans = {each.layout.whole(last - 1) for each in (q, k, v)}
    is_alike = (
        len(spans) == 1
        and None not in spans
        and all(_is_real(each, last - 1) for each in (q, k, v))
    )
    q = make.conform(q, {last - 1: WHOLE if is_alike else ONE, last: "c"})
    over = q.layout.whole(last - 1) or ""
    positions = WHOLE if is_alike else over
    kept = [i for i in range(last - 1) if _like(q, k, i) and _like(q, v, i)]
    q = make.conform(
        q, {i: ONE for i in range(last - 1) if q.layout.axes[i] and i not in kept}
    )
    leads = {
        i: q.layout.axes[i][0][0]
        for i in range(last - 1)
        if q.layout.axes[i] and i not in kept
    }
    k = make.conform(k, {last - 1: positions, last: "c", **_present(k, leads)})
    v = make.conform(v, {last - 1: positions, last: "c", **_present(v, leads)})
    written: dict[str, Literal] = {"over": Letters(over), **args}
    width = q.layout.size("c") // (count if "heads" in args else 1)
    if act != "softmax":
        written["act"] = act
    if scale is not None and abs(scale * width**0.5 - 1) > 1e-6:
        written["scale"] = scale
    dims = {**q.layout.dims, "c": v.layout.dims["c"]}
    result = make.emit("attend", [q, k, v], written, Layout(dims, q.layout.axes))
    if not (whole and rank > 3):
        return result
    return _unfolded(
        make.reshape(result, (*result.shape[:-1], count, result.shape[-1] // count))
    )


def _uncut(lift: Lift, x: Tensor, axes: Iterable[int]) -> Tensor:
    """With whole letters along some axes; a weight that nobody has read yet has nothing else."""
    if x.value in lift.make.pending:
        return x
    return lift.make.conform(x, {i: WHOLE for i in axes if _is_real(x, i)})


def _present(x: Tensor, wishes: Mapping[int, str]) -> dict[int, str]:
    return {i: d for i, d in wishes.items() if x.layout.axes[i]}


def _heads(x: Tensor) -> int | None:
    """How many heads, where the axis before the positions is the slower factor of the last one's letter."""
    if x.rank < 4 or len(x.layout.axes[-3]) != 1 or len(x.layout.axes[-1]) != 1:
        return None
    (head, first), (letter, second) = x.layout.axes[-3][0], x.layout.axes[-1][0]
    if head != letter or (first, second) != (0, 1) or len(x.layout.dims[letter]) != 2:
        return None
    return x.layout.dims[letter][0]


def _folded(x: Tensor) -> Tensor:
    """The heads back among the channels."""
    axes = (*x.layout.axes[:-3], x.layout.axes[-2], x.layout.axes[-3] + x.layout.axes[-1])
    return x.over(Layout(x.layout.dims, axes).coalesced())


def _unfolded(x: Tensor) -> Tensor:
    """[…, N, heads, d] as […, heads, N, d]."""
    order = (*range(x.rank - 3), x.rank - 2, x.rank - 3, x.rank - 1)
    return x.over(x.layout.permuted(order))


def soft(lift: Lift, x: Any, dim: int) -> Any:
    """A softmax, which is put off with what it reads."""
    if isinstance(x, Scores) and not x.act and dim in (-1, x.query.rank - 1):
        return Scores(x.query, x.key, x.scale, "softmax")
    return softmax(lift, lift.tensor(x), dim)


def softmax(lift: Lift, x: Tensor, dim: int) -> Tensor:
    axis = x.axis(dim)
    x = lift.make.conform(x, {axis: WHOLE if x.layout.axes[axis] else ONE})
    return lift.make.emit(
        "softmax", [x], {"over": Letters(x.layout.whole(axis) or "")}, x.layout
    )


# -- arithmetic ----------------------------------------------------------------------------------------


def scalar(lift: Lift, op: str, x: Tensor, by: float, left: bool = False) -> Tensor:
    x = lift.make.named(x)
    args: dict[str, Literal] = {"op": op, "by": by}
    if left:
        args["left"] = True
    return lift.make.emit("scalar", [x], args, x.layout)


_NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "div": 1}


def arithmetic(lift: Lift, op: str, x: Any, y: Any) -> Any:
    """Tensors and numbers; a constant of equal numbers is a number."""
    a, b = number(x), number(y)
    if a is not None and b is not None:
        return {"add": a + b, "sub": a - b, "mul": a * b, "div": a / b if b else 0.0}[op]
    by = b if b is not None else a
    if by is not None and (op == "mul" or (op == "div" and b)):
        other = x if b is not None else y
        by = by if op == "mul" else 1 / by
        if isinstance(other, Scores) and not other.act:
            return Scores(other.query, other.key, other.scale * by)
        if isinstance(other, Tensor) and _is_multiplied(lift):
            return Scaled(other, by)
    if b is not None:
        return lift.tensor(x) if b == _NEUTRAL[op] else scalar(lift, op, lift.tensor(x), b)
    if a is not None:
        if op in ("add", "mul"):
            return (
                lift.tensor(y) if a == _NEUTRAL[op] else scalar(lift, op, lift.tensor(y), a)
            )
        return scalar(lift, op, lift.tensor(y), a, left=True)
    return lift.make.elementwise(op, lift.tensor(x), lift.tensor(y))


def _is_multiplied(lift: Lift) -> bool:
    """Whether the one step that reads what the step at hand gives is a matrix product."""
    readers = lift.users.get(lift.make.step.outputs[0], [])
    kinds = ("matmul", "bmm", "MatMul")
    return len(readers) == 1 and readers[0].target.rpartition(".")[2] in kinds


def number(thing: Any) -> float | int | None:
    if isinstance(thing, int | float):
        return thing
    if isinstance(thing, Constant) and prod(thing.shape) >= 1:
        array = thing.array
        first = array.reshape(-1)[0]
        if bool((array == first).all()):
            value = first.item()
            return value if isinstance(value, int | float) else None
    return None


# -- rearrangement -------------------------------------------------------------------------------------


def unsqueezed(x: Tensor, axis: int) -> Tensor:
    axes = (*x.layout.axes[:axis], (), *x.layout.axes[axis:])
    return x.over(Layout(x.layout.dims, axes))


def squeezed(lift: Lift, x: Tensor, axes: Iterable[int]) -> Tensor:
    """Without these axes, as far as they have size 1; a batch of 1 stays."""
    gone = []
    for axis in axes:
        if x.shape[axis] == 1 and not any(d == "b" for d, _ in x.layout.axes[axis]):
            x = lift.make.single(x, axis)
            gone.append(axis)
    return x.over(
        x.layout.with_axes(a for i, a in enumerate(x.layout.axes) if i not in gone)
    )


def expand(lift: Lift, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """Axes of size 1 repeated, which only says so until somebody needs them."""
    axes = ((),) * (len(sizes) - x.rank) + x.layout.axes
    x = x.over(Layout(x.layout.dims, axes))
    for axis, size in enumerate(sizes):
        if size in (-1, x.shape[axis]):
            continue
        x = lift.make.single(x, axis)
        mark = f"*{axis}" if not (axis == 0 and size == _batch(lift)) else "*b"
        while mark in x.layout.dims:
            mark += "'"
        dims = {**x.layout.dims, mark: (size,)}
        lies = tuple(((mark, 0),) if i == axis else a for i, a in enumerate(x.layout.axes))
        x = x.over(Layout(dims, lies))
    return x


def _batch(lift: Lift) -> int:
    inputs = lift.captured.inputs
    return inputs[0].shape[0] if inputs and inputs[0].shape else -1


def concat(lift: Lift, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """End to end; what a tensor is repeated along, or has one position of, needs no saying."""
    make = lift.make
    tensors = [each for each in tensors if prod(each.shape)]
    axis = tensors[0].axis(dim)
    tensors, key = _grown(lift, tensors, axis)
    if len(tensors) == 1:
        return tensors[0]
    if any(not _is_real(each, axis) and each.shape[axis] != 1 for each in tensors):
        tensors = [_filled(lift, each, axis) for each in tensors]
    order = sorted(
        range(len(tensors)),
        key=lambda i: (
            tensors[i].value in make.pending,
            -len(tensors[i].layout.letters),
            i,
        ),
    )
    if not any(_is_real(each, axis) for each in tensors):
        widest = order[0]
        tensors[widest] = make.expanded(tensors[widest], axis)
    lead = order[0]
    tensors = [
        _uncut(lift, each, [i for i in range(each.rank) if i != axis]) for each in tensors
    ]
    first = tensors[lead]
    kept = [
        i
        for i in range(first.rank)
        if i != axis and all(_like(first, each, i) for each in tensors)
    ]
    ref = make.conform(
        first, {i: ONE for i in range(first.rank) if _is_real(first, i) and i not in kept}
    )
    along = next((ref.layout.axes[axis][0][0] for _ in "x" if _is_real(ref, axis)), None)
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
            if i != axis and not _is_real_axis(axes[i]) and _is_real(each, i):
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
    is_virtual = x.layout.axes[axis] and not _is_real(x, axis)
    return lift.make.expanded(x, axis) if is_virtual else x


def _like(a: Tensor, b: Tensor, axis: int) -> bool:
    """Whether both have the same whole letters along an axis, or one has none."""
    if not _is_real(a, axis) or not _is_real(b, axis):
        return True
    letters = a.layout.whole(axis)
    return bool(letters) and letters == b.layout.whole(axis)


def _beside(
    lift: Lift, ref: Tensor, x: Tensor, axis: int, along: str, kept: Sequence[int]
) -> Tensor:
    wishes = {}
    for i in range(x.rank):
        if i in kept:
            continue
        if i != axis and _is_real(x, i) and _is_real(ref, i):
            wishes[i] = ref.layout.axes[i][0][0]
    if _is_real(x, axis):
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

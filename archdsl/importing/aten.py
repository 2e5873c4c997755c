"""ATen operations as primitives: one row a target, without its overload. `x` is a tensor throughout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

from archdsl.importing import rows
from archdsl.importing.builder import Tensor
from archdsl.importing.lifting import Lift, Row, Weight

ATEN: dict[str, Row] = {}


def _row(*names: str) -> Callable[[Row], Row]:
    def add(row: Row) -> Row:
        for name in names:
            ATEN[f"aten.{name}"] = row
        return row

    return add


# -- layers ------------------------------------------------------------------------------------------


@_row("conv1d", "conv2d", "conv3d")
def _conv(
    lift: Lift, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    rank = len(weight.shape) - 2
    window = rows.Window(
        weight.shape[2:],
        rows.each(stride, rank),
        rows.pads(padding, rank),
        rows.each(dilation, rank),
    )
    return rows.conv(lift, lift.tensor(x), weight, bias, window, groups)


@_row("convolution")
def _convolution(
    lift: Lift, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Tensor:  # fmt: skip
    if transposed:
        lift.make.refuse("a transposed convolution is no primitive")
    return _conv(lift, x, weight, bias, stride, padding, dilation, groups)  # type: ignore[no-any-return]


@_row("linear")
def _linear(lift: Lift, x: Any, weight: Any, bias: Any = None) -> Tensor:
    return rows.linear(lift, lift.tensor(x), weight, bias)


@_row("addmm")
def _addmm(
    lift: Lift, bias: Any, x: Any, weight: Any, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    if beta != 1 or alpha != 1 or not isinstance(weight, Weight) or not weight.transposed:
        lift.make.refuse("it is no linear map of a weight")
    return rows.linear(lift, lift.tensor(x), Weight(weight.source), bias)


@_row("matmul", "mm", "bmm")
def _matmul(lift: Lift, x: Any, y: Any) -> Any:
    if (
        isinstance(y, Weight)
        and y.transposed
        and len(y.shape) == 2
        and isinstance(x, Tensor)
    ):
        return rows.linear(lift, x, Weight(y.source), None)
    return rows.product(lift, _known(lift, x), _known(lift, y))


def _known(lift: Lift, x: Any) -> Any:
    return lift.tensor(x) if isinstance(x, Weight) else x


@_row("einsum")
def _einsum(lift: Lift, equation: str, operands: Sequence[Any], path: Any = None) -> Tensor:
    return rows.einsum(lift, equation, [lift.tensor(each) for each in operands])


@_row("scaled_dot_product_attention")
def _attention(
    lift: Lift, q: Any, k: Any, v: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    if attn_mask is not None or is_causal or enable_gqa:
        lift.make.refuse("attention has no mask in the language")
    return rows.attend(lift, lift.tensor(q), lift.tensor(k), lift.tensor(v), scale)


# -- norms -------------------------------------------------------------------------------------------


@_row("batch_norm")
def _batch_norm(
    lift: Lift, x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float,
    eps: float, cudnn: bool = False,
) -> Tensor:  # fmt: skip
    if training or mean is None:
        lift.make.refuse(
            "it normalises by the statistics of the batch in evaluation as well"
        )
    return rows.batch_norm(
        lift, lift.tensor(x), (weight, bias, mean, variance), eps, momentum
    )


@_row("_native_batch_norm_legit_no_training")
def _native_batch_norm(
    lift: Lift,
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    momentum: float,
    eps: float,
) -> list[Tensor]:
    return [
        rows.batch_norm(lift, lift.tensor(x), (weight, bias, mean, variance), eps, momentum)
    ]


@_row("layer_norm")
def _layer_norm(
    lift: Lift, x: Any, shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn: bool = True,
) -> Tensor:  # fmt: skip
    return rows.layer_norm(lift, lift.tensor(x), len(shape), weight, bias, eps)


@_row("native_layer_norm")
def _native_layer_norm(
    lift: Lift, x: Any, shape: Sequence[int], weight: Any, bias: Any, eps: float
) -> list[Tensor]:
    return [rows.layer_norm(lift, lift.tensor(x), len(shape), weight, bias, eps)]


@_row("group_norm")
def _group_norm(
    lift: Lift, x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn: bool = True,
) -> Tensor:  # fmt: skip
    return rows.group_norm(lift, lift.tensor(x), groups, weight, bias, eps)


@_row("instance_norm")
def _instance_norm(
    lift: Lift, x: Any, weight: Any, bias: Any, mean: Any, variance: Any, use_input_stats: bool,
    momentum: float, eps: float, cudnn: bool = False,
) -> Tensor:  # fmt: skip
    if not use_input_stats:
        lift.make.refuse("it normalises by running statistics, each instance alike")
    tensor = lift.tensor(x)
    return rows.group_norm(lift, tensor, tensor.shape[1], weight, bias, eps)


# -- pools -------------------------------------------------------------------------------------------


@_row("max_pool1d", "max_pool2d", "max_pool3d")
def _max_pool(
    lift: Lift,
    x: Any,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil: bool = False,
) -> Tensor:
    tensor = lift.tensor(x)
    rank = _spatial(lift, tensor)
    if set(rows.each(dilation, rank)) != {1}:
        lift.make.refuse("a pool has no dilation")
    size = rows.each(kernel, rank)
    sides = rows.pads(padding, rank)
    lowest = rows.padded_lowest(lift, tensor)
    if lowest is not None:
        tensor, sides = lowest[0], lowest[1][-rank:]
    window = rows.Window(size, rows.each(stride or size, rank), sides, (1,) * rank)
    return rows.pool(lift, "max_pool", tensor, window, ceil)


@_row("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _avg_pool(
    lift: Lift, x: Any, kernel: Any, stride: Any = (), padding: Any = 0, ceil: bool = False,
    count_include_pad: bool = True, divisor: Any = None,
) -> Tensor:  # fmt: skip
    tensor = lift.tensor(x)
    rank = _spatial(lift, tensor)
    if divisor is not None:
        lift.make.refuse("an average has no divisor of its own")
    size = rows.each(kernel, rank)
    sides = rows.pads(padding, rank)
    if count_include_pad and any(map(any, sides)):
        tensor = rows.pad(lift, tensor, ((0, 0), (0, 0), *sides))
        sides = ((0, 0),) * rank
    window = rows.Window(size, rows.each(stride or size, rank), sides, (1,) * rank)
    return rows.pool(lift, "avg_pool", tensor, window, ceil)


@_row(
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "_adaptive_avg_pool2d",
)
def _adaptive_avg_pool(lift: Lift, x: Any, size: Any) -> Tensor:
    return _adaptive(lift, lift.tensor(x), size, "avg_pool")


@_row("adaptive_max_pool2d", "adaptive_max_pool1d", "adaptive_max_pool3d")
def _adaptive_max_pool(lift: Lift, x: Any, size: Any) -> list[Tensor]:
    return [_adaptive(lift, lift.tensor(x), size, "max_pool")]


def _adaptive(lift: Lift, x: Tensor, size: Any, op: str) -> Tensor:
    """Windows of equal size, where the sizes divide."""
    rank = _spatial(lift, x)
    given, wanted = x.shape[2:], rows.each(size, rank)
    wanted = tuple(n if m is None else m for n, m in zip(given, wanted, strict=True))
    if any(n % m for n, m in zip(given, wanted, strict=True)):
        lift.make.refuse(f"windows of unequal sizes, from {given} to {wanted}")
    if set(wanted) == {1} and op == "avg_pool":
        return rows.mean(lift, x, range(2, x.rank), keep=True)
    kernel = tuple(n // m for n, m in zip(given, wanted, strict=True))
    if set(kernel) == {1}:
        return x
    return rows.pool(
        lift, op, x, rows.Window(kernel, kernel, ((0, 0),) * rank, (1,) * rank), False
    )


def _spatial(lift: Lift, x: Tensor) -> int:
    if not 3 <= x.rank <= 5:
        lift.make.refuse(
            f"its input has {x.rank} dimensions, with a batch 3 to 5 are known"
        )
    return x.rank - 2


@_row("mean")
def _mean(
    lift: Lift, x: Any, dims: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    tensor = lift.tensor(x)
    return rows.mean(lift, tensor, _axes(tensor, dims), keepdim)


@_row("sum")
def _sum(
    lift: Lift, x: Any, dims: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    tensor = lift.tensor(x)
    axes = _axes(tensor, dims)
    count = prod(tensor.shape[axis] for axis in axes)
    return rows.scalar(lift, "mul", rows.mean(lift, tensor, axes, keepdim), count)


def _axes(x: Tensor, dims: Any) -> tuple[int, ...]:
    if dims is None or dims == ():
        return tuple(range(x.rank))
    return tuple(x.axis(d) for d in ((dims,) if isinstance(dims, int) else dims))


@_row("upsample_bilinear2d", "upsample_linear1d", "upsample_trilinear3d")
def _upsample(lift: Lift, x: Any, size: Any, align_corners: bool, *scales: Any) -> Tensor:
    if align_corners:
        lift.make.refuse("resize does not align corners")
    tensor = lift.tensor(x)
    return rows.resize(lift, tensor, _resized(tensor, size, scales))


@_row("upsample_nearest2d", "upsample_nearest1d", "upsample_nearest3d")
def _nearest(lift: Lift, x: Any, size: Any, *scales: Any) -> Tensor:
    tensor = lift.tensor(x)
    return rows.repeated(lift, tensor, _resized(tensor, size, scales))


def _resized(x: Tensor, size: Any, scales: Sequence[Any]) -> tuple[int, ...]:
    if size is not None:
        return tuple(size)
    factors = scales[0] if isinstance(scales[0], tuple) else scales
    return tuple(int(n * factor) for n, factor in zip(x.shape[2:], factors, strict=True))


# -- activations and arithmetic ----------------------------------------------------------------------

_POINTWISE = {
    "relu": "relu", "relu6": "relu6", "silu": "swish", "hardswish": "hardswish", "sigmoid": "sigmoid",
    "tanh": "tanh",
}  # fmt: skip


_pointwise = rows.pointwise
ATEN |= {f"aten.{name}": partial(_pointwise, op) for name, op in _POINTWISE.items()}


@_row("gelu")
def _gelu(lift: Lift, x: Any, approximate: str = "none") -> Any:
    if approximate == "none":
        return _pointwise("gelu", lift, x)
    tensor = lift.tensor(x)  # x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))
    cube = lift.make.elementwise(
        "mul", lift.make.elementwise("mul", tensor, tensor), tensor
    )
    inner = lift.make.elementwise("add", tensor, rows.scalar(lift, "mul", cube, 0.044715))
    curve = _pointwise("tanh", lift, rows.scalar(lift, "mul", inner, 0.7978845608028654))
    share = rows.scalar(lift, "mul", rows.scalar(lift, "add", curve, 1), 0.5)
    return lift.make.elementwise("mul", tensor, share)


@_row("hardsigmoid")
def _hardsigmoid(lift: Lift, x: Any) -> Tensor:
    moved = rows.scalar(lift, "add", lift.tensor(x), 3)
    return rows.scalar(lift, "div", _pointwise("relu6", lift, moved), 6)


@_row("hardtanh")
def _hardtanh(lift: Lift, x: Any, low: float = -1, high: float = 1) -> Any:
    tensor = lift.tensor(x)
    if (low, high) == (0, 6):
        return _pointwise("relu6", lift, tensor)
    # relu6 of (x - low) · 6 / (high - low), and back
    unit = rows.scalar(lift, "mul", rows.scalar(lift, "sub", tensor, low), 6 / (high - low))
    cut = _pointwise("relu6", lift, unit)
    return rows.scalar(lift, "add", rows.scalar(lift, "mul", cut, (high - low) / 6), low)


@_row("clamp", "clip")
def _clamp(lift: Lift, x: Any, low: Any = None, high: Any = None) -> Tensor:
    if low is not None and high is not None:
        return _hardtanh(lift, x, low, high)  # type: ignore[no-any-return]
    if low is None:
        lift.make.refuse("it bounds from above alone")
    moved = _pointwise("relu", lift, rows.scalar(lift, "sub", lift.tensor(x), low))
    return rows.scalar(lift, "add", moved, low)


@_row("leaky_relu")
def _leaky_relu(lift: Lift, x: Any, slope: float = 0.01) -> Tensor:
    tensor = lift.tensor(x)
    part = rows.scalar(lift, "mul", _pointwise("relu", lift, tensor), 1 - slope)
    return lift.make.elementwise("add", part, rows.scalar(lift, "mul", tensor, slope))


@_row("softmax", "_softmax")
def _softmax(lift: Lift, x: Any, dim: int, *rest: Any) -> Any:
    return rows.soft(lift, x, dim)


@_row("dropout", "feature_dropout", "alpha_dropout")
def _dropout(lift: Lift, x: Any, p: float, training: bool) -> Any:
    if not p or not isinstance(x, Tensor):
        return x
    return lift.make.emit("dropout", [x], {"p": p}, x.layout)


@_row(
    "identity",
    "contiguous",
    "clone",
    "detach",
    "alias",
    "lift_fresh_copy",
    "_to_copy",
    "to",
    "type_as",
)
def _same(lift: Lift, x: Any, *rest: Any, **options: Any) -> Any:
    return x


@_row("ones_like")
def _ones(lift: Lift, x: Any, **options: Any) -> float:
    return 1.0


def _arithmetic(
    op: str, lift: Lift, x: Any, y: Any, alpha: Any = 1, rounding_mode: Any = None
) -> Any:
    if alpha != 1 or rounding_mode is not None:
        lift.make.refuse("it scales or rounds on the way")
    return rows.arithmetic(lift, op, x, y)


for _name in ("add", "sub", "mul", "div"):
    ATEN[f"aten.{_name}"] = partial(_arithmetic, _name)


@_row("rsub")
def _rsub(lift: Lift, x: Any, y: Any, alpha: Any = 1) -> Any:
    return _arithmetic("sub", lift, y, x, alpha)


@_row("neg")
def _neg(lift: Lift, x: Any) -> Any:
    return rows.arithmetic(lift, "mul", x, -1)


@_row("pow", "square")
def _pow(lift: Lift, x: Any, power: Any = 2) -> Any:
    tensor = lift.tensor(x)
    if power not in (2, 3):
        lift.make.refuse("of powers the second and the third can be said")
    square = lift.make.elementwise("mul", tensor, tensor)
    return square if power == 2 else lift.make.elementwise("mul", square, tensor)


# -- rearrangement -----------------------------------------------------------------------------------


@_row("view", "reshape", "_unsafe_view", "_reshape_alias")
def _view(lift: Lift, x: Any, shape: Sequence[int], *rest: Any) -> Any:
    return lift.make.reshape(lift.tensor(x), shape)


@_row("flatten")
def _flatten(lift: Lift, x: Any, start: int = 0, end: int = -1) -> Tensor:
    tensor = lift.tensor(x)
    first, last = tensor.axis(start), tensor.axis(end)
    shape = (
        *tensor.shape[:first],
        prod(tensor.shape[first : last + 1]),
        *tensor.shape[last + 1 :],
    )
    return lift.make.reshape(tensor, shape)


@_row("unflatten")
def _unflatten(lift: Lift, x: Any, dim: int, sizes: Sequence[int]) -> Tensor:
    tensor = lift.tensor(x)
    axis = tensor.axis(dim)
    rest = tensor.shape[axis] // -prod(sizes) if -1 in sizes else 0
    whole = tuple(rest if n == -1 else n for n in sizes)
    return lift.make.reshape(
        tensor, (*tensor.shape[:axis], *whole, *tensor.shape[axis + 1 :])
    )


@_row("permute")
def _permute(lift: Lift, x: Any, order: Sequence[int]) -> Any:
    if isinstance(x, Weight) and tuple(order) == (1, 0):
        return Weight(x.source, not x.transposed)
    tensor = lift.tensor(x)
    return tensor.over(tensor.layout.permuted([tensor.axis(d) for d in order]))


@_row("transpose", "swapaxes")
def _transpose(lift: Lift, x: Any, a: int, b: int) -> Any:
    rank = len(x.shape)
    order = list(range(rank))
    order[a % rank], order[b % rank] = order[b % rank], order[a % rank]
    return _permute(lift, x, order)


@_row("t", "numpy_T")
def _t(lift: Lift, x: Any) -> Any:
    return _permute(lift, x, tuple(range(len(x.shape)))[::-1])


@_row("unsqueeze")
def _unsqueeze(lift: Lift, x: Any, dim: int) -> Tensor:
    tensor = lift.tensor(x)
    axis = dim + tensor.rank + 1 if dim < 0 else dim
    return rows.unsqueezed(tensor, axis)


@_row("squeeze")
def _squeeze(lift: Lift, x: Any, dims: Any = None) -> Tensor:
    tensor = lift.tensor(x)
    return rows.squeezed(lift, tensor, _axes(tensor, dims))


@_row("expand", "broadcast_to")
def _expand(lift: Lift, x: Any, sizes: Sequence[int], **options: Any) -> Tensor:
    return rows.expand(lift, lift.tensor(x), sizes)


@_row("expand_as")
def _expand_as(lift: Lift, x: Any, other: Any) -> Tensor:
    return rows.expand(lift, lift.tensor(x), other.shape)


@_row("repeat")
def _repeat(lift: Lift, x: Any, times: Sequence[int]) -> Tensor:
    tensor = lift.tensor(x)
    sizes = (1,) * (len(times) - tensor.rank) + tensor.shape
    if any(n > 1 and size > 1 for n, size in zip(times, sizes, strict=True)):
        lift.make.refuse("it repeats a dimension that is there")
    return rows.expand(
        lift, tensor, [n * size for n, size in zip(times, sizes, strict=True)]
    )


@_row("cat", "concat", "concatenate")
def _cat(lift: Lift, tensors: Sequence[Any], dim: int = 0) -> Tensor:
    return rows.concat(lift, [lift.tensor(each) for each in tensors], dim)


@_row("stack")
def _stack(lift: Lift, tensors: Sequence[Any], dim: int = 0) -> Tensor:
    each = [lift.tensor(one) for one in tensors]
    axis = dim + each[0].rank + 1 if dim < 0 else dim
    return rows.concat(lift, [rows.unsqueezed(one, axis) for one in each], axis)


@_row("select")
def _select(lift: Lift, x: Any, dim: int, index: int) -> Tensor:
    tensor = lift.tensor(x)
    axis = tensor.axis(dim)
    return rows.select(lift, tensor, axis, index % tensor.shape[axis])


@_row("slice")
def _slice(
    lift: Lift, x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Tensor:
    tensor = lift.tensor(x)
    axis = tensor.axis(dim)
    low, high, stride = slice(start, end, step).indices(tensor.shape[axis])
    return rows.narrow(lift, tensor, axis, range(low, high, stride))


@_row("slice_scatter")
def _slice_scatter(
    lift: Lift,
    x: Any,
    y: Any,
    dim: int = 0,
    start: Any = None,
    end: Any = None,
    step: int = 1,
) -> Tensor:
    """What comes before, the new part, and what comes behind."""
    tensor, new = lift.tensor(x), lift.tensor(y)
    axis = tensor.axis(dim)
    size = tensor.shape[axis]
    low, high, stride = slice(start, end, step).indices(size)
    if stride != 1:
        lift.make.refuse("it writes every other position")
    sides = [part for part in (range(low), range(high, size)) if len(part)]
    parts = {part.start: rows.narrow(lift, tensor, axis, part) for part in sides}
    parts[low] = new
    return rows.concat(lift, [parts[at] for at in sorted(parts)], axis)


@_row("narrow")
def _narrow(lift: Lift, x: Any, dim: int, start: int, length: int) -> Tensor:
    tensor = lift.tensor(x)
    return rows.narrow(lift, tensor, tensor.axis(dim), range(start, start + length))


@_row("split", "split_with_sizes")
def _split(lift: Lift, x: Any, sizes: Any, dim: int = 0) -> Any:
    tensor = lift.tensor(x)
    axis = tensor.axis(dim)
    whole = tensor.shape[axis]
    if isinstance(sizes, int):
        sizes = [min(sizes, whole - at) for at in range(0, whole, sizes)]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    parts = [range(at, at + n) for at, n in zip(starts, sizes, strict=True)]
    return tuple(rows.narrow(lift, tensor, axis, part) for part in parts)


@_row("chunk")
def _chunk(lift: Lift, x: Any, chunks: int, dim: int = 0) -> Any:
    tensor = lift.tensor(x)
    whole = tensor.shape[tensor.axis(dim)]
    return _split(lift, tensor, -(-whole // chunks), dim)


@_row("unbind")
def _unbind(lift: Lift, x: Any, dim: int = 0) -> Any:
    tensor = lift.tensor(x)
    axis = tensor.axis(dim)
    return tuple(rows.select(lift, tensor, axis, i) for i in range(tensor.shape[axis]))


@_row("pad", "constant_pad_nd")
def _pad(
    lift: Lift, x: Any, amounts: Sequence[int], mode: Any = "constant", value: Any = None
) -> Tensor:
    if isinstance(mode, int | float):
        mode, value = "constant", mode
    tensor = lift.tensor(x)
    is_lowest = value == float("-inf") and rows.read_by(lift, "max_pool")
    if mode != "constant" or not (value in (None, 0) or is_lowest):
        lift.make.refuse("pad is of zeros")
    sides = [(0, 0)] * tensor.rank
    for place in range(len(amounts) // 2):
        sides[tensor.rank - 1 - place] = (amounts[2 * place], amounts[2 * place + 1])
    return rows.pad(lift, tensor, sides)


@_row("roll")
def _roll(lift: Lift, x: Any, shifts: Any, dims: Any) -> Tensor:
    tensor = lift.tensor(x)
    for shift, dim in zip(rows.each(shifts, 1), rows.each(dims, 1), strict=True):
        axis = tensor.axis(dim)
        size = tensor.shape[axis]
        by = shift % size
        if by:
            parts = [range(size - by, size), range(size - by)]
            halves = [rows.narrow(lift, tensor, axis, part) for part in parts]
            tensor = rows.concat(lift, halves, axis)
    return tensor


@_row("channel_shuffle")
def _shuffle(lift: Lift, x: Any, groups: int) -> Tensor:
    tensor = lift.tensor(x)
    b, c, *rest = tensor.shape
    apart = lift.make.reshape(tensor, (b, groups, c // groups, *rest))
    order = (0, 2, 1, *range(3, apart.rank))
    return lift.make.reshape(apart.over(apart.layout.permuted(order)), tensor.shape)


@_row("pixel_shuffle")
def _pixel_shuffle(lift: Lift, x: Any, factor: int) -> Tensor:
    tensor = lift.tensor(x)
    b, c, h, w = tensor.shape
    apart = lift.make.reshape(tensor, (b, c // factor**2, factor, factor, h, w))
    moved = apart.over(apart.layout.permuted((0, 1, 4, 2, 5, 3)))
    return lift.make.reshape(moved, (b, c // factor**2, h * factor, w * factor))


# -- sizes -------------------------------------------------------------------------------------------


@_row("sym_size")
def _size(lift: Lift, x: Any, dim: int) -> int:
    return int(x.shape[dim])


_NUMBERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "_operator.add": lambda a, b: a + b,
    "_operator.sub": lambda a, b: a - b,
    "_operator.mul": lambda a, b: a * b,
    "_operator.floordiv": lambda a, b: a // b,
    "_operator.truediv": lambda a, b: a / b,
    "_operator.mod": lambda a, b: a % b,
}


def _number(name: str, lift: Lift, a: Any, b: Any) -> Any:
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        lift.make.refuse("it is arithmetic of something else than sizes")
    return _NUMBERS[name](a, b)


ATEN |= {name: partial(_number, name) for name in _NUMBERS}
ATEN["_operator.getitem"] = lambda lift, xs, i: xs[i]
for _silent in (
    "_assert_tensor_metadata",
    "_assert_scalar",
    "sym_constrain_range_for_size",
):
    ATEN[f"aten.{_silent}"] = lambda lift, *args, **kwargs: None

"""ONNX operations as primitives: one row an operator. Attributes come as keywords, inputs by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

from archdsl.importing import aten, rows
from archdsl.importing.builder import Tensor
from archdsl.importing.captured import Ref, Step
from archdsl.importing.lifting import Constant, Lift, Row, Scaled, Scores, Weight

ONNX: dict[str, Row] = {}
MAX_FOLDED = 2**24  # numbers of a constant that is computed


def _row(*names: str) -> Callable[[Row], Row]:
    def add(row: Row) -> Row:
        for name in names:
            ONNX[f"onnx.{name}"] = row
        return row

    return add


def evaluate(step: Step, args: list[Any]) -> Any:
    """The constants that an operator makes of constants, by the reference of the `onnx` package."""
    import numpy
    import onnx
    from onnx.reference import ReferenceEvaluator

    value = step.kwargs.get("value")
    if step.target == "onnx.Constant" and value is not None and hasattr(value, "array"):
        return constant(value.array)
    arrays = {f"x{i}": arg.array for i, arg in enumerate(args) if isinstance(arg, Constant)}
    if sum(array.size for array in arrays.values()) > MAX_FOLDED:
        raise ValueError("a constant is computed from too many numbers")
    names = [f"x{i}" if isinstance(arg, Constant) else "" for i, arg in enumerate(args)]
    kwargs = {}
    for name, attribute in step.kwargs.items():
        array = getattr(attribute, "array", None)
        kwargs[name] = attribute if array is None else onnx.numpy_helper.from_array(array)
    outputs = [f"y{i}" for i in range(len(step.outputs))]
    node = onnx.helper.make_node(step.target.rpartition(".")[2], names, outputs, **kwargs)
    found = ReferenceEvaluator(node).run(None, arrays)
    made = [constant(numpy.asarray(each)) for each in found]
    return made[0] if len(made) == 1 else made


def constant(array: Any) -> Constant:
    return Constant(lambda: array, tuple(array.shape))


def _ints(thing: Any) -> tuple[int, ...]:
    """Whole numbers that an input or an attribute holds."""
    if isinstance(thing, Constant):
        return tuple(int(n) for n in thing.array.reshape(-1))
    return tuple(thing)


def _one(thing: Any, otherwise: float) -> float:
    if thing is None:
        return otherwise
    return (
        float(thing.array.reshape(-1)[0]) if isinstance(thing, Constant) else float(thing)
    )


# -- layers ------------------------------------------------------------------------------------------


@_row("Conv")
def _conv(
    lift: Lift, x: Any, weight: Any, bias: Any = None, *, auto_pad: str = "NOTSET", pads: Any = (),
    strides: Any = (), dilations: Any = (), group: int = 1, kernel_shape: Any = (),
) -> Tensor:  # fmt: skip
    rank = len(weight.shape) - 2
    tensor = lift.tensor(x)
    window = _window(
        weight.shape[2:], strides, pads, dilations, auto_pad, tensor.shape[-rank:]
    )
    return rows.conv(lift, tensor, weight, bias, window, group)


def _window(
    size: Any, strides: Any, pads: Any, dilations: Any, auto_pad: str, sizes: Sequence[int]
) -> rows.Window:
    """A window as ONNX has it: all paddings before, then all behind."""
    rank = len(size)
    sides = tuple(zip(pads[:rank], pads[rank:], strict=True)) if pads else ((0, 0),) * rank
    stride, dilation = tuple(strides) or (1,) * rank, tuple(dilations) or (1,) * rank
    window = rows.Window(tuple(size), stride, sides, dilation)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        even = window.same(sizes)
        return rows.Window(
            window.size,
            stride,
            even if auto_pad == "SAME_UPPER" else _turned(even),
            dilation,
        )
    return window


def _turned(sides: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((high, low) for low, high in sides)


@_row("Gemm")
def _gemm(
    lift: Lift, x: Any, weight: Any, bias: Any = None, *, alpha: float = 1.0, beta: float = 1.0,
    transA: int = 0, transB: int = 0,
) -> Tensor:  # fmt: skip
    if transA or alpha != 1 or beta != 1 or not isinstance(weight, Weight):
        lift.make.refuse("it is no linear map of a weight")
    return rows.linear(lift, lift.tensor(x), weight, bias, transposed=not transB)


@_row("MatMul")
def _matmul(lift: Lift, x: Any, y: Any) -> Any:
    if isinstance(y, Weight) and len(y.shape) == 2 and not isinstance(x, Weight):
        step, bias = lift.make.step, None
        readers = lift.users.get(step.outputs[0], [])
        if len(readers) == 1 and readers[0].target == "onnx.Add":
            others = [
                lift.resolve(arg) for arg in readers[0].args if arg != Ref(step.outputs[0])
            ]
            bias = next(
                (o for o in others if isinstance(o, Weight) and o.shape == y.shape[1:]),
                None,
            )
        found = rows.linear(lift, lift.tensor(x), y, bias, transposed=not y.transposed)
        if bias is not None:
            lift.fused[readers[0].outputs[0]] = found
        return found
    return rows.product(lift, _known(lift, x), _known(lift, y))


def _known(lift: Lift, x: Any) -> Any:
    return x if isinstance(x, Scores | Scaled) else lift.tensor(x)


@_row("Einsum")
def _einsum(lift: Lift, *operands: Any, equation: str) -> Tensor:
    return rows.einsum(lift, equation, [lift.tensor(each) for each in operands])


@_row("BatchNormalization")
def _batch_norm(
    lift: Lift, x: Any, scale: Any, bias: Any, mean: Any, variance: Any, *, epsilon: float = 1e-5,
    momentum: float = 0.9, training_mode: int = 0, spatial: int = 1,
) -> Tensor:  # fmt: skip
    if training_mode:
        lift.make.refuse("it normalises by the statistics of the batch")
    weights = (scale, bias, mean, variance)
    return rows.batch_norm(lift, lift.tensor(x), weights, epsilon, round(1 - momentum, 6))


@_row("LayerNormalization")
def _layer_norm(
    lift: Lift, x: Any, scale: Any, bias: Any = None, *, axis: int = -1, epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:  # fmt: skip
    tensor = lift.tensor(x)
    return rows.layer_norm(
        lift, tensor, tensor.rank - tensor.axis(axis), scale, bias, epsilon
    )


@_row("InstanceNormalization")
def _instance_norm(
    lift: Lift, x: Any, scale: Any, bias: Any, *, epsilon: float = 1e-5
) -> Tensor:
    tensor = lift.tensor(x)
    return rows.group_norm(lift, tensor, tensor.shape[1], scale, bias, epsilon)


@_row("GroupNormalization")
def _group_norm(
    lift: Lift,
    x: Any,
    scale: Any,
    bias: Any,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:
    return rows.group_norm(lift, lift.tensor(x), num_groups, scale, bias, epsilon)


# -- pools -------------------------------------------------------------------------------------------


def _pool(
    op: str, lift: Lift, x: Any, *, kernel_shape: Any, strides: Any = (), pads: Any = (), dilations: Any = (),
    auto_pad: str = "NOTSET", ceil_mode: int = 0, count_include_pad: int = 0, storage_order: int = 0,
) -> Tensor:  # fmt: skip
    tensor = lift.tensor(x)
    rank = len(kernel_shape)
    window = _window(kernel_shape, strides, pads, dilations, auto_pad, tensor.shape[-rank:])
    if set(window.dilation) != {1}:
        lift.make.refuse("a pool has no dilation")
    if op == "avg_pool" and count_include_pad and any(map(any, window.padding)):
        tensor = rows.pad(lift, tensor, ((0, 0), (0, 0), *window.padding))
        window = rows.Window(window.size, window.stride, ((0, 0),) * rank, window.dilation)
    return rows.pool(lift, op, tensor, window, bool(ceil_mode))


ONNX["onnx.MaxPool"] = partial(_pool, "max_pool")
ONNX["onnx.AveragePool"] = partial(_pool, "avg_pool")


@_row("GlobalAveragePool")
def _global(lift: Lift, x: Any) -> Tensor:
    tensor = lift.tensor(x)
    return rows.mean(lift, tensor, range(2, tensor.rank), keep=True)


@_row("ReduceMean")
def _mean(
    lift: Lift, x: Any, given: Any = None, *, axes: Any = (), keepdims: int = 1, **rest: Any
) -> Tensor:
    tensor = lift.tensor(x)
    found = _ints(given) if given is not None else tuple(axes)
    places = [tensor.axis(a) for a in found] or list(range(tensor.rank))
    return rows.mean(lift, tensor, places, bool(keepdims))


@_row("ReduceSum")
def _sum(
    lift: Lift, x: Any, given: Any = None, *, axes: Any = (), keepdims: int = 1, **rest: Any
) -> Tensor:
    tensor = lift.tensor(x)
    found = _ints(given) if given is not None else tuple(axes)
    places = [tensor.axis(a) for a in found] or list(range(tensor.rank))
    count = prod(tensor.shape[place] for place in places)
    return rows.scalar(lift, "mul", rows.mean(lift, tensor, places, bool(keepdims)), count)


@_row("Resize")
def _resize(
    lift: Lift, x: Any, roi: Any = None, scales: Any = None, sizes: Any = None, *, mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel", nearest_mode: str = "round_prefer_floor", **rest: Any,
) -> Tensor:  # fmt: skip
    tensor = lift.tensor(x)
    if sizes is not None:
        wanted = _ints(sizes)
    else:
        factors = scales.array.reshape(-1)
        wanted = tuple(int(n * f) for n, f in zip(tensor.shape, factors, strict=True))
    if wanted[:2] != tensor.shape[:2]:
        lift.make.refuse("it resizes the batch or the channels")
    if mode == "nearest":
        return rows.repeated(lift, tensor, wanted[2:])
    if mode != "linear" or coordinate_transformation_mode not in (
        "half_pixel",
        "pytorch_half_pixel",
    ):
        lift.make.refuse(f"resize is linear and does not align corners, not {mode}")
    return rows.resize(lift, tensor, wanted[2:])


# -- activations and arithmetic ----------------------------------------------------------------------

for _onnx, _aten in (
    ("Relu", "relu"), ("Sigmoid", "sigmoid"), ("Tanh", "tanh"), ("HardSwish", "hardswish"), ("Neg", "neg"),
    ("Swish", "silu"),
):  # fmt: skip
    ONNX[f"onnx.{_onnx}"] = aten.ATEN[f"aten.{_aten}"]


@_row("Gelu")
def _gelu(lift: Lift, x: Any, *, approximate: str = "none") -> Any:
    return aten.ATEN["aten.gelu"](lift, x, approximate)


@_row("HardSigmoid")
def _hardsigmoid(lift: Lift, x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return aten.ATEN["aten.hardsigmoid"](lift, x)
    moved = rows.scalar(lift, "add", rows.scalar(lift, "mul", lift.tensor(x), alpha), beta)
    return aten.ATEN["aten.hardtanh"](lift, moved, 0, 1)


@_row("LeakyRelu")
def _leaky(lift: Lift, x: Any, *, alpha: float = 0.01) -> Any:
    return aten.ATEN["aten.leaky_relu"](lift, x, alpha)


@_row("Clip")
def _clip(
    lift: Lift,
    x: Any,
    low: Any = None,
    high: Any = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Any:
    bounds = [
        None if b is None else _one(b, 0.0)
        for b in (low if low is not None else min, high if high is not None else max)
    ]
    return aten.ATEN["aten.clamp"](lift, x, *bounds)


@_row("Softmax")
def _softmax(lift: Lift, x: Any, *, axis: int = -1) -> Any:
    return rows.soft(lift, x, axis)


@_row("Pow")
def _pow(lift: Lift, x: Any, power: Any) -> Any:
    return aten.ATEN["aten.pow"](lift, x, _one(power, 2))


def _arithmetic(op: str, lift: Lift, x: Any, y: Any) -> Any:
    return rows.arithmetic(lift, op, x, y)


for _onnx, _op in (("Add", "add"), ("Sub", "sub"), ("Mul", "mul"), ("Div", "div")):
    ONNX[f"onnx.{_onnx}"] = partial(_arithmetic, _op)


@_row("Identity", "Cast", "Dropout", "CastLike")
def _same(lift: Lift, x: Any, *rest: Any, **options: Any) -> Any:
    """Between numbers of other widths nothing changes but rounding; dropout does nothing in evaluation."""
    return [x, None] if len(lift.make.step.outputs) > 1 else x


# -- rearrangement -----------------------------------------------------------------------------------


@_row("Shape")
def _shape(lift: Lift, x: Any, *, start: int = 0, end: Any = None) -> Constant:
    import numpy

    shape = lift.tensor(x).shape[slice(start, end)]
    return constant(numpy.array(shape, dtype="int64"))


@_row("Reshape")
def _reshape(lift: Lift, x: Any, shape: Any, *, allowzero: int = 0) -> Tensor:
    tensor = lift.tensor(x)
    wanted = [
        tensor.shape[i] if n == 0 and not allowzero else n
        for i, n in enumerate(_ints(shape))
    ]
    return lift.make.reshape(tensor, wanted)


@_row("Flatten")
def _flatten(lift: Lift, x: Any, *, axis: int = 1) -> Tensor:
    tensor = lift.tensor(x)
    at = tensor.axis(axis)
    return lift.make.reshape(tensor, (prod(tensor.shape[:at]), prod(tensor.shape[at:])))


@_row("Transpose")
def _transpose(lift: Lift, x: Any, *, perm: Any = ()) -> Any:
    order = tuple(perm) or tuple(range(len(x.shape)))[::-1]
    return aten.ATEN["aten.permute"](lift, x, order)


@_row("Squeeze")
def _squeeze(lift: Lift, x: Any, given: Any = None, *, axes: Any = ()) -> Tensor:
    tensor = lift.tensor(x)
    found = _ints(given) if given is not None else tuple(axes)
    return rows.squeezed(
        lift, tensor, [tensor.axis(a) for a in found] or range(tensor.rank)
    )


@_row("Unsqueeze")
def _unsqueeze(lift: Lift, x: Any, given: Any = None, *, axes: Any = ()) -> Tensor:
    tensor = lift.tensor(x)
    found = _ints(given) if given is not None else tuple(axes)
    rank = tensor.rank + len(found)
    for axis in sorted(a % rank for a in found):
        tensor = rows.unsqueezed(tensor, axis)
    return tensor


@_row("Expand")
def _expand(lift: Lift, x: Any, shape: Any) -> Any:
    sizes = _ints(shape)
    if isinstance(x, Constant):
        number = rows.number(x)
        if number is not None:
            return number
    tensor = lift.tensor(x)
    own = (1,) * (len(sizes) - tensor.rank) + tensor.shape
    wanted = [
        max(n, m) for n, m in zip((1,) * (len(own) - len(sizes)) + sizes, own, strict=True)
    ]
    return rows.expand(lift, tensor, wanted)


@_row("Concat")
def _concat(lift: Lift, *tensors: Any, axis: int) -> Tensor:
    return rows.concat(lift, [lift.tensor(each) for each in tensors], axis)


@_row("Split")
def _split(
    lift: Lift,
    x: Any,
    given: Any = None,
    *,
    axis: int = 0,
    split: Any = (),
    num_outputs: int = 0,
) -> Any:
    tensor = lift.tensor(x)
    sizes = _ints(given) if given is not None else tuple(split)
    parts = num_outputs or len(lift.make.step.outputs)
    found = aten.ATEN["aten.split"](
        lift, tensor, sizes or -(-tensor.shape[tensor.axis(axis)] // parts), axis
    )
    return found if len(found) > 1 else found[0]


@_row("Slice")
def _slice(
    lift: Lift, x: Any, starts: Any, ends: Any, axes: Any = None, steps: Any = None
) -> Tensor:
    tensor = lift.tensor(x)
    low, high = _ints(starts), _ints(ends)
    places = _ints(axes) if axes is not None else tuple(range(len(low)))
    strides = _ints(steps) if steps is not None else (1,) * len(low)
    for axis, start, end, step in zip(places, low, high, strides, strict=True):
        at = tensor.axis(axis)
        if step < 1:
            lift.make.refuse("it goes backwards")
        positions = range(*slice(start, end, step).indices(tensor.shape[at]))
        tensor = rows.narrow(lift, tensor, at, positions)
    return tensor


@_row("Gather")
def _gather(lift: Lift, x: Any, indices: Any, *, axis: int = 0) -> Tensor:
    if not isinstance(indices, Constant):
        lift.make.refuse("it looks up by indices that are computed")
    tensor = lift.tensor(x)
    at = tensor.axis(axis)
    found = _ints(indices)
    if not indices.shape:
        return rows.select(lift, tensor, at, found[0] % tensor.shape[at])
    step = found[1] - found[0] if len(found) > 1 else 1
    if (
        len(indices.shape) != 1
        or step < 1
        or found != tuple(range(found[0], found[0] + step * len(found), step))
    ):
        lift.make.refuse("it looks up positions in no regular order")
    return rows.narrow(lift, tensor, at, range(found[0], found[-1] + 1, step))


@_row("Pad")
def _pad(
    lift: Lift, x: Any, given: Any = None, value: Any = None, axes: Any = None, *, mode: str = "constant",
    pads: Any = (),
) -> Tensor:  # fmt: skip
    if mode != "constant" or _one(value, 0.0) != 0:
        lift.make.refuse("pad is of zeros")
    tensor = lift.tensor(x)
    amounts = _ints(given) if given is not None else tuple(pads)
    places = (
        [tensor.axis(a) for a in _ints(axes)]
        if axes is not None
        else list(range(tensor.rank))
    )
    sides = [(0, 0)] * tensor.rank
    for number, place in enumerate(places):
        sides[place] = (amounts[number], amounts[number + len(places)])
    return rows.pad(lift, tensor, sides)

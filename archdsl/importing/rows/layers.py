"""Layers with weights and without windows: linear maps, norms; and the mean, which undoes one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from archdsl.importing.builder import WHOLE, Tensor
from archdsl.importing.calls import Held, Letters, Literal
from archdsl.importing.lifting import Constant, Lift, Weight
from archdsl.importing.values import Layout


def weights_of(lift: Lift, **weights: Any) -> list[Held]:
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
    held = weights_of(lift, weight=weight, bias=bias)
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
    held = weights_of(
        lift, weight=scale, bias=offset, running_mean=mean, running_var=variance
    )
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
    return lift.make.emit(
        op, [x], args, x.layout, weights_of(lift, weight=weight, bias=bias)
    )


def _short(value: float) -> float:
    """A number as somebody wrote it, where it went through 32 bits on the way."""
    return (
        float(f"{value:.6g}")
        if abs(float(f"{value:.6g}") - value) < 1e-7 * abs(value)
        else value
    )


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

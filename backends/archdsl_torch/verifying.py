"""An imported text against its source, on the source's weights: params, MACs, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy
import torch

from archdsl.importing.calls import Held
from archdsl.importing.captured import Captured
from archdsl.ir.graph import Graph
from archdsl_lowering.fixed import lower
from archdsl_torch import interpreting
from archdsl_torch.count import macs as static_macs
from archdsl_torch.model import build

_TOLERANCE = {
    torch.float64: 1e-8,
    torch.float32: 2e-4,
}  # of the largest number that comes out


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared: params and MACs (text, source), None where the source has no count; the largest
    difference of outputs and their largest number.
    """

    params: tuple[int, int]
    macs: tuple[int, int | None]
    difference: float
    scale: float
    precision: str

    def problems(self) -> list[str]:
        found = []
        if self.params[0] != self.params[1]:
            found.append(
                f"params: {self.params[0]:,} in the text, {self.params[1]:,} in the source"
            )
        if self.macs[1] is not None and self.macs[0] != self.macs[1]:
            found.append(
                f"MACs: {self.macs[0]:,} in the text, {self.macs[1]:,} in the source"
            )
        allowed = _TOLERANCE[
            torch.float64 if self.precision == "float64" else torch.float32
        ]
        if not self.difference <= allowed * max(self.scale, 1e-6):
            found.append(
                f"outputs differ by {self.difference:.3g}, the largest being {self.scale:.3g}"
            )
        return found


def weights_of(
    graph: Graph, captured: Captured, keys: Mapping[str, Held]
) -> dict[str, torch.Tensor]:
    """A state dict of the text's model with the source's numbers."""
    own = build(lower(graph), meta=True).state_dict()
    found = {}
    for key, shape in own.items():
        if key not in keys:
            found[key] = torch.zeros(shape.shape, dtype=shape.dtype)
            continue
        held = keys[key]
        array = torch.from_numpy(numpy.array(captured.array(held.key)))
        found[key] = (
            (array.T if held.transposed else array).reshape(shape.shape).contiguous()
        )
    return found


def verify(graph: Graph, captured: Captured, keys: Mapping[str, Held]) -> Verified:
    """Runs both on the same numbers, ATen in 64 bits. Weights that make every output alike are disturbed."""
    weights = weights_of(graph, captured, keys)
    read = {held.key for held in keys.values() if not held.name.startswith("running")}
    params = sum(
        prod(s.shape)
        for s in captured.sources.values()
        if s.kind == "weight" and s.key in read
    )
    program = lower(graph)
    ours = build(program, meta=True)
    counted = static_macs(ours, graph)
    mine = sum(weight.numel() for weight in ours.parameters())
    is_aten = captured.form == "aten"
    theirs = interpreting.macs(captured) if is_aten else None
    difference, scale = _compared(program, captured, keys, weights, noise=0.0)
    if scale < 1e-6:  # they would agree whatever the text says
        difference, scale = _compared(program, captured, keys, weights, noise=0.05)
    name = "float64" if is_aten else "float32"
    return Verified((mine, params), (counted, theirs), difference, scale, name)


Runner = Callable[[Sequence[torch.Tensor], Mapping[str, torch.Tensor]], list[torch.Tensor]]


def _compared(
    program: Any,
    captured: Captured,
    keys: Mapping[str, Held],
    weights: Mapping[str, torch.Tensor],
    noise: float,
) -> tuple[float, float]:
    """The largest difference, and the largest number of the source."""
    is_aten = captured.form == "aten"
    source = _aten(captured) if is_aten else _onnx(captured)
    precision = torch.float64 if is_aten else torch.float32
    generator = torch.Generator().manual_seed(0)
    shift: dict[str, torch.Tensor] = {}
    if noise:
        for held in keys.values():
            if not held.name.startswith("running"):
                shape = captured.array(held.key).shape
                shift[held.key] = noise * torch.randn(shape, generator=generator)
    model = build(program, initialise=False)
    moved = dict(weights)
    for key, held in keys.items():
        if held.key in shift:
            by = shift[held.key]
            moved[key] = weights[key] + (by.T if held.transposed else by).reshape(
                weights[key].shape
            )
    model.load_state_dict(moved)
    model.eval().to(precision)
    inputs = [
        torch.randn(s.shape, generator=generator).to(precision) for s in captured.inputs
    ]
    with torch.no_grad():
        here = model(*inputs)
    there = source(inputs, shift)
    ours = list(here) if isinstance(here, tuple) else [here]
    largest, scale = 0.0, 0.0
    for a, b in zip(ours, there, strict=True):
        largest = max(largest, float((a - b.reshape(a.shape)).abs().max()))
        scale = max(scale, float(b.abs().max()))
    return largest, scale


def _aten(captured: Captured) -> Runner:
    def source(
        inputs: Sequence[torch.Tensor], shift: Mapping[str, torch.Tensor]
    ) -> list[torch.Tensor]:
        def array(key: str) -> torch.Tensor:
            found = torch.from_numpy(numpy.array(captured.array(key)))
            if key in shift:
                found = found + shift[key]
            return found.to(inputs[0].dtype) if found.is_floating_point() else found

        return interpreting.run(captured, [each.clone() for each in inputs], array)

    return source


def _onnx(captured: Captured) -> Runner:
    def source(
        inputs: Sequence[torch.Tensor], shift: Mapping[str, torch.Tensor]
    ) -> list[torch.Tensor]:
        from archdsl.importing.onnx_file import outputs

        arrays = outputs(
            captured,
            [each.numpy() for each in inputs],
            {k: v.numpy() for k, v in shift.items()},
        )
        return [torch.from_numpy(numpy.array(each)) for each in arrays]

    return source

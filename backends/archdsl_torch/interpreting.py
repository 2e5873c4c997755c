"""A captured graph of ATen operations, run step by step on tensors: only operations with a row are called."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from archdsl.importing.aten import ATEN
from archdsl.importing.captured import Captured, Ref, Step

_PLACED = (
    "dtype",
    "device",
    "layout",
    "pin_memory",
    "memory_format",
    "implicit",
)  # where and as what


def run(
    captured: Captured,
    inputs: Sequence[torch.Tensor],
    arrays: Callable[[str], torch.Tensor],
) -> list[torch.Tensor]:
    """The outputs of a captured graph; `arrays` gives weights and constants by key."""
    known: dict[str, Any] = {}
    given = iter(inputs)
    for source in captured.sources.values():
        known[source.name] = next(given) if source.kind == "input" else arrays(source.key)
    with torch.no_grad():
        for step in captured.steps:
            result = _function(step)(
                *_resolved(step.args, known), **_options(step.kwargs, known)
            )
            if len(step.outputs) == 1:
                known[step.outputs[0]] = result
            else:
                known.update(zip(step.outputs, result, strict=False))
    return [known[name] for name, _ in captured.outputs]


def macs(captured: Captured) -> int:
    """Multiply–accumulates of a sample, counted by PyTorch on the meta device."""
    inputs = [torch.empty(source.shape, device="meta") for source in captured.inputs]
    shapes = {source.key: source.shape for source in captured.sources.values()}
    kinds = {source.key: source.kind for source in captured.sources.values()}

    def empty(key: str) -> torch.Tensor:
        if kinds[key] == "weight" or not shapes[key]:
            return torch.empty(shapes[key], device="meta")
        return torch.from_numpy(captured.array(key)).to("meta")

    with FlopCounterMode(display=False) as counter:
        run(captured, inputs, empty)
    total: int = counter.get_total_flops()
    return total // 2 // captured.inputs[0].shape[0]


def _function(step: Step) -> Callable[..., Any]:
    name = step.target
    if name not in ATEN and name.rstrip("_") not in ATEN:
        raise KeyError(name)  # lifting has refused it before
    room, _, last = name.rpartition(".")
    home = operator if room == "_operator" else torch.ops.aten
    return getattr(home, last)  # type: ignore[no-any-return]


def _resolved(args: Sequence[Any], known: Mapping[str, Any]) -> list[Any]:
    return [_value(arg, known) for arg in args]


def _value(arg: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(arg, Ref):
        return known[arg.name]
    if isinstance(arg, tuple):
        return [_value(each, known) for each in arg]
    return arg


def _options(kwargs: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(arg, known) for name, arg in kwargs.items() if name not in _PLACED}

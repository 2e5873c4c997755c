"""Weights of somebody else's checkpoint as those of a model: read as data, renamed, positions resized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import torch

from archdsl.ir.graph import Graph
from archdsl.questions.checkpoint import Fit, Table, below, fit, may_be_missing
from archdsl.questions.rename import Resize
from archdsl_lowering.fixed import lower
from archdsl_torch import tensor_files
from archdsl_torch.starting import outline, start


@dataclass(frozen=True, slots=True)
class OtherKind:
    """A weight of which the checkpoint holds another kind of number."""

    ours: str
    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How a checkpoint fits a model; `weights` is a whole state dict of the model, empty where it does not
    fit.

    `shapes` are (in the checkpoint, in the model) of what was resized.
    """

    fit: Fit
    other_kinds: tuple[OtherKind, ...]
    shapes: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    weights: Mapping[str, torch.Tensor]

    def __bool__(self) -> bool:
        return bool(self.fit) and not self.other_kinds


def import_weights(
    graph: Graph, path: str | Path, tables: Sequence[Table], anew: Sequence[str] = (), seed: int = 0
) -> Imported:
    """A model's weights from a checkpoint: a state dict, whatever wraps it, whatever stands before its keys.

    `tables` are tried as `archdsl.questions.checkpoint.fit` says; what lies at or below the paths in `anew`
    starts as the text says. Numbers are converted to what the model computes in.

    Raises DiagnosticError: E0950 (open choices), E0901, E0902 and E0951 (a file that cannot be read), and as
    `fit` and `below` do.
    """
    program = lower(graph)
    ours = outline(program)
    fresh = below(anew, ours)
    theirs = tensor_files.tensors_in(tensor_files.read(path), path)
    found = fit(_shapes(theirs), _shapes(ours), tables, fresh)
    kinds = []
    for name, source in found.taken.items():
        before, after = theirs[source.key], ours[name]
        if not _converts(before.dtype, after.dtype):
            kinds.append(OtherKind(name, source.key, _kind(before), _kind(after)))
    resized = {}
    for name, source in found.taken.items():
        if source.resize is not None:
            resized[name] = tuple(theirs[source.key].shape), tuple(ours[name].shape)
    if not found or kinds:
        return Imported(found, tuple(kinds), resized, {})
    left = [key for key in ours if key in found.anew or (key not in found.taken and may_be_missing(key))]
    started = start(program, ours, left, seed)
    weights = {}
    for key, own in ours.items():
        taken = found.taken.get(key)
        if taken is None:
            weights[key] = started[key]
        else:
            tensor = theirs[taken.key]
            if taken.resize is not None:
                tensor = resize(tensor, tuple(own.shape), taken.resize)
            converted = tensor.reshape(own.shape).to(own.dtype)
            weights[key] = converted.clone(memory_format=torch.contiguous_format)  # nothing shared
    return Imported(found, (), resized, weights)


def resize(tensor: torch.Tensor, shape: tuple[int, ...], how: Resize) -> torch.Tensor:
    """Positions interpolated along the first axis of `shape`, to its size: [positions, …] → [shape[0], …].

    Nearest takes position floor(i · before / after) for the i-th; linear and cubic place positions in the
    middle of equal parts (PyTorch's `interpolate` with `align_corners=False`, which both public codes call).
    A grid is a square of rows.
    """
    rows = tensor.reshape(-1, *shape[1:]).flatten(1) if len(shape) > 1 else tensor.reshape(-1, 1)
    exact = rows if rows.dtype in (torch.float32, torch.float64) else rows.float()
    kept, rest = exact[: how.after], exact[how.after :]
    wanted = shape[0] - how.after
    line = rest.T[None]  # [1, channels, positions]
    if how.is_grid:
        side, new = isqrt(rest.shape[0]), isqrt(wanted)
        mode = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}[how.mode]
        grid = line.unflatten(2, (side, side))
        line = torch.nn.functional.interpolate(grid, size=(new, new), mode=mode).flatten(2)
    else:
        line = torch.nn.functional.interpolate(line, size=wanted, mode=how.mode)
    return torch.cat([kept, line[0].T]).reshape(shape)


def _shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _converts(before: torch.dtype, after: torch.dtype) -> bool:
    """Real numbers become real numbers, whole ones whole ones."""
    whole = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
    return before.is_floating_point if after.is_floating_point else before in whole


def _kind(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")

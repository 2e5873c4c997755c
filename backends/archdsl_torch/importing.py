"""Weights of somebody else's checkpoint as those of a model: read as data, renamed, and changed where their
table says how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import torch

from archdsl.ir.graph import Graph
from archdsl.questions.checkpoint import Fit, Table, Told, below, fit, may_be_missing
from archdsl.questions.rename import Change, Inflate, Resize
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

    `shapes` are (in the checkpoint, in the model) of what was resized or inflated.
    """

    fit: Fit
    other_kinds: tuple[OtherKind, ...]
    shapes: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    weights: Mapping[str, torch.Tensor]

    def __bool__(self) -> bool:
        return bool(self.fit) and not self.other_kinds


def import_weights(
    graph: Graph,
    path: str | Path,
    tables: Sequence[Table],
    anew: Sequence[str] = (),
    changes: Mapping[str, Change] | None = None,
    seed: int = 0,
) -> Imported:
    """A model's weights from a checkpoint: a state dict, whatever wraps it, whatever stands before its keys.

    `tables` are tried as `archdsl.questions.checkpoint.fit` says; what lies at or below the paths in `anew`
    starts as the text says, and what lies at or below those of `changes` is changed so instead of as the
    table says. Numbers are converted to what the model computes in.

    Raises DiagnosticError: E0950 (open choices), E0901, E0902 and E0951 (a file that cannot be read), and as
    `fit` and `below` do.
    """
    program = lower(graph)
    ours = outline(program)
    told = Told(below(anew, ours), _spread(changes or {}, ours))
    theirs = tensor_files.tensors_in(tensor_files.read(path))
    found = fit(_shapes(theirs), _shapes(ours), tables, told)
    kinds = tuple(
        OtherKind(name, source.key, _kind(theirs[source.key]), _kind(ours[name]))
        for name, source in found.taken.items()
        if not _converts(theirs[source.key].dtype, ours[name].dtype)
    )
    shapes = {
        name: (tuple(theirs[source.key].shape), tuple(ours[name].shape))
        for name, source in found.taken.items()
        if source.change is not None
    }
    if not found or kinds:
        return Imported(found, kinds, shapes, {})
    left = [
        key
        for key in ours
        if key in found.anew or (key not in found.taken and may_be_missing(key))
    ]
    started = start(program, ours, left, seed)
    weights = {}
    for key, own in ours.items():
        source = found.taken.get(key)
        weights[key] = (
            started[key]
            if source is None
            else _taken(theirs[source.key], own, source.change)
        )
    return Imported(found, kinds, shapes, weights)


def resize(tensor: torch.Tensor, shape: tuple[int, ...], how: Resize) -> torch.Tensor:
    """Positions along the first axis of `shape`, brought to its size: [positions, …] → [shape[0], …].

    Nearest takes position floor(i · before / after) for the i-th; linear and cubic place positions in the
    middle of equal parts (PyTorch's `interpolate` with `align_corners=False`, which the public codes call).
    A grid is a square of rows. Repeat takes position i mod before.
    """
    rows = (
        tensor.reshape(-1, *shape[1:]).flatten(1)
        if len(shape) > 1
        else tensor.reshape(-1, 1)
    )
    exact = rows if rows.dtype in (torch.float32, torch.float64) else rows.float()
    kept, rest = exact[: how.after], exact[how.after :]
    wanted = shape[0] - how.after
    if how.mode == "repeat":
        return torch.cat([kept, rest.repeat(wanted // len(rest), 1)]).reshape(shape)
    line = rest.T[None]  # [1, channels, positions]
    if how.is_grid:
        side, new = isqrt(rest.shape[0]), isqrt(wanted)
        mode = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}[how.mode]
        line = torch.nn.functional.interpolate(
            line.unflatten(2, (side, side)), size=(new, new), mode=mode
        ).flatten(2)
    else:
        line = torch.nn.functional.interpolate(line, size=wanted, mode=how.mode)
    return torch.cat([kept, line[0].T]).reshape(shape)


def inflate(tensor: torch.Tensor, shape: tuple[int, ...], how: Inflate) -> torch.Tensor:
    """A kernel of pictures as one of clips: [o, i, h, w] → [o, i, t, h, w], the same function of a clip that
    stands still.

    Carreira and Zisserman, "Quo Vadis, Action Recognition?", section 2.4: the kernel in every frame, divided
    by their number. Or in the middle frame, t // 2, and zeros in the others.
    """
    frames = shape[2]
    if how.how == "mean":
        return tensor[:, :, None].repeat(1, 1, frames, 1, 1) / frames
    spread = torch.zeros(shape, dtype=tensor.dtype)
    spread[:, :, frames // 2] = tensor
    return spread


def _spread(
    changes: Mapping[str, Change], ours: Mapping[str, torch.Tensor]
) -> dict[str, Change]:
    """Changes by key, of those by path."""
    found: dict[str, Change] = {}
    for path, change in changes.items():
        found |= dict.fromkeys(below([path], ours), change)
    return found


def _taken(tensor: torch.Tensor, own: torch.Tensor, change: Change | None) -> torch.Tensor:
    """A weight of theirs as ours: nothing is shared with what was read."""
    shape = tuple(own.shape)
    if isinstance(change, Resize):
        tensor = resize(tensor, shape, change)
    elif change is not None:
        tensor = inflate(tensor, shape, change)
    return tensor.reshape(shape).to(own.dtype).clone(memory_format=torch.contiguous_format)


def _shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _converts(before: torch.dtype, after: torch.dtype) -> bool:
    """Real numbers become real numbers, whole ones whole ones."""
    whole = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
    return before.is_floating_point if after.is_floating_point else before in whole


def _kind(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")

"""Weights of one model as those of another that was edited from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal

import torch

from archdsl.compare.difference import Inheritance
from archdsl.compare.migration import Carry, Positions, migration
from archdsl.ir.graph import Graph
from archdsl_lowering.fixed import lower
from archdsl_torch.starting import outline, start
from archdsl_torch.weights import fitting


@dataclass(frozen=True, slots=True)
class Moved:
    """A key of the new state dict: "same" numbers under the same key, "moved" ones under another, "sliced"
    where sizes differ, or "anew". `before` is the shape that it had; `carried` counts the numbers that are
    old ones.
    """

    key: str
    how: Literal["same", "moved", "sliced", "anew"]
    source: str | None
    before: tuple[int, ...] | None
    after: tuple[int, ...]
    carried: int


@dataclass(frozen=True, slots=True)
class Migrated:
    """A whole state dict of the new model, what became of each key, and the old keys that nothing was taken
    from.
    """

    weights: Mapping[str, torch.Tensor]
    moved: tuple[Moved, ...]
    dropped: tuple[str, ...]
    inherits: Inheritance


def migrate_weights(
    before: Graph, after: Graph, weights: Mapping[str, Any] | str | Path, seed: int = 0
) -> Migrated:
    """Carries a model's weights over to another, as far as `archdsl.compare.migration` pairs them.

    Equal tensors stay as they are, kinds of numbers included. Where sizes differ, the new tensor starts as
    the text says, the old numbers lie in it by channel, and a larger kernel is zero around the old one.
    Running statistics go with their channels. What has no counterpart starts as compiling with this seed
    starts it.

    Raises DiagnosticError: E0950 (open choices), E0951 and E0952 (weights that cannot be read, or not the
    first model's).
    """
    old, new = lower(before), lower(after)
    ours, theirs = outline(old), outline(new)
    given = fitting(weights, ours)
    plan = migration(before, after)
    carries = {c.key: c for c in plan.carries}
    for key in theirs:
        if key not in carries:
            carries[key] = _statistic(key, plan.modules, plan.statistics, ours, theirs)
    fresh = [key for key in theirs if carries[key].axes or carries[key].source not in given]
    started = start(new, theirs, fresh, seed)
    found: dict[str, torch.Tensor] = {}
    moved: list[Moved] = []
    for key, own in theirs.items():
        carry = carries[key]
        source = carry.source if carry.source in given else None
        if source is None:
            found[key] = started[key]
            moved.append(Moved(key, "anew", None, None, tuple(own.shape), 0))
            continue
        held = given[source]
        how: Literal["same", "moved", "sliced"] = "same" if source == key else "moved"
        carried = own.numel()
        if carry.axes:
            found[key] = sliced(held, started[key].to(held.dtype), carry)
            how, carried = "sliced", prod(map(len, map(_present, carry.axes)))
        else:
            found[key] = held.clone(memory_format=torch.contiguous_format)
        moved.append(Moved(key, how, source, tuple(held.shape), tuple(own.shape), carried))
    used = {m.source for m in moved}
    return Migrated(found, tuple(moved), tuple(key for key in given if key not in used), plan.inherits)


def sliced(held: torch.Tensor, started: torch.Tensor, carry: Carry) -> torch.Tensor:
    """The new tensor as it starts, with the old one's numbers in their places, and zeros around an old
    kernel.
    """
    taken, places, whole = [], [], []
    for i, axis in enumerate(carry.axes):
        present = _present(axis)
        taken.append(list(present.values()))
        places.append(list(present))
        whole.append(range(len(axis)) if i >= carry.kernel else places[i])
    started[_grid(whole)] = 0
    started[_grid(places)] = held[_grid(taken)]
    return started


def _grid(indices: Sequence[Sequence[int]]) -> tuple[torch.Tensor, ...]:
    """The index of all combinations."""
    axes = [torch.tensor(list(i)) for i in indices]
    return torch.meshgrid(axes, indexing="ij") if len(axes) > 1 else (axes[0],)


def _present(axis: Positions) -> dict[int, int]:
    """Of the positions that are old ones: which old one each is."""
    return {i: p for i, p in enumerate(axis) if p is not None}


def _statistic(
    key: str,
    modules: Mapping[str, str],
    statistics: Mapping[str, Positions],
    ours: Mapping[str, torch.Tensor],
    theirs: Mapping[str, torch.Tensor],
) -> Carry:
    """Where a running statistic comes from: with the channels of its batch norm."""
    place, _, name = key.rpartition(".")
    source = f"{modules.get(place, place)}.{name}"
    if source not in ours or ours[source].dim() != theirs[key].dim():
        return Carry(key)
    axes = (statistics[place],) if place in statistics and theirs[key].dim() else ()
    if not axes and ours[source].shape != theirs[key].shape:
        return Carry(key)
    return Carry(key, source, axes, len(axes))

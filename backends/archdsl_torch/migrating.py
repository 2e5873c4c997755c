"""Weights of one model as those of another that was edited from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal

import torch

from archdsl.compare.difference import Inheritance
from archdsl.compare.migration import Carry, Migration, Positions, migration
from archdsl.ir.graph import Graph
from archdsl.questions.checkpoint import below
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
    before: Graph,
    after: Graph,
    weights: Mapping[str, Any] | str | Path,
    anew: Sequence[str] = (),
    seed: int = 0,
) -> Migrated:
    """Carries a model's weights over to another, as far as `archdsl.compare.migration` pairs them.

    Equal tensors stay as they are, kinds of numbers included. Where sizes differ, the new tensor starts as
    the text says, the old numbers lie in it by channel, and a larger kernel is zero around the old one.
    Running statistics go with their channels. What has no counterpart, or lies at or below a path of `anew`,
    starts as compiling with this seed starts it.

    Raises DiagnosticError: E0950 (open choices), E0951 and E0952 (weights that cannot be read, or not the
    first model's), E0988 (a path of `anew` without weights).
    """
    old, new = lower(before), lower(after)
    ours, theirs = outline(old), outline(new)
    fresh = below(anew, theirs)
    given = fitting(weights, ours)
    plan = migration(before, after)
    carries = _carries(plan, ours, theirs)
    carries |= {key: Carry(key) for key in fresh}
    starting = [
        key for key in theirs if carries[key].axes or carries[key].source not in given
    ]
    started = start(new, theirs, starting, seed)
    found: dict[str, torch.Tensor] = {}
    moved: list[Moved] = []
    for key, own in theirs.items():
        carry = carries[key]
        held = None if carry.source is None else given.get(carry.source)
        found[key] = _carried(carry, held, started.get(key))
        moved.append(_moved(carry, held, own))
    used = {m.source for m in moved}
    dropped = tuple(key for key in given if key not in used)
    inherits = _without(plan.inherits, plan, fresh, theirs) if fresh else plan.inherits
    return Migrated(found, tuple(moved), dropped, inherits)


def _carries(
    plan: Migration, ours: Mapping[str, torch.Tensor], theirs: Mapping[str, torch.Tensor]
) -> dict[str, Carry]:
    """Where each key of the new model comes from, running statistics included."""
    carries = {carry.key: carry for carry in plan.carries}
    for key in theirs:
        if key not in carries:
            carries[key] = _statistic(key, plan, ours, theirs)
    return carries


def _carried(
    carry: Carry, held: torch.Tensor | None, started: torch.Tensor | None
) -> torch.Tensor:
    """The new tensor: the old one, the old one in the new one, or the new one as it starts."""
    if held is None:
        assert started is not None
        return started
    if started is None or not carry.axes:
        return held.clone(memory_format=torch.contiguous_format)
    return sliced(held, started.to(held.dtype), carry)


def _moved(carry: Carry, held: torch.Tensor | None, own: torch.Tensor) -> Moved:
    """What a report says of a key."""
    shape = tuple(own.shape)
    if held is None:
        return Moved(carry.key, "anew", None, None, shape, 0)
    before = tuple(held.shape)
    if carry.axes:
        kept = prod(len(_present(axis)) for axis in carry.axes)
        return Moved(carry.key, "sliced", carry.source, before, shape, kept)
    how: Literal["same", "moved"] = "same" if carry.source == carry.key else "moved"
    return Moved(carry.key, how, carry.source, before, shape, own.numel())


def _without(
    inherits: Inheritance,
    plan: Migration,
    fresh: frozenset[str],
    theirs: Mapping[str, torch.Tensor],
) -> Inheritance:
    """What is inherited where some weights start anew although they have a counterpart."""
    same = sliceable = 0
    for carry in plan.carries:
        if carry.key in fresh and carry.source is not None:
            size = theirs[carry.key].numel()
            same += 0 if carry.axes else size
            sliceable += size if carry.axes else 0
    return Inheritance(inherits.same - same, inherits.sliceable - sliceable, inherits.total)


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
    plan: Migration,
    ours: Mapping[str, torch.Tensor],
    theirs: Mapping[str, torch.Tensor],
) -> Carry:
    """Where a running statistic comes from: with the channels of its batch norm."""
    place, _, name = key.rpartition(".")
    source = f"{plan.modules.get(place, place)}.{name}"
    if source not in ours or ours[source].dim() != theirs[key].dim():
        return Carry(key)
    if place in plan.statistics and theirs[key].dim():
        return Carry(key, source, (plan.statistics[place],), 1)
    return Carry(key, source) if ours[source].shape == theirs[key].shape else Carry(key)

"""The numbers that mixing multiplies by: coefficients and masks as functions of the probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from archdsl.ir.choice import Choice
from archdsl_lowering.supergraph.masks import (
    Crossed,
    Ended,
    Included,
    Picked,
    Rows,
    Share,
    Tabled,
    Terms,
    Whole,
    Within,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a forward pass mixes by: of each choice the weight of each alternative, of each subset choice that
    of each member.
    """

    alternatives: Mapping[Choice, torch.Tensor]
    members: Mapping[Choice, torch.Tensor]
    restricted: Mapping[
        Choice, torch.Tensor
    ]  # of each member where the weights of those picked sum to 1

    @property
    def device(self) -> torch.device:
        return next((p.device for p in self.alternatives.values()), torch.device("cpu"))


Values: TypeAlias = Callable[[Weights], torch.Tensor]


def values_of(share: Share) -> Values:
    """How coefficients or a mask follow from the weights of choices. Tables become tensors here, once."""
    match share:
        case Terms(choices=choices, groups=groups):
            return _terms(choices, [list(group) for group in groups])
        case Picked():
            return _picked(share)
        case Included(choices=choices, rows=rows, count=count, shared=shared):
            included = _tabled(choices, rows, count)
            return _normalised(included) if shared else included
        case Tabled(choices=choices, rows=rows, size=size):
            return _tabled(choices, rows, size)
        case Whole(size=size):
            return lambda weights: torch.ones(
                size, dtype=torch.float64, device=weights.device
            )
        case Ended(parts=parts, picked=picked):
            return _ended(
                [values_of(part) for part in parts],
                None if picked is None else values_of(picked),
            )
        case Crossed(factors=factors):
            return _crossed([values_of(factor) for factor in factors])
        case Within(part=part, whole=whole, left=left):
            return _within(values_of(part), values_of(whole), left)


def _joint(choices: Sequence[Choice], weights: Weights) -> torch.Tensor:
    """The weight of every combination of answers, the last choice fastest."""
    found = torch.ones(1, dtype=torch.float64, device=weights.device)
    for choice in choices:
        found = (found[:, None] * weights.alternatives[choice][None, :]).flatten()
    return found


def _terms(choices: Sequence[Choice], groups: Sequence[list[int]]) -> Values:
    def values(weights: Weights) -> torch.Tensor:
        p = _joint(choices, weights)
        return torch.stack([p[group].sum() for group in groups])

    return values


def _picked(share: Picked) -> Values:
    order = [share.places.index(i) for i in range(len(share.places))]

    def values(weights: Weights) -> torch.Tensor:
        return (weights.restricted if share.restricted else weights.members)[share.choice][
            order
        ]

    return values


def _tabled(choices: Sequence[Choice], rows: Rows, size: int) -> Values:
    table = torch.zeros((len(rows), size), dtype=torch.float64)  # [combinations, positions]
    for row, positions in enumerate(rows):
        table[row, list(positions)] = 1.0
    return lambda weights: _joint(choices, weights) @ table.to(weights.device)


def _normalised(included: Values) -> Values:
    def values(weights: Weights) -> torch.Tensor:
        found = included(weights)
        return found / found.sum()

    return values


def _ended(parts: Sequence[Values], picked: Values | None) -> Values:
    """Masks end to end, each times a weight of its own where several are picked."""

    def values(weights: Weights) -> torch.Tensor:
        found = [part(weights) for part in parts]
        if picked is not None:
            found = [w * part for w, part in zip(picked(weights), found, strict=True)]
        return torch.cat(found)

    return values


def _crossed(factors: Sequence[Values]) -> Values:
    def values(weights: Weights) -> torch.Tensor:
        found = factors[0](weights)
        for factor in factors[1:]:
            found = (found[:, None] * factor(weights)[None, :]).flatten()
        return found

    return values


def _within(part: Values, whole: Values, left: bool) -> Values:
    def values(weights: Weights) -> torch.Tensor:
        every = whole(weights)
        share = part(weights) / torch.where(every > 0, every, 1.0)
        return 1.0 - share if left else share

    return values

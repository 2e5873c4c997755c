"""What is done to an example after it was read: scaled, cropped, mirrored. Independent of where it came
from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from archdsl.elaborate.plans.table import FLAG, Kind, Option, whole

_SIDES = Kind(
    "two whole numbers, the less first",
    lambda v: (
        isinstance(v, tuple) and len(v) == 2 and all(map(whole(1).fits, v)) and v[0] <= v[1]
    ),
)

TRANSFORMS = (
    Option(
        "crop",
        whole(1),
        None,
        "side of the square that is cut out: anywhere while learning, in the middle for validation",
    ),
    Option(
        "jitter",
        _SIDES,
        None,
        "the shorter side is first scaled to a length from this range; to the least for validation",
    ),
    Option("flip", FLAG, False, "half of the training examples are mirrored"),
)


@dataclass(frozen=True, slots=True)
class Transform:
    """Applies to tensors whose last two axes are height and width."""

    crop: int | None = None
    jitter: tuple[int, int] | None = None
    flip: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Transform:
        return cls(settings["crop"], settings["jitter"], settings["flip"])

    def sizes(self, shape: Mapping[str, int]) -> dict[str, int]:
        """The sizes of what comes out, by dimension."""
        return {
            dim: self.crop if self.crop and dim in "hw" else n for dim, n in shape.items()
        }

    def __call__(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """The example as it is learned from; without a generator, as it is judged by."""
        if self.crop:
            x = _scaled(x, self._side(min(x.shape[-2:]), generator))
            x = _cut(x, self.crop, generator)
        if self.flip and generator is not None and _below(2, generator):
            x = x.flip(-1)
        return x

    def _side(self, now: int, generator: torch.Generator | None) -> int:
        """The length of the shorter side to crop from."""
        assert self.crop
        least, most = self.jitter or (now, now)
        side = least if generator is None else least + _below(most - least + 1, generator)
        return max(side, self.crop)


def _scaled(x: Tensor, side: int) -> Tensor:
    height, width = x.shape[-2:]
    if min(height, width) == side:
        return x
    scale = side / min(height, width)
    size = (max(side, round(height * scale)), max(side, round(width * scale)))
    flat = x.reshape(-1, 1, height, width)
    return functional.interpolate(flat, size, mode="bilinear", align_corners=False).reshape(
        *x.shape[:-2], *size
    )


def _cut(x: Tensor, side: int, generator: torch.Generator | None) -> Tensor:
    spare = [n - side for n in x.shape[-2:]]
    top, left = (n // 2 if generator is None else _below(n + 1, generator) for n in spare)
    return x[..., top : top + side, left : left + side]


def _below(bound: int, generator: torch.Generator) -> int:
    """A whole number from 0 to below the bound."""
    return int(torch.randint(bound, (), generator=generator))

"""Generated clips whose class is carried by the order and the direction of motion.

Classes come in pairs: right and left, down and up, growing and shrinking, the large one first and the small
one first. A clip of the second of a pair is one of the first with its frames in reverse, noise and all. So
the frames of both, as a set, have the same distribution, and whatever is blind to their order stays at chance
within each pair; which pair it is shows without order as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.elaborate.plans.table import NOT_NEGATIVE, Option, one_of, whole
from archdsl.search.data.source import HELD_OUT, split
from archdsl.search.randomness import generator

CLASSES = (
    "right",
    "left",
    "down",
    "up",
    "grows",
    "shrinks",
    "large first",
    "small first",
)

OPTIONS = (
    Option("count", whole(1), 512, "clips, for training and validation together"),
    Option("frames", whole(2), None, "as the network takes them, or 8"),
    Option(
        "size",
        whole(4),
        None,
        "height and width; as the network takes them, or 16",
    ),
    Option("classes", one_of(2, 4, 6, 8), 8, "the first so many"),
    Option(
        "difficulty",
        NOT_NEGATIVE,
        0.3,
        "deviation of the noise, and contrast of a shape that wanders about for nothing; 0 is clean",
    ),
    Option(
        "seed",
        whole(0),
        0,
        "other clips; the seed of a run leaves them as they are",
    ),
    HELD_OUT,
)


class Motion:
    """`count` clips [c = 3, t, h, w] of each class alike."""

    fingerprint = "motion 1"  # another number where the clips of a seed become others

    def __init__(self, settings: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self.classes = CLASSES[: settings["classes"]]
        self._frames = settings["frames"] or sizes.get("t", 8)
        self._size = settings["size"] or sizes.get("h", 16)
        self._difficulty, self._seed = (
            float(settings["difficulty"]),
            settings["seed"],
        )
        self.shape = {
            "c": 3,
            "t": self._frames,
            "h": self._size,
            "w": self._size,
        }
        self.train, self.validation = split(range(settings["count"]), settings["held_out"])

    def example(self, number: int, generator: torch.Generator | None) -> tuple[Tensor, int]:
        label = number % len(self.classes)
        return clip(
            self._seed,
            number,
            label,
            self._frames,
            self._size,
            self._difficulty,
        ), label

    def complaints(self) -> Iterator[Diagnostic]:
        return iter(())


def clip(
    seed: int,
    number: int,
    label: int,
    frames: int,
    size: int,
    difficulty: float,
) -> Tensor:
    """A clip [3, frames, size, size] of a class. Of its number's two clips in a pair of classes one is the
    other, reversed.
    """
    pair, backwards = divmod(label, 2)
    draw = generator(seed, "motion", number)
    way = torch.linspace(0, 1, frames)
    ahead = _Shape(draw, radius=0.18)
    if pair == 0:
        scene = ahead.seen(way * ahead.reach, 0, 1, size)
    elif pair == 1:
        scene = ahead.seen(0, way * ahead.reach, 1, size)
    elif pair == 2:
        scene = ahead.seen(0, 0, 0.5 + 1.2 * way, size)
    else:
        second = _Shape(draw, radius=0.09)
        scene = ahead.wandering((2 * way).clamp(max=1), size) + second.wandering(
            (2 * way - 1).clamp(min=0), size
        )
    scene = scene + difficulty * _Shape(draw, radius=0.12).wandering(way, size)
    scene = scene + difficulty * torch.randn(scene.shape, generator=draw)
    return scene.flip(1) if backwards else scene


class _Shape:
    """A disc or a square of some colour, somewhere in a picture whose opposite edges meet. Lengths are in its
    sides.
    """

    def __init__(self, draw: torch.Generator, radius: float) -> None:
        numbers = torch.rand(8, generator=draw).tolist()
        self.x, self.y = numbers[0], numbers[1]
        self.colour = 0.5 + 0.5 * torch.tensor(numbers[2:5])
        self.square = numbers[5] < 0.5
        self.reach = 0.4 + 0.4 * numbers[6]
        self.angle = 2 * torch.pi * numbers[7]
        self.radius = radius

    def wandering(self, way: Tensor, size: int) -> Tensor:
        """[3, t, size, size]: going off in a direction of its own."""
        angle = torch.tensor(self.angle)
        return self.seen(
            way * self.reach * torch.cos(angle),
            way * self.reach * torch.sin(angle),
            1,
            size,
        )

    def seen(
        self,
        right: Tensor | int,
        down: Tensor | int,
        growth: Tensor | float,
        size: int,
    ) -> Tensor:
        """[3, t, size, size]: moved and grown, frame by frame."""
        places = (torch.arange(size) + 0.5) / size
        x = _across(places, self.x + right)[:, None, :]
        y = _across(places, self.y + down)[:, :, None]
        distance = torch.maximum(x.abs(), y.abs()) if self.square else torch.hypot(x, y)
        radius = self.radius * torch.as_tensor(growth).reshape(-1, 1, 1)
        inside = torch.sigmoid((radius - distance) * (2 * size))
        return self.colour[:, None, None, None] * inside


def _across(places: Tensor, centre: Tensor | float) -> Tensor:
    """[t or 1, size]: how far each place is from the centre, the short way round."""
    return (places - torch.as_tensor(centre).reshape(-1, 1) + 0.5) % 1.0 - 0.5

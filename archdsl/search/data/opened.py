"""Data that are ready: examples of a source, transformed, in the order of axes that a network takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.plans.table import Invocation
from archdsl.elaborate.plans.values import filled
from archdsl.ir.graph import Graph
from archdsl.search.data import reference as references
from archdsl.search.data.fit import check_fit, sizes_of
from archdsl.search.data.foreign import Foreign
from archdsl.search.data.motion import Motion
from archdsl.search.data.source import Source
from archdsl.search.data.tensors import Tensors
from archdsl.search.data.transforms import TRANSFORMS, Transform
from archdsl.search.data.video import Video
from archdsl.search.randomness import generator

Split = Literal["train", "validation"]


@dataclass(frozen=True, slots=True)
class Data:
    """`shape` has the sizes of an example by dimension, in the order of its axes. Splits are counted from
    0.
    """

    source: Source
    transform: Transform
    shape: Mapping[str, int]

    @property
    def train(self) -> Sequence[int]:
        return self.source.train

    @property
    def validation(self) -> Sequence[int]:
        return self.source.validation

    @property
    def classes(self) -> Sequence[object]:
        return self.source.classes

    @property
    def fingerprint(self) -> str:
        """Equal for equal examples, as far as can be told without reading them all."""
        return self.source.fingerprint

    def example(
        self, split: Split, seed: int, epoch: int, index: int
    ) -> tuple[Tensor, int]:
        """An example of a split and its class: for training a function of seed, epoch and index, for
        validation of the index.
        """
        number = getattr(self.source, split)[index]
        draw = generator(seed, "example", epoch, index) if split == "train" else None
        x, label = self.source.example(number, draw)
        if tuple(x.shape) != tuple(self.source.shape.values()) and not self.transform.crop:
            sizes = "×".join(map(str, x.shape))
            raise DiagnosticError(
                codes.DATA_DOES_NOT_FIT.error(
                    None, f"example {number} is {sizes}, and others are not"
                )
            )
        dims = list(self.source.shape)
        return self.transform(x, draw).permute([dims.index(d) for d in self.shape]), label

    def batch(
        self, split: Split, seed: int, epoch: int, indices: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Examples [n, …] and their classes [n]."""
        examples = [self.example(split, seed, epoch, index) for index in indices]
        return torch.stack([x for x, _ in examples]), torch.tensor(
            [label for _, label in examples]
        )

    def complaints(self) -> list[Diagnostic]:
        """Warnings that came up since the last call."""
        return list(self.source.complaints())


def open(
    reference: str | None,
    planned: Invocation | None = None,
    network: Graph | None = None,
) -> Data:
    """The data of a reference, or else of a plan, whose transforms hold in both cases.

    What the reference leaves open follows the network's input. Raises DiagnosticError: E0970 to E0973, E0701
    and E0706 for settings, E0911 where a package is missing.
    """
    sizes = sizes_of(network) if network is not None else {}
    if reference is not None:
        asked = references.parse(reference)
    elif planned is not None:
        asked = references.of_plan(planned)
    else:
        raise ValueError("neither a reference nor a plan's data")
    given = references.transforms(planned) | dict(asked.settings)
    options = filled(asked.kind, given, (*references.SOURCES[asked.kind], *TRANSFORMS))
    if asked.kind == "video":
        least = options["jitter"][0] if options["jitter"] else None
        options["crop"] = options["crop"] or sizes.get("h", least)
    source = _source(asked, options, sizes)
    for split in ("train", "validation"):
        if not getattr(source, split):
            count = len(source.train) + len(source.validation)
            problem = (
                f"{reference or planned}: of {count} examples none is left for {split}"
            )
            help = "`held_out=0.25` is the share for validation"
            raise DiagnosticError(codes.UNREADABLE_DATA.error(None, problem, help=help))
    transform = Transform.of(options)
    shape = transform.sizes(source.shape)
    if network is not None:
        shape = check_fit(shape, source.classes, network)
    return Data(source, transform, shape)


def _source(
    asked: references.Reference,
    options: Mapping[str, object],
    sizes: Mapping[str, int],
) -> Source:
    if asked.kind == "motion":
        return Motion(options, sizes)
    if asked.kind == "python":
        return Foreign(asked.place, options, sizes)
    kind = Tensors if asked.kind == "tensor" else Video
    return kind(Path(asked.place), options, sizes)

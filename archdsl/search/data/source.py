"""What a source of examples offers, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.elaborate.plans.table import FRACTION, Option
from archdsl.search.randomness import seed_for

HELD_OUT = Option(
    "held_out",
    FRACTION,
    0.25,
    "the share of examples that are kept for validation",
)


class Source(Protocol):
    """Labelled examples. `train` and `validation` name them by what `example` takes.

    `shape` has the sizes of one by dimension, in the order of its axes. `fingerprint` tells whether a resumed
    run learns from the same examples. `complaints` yields each trouble once.
    """

    @property
    def train(self) -> Sequence[int]: ...
    @property
    def validation(self) -> Sequence[int]: ...
    @property
    def classes(self) -> Sequence[object]: ...
    @property
    def shape(self) -> Mapping[str, int]: ...
    @property
    def fingerprint(self) -> str: ...

    def example(self, number: int, generator: torch.Generator | None) -> tuple[Tensor, int]:
        """An example and its class; with a generator it may vary, without one it is as it is judged by."""
        ...

    def complaints(self) -> Iterator[Diagnostic]: ...


def split(names: Sequence[object], share: float) -> tuple[list[int], list[int]]:
    """The places of names for training and for validation.

    Each name decides for itself, so that others may come and go; but of two names or more one is held out,
    and one is not.
    """
    drawn = [seed_for(0, "split", name) / 2**63 for name in names]
    held_out = [d < share for d in drawn]
    if len(names) > 1 and share > 0:
        held_out[drawn.index(min(drawn))] = True
        held_out[drawn.index(max(drawn))] = False
    return [i for i, out in enumerate(held_out) if not out], [
        i for i, out in enumerate(held_out) if out
    ]

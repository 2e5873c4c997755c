"""`python:pkg.mod:factory`: a user's own dataset. His code runs because he names it on his command line, and
only then.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.search.data.source import HELD_OUT, split

OPTIONS = (HELD_OUT,)
_AXES = {3: "chw", 4: "cthw"}


class Foreign:
    """What `factory()` gives: a dataset whose items are a tensor and a class, with the number of `classes` as
    an attribute.

    It is split as any other; or it is two of them, `train` and `validation`. Random numbers that an item
    takes from torch, numpy or random are decided by the run's seed, the epoch and the item's place.
    """

    train: Sequence[int]
    validation: Sequence[int]

    def __init__(
        self,
        reference: str,
        settings: Mapping[str, Any],
        sizes: Mapping[str, int],
    ) -> None:
        self._reference = reference
        made = self._called()
        parts = (
            [made[name] for name in ("train", "validation")]
            if isinstance(made, Mapping)
            else [made]
        )
        self._parts = parts
        lengths = [self._length(part) for part in parts]
        self._first = lengths[0]
        if len(parts) == 1:
            self.train, self.validation = split(range(lengths[0]), settings["held_out"])
        else:
            self.train, self.validation = (
                range(lengths[0]),
                range(lengths[0], sum(lengths)),
            )
        given = getattr(parts[0], "classes", None)
        if given is None or isinstance(given, str | bool):
            raise self._wrong(
                "the dataset says nowhere how many `classes` there are, as a number or by their names"
            )
        self.classes: Sequence[object] = (
            range(given) if isinstance(given, int) else tuple(given)
        )
        first, _ = self.example(0, None)
        known = {len(sizes): "".join(sizes)}
        dims = known.get(first.dim()) or _AXES.get(first.dim(), "abcdefgh")
        self.shape = dict(zip(dims, first.shape, strict=False))
        self.fingerprint = f"{reference} {lengths}"

    def example(self, number: int, generator: torch.Generator | None) -> tuple[Tensor, int]:
        part, place = self._parts[0], number
        if number >= self._first:
            part, place = self._parts[1], number - self._first
        seed = (
            int(torch.randint(2**32, (), generator=generator))
            if generator is not None
            else 0
        )
        try:
            with _seeded(seed):
                x, y = part[place]
                x, y = torch.as_tensor(x), int(y)
        except Exception as error:  # whatever a foreign dataset does
            raise self._wrong(
                f"item {place} cannot be had: {type(error).__name__}: {error}"
            ) from error
        if not 0 <= y < len(self.classes):
            raise self._wrong(f"item {place} has the class {y}, of {len(self.classes)}")
        return (x.float() / 255 if x.dtype == torch.uint8 else x.float()), y

    def complaints(self) -> Iterator[Diagnostic]:
        return iter(())

    def _called(self) -> Any:
        module, _, name = self._reference.partition(":")
        if "" not in sys.path:
            sys.path.insert(
                0, ""
            )  # as `python -m` does: the folder in which the command was given
        try:
            return getattr(import_module(module), name)()
        except Exception as error:  # whatever a foreign module does
            raise self._wrong(f"{type(error).__name__}: {error}") from error

    def _length(self, part: Any) -> int:
        try:
            return len(part)
        except TypeError:
            raise self._wrong(
                f"it gives {type(part).__name__}, which has no length"
            ) from None

    def _wrong(self, problem: str) -> DiagnosticError:
        return DiagnosticError(
            codes.UNREADABLE_DATA.error(None, f"python:{self._reference}: {problem}")
        )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The three global generators start here, and are afterwards as they were."""
    plain, arrays = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(plain)
            np.random.set_state(arrays)

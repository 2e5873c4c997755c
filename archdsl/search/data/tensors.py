"""`tensor:FILE.npz`: arrays `x` [n, …] of examples and `y` [n] of classes from 0."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.suggestions import few
from archdsl.search.data.npz import is_number, read_arrays
from archdsl.search.data.source import HELD_OUT, split

OPTIONS = (HELD_OUT,)
_AXES = {1: "n", 2: "ct", 3: "chw", 4: "cthw"}
_LETTERS = "abcdefgh"
_NAMES = ("x", "y", "x_validation", "y_validation")
_CLASSES = 2**31  # labels are below


class Tensors:
    """Numbers are taken as they are, bytes as 0..1. `x_validation` and `y_validation` take the place of a
    split.
    """

    train: Sequence[int]
    validation: Sequence[int]

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        sizes: Mapping[str, int],
    ) -> None:
        self._path = path
        arrays = self._read()
        self._x, self._y = self._checked(arrays, "x", "y")
        self.train, self.validation = split(range(len(self._y)), settings["held_out"])
        if "x_validation" in arrays or "y_validation" in arrays:
            x, y = self._checked(arrays, "x_validation", "y_validation")
            if x.shape[1:] != self._x.shape[1:]:
                raise self._wrong(
                    f"`x` holds examples of {_sizes(self._x)}, `x_validation` of {_sizes(x)}"
                )
            self.train, self.validation = (
                range(len(self._y)),
                range(len(self._y), len(self._y) + len(y)),
            )
            self._x, self._y = (
                np.concatenate([self._x, x]),
                np.concatenate([self._y, y]),
            )
        rank = self._x.ndim - 1
        dims = "".join(sizes) if len(sizes) == rank else _AXES.get(rank, _LETTERS[:rank])
        self.shape = dict(zip(dims, self._x.shape[1:], strict=True))
        self.classes = range(int(self._y.max()) + 1)
        with path.open("rb") as file:
            self.fingerprint = hashlib.file_digest(file, "sha256").hexdigest()

    def example(self, number: int, generator: torch.Generator | None) -> tuple[Tensor, int]:
        x = torch.from_numpy(self._x[number])
        return (x.float() / 255 if x.dtype == torch.uint8 else x.float()), int(
            self._y[number]
        )

    def complaints(self) -> Iterator[Diagnostic]:
        return iter(())

    def _read(self) -> dict[str, Any]:
        try:
            arrays, self._all = read_arrays(self._path, _NAMES)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._wrong(reason) from None
        return arrays

    def _checked(
        self, arrays: Mapping[str, Any], examples: str, labels: str
    ) -> tuple[Any, Any]:
        for name in (examples, labels):
            if name not in arrays:
                held = few([f"`{a}`" for a in self._all], 8, ", ") if self._all else "none"
                raise self._wrong(f"it has no array `{name}`; its arrays are {held}")
        x, y = arrays[examples], arrays[labels]
        if not 2 <= x.ndim <= len(_LETTERS) or not is_number(x.dtype):
            raise self._wrong(
                f"`{examples}` is {x.dtype} {list(x.shape)}; it should be floating point or uint8, an "
                "example a row"
            )
        if y.shape != (len(x),) or y.dtype.kind not in "iu" or not len(x):
            raise self._wrong(
                f"`{labels}` is {y.dtype} {list(y.shape)}; it should be a whole number for each of "
                f"{len(x)} examples"
            )
        for place in (int(y.argmin()), int(y.argmax())):
            if not 0 <= int(y[place]) < _CLASSES:
                raise self._wrong(
                    f"`{labels}[{place}]` is {int(y[place])}; classes count from 0, to 2^31 - 1"
                )
        if x.dtype.kind == "f":
            for i, row in enumerate(x):
                if not np.isfinite(row).all():
                    raise self._wrong(f"`{examples}[{i}]` has a number that is not finite")
        return x, y

    def _wrong(self, problem: str) -> DiagnosticError:
        return DiagnosticError(
            codes.UNREADABLE_DATA.error(None, f"{self._path}: {problem}")
        )


def _sizes(x: Any) -> str:
    return "×".join(map(str, x.shape[1:])) or "one number"

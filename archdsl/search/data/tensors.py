"""`tensor:FILE.npz`: arrays `x` [n, …] of examples and `y` [n] of classes from 0."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.search.data.source import HELD_OUT, split

OPTIONS = (HELD_OUT,)
_AXES = {2: "n", 3: "ct", 4: "chw", 5: "cthw"}


class Tensors:
    """Numbers are taken as they are, bytes as 0..1. `x_validation` and `y_validation` take the place of a
    split.
    """

    train: Sequence[int]
    validation: Sequence[int]

    def __init__(self, path: Path, settings: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self._path = path
        arrays = self._read()
        self._x, self._y = self._checked(arrays, "x", "y")
        self.train, self.validation = split(range(len(self._y)), settings["held_out"])
        if "x_validation" in arrays or "y_validation" in arrays:
            x, y = self._checked(arrays, "x_validation", "y_validation")
            if x.shape[1:] != self._x.shape[1:]:
                raise self._wrong(f"`x` holds examples of {_sizes(self._x)}, `x_validation` of {_sizes(x)}")
            self.train, self.validation = range(len(self._y)), range(len(self._y), len(self._y) + len(y))
            self._x, self._y = np.concatenate([self._x, x]), np.concatenate([self._y, y])
        dims = (
            "".join(sizes)
            if len(sizes) == self._x.ndim - 1
            else _AXES.get(self._x.ndim, "abcdefgh"[: self._x.ndim - 1])
        )
        self.shape = dict(zip(dims, self._x.shape[1:], strict=True))
        self.classes = tuple(map(str, range(int(self._y.max()) + 1)))
        self.fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()

    def example(self, number: int, generator: torch.Generator | None) -> tuple[Tensor, int]:
        x = torch.from_numpy(self._x[number])
        return (x.float() / 255 if x.dtype == torch.uint8 else x.float()), int(self._y[number])

    def complaints(self) -> Iterator[Diagnostic]:
        return iter(())

    def _read(self) -> dict[str, Any]:
        try:
            with np.load(self._path, allow_pickle=False) as held:
                if not hasattr(held, "files"):
                    raise self._wrong("it holds one array; `numpy.savez(FILE, x=…, y=…)` makes such a file")
                return {name: held[name] for name in held.files}
        except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
            raise self._wrong(
                getattr(error, "strerror", None) or str(error) or type(error).__name__
            ) from None

    def _checked(self, arrays: Mapping[str, Any], examples: str, labels: str) -> tuple[Any, Any]:
        for name in (examples, labels):
            if name not in arrays:
                raise self._wrong(
                    f"it has no array `{name}`; its arrays are "
                    f"{', '.join(f'`{a}`' for a in arrays) or 'none'}"
                )
        x, y = arrays[examples], arrays[labels]
        if x.ndim < 2 or x.dtype.kind not in "fu" or (x.dtype.kind == "u" and x.dtype != np.uint8):
            raise self._wrong(
                f"`{examples}` is {x.dtype} {list(x.shape)}; it should be floating point or uint8, an "
                "example a row"
            )
        if y.shape != (len(x),) or y.dtype.kind not in "iu" or not len(x):
            raise self._wrong(
                f"`{labels}` is {y.dtype} {list(y.shape)}; it should be a whole number for each of "
                f"{len(x)} examples"
            )
        if int(y.min()) < 0:
            raise self._wrong(f"`{labels}[{int(y.argmin())}]` is {int(y.min())}; classes count from 0")
        if x.dtype.kind == "f":
            for i, row in enumerate(x):
                if not np.isfinite(row).all():
                    raise self._wrong(f"`{examples}[{i}]` has a number that is not finite")
        return x, y

    def _wrong(self, problem: str) -> DiagnosticError:
        return DiagnosticError(codes.UNREADABLE_DATA.error(None, f"{self._path}: {problem}"))


def _sizes(x: Any) -> str:
    return "×".join(map(str, x.shape[1:])) or "one number"

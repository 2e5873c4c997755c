"""Files of tensors, read as data: safetensors, what `torch.save` writes, and pickles of numpy arrays.

    opened = read("SLOWFAST_4x16_R50.pkl")
    opened.value                            {"blobs": {"conv1_w": …, …}, "cfg": …}
    tensors_in(opened)["conv1_w"].shape     (64, 3, 1, 7, 7)

Nothing in a file is ever executed (`archdsl_torch.pickles`), and numbers are read where they are asked for.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl_torch import foreign_files, pickles
from archdsl_torch.storages import Packed, Places, Storages, tensor

# What training scripts call the weights among the other things that they save.
_NAMES = (
    "state_dict",
    "model_state",
    "model_state_dict",
    "model",
    "module",
    "network",
    "net",
    "state_dict_ema",
    "weights",
)
_LEVELS = 3
# What Python's zip reader and PyTorch raise over damaged parts.
_DAMAGE = (OSError, EOFError, RuntimeError, ValueError, TypeError, LookupError)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file holds: `value` with tensors as `archdsl_torch.pickles` tells of them, or PyTorch's own; and
    where their numbers are.
    """

    path: Path
    value: Any
    storages: Storages = field(default_factory=Places)

    def load(self, found: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        """The numbers of tensors by name, on the CPU.

        Raises DiagnosticError E0951 for one whose numbers are not all in the file, or are none that PyTorch
        has.
        """
        loaded = {}
        with _named(self.path), self.storages.opened() as numbers:
            for name, value in found.items():
                told = _tensor(value)
                if told is None:
                    without = "is a tensor that is sparse, quantised or without numbers"
                    raise pickles.Damaged(f"`{name}` {without}")
                loaded[name] = (
                    told if isinstance(told, torch.Tensor) else tensor(told, name, numbers)
                )
        return loaded


def read(path: str | Path) -> Opened:
    """What is in a `.safetensors` or PyTorch file, or in a pickle; which of them, its first bytes say.

    Raises DiagnosticError: E0901 (no such file), E0902 (a folder, or not to be read), E0951 (damaged, or
    something else).
    """
    path = Path(path)
    start, size = _beginning(path)
    with _named(path):
        foreign_files.refuse(start, size)
        if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < size:
            return Opened(path, _safetensors(path, size))
        if start[:4] == b"PK\3\4":
            return _saved(path, size)
        with path.open("rb") as file:
            value, places = pickles.read_saved(file)
        return Opened(
            path, value, Places(path, size, {id(s): (start, n) for s, start, n in places})
        )


def tensors_in(opened: Opened) -> dict[str, torch.Tensor]:
    """The tensors by name in what a training script has saved: the state dict itself, or wherever it lies
    inside.

    Raises DiagnosticError E0951 where there are none, or where it cannot be said which are meant.
    """
    found = opened.value
    for _ in range(_LEVELS):
        if not isinstance(found, Mapping):
            break
        inner = _inner(found)
        named = next((name for name in _NAMES if name in inner), None)
        if named is not None:
            found = inner[named]
        elif own := _tensors(found):
            return opened.load(own)
        elif len(inner) == 1:
            (found,) = inner.values()
        elif inner:
            some = ", ".join(f"`{name}`" for name in list(inner)[:5])
            raise _unreadable(opened.path, f"it holds several sets of weights: {some}")
        else:
            break
    raise _unreadable(opened.path, _instead(found))


def _inner(found: Mapping[Any, Any]) -> dict[Any, Any]:
    """The mappings in a mapping that hold tensors, or are called as if they did."""
    mappings = {name: value for name, value in found.items() if isinstance(value, Mapping)}
    return {
        name: value for name, value in mappings.items() if name in _NAMES or _tensors(value)
    }


def _tensors(found: Mapping[Any, Any]) -> dict[str, Any]:
    """The tensors of a mapping; what else there is (numbers of epochs, texts) is no weight."""
    return {
        name: value
        for name, value in found.items()
        if isinstance(name, str) and is_tensor(value)
    }


def is_tensor(value: Any) -> bool:
    """Whether it is a tensor or an array, even one whose numbers cannot be had."""
    kinds = isinstance(value, torch.Tensor | pickles.Tensor | pickles.Array)
    return kinds or (
        isinstance(value, pickles.Unknown)
        and value.name.startswith("torch._utils._rebuild_")
    )


def _tensor(value: Any) -> torch.Tensor | pickles.Tensor | None:
    if isinstance(value, pickles.Array):
        return value.tensor
    return value if isinstance(value, torch.Tensor | pickles.Tensor) else None


def _instead(found: Any) -> str:
    """What a file holds that has no tensors by name."""
    if isinstance(found, pickles.Unknown):
        return f"it holds a `{found.name}`, not tensors by name: save its `state_dict()`"
    return "it does not hold tensors by name"


def _beginning(path: Path) -> tuple[bytes, int]:
    """The first bytes of a file, and how many it has. Raises DiagnosticError: E0901 and E0902."""
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "not a regular file"
            raise DiagnosticError(files.UNREADABLE.error(None, f"`{path}` is {what}"))
        with path.open("rb") as file:
            return file.read(foreign_files.BEGINNING), path.stat().st_size
    except FileNotFoundError:
        missing = files.NOT_FOUND.error(None, f"there is no file of weights at `{path}`")
        raise DiagnosticError(missing) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DiagnosticError(
            files.UNREADABLE.error(None, f"`{path}` cannot be read: {reason}")
        ) from None


def _safetensors(path: Path, size: int) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, ValueError, KeyError) as error:
        raise pickles.Damaged(
            foreign_files.cut_off(path, size) or _first_line(error)
        ) from None


def _saved(path: Path, size: int) -> Opened:
    """A file of `torch.save`: a zip with the pickle `data.pkl`, and one part for each storage.

    It packs nothing, so a file whose parts claim more than it has would unpack without bound.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: part.file_size for part in archive.infolist()}
        if sum(parts.values()) > size:
            raise pickles.Damaged(
                f"its parts claim {sum(parts.values()):,} bytes, and the file has {size:,}"
            )
        main = next((name for name in parts if name.endswith("/data.pkl")), None)
        if main is None:
            raise pickles.Damaged(
                "it is a zip archive without the `data.pkl` that `torch.save` writes"
            )
        root = main.removesuffix("data.pkl")
        order = (
            archive.read(f"{root}byteorder") if f"{root}byteorder" in parts else b"little"
        )
        with archive.open(main) as file:
            value, _ = pickles.read(file)
    return Opened(path, value, Packed(path, f"{root}data/", order == b"big"))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What is wrong with a file, as an error that names it."""
    try:
        yield
    except pickles.Damaged as error:
        raise _unreadable(path, str(error)) from None
    except zipfile.BadZipFile as error:
        raise _unreadable(path, foreign_files.of_zip(path, _first_line(error))) from None
    except _DAMAGE as error:
        raise _unreadable(path, _first_line(error)) from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _unreadable(path: str | Path, reason: str) -> DiagnosticError:
    return DiagnosticError(files.UNREADABLE_WEIGHTS.error(None, f"{path}: {reason}"))

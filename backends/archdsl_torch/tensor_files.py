"""Files of tensors, read as data: safetensors, and what `torch.save` writes. Nothing in a file is ever
executed.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError

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
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")  # how PyTorch names a function or class that a pickle wants


def read(path: str | Path) -> Any:
    """Whatever is in a `.safetensors` or PyTorch file, on the CPU; which of the two, its first bytes say.

    Raises DiagnosticError: E0901 (no such file), E0902 (a folder, or not to be read), E0951 (damaged, or not
    plain data).
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise DiagnosticError(
                files.UNREADABLE.error(
                    None, f"`{path}` is {'a folder' if path.is_dir() else 'not a regular file'}"
                )
            )
        with path.open("rb") as file:
            start = file.read(9)
        size = path.stat().st_size
    except FileNotFoundError:
        raise DiagnosticError(
            files.NOT_FOUND.error(None, f"there is no file of weights at `{path}`")
        ) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DiagnosticError(files.UNREADABLE.error(None, f"`{path}` cannot be read: {reason}")) from None
    if start[8:] == b"{" and int.from_bytes(start[:8], "little") < size:
        return _safetensors(path)
    return _pickled(path, size)


def tensors_in(found: Any, path: str | Path) -> dict[str, torch.Tensor]:
    """The tensors by name in what a training script has saved: the state dict itself, or wherever it lies
    inside.

    Raises DiagnosticError E0951 where there are none, or where it cannot be said which are meant.
    """
    for _ in range(_LEVELS):
        if not isinstance(found, Mapping):
            break
        inner = {
            name: value for name, value in found.items() if isinstance(value, Mapping) and _tensors(value)
        }
        inner |= {
            name: value for name, value in found.items() if name in _NAMES and isinstance(value, Mapping)
        }
        named = next((name for name in _NAMES if name in inner), None)
        if named is not None:
            found = inner[named]
        elif own := _tensors(found):
            return {name: plain(tensor, name, path) for name, tensor in own.items()}
        elif len(inner) == 1:
            (found,) = inner.values()
        elif inner:
            some = ", ".join(f"`{name}`" for name in list(inner)[:5])
            raise DiagnosticError(_unreadable(path, f"it holds several sets of weights: {some}"))
        else:
            break
    raise DiagnosticError(_unreadable(path, "it does not hold tensors by name"))


def plain(tensor: torch.Tensor, name: str, path: str | Path) -> torch.Tensor:
    """The tensor without its gradient. Raises DiagnosticError E0951 for one whose numbers are not all in the
    file.
    """
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise DiagnosticError(
            _unreadable(path, f"`{name}` is a tensor that is sparse, quantised or without numbers")
        )
    if tensor.numel() > tensor.untyped_storage().nbytes() // tensor.element_size():
        raise DiagnosticError(
            _unreadable(path, f"`{name}` has {tensor.numel():,} numbers, of which the file holds a few")
        )
    return tensor.detach()


def _tensors(found: Mapping[Any, Any]) -> dict[str, torch.Tensor]:
    """The tensors of a mapping; what else there is (numbers of epochs, texts) is no weight."""
    return {
        name: value
        for name, value in found.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }


def _safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DiagnosticError(_unreadable(path, _first_line(error))) from None


def _pickled(path: Path, size: int) -> Any:
    """Only tensors, numbers, texts and containers are made: anything else that the file names is refused."""
    _refuse_packed(path, size)
    try:
        # An open file, or PyTorch would go by the suffix; its warnings are about pickles that it then refuses
        # or reads.
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever its reader meets in damaged bytes: it has no exceptions of its own
        raise DiagnosticError(_unreadable(path, _reason(error))) from None


def _refuse_packed(path: Path, size: int) -> None:
    """`torch.save` packs nothing, so a file whose parts claim more than it has would unpack without bound."""
    try:
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            claimed = sum(part.file_size for part in archive.infolist())
    except Exception as error:  # a damaged list of parts, in one of a dozen ways
        raise DiagnosticError(_unreadable(path, _first_line(error))) from None
    if claimed > size:
        raise DiagnosticError(
            _unreadable(path, f"its parts claim {claimed:,} bytes, and the file has {size:,}")
        )


def _reason(error: Exception) -> str:
    """What PyTorch says of a file, without its advice to trust it."""
    text = str(error)
    called = _GLOBAL.search(text)
    if called is not None:
        return f"it holds `{called[1][:100]}`, which is no plain data, so it is not read"
    if "weights_only" in text:
        said = text.partition("WeightsUnpickler error:")[2].strip()
        if not said:
            return "it holds more than tensors, numbers, texts and containers"
        return said.splitlines()[0][:300]
    return _first_line(error)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _unreadable(path: str | Path, reason: str) -> Diagnostic:
    return files.UNREADABLE_WEIGHTS.error(None, f"{path}: {reason}")

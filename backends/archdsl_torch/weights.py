"""Files of weights: reading them without running code, and loading them only where every key and shape
fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import few
from archdsl_torch import tensor_files

_SHOWN = 10


def read(path: str | Path) -> dict[str, torch.Tensor]:
    """The tensors of a `.safetensors` or PyTorch file by key, on the CPU.

    Raises DiagnosticError: E0901 and E0902 (no such file), E0951 (not a file of plain tensors).
    """
    opened = tensor_files.read(path)
    found = opened.value
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and tensor_files.is_tensor(value)
        for name, value in found.items()
    ):
        raise DiagnosticError(
            files.UNREADABLE_WEIGHTS.error(None, f"{path} does not hold tensors by name")
        )
    return opened.load(found)


def load(model: torch.nn.Module, weights: Mapping[str, Any] | str | Path) -> None:
    """Copies weights into a model.

    Counters of batches seen (`num_batches_tracked`) may be missing. Raises DiagnosticError: E0952 where other
    keys are missing or unknown or a shape differs, and as `read` does; the model is then as it was.
    """
    given = fitting(weights, model.state_dict())
    model.load_state_dict(given, strict=False)


def fitting(
    weights: Mapping[str, Any] | str | Path, own: Mapping[str, torch.Tensor]
) -> dict[str, Any]:
    """Weights, read where they are a file, that have the keys and shapes of a state dict.

    Counters of batches seen may be missing. Raises DiagnosticError: E0952 where they do not fit, and as
    `read` does.
    """
    given = read(weights) if isinstance(weights, str | Path) else weights
    missing = [k for k in own if k not in given and not k.endswith(".num_batches_tracked")]
    extra = [k for k in given if k not in own]
    misshapen = [
        f"{k} is {_size(given[k])}, not {_size(own[k])}"
        for k in own
        if k in given and given[k].shape != own[k].shape
    ]
    if missing or extra or misshapen:
        parts = [
            _list("missing", missing),
            _list("unknown", extra),
            _list("of another shape", misshapen),
        ]
        source = str(weights) if isinstance(weights, str | Path) else "the weights"
        message = f"{source} does not fit the model: " + "; ".join(p for p in parts if p)
        raise DiagnosticError(files.OTHER_WEIGHTS.error(None, message))
    return dict(given)


def save(weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Writes tensors as safetensors, whatever the path's suffix: the same tensors are the same bytes."""
    from safetensors.torch import save

    path.write_bytes(save(dict(weights)))


def _size(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _list(what: str, items: Iterable[str]) -> str:
    shown = list(items)
    if not shown:
        return ""
    return f"{len(shown)} {what} ({few(shown, _SHOWN)})"

"""Backends by the suffix that they write: a table of our own first, then whoever registered an entry point.

A backend is a module with `SUFFIXES` and `write(graph, path, *, weights, seed)`, registered in the entry-point group
`archdsl.backends`. Nothing here imports one before it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from archdsl.ir.graph import Graph

GROUP = "archdsl.backends"
_OWN: Mapping[str, str] = {
    ".py": "archdsl_python",
    ".pt2": "archdsl_torch",
    ".onnx": "archdsl_torch",
    ".safetensors": "archdsl_torch",
}


class Backend(Protocol):
    """What a module in the group offers."""

    SUFFIXES: tuple[str, ...]

    def write(self, graph: Graph, path: Path, *, weights: Any = None, seed: int = 0) -> None:
        """Writes a model in the format of the path's suffix; raises DiagnosticError where it cannot."""


def backend(suffix: str) -> Backend | None:
    """The backend that writes files of this suffix."""
    if suffix in _OWN:
        return cast(Backend, import_module(_OWN[suffix]))
    return _registered().get(suffix)


def suffixes() -> tuple[str, ...]:
    """Every suffix that some backend writes."""
    return (*_OWN, *(suffix for suffix in _registered() if suffix not in _OWN))


def _registered() -> dict[str, Backend]:
    """Backends of other packages; our own are registered too, and skipped without importing them."""
    from importlib.metadata import entry_points

    found: dict[str, Backend] = {}
    for entry in entry_points(group=GROUP):
        if not entry.value.startswith("archdsl_"):
            module = cast(Backend, entry.load())
            found.update(dict.fromkeys(module.SUFFIXES, module))
    return found

"""Backends by the suffix that they write: whoever registered an entry point, those of this package first.

A backend is a module with `SUFFIXES` and `write(graph, path, *, weights, seed)`, registered in the
entry-point group `archdsl.backends`; ours are listed there too, and nowhere else. Whatever is asked for by a
suffix of ours, no module of others is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph

GROUP = "archdsl.backends"


class Backend(Protocol):
    """What a module in the group offers."""

    SUFFIXES: tuple[str, ...]

    def write(
        self, graph: Graph, path: Path, *, weights: Any = None, seed: int = 0
    ) -> None:
        """Writes a model in the format of the path's suffix; raises DiagnosticError where it cannot."""


def backend(suffix: str) -> Backend | None:
    """The backend that writes files of this suffix. Raises DiagnosticError E0911 where a package is
    broken.
    """
    return next((one for one in _registered() if suffix in one.SUFFIXES), None)


def suffixes() -> tuple[str, ...]:
    """Every suffix that some backend writes. Raises DiagnosticError E0911 where another package is broken."""
    return tuple(dict.fromkeys(suffix for one in _registered() for suffix in one.SUFFIXES))


def _registered() -> Iterator[Backend]:
    """All backends, ours first; a module of the group that writes no files is none."""
    for entry in sorted(entry_points(group=GROUP), key=lambda e: (not _is_ours(e), e.name)):
        try:
            module = entry.load()
        except ImportError as error:
            message = f"the backend `{entry.name}` cannot be imported from `{entry.value}`: {error}"
            raise DiagnosticError(
                files.NO_BACKEND.error(
                    None, message, help="install what it needs, or remove it"
                )
            ) from error
        if hasattr(module, "write") and hasattr(module, "SUFFIXES"):
            yield cast(Backend, module)


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == "archdsl"

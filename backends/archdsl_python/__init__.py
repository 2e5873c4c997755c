"""Python source: a model without choices as a file of `torch.nn` modules that needs nothing but PyTorch.

Neither this package nor what it imports imports PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archdsl.ir.graph import Graph

SUFFIXES = (".py",)


def source(graph: Graph, *, seed: int = 0) -> str:
    """The text of a module with one class for each kind of block and a function `model()`.

    The classes trace to the fx module that `archdsl_torch.compile` builds, node for node, under the same
    keys; `model(seed)` starts with the same weights. Raises DiagnosticError (E0950) where choices are left.
    """
    from archdsl_lowering.fixed import lower
    from archdsl_python.module import text

    return text(lower(graph), seed)


def write(
    graph: Graph,
    path: Path,
    *,
    weights: Mapping[str, Any] | str | Path | None = None,
    seed: int = 0,
) -> None:
    """Writes the source of a model; weights do not go into it, so they are refused.

    Raises DiagnosticError: E0950 (open choices), E0953 (weights given), E0903 (the file cannot be written).
    """
    from archdsl.diagnostics.codes import files
    from archdsl.diagnostics.diagnostic import DiagnosticError
    from archdsl.whole_files import write_text

    if weights is not None:
        message = f"a {path.suffix} file holds source, which has no room for weights"
        raise DiagnosticError(
            files.NO_WEIGHTS.error(
                None,
                message,
                help="write them to a .safetensors file and load that",
            )
        )
    made = source(graph, seed=seed)
    write_text(path, made)

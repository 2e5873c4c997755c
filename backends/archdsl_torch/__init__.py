"""PyTorch: models without choices as `torch.fx` modules, exported programs and files of weights.

Importing this package does not import PyTorch; calling it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archdsl.ir.graph import Graph

if TYPE_CHECKING:
    import torch

SUFFIXES = (".pt2", ".onnx", ".safetensors")

Weights = Mapping[str, Any] | str | Path


def compile(
    graph: Graph,
    *,
    weights: Weights | None = None,
    seed: int = 0,
    meta: bool = False,
    memory_format: Literal["contiguous", "channels_last"] = "contiguous",
) -> torch.fx.GraphModule:
    """A model as a `torch.fx.GraphModule`: inputs and outputs in the layouts that
    `archdsl_lowering.fixed.lower` documents.

    `weights` is a state dict or a file of one; without it every weight starts as the text says, its numbers
    decided by the seed and its own name. `meta` makes shapes only, without memory.
    `memory_format="channels_last"` lays the weights of 2D and 3D convolutions out channels last, which their
    inputs then follow.

    Raises DiagnosticError: E0950 (open choices), E0951 and E0952 (weights that cannot be read or do not fit).
    Calling the module raises it too: E0954 for an input of a size that the model depends on and was not
    compiled for.
    """
    from archdsl_lowering.fixed import lower
    from archdsl_torch.model import build
    from archdsl_torch.weights import load

    program = lower(graph)
    model = build(
        program,
        seed=seed,
        meta=meta,
        memory_format=memory_format,
        initialise=weights is None,
    )
    if weights is not None:
        load(model, weights)
    return model


def write(
    graph: Graph, path: Path, *, weights: Weights | None = None, seed: int = 0
) -> None:
    """Compiles a model and writes it in the format of the path's suffix, one of `SUFFIXES`.

    Raises DiagnosticError as `compile` does, and E0911 where `.onnx` needs a package that is not installed.
    """
    from archdsl_torch.export import export

    export(compile(graph, weights=weights, seed=seed), graph, path)

"""Models as files: exported programs, ONNX and weights."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl.whole_files import replacing
from archdsl_torch.onnx_names import rename


def export(model: torch.fx.GraphModule, graph: Graph, path: Path) -> None:
    """Writes a model in evaluation mode, in the format of the suffix: `.pt2`, `.onnx` (both with any batch) or `.safetensors`.

    Raises DiagnosticError: E0903 (cannot be written), E0904 (another suffix), E0911 (ONNX needs onnxscript).
    """
    writers: dict[str, Callable[[torch.fx.GraphModule, Graph, Path], None]] = {
        ".pt2": _program,
        ".onnx": _onnx,
        ".safetensors": _weights,
    }
    writer = writers.get(path.suffix)
    if writer is None:
        raise DiagnosticError(files.UNKNOWN_SUFFIX.error(None, f"`{path}` ends in none of {', '.join(writers)}"))
    with replacing(path) as temporary:
        writer(model, graph, temporary)


def exported(model: torch.fx.GraphModule, graph: Graph) -> torch.export.ExportedProgram:
    """The exported program of a model in evaluation mode, its batch open."""
    training = model.training
    model.eval()
    try:
        return torch.export.export(model, examples(graph), dynamic_shapes=_batch(graph))
    finally:
        model.train(training)


def examples(graph: Graph, batch: int = 2) -> tuple[torch.Tensor, ...]:
    """Inputs of the declared sizes."""
    return tuple(torch.zeros([batch if d == "b" else given.shape[d].value for d in given.dims]) for given in graph.inputs)


def _batch(graph: Graph) -> tuple[dict[int, torch.export.Dim], ...]:
    batch = torch.export.Dim("batch", min=1)
    return tuple({given.dims.index("b"): batch} if "b" in given.dims else {} for given in graph.inputs)


def _program(model: torch.fx.GraphModule, graph: Graph, path: Path) -> None:
    torch.export.save(exported(model, graph), path)


def _onnx(model: torch.fx.GraphModule, graph: Graph, path: Path) -> None:
    if importlib.util.find_spec("onnxscript") is None:
        message = "writing .onnx needs the package onnxscript, which is not installed"
        raise DiagnosticError(files.NO_BACKEND.error(None, message, help="pip install 'archdsl[onnx]'"))
    names = tuple({given.dims.index("b"): "batch"} if "b" in given.dims else {} for given in graph.inputs)
    with _quiet():
        program = torch.onnx.export(exported(model, graph), (), dynamo=True, external_data=False, verbose=False, dynamic_shapes=names)
        assert program is not None
        rename(program.model, graph)
        program.save(path, external_data=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of packages that nobody asked for, and of its own future."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _weights(model: torch.fx.GraphModule, graph: Graph, path: Path) -> None:
    from safetensors.torch import save_file

    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)

"""Models as files: exported programs, ONNX and weights."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import torch
from torch import fx
from torch._dynamo.exc import UserError
from torch.fx.experimental._config import patch

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl.ops.entries import Entry
from archdsl.whole_files import replacing
from archdsl_torch.compiled import Compiled
from archdsl_torch.exported_nodes import tell_apart
from archdsl_torch.onnx_names import rename
from archdsl_torch.weights import save


def export(model: Compiled, graph: Graph, path: Path) -> None:
    """Writes a model in evaluation mode, in the format of the suffix: `.pt2`, `.onnx` (both with any batch
    and any size on which nothing depends) or `.safetensors`.

    Raises DiagnosticError: E0903 (cannot be written), E0904 (another suffix), E0911 (ONNX needs onnxscript).
    """
    writers: dict[str, Callable[[Compiled, Graph, Path], None]] = {
        ".pt2": _program,
        ".onnx": _onnx,
        ".safetensors": _weights,
    }
    writer = writers.get(path.suffix)
    if writer is None:
        raise DiagnosticError(
            files.UNKNOWN_SUFFIX.error(
                None, f"`{path}` ends in none of {', '.join(writers)}"
            )
        )
    with replacing(path) as temporary:
        writer(model, graph, temporary)


def exported(model: Compiled, graph: Graph) -> torch.export.ExportedProgram:
    """The exported program of a model in evaluation mode: its batch is open, and the sizes on which nothing
    depends.

    Where PyTorch cannot follow these through every operation, only the batch is.
    """
    training = model.training
    plain = fx.GraphModule(model, model.graph).eval()
    try:
        program = _traced(plain, examples(graph), model.entries)
    finally:
        model.train(training)
    tell_apart(program, plain)
    return program


def _traced(
    plain: fx.GraphModule,
    inputs: tuple[torch.Tensor, ...],
    entries: Sequence[Entry],
) -> torch.export.ExportedProgram:
    if any(entry.open for entry in entries):
        try:
            with patch(
                backed_size_oblivious=True
            ):  # or sizes that become 1 would be excluded
                return torch.export.export(
                    plain, inputs, dynamic_shapes=_open(entries, sizes=True)
                )
        except UserError:
            pass
    return torch.export.export(plain, inputs, dynamic_shapes=_open(entries, sizes=False))


def examples(graph: Graph, batch: int = 2) -> tuple[torch.Tensor, ...]:
    """Inputs of the declared sizes."""
    found = []
    for given in graph.inputs:
        sizes = [batch if d == "b" else given.shape[d].value for d in given.dims]
        found.append(torch.zeros(sizes))
    return tuple(found)


def _open(
    entries: Sequence[Entry], *, sizes: bool
) -> tuple[dict[int, torch.export.Dim], ...]:
    """The open dimensions of each input: the batch, one for all of them, and with `sizes` those that may have
    any.
    """
    batch = torch.export.Dim("batch", min=1)
    found = []
    for entry in entries:
        axes = {entry.dims.index("b"): batch} if "b" in entry.dims else {}
        for dim in entry.open if sizes else "":
            axes[entry.dims.index(dim)] = torch.export.Dim(
                f"{entry.name}_{dim}", min=entry.least(dim)
            )
        found.append(axes)
    return tuple(found)


def _names(
    program: torch.export.ExportedProgram, entries: Sequence[Entry]
) -> tuple[dict[int, str], ...]:
    """What ONNX calls the open dimensions of an exported program."""
    inputs = {
        node.name: node.meta["val"]
        for node in program.graph.nodes
        if node.op == "placeholder"
    }
    found = []
    for entry, name in zip(entries, program.graph_signature.user_inputs, strict=True):
        names = {}
        for axis, size in enumerate(inputs[name].shape):
            if isinstance(size, torch.SymInt):
                dim = entry.dims[axis]
                names[axis] = "batch" if dim == "b" else f"{entry.name}_{dim}"
        found.append(names)
    return tuple(found)


def _program(model: Compiled, graph: Graph, path: Path) -> None:
    whole = BytesIO()  # PyTorch's own writer ends the process where the disk is full
    torch.export.save(exported(model, graph), whole)
    path.write_bytes(whole.getbuffer())


def _onnx(model: Compiled, graph: Graph, path: Path) -> None:
    if importlib.util.find_spec("onnxscript") is None:
        message = "writing .onnx needs the package onnxscript, which is not installed"
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[onnx]'")
        )
    with quiet("torch.onnx"):
        program = exported(model, graph)
        names = _names(program, model.entries)
        made = torch.onnx.export(
            program,
            (),
            dynamo=True,
            external_data=False,
            verbose=False,
            dynamic_shapes=names,
        )
        assert made is not None
        rename(made.model, graph)
        made.save(path, external_data=False)


@contextmanager
def quiet(room: str) -> Iterator[None]:
    """Without what an exporter, `torch` or `torch.onnx`, says of packages that nobody asked for, and of its
    own future.
    """
    logger = logging.getLogger(room)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _weights(model: Compiled, graph: Graph, path: Path) -> None:
    save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)

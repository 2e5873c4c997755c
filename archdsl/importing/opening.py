"""What a source stands for: `pkg.mod:factory`, a `.pt2` or an `.onnx`, as a captured network."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.codes import importing as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.files.inputs import Inputs, by_input
from archdsl.importing.captured import Captured

SUFFIXES = (".pt2", ".onnx")
_FACTORY = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)


def is_file(source: str) -> bool:
    """Whether a source is a file of another format."""
    return Path(source).suffix.lower() in SUFFIXES


def is_factory(source: str) -> bool:
    """Whether a source has the form of a name in a Python module that there is."""
    match = _FACTORY.fullmatch(source)
    if match is None:
        return False
    with _here():
        try:
            return importlib.util.find_spec(match[1].partition(".")[0]) is not None
        except (ImportError, ValueError):
            return False


def open_source(source: str, inputs: Inputs | None = None) -> Captured:
    """The network behind a source. A file is read as data; the code behind `pkg.mod:factory` is run.

    Raises DiagnosticError: E0901, E0902, E1402 (a file that cannot be read), E1403 (a module that cannot be
    captured), E1405 (no module behind a name), E1406 (sizes that nobody has said), E0911 (PyTorch or onnx is
    missing).
    """
    sizes = _sizes(inputs)
    path = Path(source)
    if path.suffix.lower() == ".onnx":
        from archdsl.importing.onnx_file import read as read_onnx

        return read_onnx(path, sizes)
    if path.suffix.lower() == ".pt2":
        from archdsl.importing.pt2 import read as read_pt2

        if sizes:
            message = f"{source} was exported for its own sizes"
            raise DiagnosticError(
                codes.NEEDS_SIZES.error(None, message, help="leave `--input` out")
            )
        return read_pt2(path)
    return _from_factory(source, sizes)


def _sizes(inputs: Inputs | None) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, given in (by_input(inputs) if inputs else {}).items():
        if isinstance(given, Mapping):
            message = f"the sizes of `{name}` are given by letter, and a source has no letters yet"
            raise DiagnosticError(files.BAD_INPUT.error(None, message))
        found[name] = tuple(int(n) for n in given)
    return found


def _from_factory(source: str, sizes: Mapping[str, Sequence[int]]) -> Captured:
    from archdsl.importing.capture import capture, pytorch

    torch = pytorch(source)
    module = _module(source)
    if not isinstance(module, torch.nn.Module):
        _refuse(f"{source} is a {type(module).__name__}, and no nn.Module")
    return capture(
        module, _examples(source, module, sizes, torch), source.rpartition(":")[2]
    )


def _module(source: str) -> Any:
    """What the name stands for, called where it is a function or a class."""
    match = _FACTORY.fullmatch(source)
    if match is None:
        _refuse(f"`{source}` is no `pkg.mod:factory`, `.pt2` or `.onnx`")
    with _here():
        try:
            found = getattr(importlib.import_module(match[1]), match[2])
            is_made = hasattr(found, "state_dict") and not isinstance(found, type)
            return found if is_made or not callable(found) else found()
        except Exception as error:  # whatever the code does
            said = str(error).strip().splitlines()
            _refuse(
                f"{source}: {type(error).__name__}{': ' + said[0][:200] if said else ''}"
            )


def _examples(
    source: str, module: Any, sizes: Mapping[str, Sequence[int]], torch: Any
) -> list[Any]:
    """Tensors for the parameters of `forward`, in order; a module may have `example_inputs` of its own."""
    names = list(inspect.signature(module.forward).parameters)
    own = getattr(module, "example_inputs", None)
    if not sizes and own is not None:
        return [own] if isinstance(own, torch.Tensor) else list(own)
    if not sizes:
        message = f"{source} says nothing of the sizes of its inputs"
        help = f"--input {names[0] if names else 'x'}=1x3x224x224"
        raise DiagnosticError(codes.NEEDS_SIZES.error(None, message, help=help))
    unknown = [name for name in sizes if name not in names]
    if unknown:
        message = f"`forward` of {source} has no input `{unknown[0]}`"
        raise DiagnosticError(
            codes.NEEDS_SIZES.error(None, message, help=f"it has {', '.join(names)}")
        )
    return [torch.zeros(tuple(sizes[name])) for name in names if name in sizes]


class _here:
    """Python modules of the current folder are found as well."""

    def __enter__(self) -> None:
        self.path = str(Path.cwd())
        sys.path.insert(0, self.path)

    def __exit__(self, *error: object) -> None:
        sys.path.remove(self.path)


def _refuse(why: str) -> NoReturn:
    raise DiagnosticError(codes.NO_FACTORY.error(None, why)) from None

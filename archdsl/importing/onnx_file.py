"""An `.onnx` file as the neutral graph, read through the `onnx` package.

Numbers that lie in other files are read from the model's own folder and from nowhere else. Nothing is run
but, to verify an import, the operations themselves.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.codes import importing as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.importing.captured import Captured, Ref, Source, Step, problem
from archdsl.importing.pt2 import place

MAX_BYTES = 2**31 - 1  # what a protobuf message may have
MAX_STEPS = 100_000
MAX_NUMBERS = 2**31  # of one tensor
_BATCH = 2  # of a batch that is open: told from a size of 1
_ROLES = {
    "Add": ("bias", "bias"),
    "Conv": ("", "weight", "bias"),
    "Gemm": ("weight", "weight", "bias"),
}


def read(path: Path, sizes: Mapping[str, Sequence[int]] | None = None) -> Captured:
    """The neutral graph of a model. `sizes` are those of inputs that the file leaves open.

    Raises DiagnosticError: E0901, E0902 (no such file), E0911 (onnx is not installed), E1402 (damaged, beyond
    its bounds or outside its folder), E1406 (open sizes).
    """
    model = _model(path)
    graph = model.graph
    if len(graph.node) > MAX_STEPS:
        _refuse(path, f"it has more than {MAX_STEPS:,} operations")
    captured = _Reading(path, model, dict(sizes or {})).captured()
    wrong = problem(captured)
    if wrong is not None:
        _refuse(path, wrong)
    return captured


def _model(path: Path) -> Any:
    try:
        import onnx
    except ModuleNotFoundError as missing:
        message = f"reading .onnx needs the package {missing.name}, which is not installed"
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[onnx]'")
        ) from None
    try:
        if path.stat().st_size > MAX_BYTES:
            _refuse(path, "it has more than 2 GB")
        return onnx.load(path, load_external_data=False)
    except FileNotFoundError:
        raise DiagnosticError(files.NOT_FOUND.error(None, f"no file `{path}`")) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DiagnosticError(
            files.UNREADABLE.error(None, f"cannot read {path}: {reason}")
        ) from None
    except DiagnosticError:
        raise
    except Exception as error:  # whatever protobuf meets in damaged bytes
        _refuse(
            path,
            f"it is no ONNX model ({str(error).splitlines()[0] if str(error) else 'no message'})",
        )


class _Reading:
    def __init__(self, path: Path, model: Any, sizes: dict[str, Sequence[int]]) -> None:
        self.path = path
        self.model = model
        self.graph = model.graph
        self.sizes = sizes
        self.tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        self.keys: dict[str, str] = {}  # the initialiser behind each key
        self.sources: dict[str, Source] = {}

    def captured(self) -> Captured:
        for value in self.graph.input:
            if value.name not in self.tensors:
                self.sources[value.name] = Source(
                    value.name, "input", value.name, self._shape(value)
                )
        uses = Counter(name for node in self.graph.node for name in node.input)
        steps = [self._step(node, uses) for node in self.graph.node]
        outputs = [(value.name, _called(value.name)) for value in self.graph.output]
        for name, _ in outputs:
            if name in self.tensors and name not in self.sources:
                self._source(name, name)
        called = re.sub(r"\W+", "_", self.path.stem) or "net"
        return Captured(
            called,
            "onnx",
            self.sources,
            tuple(steps),
            tuple(outputs),
            self._array,
            {},
            self.model,
        )

    def _shape(self, value: Any) -> tuple[int, ...]:
        """The sizes of an input: as given, else as in the file, an open batch being 2."""
        dims = value.type.tensor_type.shape.dim
        if value.name in self.sizes:
            return tuple(self.sizes[value.name])
        found = []
        for axis, dim in enumerate(dims):
            if dim.HasField("dim_value") and dim.dim_value > 0:
                found.append(dim.dim_value)
            elif axis == 0:
                found.append(_BATCH)
            else:
                message = f"the input `{value.name}` of {self.path} leaves its dimension {axis} open"
                help = f"--input {value.name}={'x'.join(['1'] + ['…'] * (len(dims) - 1))}"
                raise DiagnosticError(codes.NEEDS_SIZES.error(None, message, help=help))
        return tuple(found)

    def _step(self, node: Any, uses: Mapping[str, int]) -> Step:
        metadata = {each.key: each.value for each in node.metadata_props}
        path = _path(node.name, metadata)
        args: list[Any] = []
        for position, name in enumerate(node.input):
            if name in self.tensors:
                name = self._named(node, name, position, path, uses[name])
            args.append(Ref(name) if name else None)
        kwargs = {each.name: self._attribute(each) for each in node.attribute}
        target = (
            f"onnx.{node.op_type}"
            if node.domain in ("", "ai.onnx")
            else f"{node.domain}.{node.op_type}"
        )
        line = place({"stack_trace": metadata.get("pkg.torch.onnx.stack_trace", "")})
        return Step(target, tuple(args), kwargs, tuple(node.output), path, line)

    def _named(self, node: Any, name: str, position: int, path: str, uses: int) -> str:
        """The source of an initialiser as this operation sees it. One that several modules share, since its
        numbers happen to be the same, is one of each.
        """
        roles = _ROLES.get(
            node.op_type, ("", "weight", "bias", "running_mean", "running_var")
        )
        role = roles[position] if position < len(roles) else ""
        own = f"{path}.{role}".strip(".") if path and role else ""
        is_made_up = "." not in name or "::" in name
        key = name
        if own and (is_made_up or uses > 1) and self._is_weight(name):
            key = own
        if self.keys.get(key, name) != name:
            key = name
        self._source(key, name)
        return key

    def _is_weight(self, name: str) -> bool:
        """Numbers of which there are several are weights; a single one, and whole ones, are constants."""
        tensor = self.tensors[name]
        return tensor.data_type in (1, 10, 11, 16) and _count(tensor.dims) > 1

    def _source(self, key: str, name: str) -> None:
        tensor = self.tensors[name]
        if any(n < 0 for n in tensor.dims) or _count(tensor.dims) > MAX_NUMBERS:
            _refuse(self.path, f"`{name}` has impossible sizes")
        self.keys[key] = name
        kind = "weight" if self._is_weight(name) else "constant"
        self.sources[key] = Source(key, kind, key, tuple(tensor.dims))  # type: ignore[arg-type]

    def _attribute(self, attribute: Any) -> Any:
        import onnx

        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, onnx.TensorProto):
            return _Known(self._numbers(value))
        if isinstance(value, onnx.GraphProto):
            return "a graph of its own"
        if isinstance(value, int | float | str):
            return value
        return tuple(
            each.decode("utf-8", "replace") if isinstance(each, bytes) else each
            for each in value
        )

    def _array(self, key: str) -> Any:
        return self._numbers(self.tensors[self.keys[key]])

    def _numbers(self, tensor: Any) -> Any:
        from onnx import numpy_helper

        try:
            if tensor.data_location == tensor.EXTERNAL:
                tensor = self._external(tensor)
            return numpy_helper.to_array(tensor)
        except DiagnosticError:
            raise
        except Exception as error:  # sizes that do not fit the bytes, in several ways
            _refuse(self.path, f"`{tensor.name}` cannot be read: {error}")

    def _external(self, tensor: Any) -> Any:
        """A tensor with its bytes, which lie in a file of the same folder."""
        import onnx

        where = {entry.key: entry.value for entry in tensor.external_data}
        folder = self.path.resolve().parent
        file = (folder / where.get("location", "")).resolve()
        if not file.is_relative_to(folder) or not os.path.isfile(file):
            _refuse(
                self.path,
                f"`{tensor.name}` lies outside its folder or is not there: {where.get('location')!r}",
            )
        start, length = int(where.get("offset", 0)), int(where.get("length", -1))
        with file.open("rb") as data:
            size = file.stat().st_size
            length = size - start if length < 0 else length
            if start < 0 or start + length > size:
                _refuse(self.path, f"`{tensor.name}` reaches beyond {file.name}")
            data.seek(start)
            found = onnx.TensorProto()
            found.CopyFrom(tensor)
            found.ClearField("external_data")
            found.data_location = onnx.TensorProto.DEFAULT
            found.raw_data = data.read(length)
            return found


class _Known(tuple[Any, ...]):
    """An array among attributes."""

    array: Any

    def __new__(cls, array: Any) -> _Known:
        found = super().__new__(cls)
        found.array = array
        return found


def outputs(
    captured: Captured, inputs: Sequence[Any], shift: Mapping[str, Any]
) -> list[Any]:
    """What the model gives for numpy inputs, by onnxruntime where it is installed, else by the `onnx`
    package. `shift` is added to weights.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(captured.document)
    moved = {captured_name(captured, key): by for key, by in shift.items()}
    for tensor in model.graph.initializer:
        name = tensor.name
        array = captured.array(name) if name in captured.sources else None
        if array is None:
            continue
        if name in moved:
            array = array + moved[name].astype(array.dtype)
        tensor.CopyFrom(numpy_helper.from_array(array, name))
    names = [source.name for source in captured.inputs]
    feed = dict(zip(names, inputs, strict=True))
    try:
        import onnxruntime
    except ModuleNotFoundError:
        from onnx.reference import ReferenceEvaluator

        return list(ReferenceEvaluator(model).run(None, feed))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, feed))


def captured_name(captured: Captured, key: str) -> str:
    return captured.sources[key].name


def _path(name: str, metadata: Mapping[str, str]) -> str:
    """The module of an operation: PyTorch's newer exporter notes it, the older one names the node by it."""
    scopes = metadata.get("pkg.torch.onnx.name_scopes")
    if scopes:
        parts = re.findall(r"'([^']*)'", scopes)
        return parts[-2] if len(parts) > 1 else ""
    if not name.startswith("/"):
        return ""
    path = ""
    for part in name.split("/")[1:-1]:
        path = part if not path or part.startswith(f"{path}.") else f"{path}.{part}"
    return path


def _called(name: str) -> str | None:
    """The name of an output, where it looks as if somebody gave it."""
    return (
        name
        if re.fullmatch(r"[A-Za-z][A-Za-z_]*", name) and not name.startswith("output")
        else None
    )


def _count(dims: Sequence[int]) -> int:
    total = 1
    for n in dims:
        total *= n
    return total


def _refuse(path: Path, why: str) -> NoReturn:
    raise DiagnosticError(codes.UNREADABLE_MODEL.error(None, f"{path}: {why[:300]}"))

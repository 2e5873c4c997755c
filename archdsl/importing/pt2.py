"""A `.pt2` archive as the neutral graph: its graph is JSON and its weights are bytes, and both are only read.

Nothing in the archive is unpickled or run. `torch.export.save` packs nothing, so an archive whose parts claim
more than the file has is refused before anything is read.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.codes import importing as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.importing.captured import Captured, Ref, Source, Step, own_path, problem

MAX_GRAPH = 256 * 2**20  # bytes of JSON
MAX_PARTS = 100_000
_PLACE = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARY = re.compile(r"(?:^|/)(?:torch|_dynamo)/(?:nn|fx|_|export|utils)")

# dtype numbers of PyTorch's schema, as numpy knows them; bfloat16 is widened by hand
_DTYPES = {
    1: "<u1", 2: "<i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?", 13: "<u2",
}  # fmt: skip
_BFLOAT16 = 13


def read(path: Path) -> Captured:
    """The neutral graph of an exported program.

    Raises DiagnosticError: E0901 and E0902 (no such file), E1402 (not such an archive, or beyond its bounds).
    """
    archive = _Archive(path)
    with _readable(path):
        document = json.loads(archive.part("models/model.json", MAX_GRAPH))
        captured = _captured(document, archive, path)
        wrong = problem(captured)
    if wrong is not None:
        _refuse(path, wrong)
    return captured


class _Archive:
    """The parts of an archive by name, below its one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            with zipfile.ZipFile(path) as file:
                parts = file.infolist()
        except FileNotFoundError:
            raise DiagnosticError(
                files.NOT_FOUND.error(None, f"no file `{path}`")
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise DiagnosticError(
                files.UNREADABLE.error(None, f"cannot read {path}: {reason}")
            ) from None
        except Exception as error:  # a damaged list of parts, in one of a dozen ways
            _refuse(path, f"it is no archive of torch.export.save ({error})")
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > size:
            _refuse(path, "its parts claim more than the file has")
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            _refuse(path, "its parts are packed, which torch.export.save never does")
        self.names = {part.filename.partition("/")[2]: part.filename for part in parts}

    def part(self, name: str, limit: int | None = None) -> bytes:
        """The bytes of a part."""
        if name not in self.names:
            _refuse(self.path, f"it has no `{name}`; is it of an older PyTorch?")
        with zipfile.ZipFile(self.path) as file:
            found = file.getinfo(self.names[name])
            if limit is not None and found.file_size > limit:
                _refuse(self.path, f"`{name}` has more than {limit:,} bytes")
            return file.read(found)


def _captured(document: Mapping[str, Any], archive: _Archive, path: Path) -> Captured:
    module = document["graph_module"]
    graph = module["graph"]
    sizes = {name: _size(size) for name, size in graph["sym_int_values"].items()}
    shapes = {
        name: tuple(_size(size) for size in meta["sizes"])
        for name, meta in graph["tensor_values"].items()
    }
    sources = dict(_sources(module["signature"]["input_specs"], shapes))
    kinds: dict[str, str] = {}
    steps = [step for node in graph["nodes"] for step in _steps(node, sizes, kinds)]
    outputs = []
    for spec in module["signature"]["output_specs"]:
        if "user_output" in spec:
            outputs.append((spec["user_output"]["arg"]["as_tensor"]["name"], None))
    name = re.sub(r"\W+", "_", path.stem) or "net"
    return Captured(
        name, "aten", sources, tuple(steps), tuple(outputs), _arrays(archive), kinds
    )


def _size(size: Mapping[str, Any]) -> int:
    """A size; one that is open as it was when the program was exported."""
    if "as_int" in size:
        return int(size["as_int"])
    return int(size["as_expr"]["hint"]["as_int"])


def _sources(
    specs: list[Mapping[str, Any]], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, Source]]:
    for spec in specs:
        (kind, said), *_ = spec.items()
        arg = said["arg"]
        name = arg["name"] if "name" in arg else arg.get("as_tensor", {}).get("name", "")
        shape = shapes.get(name, ())
        if kind == "user_input":
            yield name, Source(name, "input", name, shape)
        elif kind == "parameter":
            yield name, Source(name, "weight", said["parameter_name"], shape)
        elif kind == "buffer":
            yield name, Source(name, "constant", said["buffer_name"], shape)
        else:
            yield (
                name,
                Source(name, "constant", said.get("tensor_constant_name", name), shape),
            )


def _steps(
    node: Mapping[str, Any], sizes: Mapping[str, int], kinds: dict[str, str]
) -> Iterator[Step]:
    """A node as a step; a size that is computed is known by its hint, and none."""
    metadata = node.get("metadata", {})
    args, kwargs = [], {}
    for given in node["inputs"]:
        value = _arg(given["arg"], sizes)
        if given.get("kind") == 2:
            kwargs[given["name"]] = value
        else:
            args.append(value)
    outputs: list[str] = []
    for output in node["outputs"]:
        if "as_tensor" in output:
            outputs.append(output["as_tensor"]["name"])
        elif "as_tensors" in output:
            outputs += [each["name"] for each in output["as_tensors"]]
    if outputs:
        yield Step(
            _target(node["target"]),
            tuple(args),
            kwargs,
            tuple(outputs),
            _path(metadata, kinds),
            place(metadata),
        )


def _target(target: str) -> str:
    """`aten.conv2d` of `torch.ops.aten.conv2d.default`."""
    parts = target.split(".")
    return ".".join(parts[2:4]) if target.startswith("torch.ops.") else target


def _arg(arg: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    (kind, value), *_ = arg.items()
    if kind == "as_none":
        return None
    if kind == "as_tensor":
        return Ref(value["name"])
    if kind == "as_tensors":
        return tuple(Ref(each["name"]) for each in value)
    if kind in ("as_optional_tensor", "as_optional_tensors"):
        several = value if isinstance(value, list) else [value]
        found = tuple(
            None if "as_none" in each else Ref(each["as_tensor"]["name"])
            for each in several
        )
        return found if isinstance(value, list) else found[0]
    if kind == "as_sym_int":
        return _symbol(value, sizes)
    if kind == "as_sym_ints":
        return tuple(_symbol(each, sizes) for each in value)
    return tuple(value) if isinstance(value, list) else value


def _symbol(value: Mapping[str, Any], sizes: Mapping[str, int]) -> int:
    return int(value["as_int"]) if "as_int" in value else sizes[value["as_name"]]


def _path(metadata: Mapping[str, str], kinds: dict[str, str]) -> str:
    """The path of the innermost module of a stack, `key,path,class;key,path,class`."""
    noted = own_path(json.loads(metadata["custom"])) if "custom" in metadata else None
    path = ""
    for entry in metadata.get("nn_module_stack", "").split(";"):
        parts = entry.split(",")
        if len(parts) == 3 and "<" not in parts[1] and not parts[0].startswith("_empty"):
            path = parts[1]
            kinds[path] = parts[2]
    return path if noted is None else noted


def place(metadata: Mapping[str, str]) -> str:
    """The last line of a stack trace that is no part of PyTorch, as `file:line`."""
    found = [match.groups() for match in _PLACE.finditer(metadata.get("stack_trace", ""))]
    own = [each for each in found if not _LIBRARY.search(each[0])] or found
    return f"{own[-1][0].rpartition('/')[2]}:{own[-1][1]}" if own else ""


def _arrays(archive: _Archive) -> Callable[[str], Any]:
    """The numbers of weights, buffers and constants by key."""
    tables: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for folder, name in (
        ("weights", "model_weights_config"),
        ("constants", "model_constants_config"),
    ):
        part = f"data/{folder}/{name}.json"
        if part in archive.names:
            config = json.loads(archive.part(part, MAX_GRAPH))["config"]
            tables |= {key: (folder, entry) for key, entry in config.items()}

    def array(key: str) -> Any:
        with _readable(archive.path):
            folder, entry = tables[key]
            if entry["use_pickle"]:
                _refuse(archive.path, f"`{key}` is pickled, and nothing is unpickled")
            return _numbers(
                archive.part(f"data/{folder}/{entry['path_name']}"), entry["tensor_meta"]
            )

    return array


def _numbers(data: bytes, meta: Mapping[str, Any]) -> Any:
    """Raw bytes by shape and strides."""
    import numpy

    shape = [_size(size) for size in meta["sizes"]]
    strides = [_size(size) for size in meta["strides"]]
    flat = numpy.frombuffer(data, dtype=_DTYPES[meta["dtype"]])
    if meta["dtype"] == _BFLOAT16:
        flat = (flat.astype("<u4") << 16).view("<f4")
    start = _size(meta["storage_offset"])
    last = start + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if min((*strides, start, 0)) < 0 or (min(shape, default=1) > 0 and last >= len(flat)):
        raise ValueError("a weight reaches beyond its bytes")
    steps = [step * flat.itemsize for step in strides]
    return numpy.lib.stride_tricks.as_strided(
        flat[start:], shape, steps, writeable=False
    ).copy()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What a damaged document raises, as a diagnostic."""
    try:
        yield
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as error:
        _refuse(
            path,
            f"its graph is not what torch.export.save writes ({type(error).__name__}: {error})",
        )
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        _refuse(path, str(error))


def _refuse(path: Path, why: str) -> NoReturn:
    raise DiagnosticError(
        codes.UNREADABLE_MODEL.error(None, f"{path}: {why[:300]}")
    ) from None

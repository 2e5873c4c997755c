"""Files of strangers: read as data within bounds, and refused with a code where they are damaged."""

from __future__ import annotations

import json
import random
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from archdsl.diagnostics.diagnostic import DiagnosticError  # noqa: E402
from archdsl.importing import pt2  # noqa: E402
from archdsl.importing.agreement import differences  # noqa: E402
from archdsl.importing.capture import capture  # noqa: E402
from archdsl.importing.imported import import_captured, lifted_from  # noqa: E402
from archdsl.importing.opening import open_source  # noqa: E402


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return self.fc(self.conv(x).relu().mean((2, 3)))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pt2") / "small.pt2"
    torch.export.save(torch.export.export(Small().eval(), (torch.zeros(2, 3, 8, 8),)), path)
    return path


def code(error: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return error.value.diagnostics[0].code


def rewritten(
    source: Path, target: Path, change: Any, compression: int = zipfile.ZIP_STORED
) -> Path:
    """An archive with some parts changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for part in old.infolist():
            data = change(part.filename, old.read(part))
            if data is not None:
                new.writestr(part.filename, data)
    return target


def test_a_pt2_is_read_without_torch_reading_it(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch, "load", lambda *args, **kwargs: pytest.fail("something was unpickled")
    )
    monkeypatch.setattr(
        torch.export, "load", lambda *args, **kwargs: pytest.fail("the program was loaded")
    )
    imported = import_captured(pt2.read(archive))
    assert imported.renamed == {}
    assert imported.verified is not None
    assert imported.verified.problems() == []


def test_a_packed_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    packed = rewritten(
        archive,
        tmp_path / "a.pt2",
        lambda _, data: data + bytes(10**6),
        zipfile.ZIP_DEFLATED,
    )
    with pytest.raises(DiagnosticError) as error:
        pt2.read(packed)
    assert code(error) == "E1402"


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt2"
    path.write_bytes(b"no archive")
    with pytest.raises(DiagnosticError) as error:
        pt2.read(path)
    assert code(error) == "E1402"


def test_a_pickled_weight_is_refused(archive: Path, tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("model_weights_config.json"):
            return data
        return data.replace(b'"use_pickle": false', b'"use_pickle": true')

    with pytest.raises(DiagnosticError) as error:
        import_captured(pt2.read(rewritten(archive, tmp_path / "a.pt2", change)))
    assert code(error) == "E1402"


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_graph_is_refused_or_read(
    archive: Path, tmp_path: Path, seed: int
) -> None:
    """Values of the JSON exchanged at random: a diagnostic, or a network, never another exception."""
    chance = random.Random(seed)

    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return data
        document = json.loads(data)
        for _ in range(3):
            _shaken(document["graph_module"], chance)
        return json.dumps(document).encode()

    try:
        import_captured(
            pt2.read(rewritten(archive, tmp_path / "a.pt2", change)), verify=False
        )
    except DiagnosticError as error:
        assert error.diagnostics[0].code.startswith("E14")


def _shaken(tree: Any, chance: random.Random) -> None:
    """One value somewhere in a tree becomes another."""
    while isinstance(tree, dict | list) and tree:
        key = chance.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
        if not isinstance(tree[key], dict | list) or chance.random() < 0.1:
            tree[key] = chance.choice(
                [None, -1, 0, 10**9, "x", [], {}, True, {"as_int": -3}]
            )
            return
        tree = tree[key]


def onnx_model(**options: Any) -> Any:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    weight = helper.make_tensor("fc.weight", 1, [2, 4], [0.5] * 8)
    node = helper.make_node("Gemm", ["x", "fc.weight"], ["y"], transB=1, **options)
    x, y = (
        helper.make_tensor_value_info(n, 1, s)
        for n, s in (("x", ["n", 4]), ("y", ["n", 2]))
    )
    graph = helper.make_graph([node], "small", [x], [y], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def test_an_onnx_comes_in_with_its_weights(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    path.write_bytes(onnx_model().SerializeToString())
    imported = import_captured(open_source(str(path)))
    assert "linear(2, bias = false) as fc" in imported.text
    assert imported.weights()["fc.weight"].shape == (2, 4)


@pytest.mark.parametrize("location", ["../outside.bin", "/etc/hostname", "absent.bin"])
def test_external_numbers_never_leave_the_folder(tmp_path: Path, location: str) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx_model()
    (tensor,) = model.graph.initializer
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    (tmp_path / "outside.bin").write_bytes(bytes(32))
    folder = tmp_path / "inside"
    folder.mkdir()
    path = folder / "small.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(DiagnosticError) as error:
        import_captured(open_source(str(path)))
    assert code(error) == "E1402"


def test_a_link_out_of_the_folder_is_followed_to_a_refusal(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx_model()
    (tensor,) = model.graph.initializer
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "link.bin"
    (tmp_path / "outside.bin").write_bytes(bytes(32))
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    (folder / "small.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(DiagnosticError) as error:
        import_captured(open_source(str(folder / "small.onnx")))
    assert code(error) == "E1402"


@pytest.mark.parametrize("size", [0, 1, 40, 120])
def test_a_cut_onnx_is_refused(tmp_path: Path, size: int) -> None:
    data = onnx_model().SerializeToString()
    path = tmp_path / "cut.onnx"
    path.write_bytes(data[:size] + b"\xff\xff" if size else b"\xff")
    with pytest.raises(DiagnosticError) as error:
        import_captured(open_source(str(path)))
    assert code(error).startswith("E14")


def test_an_open_size_is_asked_for(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx_model()
    model.graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info("x", 1, ["n", "m"]))
    path = tmp_path / "open.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(DiagnosticError) as error:
        open_source(str(path))
    assert code(error) == "E1406"
    assert import_captured(open_source(str(path), "x=2x4")).text


def test_numbers_that_differ_are_told() -> None:
    """A source that gives other weights to the text than it computes with."""
    captured = capture(Small(), [torch.zeros(1, 3, 8, 8)])
    reads: list[str] = []

    def array(key: str) -> Any:
        reads.append(key)
        return captured.array(key) + reads.count(key)

    with pytest.raises(DiagnosticError) as error:
        import_captured(replace(captured, array=array))
    assert code(error) == "E1404"
    assert "outputs differ" in error.value.diagnostics[0].message


def test_another_graph_is_told_op_by_op() -> None:
    captured = capture(Small(), [torch.zeros(1, 3, 8, 8)])
    imported = import_captured(captured, verify=False)
    lifted = lifted_from(captured)
    assert differences(imported.architecture.graph, lifted, imported.keys) == []
    *before, last = lifted.calls
    other = replace(lifted, calls=(*before, replace(last, args={"width": 3})))
    told = differences(imported.architecture.graph, other, imported.keys)
    assert told[:2] == ["only the text has `linear` at fc", "only the source has `linear`"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("torch.nn:NoSuchThing", "E1405"),
        ("math:pi", "E1405"),
        ("torch.nn:Linear", "E1405"),  # it needs arguments
        ("torch.nn:Identity", "E1406"),
    ],
)
def test_a_name_without_a_module_or_sizes_is_told(source: str, expected: str) -> None:
    with pytest.raises(DiagnosticError) as error:
        open_source(source)
    assert code(error) == expected

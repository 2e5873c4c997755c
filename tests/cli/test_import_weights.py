"""`archdsl import-weights`: what it prints and writes, and that no file, however broken or hostile, is more
than a message.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.syntax.shipped import shipped
from archdsl_torch import tensor_files
from tests.cli.tiny_space import Run

NET = """arch 1

model net(classes = 4, frames = 3) {
  input x: [b, c = 3, t = frames, h = 8, w = 8]
  param time: [t = frames, c = 8] = 0
  y = x -> conv(8, 1x3x3) as stem -> batch_norm as norm
  output y + time -> mean(@thw) -> linear(classes) as head
}
"""
TABLE = """
backbone.conv1 -> stem   # theirs
backbone.bn1   -> norm
pos            -> time   resize linear row
fc             -> head
unused         -> -
"""
SCHEMA = json.loads((shipped("grammar") / "import-weights.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def net(tmp_path: Path) -> dict[str, torch.Tensor]:
    """`net.arch` and the table beside it, and a checkpoint for them."""
    (tmp_path / "net.arch").write_text(NET, encoding="utf-8")
    (tmp_path / "net_theirs.rename").write_text(TABLE, encoding="utf-8")
    random = torch.Generator().manual_seed(0)
    shapes = {
        "backbone.conv1.weight": (8, 3, 1, 3, 3),
        "backbone.bn1.weight": (8,),
        "backbone.bn1.bias": (8,),
        "backbone.bn1.running_mean": (8,),
        "backbone.bn1.running_var": (8,),
        "pos": (1, 3, 8),
        "fc.weight": (4, 8),
        "fc.bias": (4,),
        "unused.weight": (2, 2),
    }
    return {key: torch.rand(shape, generator=random) for key, shape in shapes.items()}


def facts(run: Run, *args: str, exit_code: int = 0) -> Any:
    result = run("import-weights", *args, "--json", "-o", "w.safetensors")
    assert result.exit_code == exit_code, result.output
    printed = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(printed)
    assert Path("w.safetensors").exists() == (exit_code == 0)
    return printed


def test_a_checkpoint_by_the_table_beside_the_model(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save({"state_dict": {f"module.{k}": v for k, v in net.items()}, "epoch": 9}, "theirs.pth")
    result = run("import-weights", "net.arch", "theirs.pth", "--set", "frames=5", "-o", "w.safetensors")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "8 of 9 weights of net from theirs.pth, by net_theirs, without `module.`\n"
        "  resized   time  1×3×8 → 5×8  (linear row)\n"
        "  left out  module.unused.weight\n"
    )
    written = load_file("w.safetensors")
    assert torch.equal(written["stem.weight"], net["backbone.conv1.weight"])
    assert written["norm.num_batches_tracked"].item() == 0
    assert (
        run(
            "compile", "net.arch", "--set", "frames=5", "--weights", "w.safetensors", "-o", "net.pt2"
        ).exit_code
        == 0
    )


def test_facts_of_what_fits_and_of_what_does_not(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(net, "theirs.pth")
    found = facts(run, "net.arch", "theirs.pth")
    assert (found["table"], found["prefix"], found["output"]) == ("net_theirs", "", "w.safetensors")
    assert found["taken"]["head.bias"] == "fc.bias" and found["left_out"] == ["unused.weight"]
    Path("w.safetensors").unlink()
    del net["backbone.bn1.bias"]
    torch.save(
        {**net, "fc2.bias": net["fc.bias"], "backbone.bn1.scale": net["fc.bias"], "pos": torch.ones(3, 4)},
        "theirs.pth",
    )
    found = facts(run, "net.arch", "theirs.pth", "--set", "classes=5", exit_code=1)
    assert found["missing"] == ["norm.bias"] and found["output"] is None
    assert found["extra"] == [
        {"key": "fc2.bias", "ours": None},
        {"key": "backbone.bn1.scale", "ours": "norm.scale"},
    ]
    assert [m["key"] for m in found["misshapen"]] == ["time", "head.weight", "head.bias"]


def test_what_does_not_fit_is_listed_by_name(run: Run, net: dict[str, torch.Tensor]) -> None:
    del net["backbone.bn1.bias"]
    torch.save(
        {**net, "fc2.bias": net["fc.bias"], "\x1b[31mred": net["fc.bias"], "pos": torch.ones(1, 3, 8).int()},
        "theirs.pth",
    )
    result = run("import-weights", "net.arch", "theirs.pth", "--set", "classes=5", "-o", "w.safetensors")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error[E0984]: theirs.pth, by net_theirs, lacks 1 weight of net:\n  norm.bias\n"
        "help: weights that the checkpoint does not have to provide: `--anew PATH`\n"
        "error[E0985]: theirs.pth, by net_theirs, holds 2 weights that net lacks:\n  fc2.bias\n  '\\x1b[31mred'\n"
        "error[E0986]: theirs.pth has 2 weights of another size:\n"
        "  head.weight is 4×8 there and 5×8 here\n  head.bias is 4 there and 5 here\n"
        "help: to start anew what has another size: `--anew head`\n"
        "error[E0987]: theirs.pth has 1 weight of another kind of number:\n  time is int32 there and float32 here\n"
    )
    assert not Path("w.safetensors").exists()


def test_a_classifier_of_other_classes_starts_anew_when_asked(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(net, "theirs.pth")
    args = ("net.arch", "theirs.pth", "--set", "classes=9", "--anew", "head")
    assert facts(run, *args)["anew"] == ["head.weight", "head.bias"]
    first = Path("w.safetensors").read_bytes()
    started = load_file("w.safetensors")["head.weight"]
    assert run("compile", "net.arch", "--set", "classes=9", "-o", "scratch.safetensors").exit_code == 0
    assert torch.equal(started, load_file("scratch.safetensors")["head.weight"]), (
        "as compiling with this seed starts it"
    )
    Path("w.safetensors").unlink()
    facts(run, *args)
    assert Path("w.safetensors").read_bytes() == first
    facts(run, *args, "--seed", "1")
    assert Path("w.safetensors").read_bytes() != first


def test_our_own_keys_and_half_precision(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save({key: tensor.half() for key, tensor in net.items()}, "theirs.pth")
    facts(run, "net.arch", "theirs.pth")
    ours = load_file("w.safetensors")
    assert torch.equal(ours["head.weight"], net["fc.weight"].half().float())
    before = Path("w.safetensors").read_bytes()
    save_file(ours, "ours.safetensors")
    found = facts(run, "net.arch", "ours.safetensors")
    assert found["table"] is None and Path("w.safetensors").read_bytes() == before
    torch.save(ours, "w.safetensors")  # what a file holds is told by its first bytes
    assert facts(run, "net.arch", "w.safetensors")["table"] is None


def test_tables_by_name(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(net, "theirs.pth")
    assert facts(run, "net.arch", "theirs.pth", "--table", "net_theirs.rename")["table"] == "net_theirs"
    Path("w.safetensors").unlink()
    for table, code, says in (
        ("x3d_pytorchvideo", 2, "E0983"),
        ("zoo/x3d_pytorchvideo.rename", 2, "E0983"),
        ("x3d_pytorchvide", 2, "did you mean `x3d_pytorchvideo`?"),
        ("net.arch", 2, "E0980"),
        (".", 2, "E0902"),
    ):
        result = run("import-weights", "net.arch", "theirs.pth", "--table", table, "-o", "w.safetensors")
        assert result.exit_code == code and says in result.stderr, result.output


def test_bad_arguments(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(net, "theirs.pth")
    for args, says in (
        (("net.arch", "theirs.pth", "-o", "w.pt"), "E0904"),
        (("net.arch", "theirs.pth", "-o", "nowhere/w.safetensors"), "E0903"),
        (("net.arch", "theirs.pth", "--anew", "haed", "-o", "w.safetensors"), "did you mean `head`?"),
        (("zoo/autox3d.arch:autox3d", "theirs.pth", "-o", "w.safetensors"), "E0950"),
        (("zoo/x3d.arch:x3d_s", "theirs.pth", "-o", "w.safetensors"), "E0983"),
        (("net.arch", "nothing.pth", "-o", "w.safetensors"), "E0901"),
        (("net.arch", "theirs.pth"), "Usage"),
    ):
        result = run("import-weights", *args)
        assert result.exit_code == 2 and says in result.stderr, result.output
        assert not Path("w.safetensors").exists()


# -- files that are no checkpoints -------------------------------------------------------------------


class _Runs:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, ("executed",)


def _saved(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _packed(size: int) -> bytes:
    """A file of `torch.save` in which a tensor is packed: megabytes from a few kilobytes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_saved({"a": torch.zeros(size)}))) as plain,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for part in plain.infolist():
            packed.writestr(part.filename, plain.read(part))
    return buffer.getvalue()


def _flipped(data: bytes) -> bytes:
    return b"".join(bytes([b ^ 0x55]) if i % 97 == 50 else bytes([b]) for i, b in enumerate(data))


_WHOLE = _saved({"stem.weight": torch.zeros(8, 3, 1, 3, 3)})
_HEADER = json.dumps({"a": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]}}).encode()

BROKEN: Mapping[str, bytes] = {
    "empty": b"",
    "a text": b"arch 1\n",
    "noise": bytes(range(256)) * 8,
    "truncated": _WHOLE[: len(_WHOLE) // 2],
    "without its end": _WHOLE[:-30],
    "flipped": _flipped(_WHOLE),
    "runs": pickle.dumps({"state_dict": _Runs()}),
    "a module": _saved(torch.nn.Linear(2, 2)),
    "a list": _saved([torch.zeros(2)]),
    "a tensor": _saved(torch.zeros(2)),
    "a number": _saved(3),
    "no tensors": _saved({"epoch": 3, "args": {"lr": 0.1}}),
    "two sets": _saved({"teacher": {"a": torch.zeros(1)}, "student": {"a": torch.zeros(1)}}),
    "numbered": _saved({0: torch.zeros(1)}),
    "sparse": _saved({"stem.weight": torch.eye(3).to_sparse()}),
    "meta": _saved({"stem.weight": torch.zeros(2, device="meta")}),
    "expanded": _saved({"stem.weight": torch.zeros(1).expand(1 << 40)}),
    "packed": _packed(1 << 20),
    "nested": b"(" * 100_000,
    "deep": pickle.dumps({}, 2)[:2] + b"]" * 50_000 + b"a" * 49_999 + b".",
    "large": b"\x80\x02\x8a\xff" + b"\xff" * 255 + b".",
    "bytearray": b"\x80\x02cbuiltins\nbytearray\nK\x08\x8a\x08" + struct.pack("<q", 1 << 60) + b"\x85R.",
    "a header alone": struct.pack("<Q", len(_HEADER)) + _HEADER,
    "a header of half": struct.pack("<Q", 4) + b'{"a"',
    "a huge header": struct.pack("<Q", 1 << 62) + b"{}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(run: Run, net: dict[str, torch.Tensor], name: str) -> None:
    Path("theirs.pth").write_bytes(BROKEN[name])
    before = sorted(Path().iterdir())
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert result.exit_code == 2 and "error[E0951]: theirs.pth: " in result.stderr, result.output
    assert "weights_only" not in result.stderr, "PyTorch's advice to trust a file is not ours"
    assert len(result.stderr) < 1000 and sorted(Path().iterdir()) == before


def test_folders_are_no_checkpoints(run: Run, net: dict[str, torch.Tensor]) -> None:
    Path("folder.pth").mkdir()
    assert (
        "error[E0902]: `folder.pth` is a folder"
        in run("import-weights", "net.arch", "folder.pth", "-o", "w.safetensors").stderr
    )
    result = run("import-weights", "net.arch", "a\0b", "-o", "w.safetensors")
    assert result.exit_code == 2 and "E0902" in result.stderr


def test_old_files_and_ordered_ones_are_read(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(
        OrderedDict((k, torch.nn.Parameter(v)) for k, v in net.items()),
        "theirs.pth",
        _use_new_zipfile_serialization=False,
    )
    assert facts(run, "net.arch", "theirs.pth")["table"] == "net_theirs"


_PLACES = st.lists(st.tuples(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8)


@given(_PLACES, st.integers(0, len(_WHOLE)))
@settings(max_examples=150)
def test_any_damage_is_a_message(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int]], end: int
) -> None:
    damaged = bytearray(_WHOLE)
    for place, byte in places:
        damaged[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pth"
    path.write_bytes(damaged[:end] if end % 2 else damaged)
    try:
        tensor_files.tensors_in(tensor_files.read(path))
    except DiagnosticError as error:
        assert {d.code for d in error.diagnostics} <= {"E0951"}

"""`archdsl import-weights`: what it prints and writes, and that no file, however broken or hostile, is more
than a message.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file

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
SCHEMA = json.loads(
    (shipped("grammar") / "import-weights.schema.json").read_text(encoding="utf-8")
)


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


def test_a_checkpoint_by_the_table_beside_the_model(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    torch.save(
        {"state_dict": {f"module.{k}": v for k, v in net.items()}, "epoch": 9}, "theirs.pth"
    )
    result = run(
        "import-weights",
        "net.arch",
        "theirs.pth",
        "--set",
        "frames=5",
        "-o",
        "w.safetensors",
    )
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
            "compile",
            "net.arch",
            "--set",
            "frames=5",
            "--weights",
            "w.safetensors",
            "-o",
            "net.pt2",
        ).exit_code
        == 0
    )


def test_facts_of_what_fits_and_of_what_does_not(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    torch.save(net, "theirs.pth")
    found = facts(run, "net.arch", "theirs.pth")
    assert (found["table"], found["prefix"], found["output"]) == (
        "net_theirs",
        "",
        "w.safetensors",
    )
    assert found["taken"]["head.bias"] == "fc.bias" and found["left_out"] == [
        "unused.weight"
    ]
    Path("w.safetensors").unlink()
    del net["backbone.bn1.bias"]
    torch.save(
        {
            **net,
            "fc2.bias": net["fc.bias"],
            "backbone.bn1.scale": net["fc.bias"],
            "pos": torch.ones(3, 4),
        },
        "theirs.pth",
    )
    found = facts(run, "net.arch", "theirs.pth", "--set", "classes=5", exit_code=1)
    assert found["missing"] == ["norm.bias"] and found["output"] is None
    assert found["extra"] == [
        {"key": "fc2.bias", "ours": None},
        {"key": "backbone.bn1.scale", "ours": "norm.scale"},
    ]
    assert [m["key"] for m in found["misshapen"]] == ["time", "head.weight", "head.bias"]


def test_what_does_not_fit_is_listed_by_name(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    del net["backbone.bn1.bias"]
    torch.save(
        {
            **net,
            "fc2.bias": net["fc.bias"],
            "\x1b[31mred": net["fc.bias"],
            "pos": torch.ones(1, 3, 8).int(),
        },
        "theirs.pth",
    )
    result = run(
        "import-weights",
        "net.arch",
        "theirs.pth",
        "--set",
        "classes=5",
        "-o",
        "w.safetensors",
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error[E0984]: theirs.pth, by net_theirs, lacks 1 weight of net:\n  norm.bias\n"
        "help: weights that the checkpoint does not have to provide: `--anew PATH`\n"
        "error[E0985]: theirs.pth, by net_theirs, holds 2 weights that net lacks:\n  fc2.bias\n  \\x1b[31mred\n"
        "error[E0986]: theirs.pth has 2 weights of another size:\n"
        "  head.weight is 4×8 there and 5×8 here\n  head.bias is 4 there and 5 here\n"
        "help: to start anew what has another size: `--anew head`\n"
        "error[E0987]: theirs.pth has 1 weight of another kind of number:\n  time is int32 there and float32 here\n"
    )
    assert not Path("w.safetensors").exists()


def test_a_classifier_of_other_classes_starts_anew_when_asked(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    torch.save(net, "theirs.pth")
    args = ("net.arch", "theirs.pth", "--set", "classes=9", "--anew", "head")
    assert facts(run, *args)["anew"] == ["head.weight", "head.bias"]
    first = Path("w.safetensors").read_bytes()
    started = load_file("w.safetensors")["head.weight"]
    assert (
        run(
            "compile", "net.arch", "--set", "classes=9", "-o", "scratch.safetensors"
        ).exit_code
        == 0
    )
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
    assert (
        facts(run, "net.arch", "theirs.pth", "--table", "net_theirs.rename")["table"]
        == "net_theirs"
    )
    Path("w.safetensors").unlink()
    for table, code, says in (
        ("x3d_pytorchvideo", 2, "E0983"),
        ("zoo/x3d_pytorchvideo.rename", 2, "E0983"),
        ("x3d_pytorchvide", 2, "did you mean `x3d_pytorchvideo`?"),
        ("net.arch", 2, "E0980"),
        (".", 2, "E0902"),
    ):
        result = run(
            "import-weights",
            "net.arch",
            "theirs.pth",
            "--table",
            table,
            "-o",
            "w.safetensors",
        )
        assert result.exit_code == code and says in result.stderr, result.output


# -- what is told, and what is not --------------------------------------------------------------------


def test_lines_that_no_key_came_to_are_said(run: Run, net: dict[str, torch.Tensor]) -> None:
    Path("net_theirs.rename").write_text(
        f"{TABLE}\nfc.weight -> -\nneck -> head\n*_w -> *.weight\n"
    )
    torch.save(net, "theirs.pth")
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert result.exit_code == 0 and result.stdout.splitlines()[2:] == [
        "  unused    *_w -> *.weight  (line 10)",
        "  unused    fc.weight -> -  (line 8, whose keys line 5 takes)",
        "  unused    neck -> head  (line 9)",
    ]
    found = facts(run, "net.arch", "theirs.pth")
    assert found["unused"][1] == {"line": "fc.weight -> -", "taken_by": "fc -> head"}


def test_a_table_that_starts_weights_has_to_be_asked_for(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    del net["pos"]
    Path("net_theirs.rename").write_text(
        TABLE.replace("pos            -> time   resize linear row", "- -> time anew")
    )
    torch.save(net, "theirs.pth")
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert (result.exit_code, result.stdout) == (1, "") and not Path(
        "w.safetensors"
    ).exists()
    assert result.stderr == (
        "error[E0989]: theirs.pth, by net_theirs, leaves 1 weight of net to start anew:\n  time\n"
        "help: if that is meant: `--table net_theirs`, or `--anew PATH` for what shall start anew\n"
    )
    assert facts(run, "net.arch", "theirs.pth", exit_code=1)["untold"] == ["time"]
    assert facts(run, "net.arch", "theirs.pth", "--table", "net_theirs.rename")["anew"] == [
        "time"
    ]
    Path("w.safetensors").unlink()
    assert facts(run, "net.arch", "theirs.pth", "--anew", "time")["anew"] == ["time"]


def test_a_guess_that_fits_a_part_is_no_guess(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    torch.save({"fc.weight": net["fc.weight"], "a.b": net["fc.bias"]}, "theirs.pth")
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert result.exit_code == 2 and result.stderr == (
        "error[E0983]: the checkpoint's keys, by `net_theirs`, which fits best, are 1 of the 8 weights of the model\n"
        "help: its keys are `fc.weight`, `a.b`, …; `--table` names a table, and what does not fit is then listed\n"
    )
    found = facts(
        run, "net.arch", "theirs.pth", "--table", "net_theirs.rename", exit_code=1
    )
    assert found["extra"] == [{"key": "a.b", "ours": None}] and len(found["missing"]) == 7
    anew = ("--anew", "stem", "--anew", "n*m", "--anew", "time", "--anew", "head.bias")
    torch.save({"fc.weight": net["fc.weight"]}, "theirs.pth")
    assert list(facts(run, "net.arch", "theirs.pth", *anew)["taken"]) == ["head.weight"]


def test_patterns_of_what_starts_anew(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(net, "theirs.pth")
    found = facts(run, "net.arch", "theirs.pth", "--anew", "*.weight")
    assert found["anew"] == ["stem.weight", "norm.weight", "head.weight"]
    result = run(
        "import-weights",
        "net.arch",
        "theirs.pth",
        "--anew",
        "*.wieght",
        "-o",
        "w.safetensors",
    )
    assert result.exit_code == 2 and "E0988" in result.stderr


def test_what_happens_where_shapes_differ_can_be_said_instead(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    torch.save(net, "theirs.pth")
    args = ("net.arch", "theirs.pth", "--set", "frames=6")
    assert facts(run, *args, "--resize", "time=repeat")["resized"][0]["how"] == "repeat"
    time = load_file("w.safetensors")["time"]
    assert torch.equal(time, torch.cat([net["pos"][0], net["pos"][0]]))
    facts(run, *args, "--resize", "time = nearest row after 1")
    assert torch.equal(
        load_file("w.safetensors")["time"], net["pos"][0, [0, 1, 1, 1, 2, 2]]
    )
    for how, says in (("time=grid", "E0980"), ("tiem=repeat", "E0988"), ("time", "E0980")):
        result = run("import-weights", *args, "--resize", how, "-o", "w.safetensors")
        assert result.exit_code == 2 and says in result.stderr, result.output


def test_equal_ranks_need_equal_shapes(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save({**net, "backbone.conv1.weight": torch.ones(8, 3, 3, 1, 3)}, "theirs.pth")
    found = facts(run, "net.arch", "theirs.pth", exit_code=1)
    assert [m["key"] for m in found["misshapen"]] == ["stem.weight"]
    torch.save({**net, "fc.weight": net["fc.weight"][:, :, None, None, None]}, "theirs.pth")
    assert not facts(run, "net.arch", "theirs.pth")["misshapen"]


@pytest.mark.parametrize("how", ["mean", "centre"])
def test_kernels_of_pictures_are_inflated(
    run: Run, net: dict[str, torch.Tensor], how: str
) -> None:
    Path("net.arch").write_text(NET.replace("1x3x3", "5x3x3"), encoding="utf-8")
    Path("net_theirs.rename").write_text(
        TABLE.replace("-> stem ", f"-> stem  inflate {how} ")
    )
    kernel = net["backbone.conv1.weight"][:, :, 0]
    torch.save({**net, "backbone.conv1.weight": kernel}, "theirs.pth")
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert f"  inflated  stem.weight  8×3×3×3 → 8×3×5×3×3  ({how})\n" in result.stdout
    stem = load_file("w.safetensors")["stem.weight"]
    torch.testing.assert_close(stem.sum(2), kernel)
    zero = torch.zeros_like(kernel)
    assert torch.equal(stem[:, :, 0], kernel / 5 if how == "mean" else zero)
    assert torch.equal(stem[:, :, 2], kernel / 5 if how == "mean" else kernel)


def test_one_key_in_two_places(run: Run, net: dict[str, torch.Tensor]) -> None:
    Path("net.arch").write_text(
        NET.replace("as norm", "as norm -> batch_norm as again"), encoding="utf-8"
    )
    Path("net_theirs.rename").write_text(TABLE.replace("-> norm", "-> norm, again"))
    torch.save(net, "theirs.pth")
    taken = facts(run, "net.arch", "theirs.pth")["taken"]
    assert taken["norm.bias"] == taken["again.bias"] == "backbone.bn1.bias"
    ours = load_file("w.safetensors")
    assert torch.equal(ours["norm.bias"], ours["again.bias"])


def test_two_keys_of_one_weight(run: Run, net: dict[str, torch.Tensor]) -> None:
    Path("net_theirs.rename").write_text(f"{TABLE}\nlast -> head\n")
    torch.save({**net, "last.bias": net["fc.bias"]}, "theirs.pth")
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert result.exit_code == 2 and "E0982" in result.stderr
    assert "`fc.bias` and `last.bias` would both be `head.bias`" in result.stderr


def test_blobs_of_caffe2(run: Run, net: dict[str, torch.Tensor]) -> None:
    """A pickle of numpy arrays, as Python 2 wrote it, with what the optimiser kept."""
    Path("net_theirs.rename").write_text(
        "*_bn_s -> *_bn.weight\n*_bn_b -> *_bn.bias\n*_bn_rm -> *_bn.running_mean\n"
        "*_bn_riv -> *_bn.running_var\n*_w -> *.weight\n*_b -> *.bias\n*_momentum -> -\n"
        "conv1 -> stem\nconv1_bn -> norm\nt -> time\npred -> head\nlr -> -\n"
    )
    names = [
        "conv1_w",
        "conv1_bn_s",
        "conv1_bn_b",
        "conv1_bn_rm",
        "conv1_bn_riv",
        "t",
        "pred_w",
        "pred_b",
    ]
    blobs: dict[str, Any] = dict(
        zip(names, (t.numpy() for t in net.values()), strict=False)
    )
    blobs |= {f"{name}_momentum": blob * 0 for name, blob in blobs.items()}
    blobs["lr"] = blobs["t"][0, 0, 0]
    Path("theirs.pkl").write_bytes(
        pickle.dumps({"blobs": blobs, "cfg": "TRAIN: {}"}, protocol=2)
    )
    found = facts(run, "net.arch", "theirs.pkl")
    assert found["taken"]["head.weight"] == "pred_w" and len(found["left_out"]) == 9
    assert torch.equal(
        load_file("w.safetensors")["stem.weight"], net["backbone.conv1.weight"]
    )


def test_bad_arguments(run: Run, net: dict[str, torch.Tensor]) -> None:
    torch.save(net, "theirs.pth")
    for args, says in (
        (("net.arch", "theirs.pth", "-o", "w.pt"), "E0904"),
        (("net.arch", "theirs.pth", "-o", "nowhere/w.safetensors"), "E0903"),
        (
            ("net.arch", "theirs.pth", "--anew", "haed", "-o", "w.safetensors"),
            "did you mean `head`?",
        ),
        (("zoo/autox3d.arch:autox3d", "theirs.pth", "-o", "w.safetensors"), "E0950"),
        (("zoo/x3d.arch:x3d_s", "theirs.pth", "-o", "w.safetensors"), "E0983"),
        (("net.arch", "nothing.pth", "-o", "w.safetensors"), "E0901"),
        (("net.arch", "theirs.pth"), "Usage"),
    ):
        result = run("import-weights", *args)
        assert result.exit_code == 2 and says in result.stderr, result.output
        assert not Path("w.safetensors").exists()


# -- files that are no checkpoints -------------------------------------------------------------------


class _Options(dict[str, Any]):
    """Hyper-parameters as Lightning keeps them: a mapping of a class of its own."""


class _Runs:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, ("executed",)


def _saved(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _old(content: Any) -> bytes:
    """As PyTorch before 1.6 wrote it."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def _zip(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"hello")
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
    return b"".join(
        bytes([b ^ 0x55]) if i % 97 == 50 else bytes([b]) for i, b in enumerate(data)
    )


_WHOLE = _saved({"stem.weight": torch.zeros(8, 3, 1, 3, 3)})
_HEADER = json.dumps(
    {"a": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]}}
).encode()

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
    "two sets": _saved(
        {"teacher": {"a": torch.zeros(1)}, "student": {"a": torch.zeros(1)}}
    ),
    "numbered": _saved({0: torch.zeros(1)}),
    "sparse": _saved({"stem.weight": torch.eye(3).to_sparse()}),
    "meta": _saved({"stem.weight": torch.zeros(2, device="meta")}),
    "expanded": _saved({"stem.weight": torch.zeros(1).expand(1 << 40)}),
    "packed": _packed(1 << 20),
    "nested": b"(" * 100_000,
    "deep": pickle.dumps({}, 2)[:2] + b"]" * 50_000 + b"a" * 49_999 + b".",
    "large": b"\x80\x02\x8a\xff" + b"\xff" * 255 + b".",
    "bytearray": b"\x80\x02cbuiltins\nbytearray\nK\x08\x8a\x08"
    + struct.pack("<q", 1 << 60)
    + b"\x85R.",
    "a header alone": struct.pack("<Q", len(_HEADER)) + _HEADER,
    "a header of half": struct.pack("<Q", 4) + b'{"a"',
    "a huge header": struct.pack("<Q", 1 << 62) + b"{}",
}


# What a file is that was taken for weights, in the words of the message.
FOREIGN: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "page": (b"\xef\xbb\xbf\n<!DOCTYPE html><html><head>", "it is a page of HTML"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "it is a pointer of Git LFS",
    ),
    "gzip": (b"\x1f\x8b\x08\0", "it is packed by gzip"),
    "tar": (b"a" * 257 + b"ustar\0", "it is a tar archive"),
    "zeros": (b"\0" * 4096, "it begins with zeros"),
    "text": (b"Not found\n", "its first bytes are those of no file of weights"),
    "cut off": (_WHOLE[:-400], "it is cut off: the end is missing"),
    "cut off, an old one": (
        _old({"a": torch.zeros(99)})[:-9],
        "it is cut off: it ends before",
    ),
    "cut off, safetensors": (
        save({"a": torch.zeros(99)})[:-9],
        f"it is cut off: it should have {len(save({'a': torch.zeros(99)}))} bytes and has ",
    ),
    "zip": (_zip("readme.txt"), "it is a zip archive without the `data.pkl`"),
    "a pickle, cut off": (
        pickle.dumps({"a": 1})[:-1],
        "it is cut off: it ends before it is whole",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_wrong_bytes_are_named_as_what_they_are(
    run: Run, net: dict[str, torch.Tensor], name: str
) -> None:
    data, says = FOREIGN[name]
    Path("theirs.pth").write_bytes(data)
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert result.exit_code == 2 and f"error[E0951]: theirs.pth: {says}" in result.stderr, (
        result.output
    )


def test_what_stands_beside_the_weights_is_a_stand_in(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    """Options of argparse, a logger's folder, counters of a script: nothing of it is made or called."""
    beside = {
        "args": argparse.Namespace(lr=0.1, out=Path("runs")),
        "hyper_parameters": _Options(lr=1),
    }
    saved = {
        "state_dict": net,
        "hook": _Runs(),
        "seen": defaultdict(list, {"a": [1]}),
        **beside,
    }
    for name, data in (
        ("zip", _saved(saved)),
        ("old", _old(saved)),
        ("pickle", pickle.dumps(saved)),
    ):
        Path("theirs.pth").write_bytes(data)
        assert facts(run, "net.arch", "theirs.pth")["table"] == "net_theirs", name
        assert torch.equal(load_file("w.safetensors")["head.weight"], net["fc.weight"]), (
            name
        )
        Path("w.safetensors").unlink()
    assert not Path("executed").exists()


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(run: Run, net: dict[str, torch.Tensor], name: str) -> None:
    Path("theirs.pth").write_bytes(BROKEN[name])
    before = sorted(Path().iterdir())
    result = run("import-weights", "net.arch", "theirs.pth", "-o", "w.safetensors")
    assert result.exit_code == 2 and "error[E0951]: theirs.pth: " in result.stderr, (
        result.output
    )
    assert "weights_only" not in result.stderr, (
        "PyTorch's advice to trust a file is not ours"
    )
    assert len(result.stderr) < 1000 and sorted(Path().iterdir()) == before


def test_folders_are_no_checkpoints(run: Run, net: dict[str, torch.Tensor]) -> None:
    Path("folder.pth").mkdir()
    assert (
        "error[E0902]: `folder.pth` is a folder"
        in run("import-weights", "net.arch", "folder.pth", "-o", "w.safetensors").stderr
    )
    result = run("import-weights", "net.arch", "a\0b", "-o", "w.safetensors")
    assert result.exit_code == 2 and "E0902" in result.stderr


def test_old_files_and_ordered_ones_are_read(
    run: Run, net: dict[str, torch.Tensor]
) -> None:
    torch.save(
        OrderedDict((k, torch.nn.Parameter(v)) for k, v in net.items()),
        "theirs.pth",
        _use_new_zipfile_serialization=False,
    )
    assert facts(run, "net.arch", "theirs.pth")["table"] == "net_theirs"


_PLACES = st.lists(
    st.tuples(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8
)


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

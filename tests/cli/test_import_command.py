"""`archdsl import`, and the commands that take models of other formats."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from archdsl.cli.main import cli
from archdsl.syntax.shipped import shipped

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(width, 10))

    def forward(self, image):
        return self.head(self.stem(image).mean((2, 3)))

class Fft(nn.Module):
    example_inputs = torch.zeros(1, 3, 8, 8)

    def forward(self, image):
        return torch.fft.fft(image).real

def wide():
    net = Net(16)
    net.example_inputs = (torch.zeros(1, 3, 16, 16),)
    return net
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "imported_nets.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == code, result.output
    return result.output


def test_import_writes_text_weights_and_what_is_renamed(folder: Path) -> None:
    args = ("--input", "image=1x3x16x16", "-o", "net.arch", "--weights", "w.safetensors")
    said = run("import", "imported_nets:Net", *args)
    assert "the graph of its source op by op" in said
    assert "renamed by net.rename" in said
    assert (folder / "net.rename").read_text().splitlines()[-2:] == [
        "head.1 -> head.linear",
        "stem   -> stem",
    ]
    import imported_nets  # type: ignore[import-not-found]
    import torch

    torch.save(imported_nets.Net().state_dict(), "theirs.pth")
    run(
        "import-weights",
        "net.arch",
        "theirs.pth",
        "--table",
        "net.rename",
        "-o",
        "ours.safetensors",
    )
    run("check", "net.arch")
    run("compile", "net.arch", "--weights", "w.safetensors", "-o", "net.pt2")
    assert "linear(10)" in (folder / "net.arch").read_text()


def test_the_facts_are_those_of_the_schema(folder: Path) -> None:
    said = run("import", "imported_nets:wide", "-o", "net.arch", "--json")
    schema = json.loads(
        (shipped("grammar") / "import.schema.json").read_text(encoding="utf-8")
    )
    facts = json.loads(said)
    jsonschema.validate(facts, schema)
    assert facts["renamed"] == {
        f"head.1.{n}": f"head.linear.{n}" for n in ("weight", "bias")
    }
    assert facts["macs"] == facts["macs_of_source"] == 27_808


def test_what_cannot_be_said_leaves_no_file(folder: Path) -> None:
    said = run("import", "imported_nets:Fft", "-o", "fft.arch", code=2)
    assert "error[E1401]" in said
    assert "imported_nets.py:" in said
    assert not (folder / "fft.arch").exists()


def test_sizes_that_are_missing_are_asked_for(folder: Path) -> None:
    assert "--input image=1x3x224x224" in run(
        "import", "imported_nets:Net", "-o", "net.arch", code=2
    )
    run(
        "import",
        "imported_nets:Net",
        "--input",
        "picture=1x3x8x8",
        "-o",
        "net.arch",
        code=2,
    )


def test_commands_take_a_factory_and_a_pt2(folder: Path) -> None:
    assert "27,808" in run("summary", "imported_nets:wide")
    run("compile", "imported_nets:wide", "-o", "wide.pt2")
    assert "params" in run("summary", "wide.pt2")
    assert run("diff", "imported_nets:wide", "wide.pt2") == run(
        "diff", "wide.pt2", "imported_nets:wide"
    )
    run("render", "wide.pt2", "-o", "wide.svg")
    run("check", "wide.pt2")
    run("import", "imported_nets:Net", "--input", "image=1x3x16x16", "-o", "net.arch")
    assert "8 → 16" in run("diff", "net.arch", "imported_nets:wide", code=1)


def test_weights_of_a_pt2_go_where_it_is_compiled_to(folder: Path) -> None:
    from safetensors.torch import load_file

    run("compile", "imported_nets:wide", "-o", "wide.pt2")
    run("compile", "wide.pt2", "-o", "a.safetensors")
    run("compile", "wide.pt2", "-o", "b.safetensors")
    first, second = load_file("a.safetensors"), load_file("b.safetensors")
    assert all((first[key] == second[key]).all() for key in first)
    assert float(first["stem.weight"].abs().sum()) > 0

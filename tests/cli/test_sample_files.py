"""What `archdsl sample` prints is a file: it checks, and settles the network that it was drawn from."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.architecture import load
from archdsl.cli.main import cli
from archdsl.elaborate.files.project import Project
from archdsl.ir.printer import print_graph
from tests.laws.subjects import SPACES, SPECS

_TEXT = """
arch 1
use std: conv_norm_act

wide = 24
space big(width, classes = 10) {
  input x: [b, c = 3, h = 16, w = 16]
  for i in range(2) as stage {
    kernel ~ [1, 3, 5]
    layer  ~ [conv(width) as plain, conv_norm_act(width, 3) as normed]
    x = x -> conv(width, kernel) as conv -> layer
  }
  output x -> mean(@hw) -> linear(classes) as classify
}
genotype half of big(width = wide) { stage[0] { kernel = 3  layer = plain } }
genotype partly of big(8, classes = 3) { stage[*].kernel = 5 }
genotype fifth of small { stage[0].kernel = 1 }
space small = big(width = 3) with { stage[1].kernel = 5  stage[0].layer ~ [plain] }
space smaller = small with fifth
space edited = big(width = 8) with { replace stage[1].conv by other }
block other { input x  second ~ [1, 3]  output x -> conv(8, second) }
model whole = big(width = 8) with { stage[*] { kernel = 3  layer = plain } }
space sample = big(width = 4)
"""
_NAMES = ["half", "partly", "small", "smaller", "edited", "whole", "sample"]


def _run(*args: str) -> str:
    result = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _round_trip(reference: str, *options: str) -> str:
    """Draws three genotypes, and settles the network by each. Returns the file."""
    text = _run("sample", reference, "-n", "3", "--seed", "5", *options)
    Path("f.arch").write_text(text, encoding="utf-8")
    assert not [d for d in Project().check("f.arch") if d.severity == "error"]
    titles = re.findall(r"^genotype (\w*sample_\d) of", text, re.MULTILINE)
    costs = re.findall(r"^# ([\d,]+) MACs, ([\d,]+) params$", text, re.MULTILINE)
    assert len(set(titles)) == 3 == len(costs)
    settings = dict(option.split("=") for option in options if "=" in option)
    for title, (macs, params) in zip(titles, costs, strict=True):
        found = load(reference, genotype=f"f.arch:{title}", settings=settings)
        assert found.kind == "model"
        cost = found.cost([{}])
        assert (f"{int(cost['macs'][0]):,}", f"{int(cost['params'][0]):,}") == (
            macs,
            params,
        )
    Path("f.arch").write_text(_run("sample", reference, *options), encoding="utf-8")
    assert load(reference, genotype="f.arch", settings=settings).kind == "model"
    return text


def _here(folder: Path) -> str:
    (folder / "nets.arch").write_text(_TEXT.lstrip(), encoding="utf-8")
    return "nets.arch"


def _below(folder: Path) -> str:
    (folder / "nets").mkdir()
    (folder / "nets" / "inner.arch").write_text(_TEXT.lstrip(), encoding="utf-8")
    return "nets/inner.arch"


def _elsewhere(folder: Path) -> str:
    (folder.parent / f"{folder.name}_elsewhere.arch").write_text(
        _TEXT.lstrip(), encoding="utf-8"
    )
    return f"../{folder.name}_elsewhere.arch"


def _of_no_word(folder: Path) -> str:
    (folder / "my-nets.arch").write_text(_TEXT.lstrip(), encoding="utf-8")
    return "my-nets.arch"


def _yaml(folder: Path) -> str:
    _run("convert", _here(folder), "form.yaml")
    return "form.yaml"


def _short_yaml(folder: Path) -> str:
    return str((folder / _yaml(folder)).rename(folder / "form.yml").relative_to(folder))


def _shadowed(folder: Path) -> str:
    """A text and a YAML form of one name, of which `use` finds the text."""
    _run("convert", _here(folder), "nets.yaml")
    Path("nets.arch").write_text("arch 1\n", encoding="utf-8")
    return "nets.yaml"


_PLACES = [_here, _below, _elsewhere, _of_no_word, _yaml, _short_yaml, _shadowed]


@pytest.mark.parametrize("place", _PLACES, ids=lambda place: place.__name__.lstrip("_"))
def test_from_everywhere(
    place: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = place(tmp_path)
    for name in _NAMES if place is _here else ["half", "sample"]:
        _round_trip(f"{file}:{name}")


def test_settled_answers_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = _here(tmp_path)
    assert _round_trip(f"{file}:half").count("stage[0] { kernel = 3  layer = plain }") == 3
    text = _round_trip(f"{file}:smaller")
    assert text.count("kernel = 1") == text.count("kernel = 5") == 3


def test_parameters_that_were_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = _round_trip(f"{_here(tmp_path)}:big", "--set", "width=wide")
    assert "use nets: big, wide\n" in text and " of big(width = wide) {" in text


@pytest.mark.parametrize(
    "reference",
    ["zoo/autox3d.arch:autox3d", "zoo/motion.arch:schemes", "zoo/autox3d.arch:example_s"],
)
def test_what_ships(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "use zoo." in _round_trip(reference)


@pytest.mark.parametrize("feature", SPACES)
def test_every_feature(
    feature: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = SPECS[feature]
    Path("spec.arch").write_text(spec.text, encoding="utf-8")
    for name in spec.names:
        Path("f.arch").write_text(
            _run("sample", f"spec.arch:{name}", "--seed", "2"), encoding="utf-8"
        )
        assert not [d for d in Project().check("f.arch") if d.severity == "error"]
        assert "choice " not in print_graph(
            load(f"spec.arch:{name}", genotype="f.arch").graph
        )

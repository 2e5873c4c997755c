"""Backends are found by their entry points, whatever package they are of and whatever its module is
called.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import backends
from tests.cli.tiny_space import Run

MODEL = "arch 1\nmodel m {\n  input x: [b, c = 3]\n  output x -> linear(2)\n}\n"
WRITES = """
SUFFIXES = (".jax", ".py")


def write(graph, path, *, weights=None, seed=0):
    path.write_text(f"{graph.name} {seed}")
"""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a distribution of others, which registers the module `archdsl_jax`."""
    about = tmp_path / "archdsl_jax-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: archdsl-jax\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text("[archdsl.backends]\njax = archdsl_jax\n")
    (tmp_path / "m.arch").write_text(MODEL)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "archdsl_jax", raising=False)
    return tmp_path


def test_ours_are_registered_like_those_of_others() -> None:
    assert backends.suffixes()[:4] == (".py", ".pt2", ".onnx", ".safetensors")
    found = backends.backend(".py")
    assert found is not None and found.__name__ == "archdsl_python"  # type: ignore[attr-defined]


def test_a_module_that_is_named_like_ours_is_found(elsewhere: Path, run: Run) -> None:
    (elsewhere / "archdsl_jax.py").write_text(WRITES)
    done = run("compile", "m.arch", "--seed", "3", "-o", "m.jax")
    assert done.exit_code == 0, done.output
    assert (elsewhere / "m.jax").read_text() == "m 3"


def test_nobody_takes_a_suffix_of_ours(elsewhere: Path, run: Run) -> None:
    (elsewhere / "archdsl_jax.py").write_text(WRITES)
    done = run("compile", "m.arch", "-o", "m.py")
    assert done.exit_code == 0, done.output
    assert "nn.Linear(3, 2)" in (elsewhere / "m.py").read_text()


def test_a_broken_one_is_named_and_disturbs_no_other(elsewhere: Path, run: Run) -> None:
    (elsewhere / "archdsl_jax.py").write_text("import no_such_package\n")
    ours = run("compile", "m.arch", "-o", "m.py")
    assert ours.exit_code == 0, ours.output
    theirs = run("compile", "m.arch", "-o", "m.jax")
    assert theirs.exit_code == 2
    assert (
        "E0911" in theirs.stderr
        and "`jax` cannot be imported from `archdsl_jax`" in theirs.stderr
    )

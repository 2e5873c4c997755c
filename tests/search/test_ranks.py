"""Two processes search as one does that computes each batch in two chunks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]
PLANS = ["wide", "joint", "bilevel", "uniform", "bandit", "training"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranks")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for way in ([], launch):
        command = [
            sys.executable,
            *way,
            str(Path(__file__).parent / "two_ranks.py"),
            str(folder),
            *PLANS,
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr[-3000:]
    return folder / "0"


@pytest.mark.parametrize("plan", PLANS)
def test_equal_up_to_rounding(plan: str, folder: Path) -> None:
    alone, together = folder / f"{plan}.alone", folder / f"{plan}.together"
    if plan != "training":
        assert (together / "genotype.arch").read_text() == (
            alone / "genotype.arch"
        ).read_text()
    ours, theirs = records(together), records(alone)
    assert len(ours) == len(theirs) >= 3
    for a, b in zip(ours, theirs, strict=True):
        assert a.keys() == b.keys()
        for name in set(a) - {"probabilities", "genotype", "step"}:
            assert a[name] == pytest.approx(b[name], rel=1e-3, abs=1e-4), name
        if "genotype" in a:
            assert a["genotype"] == b["genotype"]
    held, own = (
        load_file(sorted((p / "checkpoints").glob("0*"))[-2] / "tensors.safetensors")
        for p in (alone, together)
    )
    assert held.keys() == own.keys()
    for name, tensor in held.items():
        assert (own[name].double() - tensor.double()).abs().max() < (
            1e-9 if plan == "wide" else 2e-3
        ), name


def records(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_one_rank_writes(folder: Path) -> None:
    assert not list((folder.parent / "1").rglob("metrics.jsonl"))


def test_as_the_page_says(tmp_path: Path) -> None:
    """The command of docs/training.md, but for fewer clips, against one process with two chunks."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    command = next(
        line for line in text.splitlines() if line.startswith("torchrun ")
    ).split()[1:]
    fewer = [*command, "--epochs", "1"]
    fewer[fewer.index("motion")] = "motion:count=48"
    alone = [*fewer[fewer.index("--") + 1 :], "--chunks", "2"]
    alone[alone.index("--run") + 1] = "runs/alone"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    for way in (["torch.distributed.run", "--standalone", *fewer], ["archdsl", *alone]):
        done = subprocess.run(
            [sys.executable, "-m", *way],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    together, one = (
        load_file(tmp_path / "runs" / name / "weights.safetensors")
        for name in ("plain", "alone")
    )
    assert together.keys() == one.keys()
    assert all(
        (together[name].double() - t.double()).abs().max() < 1e-4 for name, t in one.items()
    )

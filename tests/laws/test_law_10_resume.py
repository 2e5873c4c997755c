"""Law 10: a search or a training that is killed at any moment and resumed ends exactly where the undisturbed
one does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANS = [
    "stepwise",
    "accuracies",
    "joint",
    "bilevel",
    "uniform",
    "oneshot",
    "bandit",
    "training",
]
CLOCKED = {"trials.journal", "clock.js", "tensorboard"}  # they hold times


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("killed")
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    command = [
        sys.executable,
        str(Path(__file__).parent / "killing.py"),
        str(folder),
        *PLANS,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, {
        name: int(kills) for name, kills in re.findall(r"(\w+) (\d+)", done.stdout)
    }


@pytest.mark.parametrize("plan", PLANS)
def test_same_bytes(plan: str, runs: tuple[Path, dict[str, int]]) -> None:
    folder, kills = runs
    whole, cut = contents(folder / f"{plan}.whole"), contents(folder / f"{plan}.cut")
    found = (
        {"weights.safetensors"} if plan == "training" else {"genotype.arch", "tiny.arch"}
    )
    assert {"index.html", "metrics.jsonl", "frozen.json", *found} <= set(whole)
    assert kills[plan] >= 2
    assert sorted(cut) == sorted(whole)
    for name in whole:
        assert cut[name] == whole[name], name


def contents(folder: Path) -> dict[str, bytes]:
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in files.items()
        if name.parts[0] not in CLOCKED
    }

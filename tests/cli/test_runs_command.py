"""`archdsl search` and `archdsl train` as commands: what they print and leave, how they end, what they
refuse.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from archdsl.architecture import load
from archdsl.cli.main import cli

ROOT = Path(__file__).parents[2]
TEXT = """arch 1
space net(size = 16) {
  input clip: [b, c = 3, t = 4, h = size, w = size]
  width ~ 4..8 by 4
  act ~ [relu, gelu]
  output clip -> conv(width, 3, 2) as stem -> batch_norm as norm -> act -> mean(@thw) -> linear(2) as classify
}
genotype narrow of net { width = 4  act = gelu }
search plan of net {
  data = motion(count = 48, classes = 2)  strategy = parsec(samples = 2)  batch = 8  epochs = 2  budget macs <= 100K
}
search blind of net { strategy = random(trials = 2) }
search wrong of net { strategy = parsec(sample = 2)  epoch = 3 }
"""
DATA = "motion:count=48,classes=2"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "net.arch"
    path.write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def schema(name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (ROOT / "grammar" / f"{name}.schema.json").read_text(encoding="utf-8")
    )
    return found


def test_a_search_leaves_a_genotype_that_trains(file: Path) -> None:
    searched = run("search", f"{file}:plan", "--run", "runs/s", "--json")
    assert searched.exit_code == 0, searched.output
    facts = json.loads(searched.stdout)
    jsonschema.validate(facts, schema("search"))
    graph = load("runs/s/genotype.arch:found").graph
    assert graph.kind == "model" and set(facts["genotype"]) == {"width", "act"}
    given = (
        "--genotype",
        "runs/s/genotype.arch",
        "--data",
        DATA,
        "--epochs",
        1,
        "--run",
        "runs/t",
    )
    trained = run("train", file, *given, "--json")
    assert trained.exit_code == 0, trained.output
    jsonschema.validate(json.loads(trained.stdout), schema("train"))
    compiled = run(
        "compile",
        "runs/s/genotype.arch",
        "--weights",
        "runs/t/weights.safetensors",
        "-o",
        "net.pt2",
    )
    assert compiled.exit_code == 0, compiled.output


REFUSED = [
    (1, "E0724", ("search", "net.arch:blind", "--run", "r")),
    (1, "E0701", ("search", "net.arch:wrong", "--run", "r")),
    (2, "E0905", ("search", "net.arch:plans", "--run", "r")),
    (2, "E0970", ("search", "net.arch:plan", "--run", "r", "--data", "films")),
    (2, "E0973", ("search", "net.arch:plan", "--run", "r", "--data", "motion:frames=9")),
    (1, "E0720", ("search", "net.arch:plan", "--run", ".")),
    (1, "E0721", ("search", "net.arch:plan", "--run", "r", "--resume")),
    (2, "E0950", ("train", "net.arch", "--data", DATA, "--run", "r")),
    (
        1,
        "E0706",
        (
            "train",
            "net.arch",
            "--genotype",
            "narrow",
            "--data",
            DATA,
            "--run",
            "r",
            "--batch",
            "0",
        ),
    ),
    (
        2,
        "E0951",
        (
            "train",
            "net.arch",
            "--genotype",
            "narrow",
            "--data",
            DATA,
            "--run",
            "r",
            "--weights",
            "net.arch",
        ),
    ),
    (
        2,
        "E0901",
        (
            "train",
            "net.arch",
            "--genotype",
            "narrow",
            "--data",
            DATA,
            "--run",
            "r",
            "--weights",
            "absent.pth",
        ),
    ),
]


@pytest.mark.parametrize(
    ("code", "diagnostic", "arguments"),
    REFUSED,
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_refused(
    code: int, diagnostic: str, arguments: tuple[str, ...], file: Path
) -> None:
    done = run(*arguments)
    assert (done.exit_code, diagnostic in done.output) == (code, True), done.output
    assert not Path("r").exists(), "what is refused leaves nothing"


def test_a_run_of_something_else(file: Path) -> None:
    train = (
        "train",
        file,
        "--genotype",
        "narrow",
        "--data",
        DATA,
        "--epochs",
        1,
        "--run",
        "r",
    )
    assert run(*train).exit_code == 0
    again = run(*train)
    assert again.exit_code == 1 and "E0720" in again.output
    other = run(*train, "--seed", 1, "--resume")
    assert other.exit_code == 1 and "its `seed` is 0, now it is 1" in other.output
    file.write_text(TEXT.replace("gelu", "swish"), encoding="utf-8")
    changed = run(
        "train",
        file,
        "--genotype",
        "narrow",
        "--data",
        DATA,
        "--epochs",
        1,
        "--run",
        "r",
        "--resume",
    )
    assert (
        changed.exit_code == 1 and "E0722" in changed.output and "`graph`" in changed.output
    )
    (Path("r") / "checkpoints" / "latest").write_text("00000099\n")
    file.write_text(TEXT, encoding="utf-8")
    broken = run(*train, "--resume")
    assert broken.exit_code == 1 and "E0723" in broken.output


def test_a_training_that_diverges(file: Path) -> None:
    done = run(
        "train",
        file,
        "--genotype",
        "narrow",
        "--data",
        DATA,
        "--optimiser",
        "sgd(1e30)",
        "--run",
        "r",
    )
    assert (
        done.exit_code == 1
        and "E0725" in done.output
        and not (Path("r") / "weights.safetensors").exists()
    )


def test_interrupted_and_resumed(file: Path) -> None:
    """Ctrl-C saves and ends with 130; what is resumed ends where nothing had happened."""
    command = [
        sys.executable,
        "-m",
        "archdsl",
        "train",
        str(file),
        "--genotype",
        "narrow",
        "--data",
        DATA,
        "--epochs",
        "400",
    ]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    begun = subprocess.Popen(
        [*command, "--run", "r"], stderr=subprocess.PIPE, text=True, env=environment
    )
    while not (Path("r") / "metrics.jsonl").exists():
        assert begun.poll() is None
        time.sleep(0.05)
    begun.send_signal(signal.SIGINT)
    _, told = begun.communicate(timeout=60)
    assert begun.returncode == 130 and "--resume" in told and "Traceback" not in told, told
    assert not (Path("r") / "weights.safetensors").exists()


@pytest.mark.parametrize("suffix", ["py", "json", "pt2", "safetensors"])
def test_compiling_to_a_full_disk(suffix: str, file: Path) -> None:
    """No file may grow beyond 300 bytes: an error with a code, and nothing is left."""
    program = (
        "import resource, sys\n"
        "from archdsl.cli.main import cli\n"
        "import torch, archdsl_torch, safetensors.torch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))\n"
        f"cli(['compile', 'net.arch', '--genotype', 'narrow', '-o', 'out.{suffix}'])"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert (
        done.returncode == 2 and "E0903" in done.stderr and "Traceback" not in done.stderr
    ), done.stderr
    assert sorted(p.name for p in Path().iterdir()) == ["net.arch"]


def test_sigterm_is_ctrl_c_and_one_process_works(file: Path) -> None:
    """It ends with 130, what it found is there, and it can go on; meanwhile another one is refused."""
    train = [
        "train",
        str(file),
        "--genotype",
        "narrow",
        "--data",
        DATA,
        "--epochs",
        "400",
        "--run",
        "r",
    ]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    command = [sys.executable, "-m", "archdsl", *train]
    begun = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    while not (Path("r") / "metrics.jsonl").exists():
        assert begun.poll() is None
        time.sleep(0.05)
    assert json.loads(run("runs", "r", "--json").stdout)["runs"][0]["status"] == "running"
    other = run(*train, "--resume")
    assert other.exit_code == 1 and f"process {begun.pid} is at work" in other.output
    begun.send_signal(signal.SIGTERM)
    _, told = begun.communicate(timeout=60)
    assert (
        begun.returncode == 130
        and "stopping after this round" in told
        and "Traceback" not in told
    )
    assert json.loads(run("runs", "r", "--json").stdout)["runs"][0]["status"] == "stopped"
    assert ">stopped<" in (Path("r") / "index.html").read_text(encoding="utf-8")

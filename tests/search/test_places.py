"""What shows to be wrong with a plan only when it is carried out, at its place in the text; a directory that
this left behind.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli.main import cli

PLAN = """arch 1
space tiny(classes = 4) {
  input clip: [b, c = 3, t = 4, h = 8, w = 8]
  width ~ 4..8 by 4
  output clip -> conv(width, 1x3x3, 1x4x4) as stem -> relu -> mean(@thw) -> linear(classes) as classify
}
search plan of tiny {
  data = motion(count = 16, classes = 4)
  strategy = random(trials = 1)
  epochs = 1
}
"""


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        (("= 1\n}", "= 1\n  step narrow { fix width = 4 }\n}"), "E0712", "narrow"),
        (("= 1\n}", "= 1\n  require macs <= 10\n}"), "E0504", "plan"),
        (("count = 16", "colour = 16"), "E0701", "motion(colour"),
        (("count = 16, classes = 4", "classes = 6"), "E0973", "motion(classes"),
        (("data = motion(count = 16, classes = 4)", ""), "E0724", "plan"),
        (
            (
                "random(trials = 1)",
                'random(trials = 1, latency = "none.json")  budget latency <= 3',
            ),
            "E0710",
            "random(",
        ),
    ],
)
def test_place(
    change: tuple[str, str],
    code: str,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    text = PLAN.replace(*change)
    Path("tiny.arch").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"])
    place, _, problem = done.output[done.output.index("tiny.arch:") :].partition(": ")
    line, column = map(int, place.split(":")[1:])
    assert done.exit_code != 0 and problem.startswith(f"error[{code}]"), done.output
    assert text.splitlines()[line - 1][column - 1 :].startswith(word), done.output


def test_a_mended_plan_takes_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.arch").write_text(
        PLAN.replace("= 1\n}", "= 1\n  step narrow { fix width = 4 }\n}"), encoding="utf-8"
    )
    assert CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"]).exit_code == 1
    Path("tiny.arch").write_text(PLAN, encoding="utf-8")
    done = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"])
    assert done.exit_code == 0 and "genotype found of tiny" in done.output, done.output
    assert [
        s["name"]
        for s in json.loads(Path("run/frozen.json").read_text(encoding="utf-8"))["steps"]
    ] == ["plan"]
    again = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"])
    assert "E0720" in again.output
    other = CliRunner().invoke(
        cli, ["search", "tiny.arch", "--run", "run", "--resume", "--seed", "3"]
    )
    assert "E0722" in other.output and "settings.seed" in other.output


def searched(folder: Path, plan: str, *more: str) -> str:
    """What a search by another plan of the same space says; it must not be a mistake of ours."""
    text = (
        PLAN.partition("search plan")[0]
        + f"search plan of tiny {{ data = motion(count = 16, classes = 4)  {plan} }}"
    )
    (folder / "tiny.arch").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(
        cli, ["search", str(folder / "tiny.arch"), "--run", str(folder / "run"), *more]
    )
    assert "E0999" not in done.output and not isinstance(done.exception, ValueError), (
        done.output
    )
    return done.output


@pytest.mark.parametrize(
    "strategy",
    ["parsec(samples = 2, warmup = 0)", "darts()", "darts(bilevel = true, order = 2)"],
)
def test_what_diverges_says_so(strategy: str, tmp_path: Path) -> None:
    told = searched(
        tmp_path,
        f"strategy = {strategy}  weights = sgd(1.0e38)  alpha = sgd(1.0e38)  batch = 4  epochs = 3",
    )
    assert f"{tmp_path}/tiny.arch:7:8: error[E0725]" in told and (
        "diverged in round" in told or "of round" in told
    )


@pytest.mark.parametrize("scores", ["accuracy", "likelihood"])
def test_a_trial_that_diverges_is_a_bad_one(scores: str, tmp_path: Path) -> None:
    plan = f'strategy = bandit(trials = 4, initial = 2, repeats = true, scores = "{scores}")  weights = sgd(1.0e38)  batch = 4  epochs = 1'
    assert "genotype found" in searched(
        tmp_path, plan
    )  # of two architectures, in four trials
    records = [
        json.loads(line)
        for line in (tmp_path / "run" / "metrics.jsonl")
        .read_text(encoding="utf-8")
        .splitlines()
    ]
    assert [r["likelihood"] for r in records] == [-20] * 4 and {
        r["value"] for r in records
    } == {0 if scores == "accuracy" else -20}


def test_one_example_has_no_halves(tmp_path: Path) -> None:
    text = PLAN.replace("count = 16", "count = 2, held_out = 0.5").replace(
        "random(trials = 1)", "parsec()"
    )
    (tmp_path / "tiny.arch").write_text(text, encoding="utf-8")
    told = (
        CliRunner()
        .invoke(
            cli, ["search", str(tmp_path / "tiny.arch"), "--run", str(tmp_path / "run")]
        )
        .output
    )
    assert "error[E0973]: 1 example to learn from has no halves" in told.partition(": ")[2]


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "metrics.jsonl",
            lambda text: text[:5],
            "bytes of metrics.jsonl that it knows are others",
        ),
        (
            "metrics.jsonl",
            lambda text: "{" + text[1:].replace("}", "]"),
            "metrics.jsonl that it knows",
        ),
        (
            "checkpoints/{}/facts.json",
            lambda text: text.replace('"round"', '"ring"'),
            "not what was written",
        ),
        ("checkpoints/{}/facts.json", lambda text: text[:30], "not what was written"),
        (
            "checkpoints/{}/tensors.safetensors",
            lambda text: text[:4],
            "not what was written",
        ),
        ("checkpoints/latest", lambda text: "00000099", "cannot be read"),
    ],
)
def test_broken_checkpoints(
    file: str, change: Callable[[str], str], message: str, tmp_path: Path
) -> None:
    plan = "strategy = random(trials = 3)  batch = 8  epochs = 1"
    searched(tmp_path, plan)
    latest = tmp_path / "run" / "checkpoints" / "latest"
    before = sorted(p.name for p in latest.parent.iterdir() if p.is_dir())[
        0
    ]  # in the middle of the step: with a state
    latest.write_text(f"{before}\n", encoding="utf-8")
    broken = tmp_path / "run" / file.format(before)
    broken.write_bytes(change(broken.read_bytes().decode("latin-1")).encode("latin-1"))
    told = searched(tmp_path, plan, "--resume")
    assert "error[E0723]" in told and message in told and str(tmp_path / "run") in told

"""What shows to be wrong with a plan only when it is carried out, at its place in the text; a directory that this left behind."""

from __future__ import annotations

import json
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
        (("random(trials = 1)", 'random(trials = 1, latency = "none.json")  budget latency <= 3'), "E0710", "random("),
    ],
)
def test_place(change: tuple[str, str], code: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PLAN.replace(*change)
    Path("tiny.arch").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"])
    place, _, problem = done.output[done.output.index("tiny.arch:") :].partition(": ")
    line, column = map(int, place.split(":")[1:])
    assert done.exit_code != 0 and problem.startswith(f"error[{code}]"), done.output
    assert text.splitlines()[line - 1][column - 1 :].startswith(word), done.output


def test_a_mended_plan_takes_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.arch").write_text(PLAN.replace("= 1\n}", "= 1\n  step narrow { fix width = 4 }\n}"), encoding="utf-8")
    assert CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"]).exit_code == 1
    Path("tiny.arch").write_text(PLAN, encoding="utf-8")
    done = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"])
    assert done.exit_code == 0 and "genotype found of tiny" in done.output, done.output
    assert [s["name"] for s in json.loads(Path("run/frozen.json").read_text(encoding="utf-8"))["steps"]] == ["plan"]
    again = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run"])
    assert "E0720" in again.output
    other = CliRunner().invoke(cli, ["search", "tiny.arch", "--run", "run", "--resume", "--seed", "3"])
    assert "E0722" in other.output and "settings.seed" in other.output

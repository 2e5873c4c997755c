"""A slice of the campaign of `benchmarks/fuzz.py` that is the same in every run, and that its judge sees what
it is there to see.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from archdsl.diagnostics.codes import names
from archdsl.diagnostics.source import Source, Span
from tests.fuzz import trials
from tests.fuzz.cases import STAGES, Case, Stage
from tests.fuzz.trials import ROOT, Wrong, tried

_NUMBERS = {"read and format": 400, "check": 60}
_EACH = 10  # of every other command


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHDSL_TRACEBACK", "1")


@pytest.mark.parametrize("stage", STAGES)
def test_no_case_has_a_fault(stage: str) -> None:
    for number in range(_NUMBERS.get(stage, _EACH)):
        verdict = tried(stage, 0, number)
        assert verdict.fault is None, f"{stage}:{number} {verdict.fault}\n{verdict.detail}"


def test_a_case_is_known_by_its_number() -> None:
    for stage in STAGES.values():
        assert stage.make(Random("0:x:1")) == stage.make(Random("0:x:1"))


def test_cases_reach_the_end_and_fail_in_many_ways() -> None:
    """A judge that saw only refusals would prove nothing."""
    codes = [tried("summary", 0, number).codes for number in range(40)]
    assert codes.count(()) >= 5
    assert len(set(codes)) >= 5


# -- the judge -----------------------------------------------------------------------------------------


def judged(monkeypatch: pytest.MonkeyPatch, case: Case) -> str | None:
    monkeypatch.setitem(trials.STAGES, "made", Stage("made", 1, lambda random: case))  # type: ignore[arg-type]
    return tried("made", 0, 0).fault


def check(monkeypatch: pytest.MonkeyPatch, act: object) -> str | None:
    """What the judge says where `archdsl check` does something else."""
    monkeypatch.setattr("archdsl.cli.commands.check.command.callback", act)
    return judged(monkeypatch, Case("text", {"x.arch": b"arch 1\n"}, ["check", "x.arch"]))


def test_it_sees_exceptions_hangs_and_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    def endless(*_: object, **__: object) -> None:
        while True:
            pass

    def seven(*_: object, **__: object) -> None:
        raise SystemExit(7)

    assert str(check(monkeypatch, broken)).startswith("ZeroDivisionError at ")
    assert check(monkeypatch, seven) == "exit code 7"
    monkeypatch.setattr(trials, "HANG", 0.05)
    assert str(check(monkeypatch, endless)).startswith("no answer after 0.05 s at ")


def test_it_sees_what_is_read_written_and_started_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "x").write_text("secret")

    def reads(*_: object, **__: object) -> None:
        (elsewhere / "x").read_text()

    def writes(*_: object, **__: object) -> None:
        (elsewhere / "y").write_text("")

    def starts(*_: object, **__: object) -> None:
        subprocess.run([sys.executable, "--version"], capture_output=True)

    def leaves(*_: object, **__: object) -> None:
        Path(".half.1234.json").write_text("")

    assert check(monkeypatch, reads) == f"{elsewhere / 'x'} was read"
    assert check(monkeypatch, writes) == f"{elsewhere / 'y'} was written"
    assert str(check(monkeypatch, starts)).endswith("was started")
    assert check(monkeypatch, leaves) == "a temporary file is left"


def test_it_sees_what_a_terminal_obeys(monkeypatch: pytest.MonkeyPatch) -> None:
    def prints(*_: object, **__: object) -> None:
        print("a\x1b[2J")

    assert check(monkeypatch, prints) == "a character that a terminal obeys"


def test_it_sees_spans_outside_of_their_text() -> None:
    diagnostic = names.UNKNOWN_NAME.error(Span(Source("x", "abc"), 2, 9), "m")
    with pytest.raises(Wrong, match="lies outside"):
        trials._sound([diagnostic])


def test_the_campaign_is_one_command(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "benchmarks/fuzz.py",
        "--minutes",
        "0.001",
        "--stage",
        "list",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "list              options" in done.stdout and "0 kinds of faults" in done.stdout

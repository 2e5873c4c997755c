"""Run directories: damaged and stopped runs that end where an undisturbed one does, one process at a time, a
disk that is full.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.search import checkpoints
from archdsl.search.runs import Stopped, alone_in
from tests.laws.test_law_10_resume import contents
from tests.search.tiny import complaints, find, learn

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a training and a search that were never disturbed."""
    folder = tmp_path_factory.mktemp("runs")
    learn(folder, "training")
    find(folder, "uniform", "search")
    return folder


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A training that was asked to stop in the middle of its third epoch, of four rounds each."""
    rounds = iter(range(100))
    with pytest.raises(Stopped):
        learn(tmp_path, "training", stop=lambda: next(rounds) == 9)
    complaints.clear()
    return tmp_path / "training"


def latest(run: Path) -> Path:
    return run / "checkpoints" / (run / "checkpoints" / "latest").read_text().strip()


def test_stopped_runs_leave_the_same_files(stopped: Path, whole: Path) -> None:
    assert latest(stopped).name.endswith("-stopped")
    learn(stopped.parent, "training")
    assert contents(stopped) == contents(whole / "training")


@pytest.mark.parametrize("file", ["facts.json", "tensors.safetensors", "SHA256SUMS"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_passed_over(
    file: str, damage: str, stopped: Path, whole: Path
) -> None:
    place = latest(stopped) / file
    data = bytearray(place.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    if damage == "remove":
        place.unlink()
    else:
        place.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    learn(stopped.parent, "training")
    (told,) = complaints
    assert told.severity == "warning" and told.code == "E0727" and latest(stopped)
    assert contents(stopped) == contents(whole / "training")


def test_any_byte_of_a_checkpoint(stopped: Path) -> None:
    """Each flipped in turn is found."""
    place = latest(stopped)
    for name in ("facts.json", "SHA256SUMS"):
        data = (place / name).read_bytes()
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 4
            (place / name).write_bytes(changed)
            with pytest.raises(checkpoints.DamagedError):
                checkpoints.read(place)
        (place / name).write_bytes(data)
    checkpoints.read(place)


def test_nothing_whole_is_left(stopped: Path) -> None:
    for place in (stopped / "checkpoints").glob("0*"):
        (place / "facts.json").write_text("{}")
    with pytest.raises(
        DiagnosticError, match=r"E0723.*facts\.json is not what was written"
    ):
        learn(stopped.parent, "training")


def test_metrics_that_were_changed(stopped: Path) -> None:
    metrics = stopped / "metrics.jsonl"
    metrics.write_text(metrics.read_text().replace('"epoch": 1', '"epoch": 7'))
    with pytest.raises(DiagnosticError, match=r"E0723.*metrics\.jsonl"):
        learn(stopped.parent, "training")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"\xff\xfe",
        b"../../etc",
        b"0000000099",
        b"0" * 100_000,
        b"00000000\n00",
        "１".encode() * 10,
    ],
)
def test_latest_of_any_bytes(text: bytes, stopped: Path) -> None:
    (stopped / "checkpoints" / "latest").write_bytes(text)
    with pytest.raises(DiagnosticError, match=r"E0723.*latest"):
        learn(stopped.parent, "training")


def test_without_latest_the_last_one_counts(stopped: Path, whole: Path) -> None:
    (stopped / "checkpoints" / "latest").unlink()
    learn(stopped.parent, "training")
    assert contents(stopped) == contents(whole / "training")


WRONG = [
    {"round": "4"},
    {"round": -1},
    {"round": 1.5},
    {"total": True},
    {"step": None},
    {"found": []},
    {"found": {"one": {"width": 3}}},
    {"state": []},
    {"state": {}},
    {"state": {"seen": 0, "record": {"loss": "low"}, "losses": [0.0]}},
    {"state": {"seen": 0, "record": {}, "losses": "none"}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_facts_of_other_types(wrong: dict[str, object], stopped: Path) -> None:
    """They have the right checksum: a hand that changed them made it anew."""
    rewritten(stopped, wrong)
    with pytest.raises(DiagnosticError, match="E0723"):
        learn(stopped.parent, "training")


@pytest.mark.parametrize(
    "trials",
    [
        [["x", 1]],
        [[{"deep": "more"}, 0.5]],
        [[{}, 0.5]],
        3,
        [[{"deep": "most"}, 0.5]],
        [[None, "a", 1]],
    ],
    ids=str,
)
def test_trials_of_another_space(trials: object, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        find(tmp_path, "uniform", "search", stop=lambda: True)
    rewritten(tmp_path / "search", {"state": {"trials": trials}})
    with pytest.raises(DiagnosticError, match="E0723"):
        find(tmp_path, "uniform", "search")


def rewritten(run: Path, changes: dict[str, object]) -> None:
    place = latest(run)
    facts = json.loads((place / "facts.json").read_text())
    facts["facts"].update(changes)
    (place / "facts.json").write_text(json.dumps(facts) + "\n")
    sums = [
        f"{checkpoints._digest(place / n)}  {n}\n"
        for n in ("facts.json", "tensors.safetensors")
    ]
    (place / "SHA256SUMS").write_text("".join(sums))


def test_one_process_at_a_time(tmp_path: Path) -> None:
    other = "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path\n"
    other += "from archdsl.search.runs import alone_in\n"
    other += "with alone_in(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    command = [
        sys.executable,
        "-c",
        other,
        str(tmp_path / "run"),
        str(ROOT),
        str(ROOT / "backends"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "in\n"
        with pytest.raises(
            DiagnosticError, match=rf"E0726.*process {process.pid} is at work"
        ):
            learn(tmp_path, "run")
        process.kill()
    learn(tmp_path, "run")
    assert (tmp_path / "run" / ".lock").read_bytes() == b""


def test_a_lock_that_is_no_file(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DiagnosticError, match="E0903"), alone_in(run):
        raise AssertionError("it is not held")
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file may grow beyond so many bytes: what is written says so, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 100, 700, 3000, 12_000])
def test_a_full_disk(room: int, full: None, stopped: Path, whole: Path) -> None:
    """Logging, saving and writing the page fail with E0903, whichever comes first; with room again the run
    goes on.
    """
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    with pytest.raises(DiagnosticError, match="E0903"):
        learn(stopped.parent, "training")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert all(
        line.endswith(b"}\n")
        for line in (stopped / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    )
    learn(stopped.parent, "training")
    assert contents(stopped) == contents(whole / "training")


def test_what_a_killed_beginning_leaves(tmp_path: Path, whole: Path) -> None:
    """Killed before it had said what it is of, it begins anew; half-written files are cleared away."""
    run = tmp_path / "training"
    run.mkdir()
    (run / ".lock").write_text("4711\n")
    (run / ".frozen.4711.json").write_text("{")
    learn(tmp_path, "training")
    assert contents(run) == contents(whole / "training")
    shutil.copytree(whole / "search", tmp_path / "search")
    (tmp_path / "search" / ".index.4711.html").write_text("half")
    (tmp_path / "search" / "checkpoints" / ".latest.4711").write_text("half")
    find(tmp_path, "uniform", "search")
    assert contents(tmp_path / "search") == contents(whole / "search")


def test_the_page_is_written_again_after_the_end(whole: Path, tmp_path: Path) -> None:
    """A run that was killed between its last checkpoint and its page has the page after all."""
    shutil.copytree(whole / "training", tmp_path / "training")
    os.unlink(tmp_path / "training" / "index.html")
    os.unlink(tmp_path / "training" / "weights.safetensors")
    learn(tmp_path, "training")
    assert contents(tmp_path / "training") == contents(whole / "training")


def test_a_checkpoint_that_was_half_removed(whole: Path, tmp_path: Path) -> None:
    """A run that was killed while it removed what is superfluous clears that away."""
    shutil.copytree(whole / "training", tmp_path / "training")
    left = tmp_path / "training" / "checkpoints" / "0000000002"
    left.mkdir()
    (left / "facts.json").write_text("{}")
    learn(tmp_path, "training")
    assert contents(tmp_path / "training") == contents(whole / "training")

"""Wrong files and what `check` prints for each: one idea a file, a few with several independent errors.

Files whose names begin with `_` are imported by others.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.elaborate.files.project import Project
from archdsl.syntax.shipped import shipped

WRONG = Path(__file__).parent.parent / "wrong"
FILES = sorted(p for p in WRONG.rglob("*.arch") if not p.name.startswith("_"))
# Files that are right, although something in them would be wrong under other answers.
RIGHT = {
    "shapes/excluded_by_require",
    "shapes/under_an_impossible_guard",
    "limits/picks_of_picks",
}
ELSEWHERE = {
    "E0316": "`--input` alone can pin a weight: test_settings.py",
    "E0955": "met by a formula when it is compiled: tests/backends/test_constants.py",
    "E0509": "only counting refuses: tests/questions",
    **dict.fromkeys(
        (
            "E0710",
            "E0711",
            "E0712",
            "E0713",
            "E0720",
            "E0721",
            "E0722",
            "E0723",
            "E0724",
            "E0725",
            "E0726",
            "E0727",
            "E0728",
            "E0729",
        ),
        "met by a search that runs: tests/search",
    ),
    "E0801": "a file of more than 1 MiB: tests/syntax",
    "E0804": "a file of 200,000 tokens: tests/syntax",
    "E0805": "a file that is not text: tests/syntax",
}
SECONDS, BYTES = (
    20,
    800 * 2**20,
)  # of processor time and of addresses; meant to catch what has no bound

_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
from archdsl.elaborate.files.project import Project
from archdsl.diagnostics.diagnostic import DiagnosticError
try:
    print(len(Project().check(sys.argv[3])))
except DiagnosticError as error:
    print(len(error.diagnostics))
"""


def name_of(path: Path) -> str:
    return path.relative_to(WRONG).with_suffix("").as_posix()


def printed(path: Path) -> str:
    """What `archdsl check` prints, in the folder of the corpus."""
    try:
        found = Project().check(str(path.relative_to(WRONG)))
    except DiagnosticError as error:
        found = list(error.diagnostics)
    return "".join(f"{render(d)}\n" for d in found)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_diagnostics(
    path: Path, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(WRONG)
    text = printed(path)
    assert "nothing, " not in text and "not nothing" not in text, (
        "an error that only follows from another"
    )
    assert bool(text) == (name_of(path) not in RIGHT)
    golden(path.with_suffix(".txt"), text)


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent.name == "slips"], ids=name_of
)
def test_a_slip_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line with a slip has one error with help, and no other line has any: nothing follows from a
    slip.
    """
    monkeypatch.chdir(WRONG)
    lines = path.read_text(encoding="utf-8").splitlines()
    slips = [number for number, line in enumerate(lines, 1) if line.endswith("# slip")]
    found = Project().check(str(path.relative_to(WRONG)))
    assert [
        d.span.source.position(d.span.start)[0] for d in found if d.span is not None
    ] == slips
    assert all(d.severity == "error" for d in found)


def test_slips_are_many() -> None:
    texts = [p.read_text(encoding="utf-8") for p in FILES if p.parent.name == "slips"]
    assert sum(text.count("# slip\n") for text in texts) >= 240


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent.name == "limits"], ids=name_of
)
def test_bounded(path: Path) -> None:
    """Nothing that a file says takes unbounded time or memory, or ends in a traceback."""
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(root / "backends")]),
    }
    command = [sys.executable, "-c", _LIMITED, str(SECONDS), str(BYTES), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and done.stdout.strip().isdigit(), done.stderr[-2000:]


def test_every_code_is_exercised() -> None:
    goldens = "".join(p.read_text(encoding="utf-8") for p in WRONG.rglob("*.txt"))
    exercised = set(re.findall(r"(?:error|warning)\[(E\d{4})\]", goldens))
    asked = {code for code in CODES if "E0200" <= code < "E0900"}
    assert asked - exercised - set(ELSEWHERE) == set()
    assert exercised & set(ELSEWHERE) == set(), (
        "listed as tested elsewhere, and tested here"
    )
    assert exercised <= set(CODES)


def test_goldens_belong_to_files() -> None:
    assert {p.with_suffix(".arch") for p in WRONG.rglob("*.txt")} == set(FILES)


def test_shipped_files_are_right() -> None:
    for path in sorted(shipped("specs").rglob("*.arch")):
        assert Project().check(str(path)) == []

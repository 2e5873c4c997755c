"""docs/diagrams.md: its commands are good ones, and its pictures are what they draw."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli.main import cli

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "diagrams.md"
COMMANDS: list[list[str]] = runpy.run_path(str(ROOT / "docs" / "diagrams.py"))["commands"]()


def test_every_picture_is_drawn_by_a_command_and_there() -> None:
    shown = set(
        re.findall(r"!\[[^]]*\]\((pictures/[^)]*)\)", PAGE.read_text(encoding="utf-8"))
    )
    assert {f"docs/{name}" for name in shown} == {arguments[-1] for arguments in COMMANDS}
    assert all((ROOT / "docs" / name).is_file() for name in shown)


# Where `dot` places the boxes, another version of it may place them otherwise.
@pytest.mark.parametrize(
    "arguments",
    [a for a in COMMANDS if "space" in a or "--probabilities" in a],
    ids=lambda a: Path(a[-1]).stem,
)
def test_pictures_that_need_no_program_are_up_to_date(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    again = tmp_path / "again.svg"
    done = CliRunner().invoke(cli, [*arguments[:-1], str(again)])
    assert done.exit_code == 0, done.output
    assert again.read_text(encoding="utf-8") == (ROOT / arguments[-1]).read_text(
        encoding="utf-8"
    ), "run `python docs/diagrams.py`"

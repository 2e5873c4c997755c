"""The page about weights is real: its files are written, its commands print what it says. `--update` writes
that anew.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from archdsl.cli.main import cli
from archdsl.syntax.shipped import shipped

PAGE = Path(__file__).parents[2] / "docs" / "weights.md"
BLOCK = re.compile(
    r"^```(arch|rename|console) ?([\w.]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def test_the_examples_print_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    shapes = {
        "backbone.conv1.weight": (8, 3, 1, 3, 3),
        "pos": (1, 3, 8),
        "fc.weight": (4, 8),
        "fc.bias": (4,),
        "ema_decay": (),
    }
    norm = {
        f"backbone.bn1.{name}": (8,)
        for name in ("weight", "bias", "running_mean", "running_var")
    }
    torch.save(
        {
            "state_dict": {
                f"module.{key}": torch.ones(shape)
                for key, shape in {**shapes, **norm}.items()
            }
        },
        "theirs.pth",
    )

    def block(match: re.Match[str]) -> str:
        kind, name, text = match.groups()
        if kind != "console":
            Path(name).write_text(text, encoding="utf-8")
            return match[0]
        commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
        return (
            "```console\n"
            + "".join(f"$ {command}\n{printed(command)}" for command in commands)
            + "```"
        )

    golden(PAGE, BLOCK.sub(block, PAGE.read_text(encoding="utf-8")))


def printed(command: str) -> str:
    """What a command prints, errors included."""
    return CliRunner().invoke(cli, shlex.split(command)[1:], prog_name="archdsl").output


def test_every_table_that_ships_is_listed() -> None:
    listed = set(
        re.findall(
            r"`(\w+)`",
            "".join(
                re.findall(r"^\| `\w+_.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
            ),
        )
    )
    assert {path.stem for path in shipped("specs").rglob("*.rename")} <= listed

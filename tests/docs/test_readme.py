"""The README's example is real: its text is a file, and its commands print what it says. `--update` writes it
anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from archdsl.syntax.shipped import shipped

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"```(arch|console)\n(.*?)```", re.DOTALL)


def test_the_example_prints_what_the_readme_says(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    whole = ""

    def block(match: re.Match[str]) -> str:
        nonlocal whole
        kind, text = match.groups()
        if kind == "arch":  # what a later block says stands in the same file
            whole += f"\n{text}" if whole else text
            (tmp_path / "gestures.arch").write_text(whole, encoding="utf-8")
            assert (
                output(
                    "archdsl check gestures.arch; archdsl fmt --check gestures.arch",
                    tmp_path,
                )
                == ""
            )
            return match[0]
        commands = [line for line in text.splitlines() if line.startswith("$ ")]
        return (
            "```console\n"
            + "".join(f"{command}\n{output(command[2:], tmp_path)}" for command in commands)
            + "```"
        )

    golden(README, BLOCK.sub(block, README.read_text(encoding="utf-8")))


def output(command: str, folder: Path) -> str:
    """What a shell prints in the folder, errors included."""
    root = shipped("specs").parent
    environment = os.environ | {
        "PYTHONPATH": f"{root}:{root / 'backends'}",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
    }
    script = f'archdsl() {{ "{sys.executable}" -m archdsl "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout

"""The pictures of docs/diagrams.md: `python docs/diagrams.py` draws them anew.

They are what the commands beside them in the text draw.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from archdsl.cli.main import cli

_DOCS = Path(__file__).parent


def commands() -> list[list[str]]:
    """The arguments of every `archdsl render` in the text."""
    text = (_DOCS / "diagrams.md").read_text(encoding="utf-8").replace("\\\n", " ")
    return [
        shlex.split(line)[1:]
        for line in re.findall(r"^archdsl render .*$", text, re.MULTILINE)
    ]


if __name__ == "__main__":
    for arguments in commands():
        cli(arguments, standalone_mode=False)

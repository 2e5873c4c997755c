"""What a command imports: PyTorch never where the answer comes from the text, and little else where it is
asked often.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_PROBE = """
import sys
from archdsl.cli.main import cli
try:
    cli(sys.argv[1:], prog_name="archdsl")
except SystemExit as end:
    import json
    print("\\n" + json.dumps([end.code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def imported(*args: str, cwd: Path) -> set[str]:
    """The top-level modules that a fresh interpreter has after a command, which must end well."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *args], capture_output=True, text=True, cwd=cwd
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code in (0, None) or (args[0] == "diff" and code == 1), done.stderr
    return set(modules)


HEAVY = {"torch", "numpy", "jsonschema", "importlib_metadata"}


@pytest.mark.parametrize(
    ("args", "absent"),
    [
        (["check", "zoo/autox3d.arch"], HEAVY | {"rich", "yaml", "difflib", "lark"}),
        (["summary", "zoo/autox3d.arch:autox3d", "--json"], HEAVY | {"rich", "yaml"}),
        (["summary", "zoo/autox3d.arch:autox3d"], HEAVY | {"yaml"}),
        (["diff", "zoo/x3d.arch:x3d_s", "zoo/x3d.arch:x3d_m"], HEAVY | {"rich", "yaml"}),
        (
            ["render", "zoo/autox3d.arch:example_s", "-o", "out.svg"],
            HEAVY | {"rich", "yaml"},
        ),
        (["fmt", "own.arch"], HEAVY | {"rich", "yaml"}),
        (["convert", "own.arch", "out.yaml"], HEAVY | {"rich"}),
        (["convert", "own.arch", "out.arch"], HEAVY | {"rich", "yaml"}),
        (["list"], HEAVY | {"rich", "yaml"}),
        (["explain", "E0201"], HEAVY | {"lark", "rich", "yaml"}),
        (["sample", "zoo/autox3d.arch:autox3d"], HEAVY - {"numpy"} | {"rich", "yaml"}),
        (["compile", "zoo/x3d.arch:x3d_s", "-o", "x3d_s.json"], HEAVY | {"rich", "yaml"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_do_not_import(args: list[str], absent: set[str], tmp_path: Path) -> None:
    (tmp_path / "own.arch").write_text("arch 1\n\nwidth = 8\n", encoding="utf-8")
    assert imported(*args, cwd=tmp_path) & absent == set()

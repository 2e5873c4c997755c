"""Importing any module of the core loads nothing heavy (that layers point one way is import-linter's to check)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

_IMPORT_ALL = """
import pkgutil, sys
import archdsl
for module in pkgutil.walk_packages(archdsl.__path__, "archdsl."):
    if module.name != "archdsl.__main__" and not module.name.startswith(("archdsl.cli.", "archdsl.search.")):
        __import__(module.name)
print(*sorted({"torch", "numpy", "rich", "click", "jsonschema"} & set(sys.modules)))
"""


def test_importing_the_core_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORT_ALL], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []

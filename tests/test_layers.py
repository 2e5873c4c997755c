"""Importing any module of the core loads nothing heavy (that layers point one way is import-linter's to
check).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

_IMPORT = """
import sys
for name in sys.argv[1:]:
    __import__(name)
print(*sorted({"torch", "numpy", "rich", "click", "jsonschema"} & set(sys.modules)))
"""


def test_importing_the_core_loads_nothing_heavy() -> None:
    paths = (
        p.relative_to(ROOT).with_suffix("").parts for p in (ROOT / "archdsl").rglob("*.py")
    )
    names = sorted(
        ".".join(parts) for parts in paths if parts[1] not in ("cli", "search", "__main__")
    )
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, *names],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert len(names) > 120
    assert done.stdout.split() == []

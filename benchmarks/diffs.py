"""Differences by meaning: two genotypes from a cold start, and two deep models in one process, beside a cold
`import torch`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from commands import IMPORT
from racing import Race, cold, race

DEEP = """arch 1
model one(depth = 420) {
  input x: [b, c = 16, h = 32, w = 32]
  for i in range(depth) {
    y = x -> conv(32, 1x1) as widen -> batch_norm as n1 -> relu
    y = y -> conv(32, 3x3, groups = 32) as spread -> batch_norm as n2 -> relu
    x = x + (y -> conv(16, 1x1) as narrow -> batch_norm as n3) -> relu
  }
  output x -> mean(@hw) -> linear(10) as head
}
"""
OTHER = DEEP.replace("3x3, groups", "if i % 9 == 7 then 5x5 else 3x3, groups").replace(
    "n3", "narrow_norm"
)


def races(rounds: int) -> Iterator[Race]:
    """Two races."""
    import archdsl

    with TemporaryDirectory() as folder:
        found = Path(folder) / "found.arch"
        command = [
            sys.executable,
            "-m",
            "archdsl",
            "sample",
            "zoo/autotsnet.arch:auto_tsnet",
            "-n",
            "2",
            "--seed",
            "1",
        ]
        found.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
        ours = cold("-m", "archdsl", "diff", f"{found}:sample_0", f"{found}:sample_1")
        yield race(
            "archdsl diff of two genotypes of auto_tsnet",
            ours,
            IMPORT,
            cold("-c", "import torch"),
            rounds,
        )
        (Path(folder) / "one.arch").write_text(DEEP, encoding="utf-8")
        (Path(folder) / "other.arch").write_text(OTHER, encoding="utf-8")
        a, b = (archdsl.load(f"{folder}/{name}.arch:one") for name in ("one", "other"))
        name = f"diff of two models of {len(a.graph.values):,} ops, in process"
        yield race(
            name, lambda: archdsl.diff(a, b), IMPORT, cold("-c", "import torch"), rounds
        )

"""Cold commands, each beside a cold `import torch`: files that ship, and two that are hard to count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from racing import Race, cold, race

IMPORT = "python -c 'import torch'"
HERE = Path(__file__).parent
COMMANDS = (
    ("check", "zoo/autox3d.arch"),
    ("check", "zoo/attentionnas.arch"),
    ("check", "nas_bench_101.arch"),
    ("summary", "nas_bench_101.arch:nas_bench_101"),
    ("check", "counted_edges.arch"),
    ("summary", "counted_edges.arch:s"),
    ("summary", "zoo/autox3d.arch:autox3d", "--json"),
    ("summary", "zoo/x3d.arch:x3d_s", "--json"),
    (
        "sample",
        "zoo/autox3d.arch:autox3d",
        "-n",
        "1000",
        "--max-macs",
        "2.0G",
        "--seed",
        "7",
    ),
    ("diff", "zoo/x3d.arch:x3d_s", "zoo/x3d.arch:x3d_l"),
)


def races(rounds: int) -> Iterator[Race]:
    """One race a command."""
    for command in COMMANDS:
        ours = cold("-m", "archdsl", *[_placed(word) for word in command])
        yield race(
            " ".join(["archdsl", *command]).replace(" --max-macs 2.0G --seed 7", " …"),
            ours,
            IMPORT,
            cold("-c", "import torch"),
            rounds,
        )


def _placed(word: str) -> str:
    """A file of this folder with its path; any other word as it is."""
    return str(HERE / word) if (HERE / word.partition(":")[0]).is_file() else word

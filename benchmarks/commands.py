"""Cold commands, each beside a cold `import torch`."""

from __future__ import annotations

from collections.abc import Iterator

from racing import Race, cold, race

IMPORT = "python -c 'import torch'"
COMMANDS = (
    ("check", "zoo/autox3d.arch"),
    ("summary", "zoo/autox3d.arch:autox3d", "--json"),
    ("summary", "zoo/x3d.arch:x3d_s", "--json"),
    ("sample", "zoo/autox3d.arch:autox3d", "-n", "1000", "--max-macs", "2.0G", "--seed", "7"),
    ("diff", "zoo/x3d.arch:x3d_s", "zoo/x3d.arch:x3d_l"),
)


def races(rounds: int) -> Iterator[Race]:
    """One race a command."""
    for command in COMMANDS:
        ours = cold("-m", "archdsl", *command)
        yield race(
            " ".join(["archdsl", *command]).replace(" --max-macs 2.0G --seed 7", " …"),
            ours,
            IMPORT,
            cold("-c", "import torch"),
            rounds,
        )

"""Kills a search and a training at random moments, resumes them, and compares every file with the undisturbed
run's.

    python tests/search/killing.py --times 100

Each kill is a `kill -9` of a process of its own, at a moment drawn uniformly from the length of the undisturbed
run; then the command is given again, with `--resume` where there is a run, until it ends.
Nothing is left out but `clock.js`, which holds the time, and what TensorBoard is told. Prints a line a kill
that led elsewhere, and how many of them led to the same bytes; ends with 1 where one did not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch

from archdsl.cli.main import cli
from tests.search.tiny import TEXT

CLOCKED = ("clock.js", "tensorboard")
COMMANDS = {
    "search": ("search", "net.arch:stepwise", "--data", "tensor:slopes.npz"),
    "trials": ("search", "net.arch:oneshot", "--data", "tensor:slopes.npz"),
    "train": (
        "train",
        "net.arch:fixed",
        "--data",
        "tensor:slopes.npz",
        "--epochs",
        "4",
        "--batch",
        "8",
    ),
}


def begun(arguments: Sequence[str]) -> int:
    """The number of a process that carries a command out."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        cli(list(arguments), standalone_mode=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        os._exit(code)


def carried_out(arguments: Sequence[str], run: Path, after: float | None) -> bool:
    """Whether a command ends before it is killed after so many seconds; it goes on with the run that is
    there.
    """
    resume = ["--resume"] if (run / "frozen.json").exists() else []
    child = begun([*arguments, "--run", str(run), *resume])
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)  # of one that has ended it kills nothing
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(
            f"{' '.join(arguments)} {' '.join(resume)}: ended with {os.WEXITSTATUS(status)}"
        )
    return os.WIFEXITED(status)


def contents(run: Path) -> dict[str, bytes]:
    """Every file of a run but those that hold the time."""
    files = {path.relative_to(run): path for path in run.rglob("*") if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in files.items()
        if name.parts[0] not in CLOCKED
    }


def tried(name: str, times: int, random: Random) -> int:
    """How many kills of a command led to the same bytes."""
    arguments, whole = COMMANDS[name], Path(f"{name}.whole")
    # in this process, so that whatever is imported late is there for all that are forked from it
    cli([*arguments, "--run", str(whole)], standalone_mode=False)
    shutil.rmtree(whole)
    began = time.monotonic()
    carried_out(arguments, whole, None)
    length, expected = time.monotonic() - began, contents(whole)
    same = number = 0
    while number < times:
        run = Path(f"{name}.{number}")
        after, began = random.uniform(0, length), time.monotonic()
        if carried_out(arguments, run, after):  # it was faster, and lived: that was no kill
            length = min(length, time.monotonic() - began)
            shutil.rmtree(run)
            continue
        number += 1
        carried_out(arguments, run, None)
        found = contents(run)
        differing = sorted(
            n for n in {*found, *expected} if found.get(n) != expected.get(n)
        )
        if differing:
            print(
                f"{name}: killed after {after:.3f} s, these differ: {', '.join(differing)}",
                flush=True,
            )
        same += not differing
        shutil.rmtree(run)
    print(
        f"{name}: {same} of {times} the same bytes, killed within {length:.2f} s",
        flush=True,
    )
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=100, help="kills of each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "commands", nargs="*", default=list(COMMANDS), help=", ".join(COMMANDS)
    )
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("net.arch").write_text(TEXT, encoding="utf-8")
        draw, y = np.random.default_rng(0), np.arange(48) % 2
        x = draw.normal(size=(48, 3, 6, 6)) + (2 * y - 1)[
            :, None, None, None
        ] * np.linspace(-1, 1, 6)
        np.savez("slopes.npz", x=x.astype("float32"), y=y)
        same = [tried(name, asked.times, Random(asked.seed)) for name in asked.commands]
    sys.exit(0 if all(count == asked.times for count in same) else 1)


if __name__ == "__main__":
    main()

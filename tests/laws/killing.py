"""Runs a search or a training again and again in processes that are killed at some moment, until one of them
comes to its end.

A program of its own: `python killing.py FOLDER PLAN…` imports PyTorch once and forks. Of each plan it leaves
the runs PLAN.whole, never killed, and PLAN.cut.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from random import Random
from typing import Any

import torch

from archdsl.search import checkpoints
from tests.search.tiny import find, learn

_MOST = 40  # kills of one run


def forked(folder: Path, name: str, run: str, kill: str | None, after: float) -> bool:
    """Whether a process that searches comes to its end; `kill` says what it dies of, if it lives so long."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            rounds = 0

            def watch(event: object) -> None:
                nonlocal rounds
                rounds += 1
                if kill == "round" and rounds > after:
                    os.kill(os.getpid(), signal.SIGKILL)

            if kill == "writing":
                written = 0
                sync = checkpoints.sync

                def dying(path: Path) -> None:
                    nonlocal written
                    written += 1
                    if written > after:
                        os.kill(os.getpid(), signal.SIGKILL)
                    sync(path)

                checkpoints.sync = dying
            if kill == "time":
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.setitimer(signal.ITIMER_REAL, after)
            searched(folder, name, run, watch=watch)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"{name}: the search failed")
    return os.WIFEXITED(status)


def searched(folder: Path, name: str, run: str, **asked: Any) -> None:
    """A search by a plan, or for the name "training" a training."""
    if name == "training":
        learn(folder, run, **asked)
    else:
        find(folder, name, run, **asked)


def main(folder: Path, names: list[str]) -> None:
    torch.set_num_threads(1)
    for name in names:
        searched(
            folder, name, f"{name}.whole"
        )  # here, so that whatever PyTorch imports late is there for all of them
        random = Random(name)
        for attempt in range(_MOST):
            kill = ("round", "writing", "time")[attempt % 3]
            after = {
                "round": random.randint(1, 3),
                "writing": random.randint(0, 6),
                "time": random.uniform(0.02, 0.1),
            }[kill]
            if forked(folder, name, f"{name}.cut", kill, after):
                break
        else:
            assert forked(folder, name, f"{name}.cut", None, 0)
        print(name, attempt, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

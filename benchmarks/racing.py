"""Two things timed in turn, so that whatever else the machine does disturbs both alike."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Race:
    """Medians in seconds, and the median of the paired ratios, ours over the rival's."""

    name: str
    rival: str
    ours: float
    theirs: float
    ratio: float

    def __str__(self) -> str:
        return (
            f"{self.name:<58} {self.ours:8.3f} s   {self.rival:<42} {self.theirs:8.3f} s   ratio "
            f"{self.ratio:.3f}"
        )


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def race(
    name: str,
    ours: Callable[[], object],
    rival: str,
    theirs: Callable[[], object],
    rounds: int,
    timed: Callable[[Callable[[], object]], float] = seconds,
) -> Race:
    """Runs both `rounds` times, alternating; `timed` gives the seconds of a run, by the wall or the
    processor.
    """
    return raced(name, rival, [(timed(ours), timed(theirs)) for _ in range(rounds)])


def raced(name: str, rival: str, pairs: Sequence[tuple[float, float]]) -> Race:
    """The race of pairs of seconds, ours and the rival's."""
    return Race(
        name,
        rival,
        median(a for a, _ in pairs),
        median(b for _, b in pairs),
        median(a / b for a, b in pairs),
    )


def cold(*args: str) -> Callable[[], object]:
    """A fresh interpreter with these arguments, its output thrown away; it must end with 0 or, of diff, 1."""

    def run() -> None:
        done = subprocess.run([sys.executable, *args], stdout=subprocess.DEVNULL)
        assert done.returncode in ((0, 1) if "diff" in args else (0,)), args

    return run

"""The rows of a run for TensorBoard, where the package `tensorboard` is installed.

Each step of a plan is a run of its own there. Each number of a row becomes a scalar of its name at the row's
round, a probability one named `probability/PATH/LABEL`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FOLDER = "tensorboard"  # in the run directory

Follow = Callable[[Mapping[str, Any]], None]


@contextmanager
def follower(folder: Path) -> Iterator[Follow | None]:
    """What hears of every row that is logged, and writes it; None where the package is not installed."""
    if find_spec("tensorboard") is None:
        yield None
        return
    from torch.utils.tensorboard import SummaryWriter

    writers: dict[str, Any] = {}

    def follow(row: Mapping[str, Any]) -> None:
        step = row["step"]
        if step not in writers:  # what a killed run wrote from here on is taken back
            writers[step] = SummaryWriter(
                str(folder / FOLDER / step), purge_step=row["round"]
            )
        for name, value in scalars(row):
            writers[step].add_scalar(name, value, row["round"])

    try:
        yield follow
    finally:
        for writer in writers.values():
            writer.close()


def scalars(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers of a row by what they are called there."""
    for name, value in row.items():
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and name != "round"
        ):
            yield name, float(value)
    for path, chances in row.get("probabilities", {}).items():
        for label, chance in chances.items():
            yield f"probability/{path}/{label}", chance

"""The beginning of a run: the directory, the data, and what all steps of a search have around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.plan import Plan
from archdsl.search import data as sources
from archdsl.search.places import placed
from archdsl.search.ranks import Ranks
from archdsl.search.runs import Run
from archdsl.search.search import frozen
from archdsl.search.steps import Surroundings
from archdsl.version import __version__


@contextmanager
def started(
    plan: Plan, data: str | None, folder: Path, resume: bool, storage: str | None, chunks: int, ranks: Ranks
) -> Iterator[tuple[Run, Surroundings]]:
    """The run of a plan, new or resumed, and its surroundings.

    Raises DiagnosticError for data that is missing or wrong, and as `Run` does.
    """
    planned = plan.settings["data"]
    if data is None and planned is None:
        help = "give `--data motion`, or set `data` in the plan"
        raise DiagnosticError(
            codes.NO_DATA.error(plan.steps[0].span, f"the plan `{plan.name}` names no data", help=help)
        )
    with placed(planned.span if data is None else None):
        opened = sources.open(data, planned, plan.steps[-1].graph)
    extra = {**conditions(opened, chunks, ranks), "storage": storage}
    run = begun(folder, frozen(plan, data if data is not None else str(planned), extra), resume, ranks)
    yield (
        run,
        Surroundings(
            opened,
            ranks,
            storage or str(folder / "trials.journal"),
            str(folder.absolute()),
            cuts(chunks, ranks),
            ranks.device,
        ),
    )


def conditions(data: sources.Data, chunks: int, ranks: Ranks) -> dict[str, Any]:
    """What a run's numbers depend on beside what was asked: a resumed one must find the same."""
    return {
        "examples": data.fingerprint,
        "archdsl": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "ranks": ranks.size,
        "chunks": chunks,
        "device": ranks.device.type,
    }


def begun(folder: Path, held: Mapping[str, Any], resume: bool, ranks: Ranks) -> Run:
    """The run of a directory, new or resumed. Raises DiagnosticError as `Run` does."""
    return ranks.agreed(lambda: (Run.resume if resume else Run.create)(folder, held))


def cuts(chunks: int, ranks: Ranks) -> int:
    """The number of chunks of a batch: at least as many as asked for, and the same for each rank."""
    return ranks.size * max(1, -(-chunks // ranks.size))

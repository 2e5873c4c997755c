"""The beginning of a run: the directory, the data, and what all steps of a search have around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from archdsl.elaborate.plans import Plan
from archdsl.search import data as sources
from archdsl.search.ranks import Ranks
from archdsl.search.runs import Run
from archdsl.search.search import frozen
from archdsl.search.steps import Surroundings
from archdsl.syntax.codes import runs as codes
from archdsl.syntax.diagnostics import DiagnosticError
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
        raise DiagnosticError(codes.NO_DATA.error(None, f"the plan `{plan.name}` names no data", help=help))
    opened = sources.open(data, planned, plan.steps[-1].graph)
    extra = {
        "examples": opened.fingerprint,
        "archdsl": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "ranks": ranks.size,
        "chunks": chunks,
        "device": ranks.device.type,
        "storage": storage,
    }
    held = frozen(plan, data if data is not None else str(planned), extra)
    run = ranks.agreed(lambda: (Run.resume if resume else Run.create)(folder, held))
    cuts = chunks if chunks % ranks.size == 0 else ranks.size * -(-chunks // ranks.size)
    around = Surroundings(
        opened, ranks, storage or str(folder / "trials.journal"), str(folder.absolute()), max(cuts, ranks.size), ranks.device
    )
    yield run, around

"""The beginning of a run: the directory, the data, and what all steps of a search have around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from archdsl.elaborate.plan_table import Invocation
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
    source = data if data is not None else plan.settings["data"]
    if source is None:
        help = "give `--data motion`, or set `data` in the plan"
        raise DiagnosticError(codes.NO_DATA.error(None, f"the plan `{plan.name}` names no data", help=help))
    named = str(source) if isinstance(source, Invocation) else source
    extra = {
        "archdsl": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "ranks": ranks.size,
        "chunks": chunks,
        "device": ranks.device.type,
        "storage": storage,
    }
    held = frozen(plan, named, extra)
    run = ranks.agreed(lambda: (Run.resume if resume else Run.create)(folder, held))
    opened = sources.open(named, plan.settings["data"], seed=plan.settings["seed"])
    cuts = chunks if chunks % ranks.size == 0 else ranks.size * -(-chunks // ranks.size)
    around = Surroundings(
        opened, ranks, storage or str(folder / "trials.journal"), str(folder.absolute()), max(cuts, ranks.size), ranks.device
    )
    yield run, around

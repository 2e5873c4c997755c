"""The beginning of a run: the directory, the data, and what all steps of a search have around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.plan import Plan
from archdsl.search import data as sources
from archdsl.search.learnable import (
    check_statistics,
    check_weights,
    least_chunk,
)
from archdsl.search.places import placed
from archdsl.search.ranks import Ranks
from archdsl.search.runs import Complain, Run, alone_in, check_free, check_new, check_same
from archdsl.search.search import frozen
from archdsl.search.steps import Surroundings, answers_before, check_open
from archdsl.search.tensorboard import follower
from archdsl.version import __version__


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line says of a run: where it lies, whether it goes on, in how many chunks each batch is
    computed, and where a bandit shares its trials.
    """

    folder: Path
    resume: bool = False
    chunks: int = 1
    storage: str | None = None


@contextmanager
def started(
    plan: Plan,
    data: str | None,
    asked: Asked,
    ranks: Ranks,
    complain: Complain,
) -> Iterator[tuple[Run, Surroundings]]:
    """The run of a plan, new or resumed, and its surroundings.

    Raises DiagnosticError for data that is missing or wrong, where there is nothing to learn, and as `begun`
    does.
    """
    planned = plan.settings["data"]
    if data is None and planned is None:
        help = "give `--data motion`, or set `data` in the plan"
        raise DiagnosticError(
            codes.NO_DATA.error(
                plan.steps[0].span,
                f"the plan `{plan.name}` names no data",
                help=help,
            )
        )
    with placed(planned.span if data is None else None):
        opened = sources.open(data, planned, plan.steps[-1].graph)
    parts = cuts(asked.chunks, ranks)
    check_open(plan.steps[0], answers_before(plan.steps[0], {}))
    for step in plan.steps:
        with placed(step.span):
            check_weights(step.graph)
            check_statistics(
                step.graph,
                least_chunk(int(step.settings["batch"]), len(opened.train), parts),
            )
    extra = {
        **conditions(opened, asked.chunks, ranks),
        "storage": asked.storage,
    }
    held = frozen(plan, data if data is not None else str(planned), extra)
    storage = asked.storage or str(asked.folder / "trials.journal")
    with begun(asked, held, ranks, complain) as run:
        yield (
            run,
            Surroundings(
                opened,
                ranks,
                storage,
                str(asked.folder.absolute()),
                parts,
                ranks.device,
            ),
        )


def conditions(data: sources.Data, chunks: int, ranks: Ranks) -> dict[str, Any]:
    """What a run's numbers depend on beside what was asked: a resumed one must find the same."""
    return {
        "examples": data.fingerprint,
        "classes": len(data.classes),
        "archdsl": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "ranks": ranks.size,
        "chunks": chunks,
        "device": ranks.device.type,
    }


@contextmanager
def begun(
    asked: Asked, held: Mapping[str, Any], ranks: Ranks, complain: Complain
) -> Iterator[Run]:
    """The run of a directory, new or resumed, and no other process in it meanwhile.

    Raises DiagnosticError: E0720 where something else is there, E0721 and E0722 where there is nothing to
    resume, E0726 where another process is at work.
    """
    with ExitStack() as stack:
        run = Run(asked.folder, complain)

        def enter() -> None:
            check_free(asked.folder)
            _check(asked, held)
            stack.enter_context(alone_in(asked.folder))
            _check(asked, held)  # another process may have been faster
            run.begin(held)
            run.follow(stack.enter_context(follower(asked.folder)))

        ranks.agreed(enter)
        yield run


def _check(asked: Asked, held: Mapping[str, Any]) -> None:
    if asked.resume:
        check_same(asked.folder, held)
    else:
        check_new(asked.folder)


def cuts(chunks: int, ranks: Ranks) -> int:
    """The number of chunks of a batch: at least as many as asked for, and the same for each rank."""
    return ranks.size * max(1, -(-chunks // ranks.size))

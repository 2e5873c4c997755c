"""The page of a training: how it stands, losses and accuracy over the epochs, and the diagram. One file."""

from __future__ import annotations

from dataclasses import replace

from archdsl.ir.graph import Graph
from archdsl.ir.notation import amount
from archdsl.questions.cost import cost
from archdsl.search.clock import Status
from archdsl.search.curves import QUANTITIES, across_of, chance
from archdsl.search.plots import figure
from archdsl.search.runs import Run, facts_of
from archdsl.search.sheet import circumstances, drawing, framed, heading


def page(graph: Graph, run: Run, status: Status) -> str:
    """The page for all epochs so far."""
    frozen, records = facts_of(run.folder), list(run.records())
    epochs = int(frozen["settings"]["epochs"])
    plots = []
    for quantity in QUANTITIES:
        plot = quantity.plot(
            records,
            across_of(records),
            chance(quantity, frozen.get("classes")),
        )
        if plot is not None:
            plots.append(replace(plot, last=epochs))
    costs = cost(graph, {})
    progress = f"{len(records):,} of {epochs:,} epoch{'' if epochs == 1 else 's'}"
    parts = [
        heading(
            graph.name,
            status,
            progress,
            {"model": frozen["model"], **circumstances(frozen)},
        ),
        f'<div class="plots">{"".join(map(figure, plots))}</div>',
        f"<h2>The architecture: {amount(costs.macs)} MACs, {amount(costs.params)} parameters</h2>",
        drawing(graph),
    ]
    return framed(graph.name, parts)

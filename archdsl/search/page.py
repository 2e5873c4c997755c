"""The page of a search: how it stands, curves, the probabilities of every choice over time, and the diagram.
One file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.diagnostics.visible import markup
from archdsl.elaborate.plans.plan import Plan, Step
from archdsl.ir.expr import lift
from archdsl.ir.graph import Graph, Op
from archdsl.ir.instance import Instance
from archdsl.ir.notation import amount
from archdsl.ops.table import PRIMITIVES
from archdsl.questions.cost import cost
from archdsl.questions.genotype import Genotype
from archdsl.search.charts import shares
from archdsl.search.clock import Status
from archdsl.search.curves import (
    QUANTITIES,
    Records,
    across_of,
    chance,
    place,
    scaled,
)
from archdsl.search.plots import Level, Plot, figure
from archdsl.search.runs import Run, facts_of
from archdsl.search.sheet import (
    circumstances,
    drawing,
    framed,
    heading,
    learned,
)


def page(
    plan: Plan,
    step: Step,
    genotype: Genotype | None,
    run: Run,
    status: Status,
) -> str:
    """The page for all rounds so far, with the present architecture of the step that is searched, if there is
    one yet.
    """
    frozen = facts_of(run.folder)
    by_step: dict[str, list[Mapping[str, Any]]] = {s.name: [] for s in plan.steps}
    notes = []
    for record in run.records():
        if "note" in record:
            notes.append(f"{record['step']}: {record['note']}")
        elif record.get("step") in by_step:
            by_step[record["step"]].append(record)
    title = f"{plan.name}: {plan.strategy.name} on {plan.of}"
    facts = {
        "strategy": str(plan.strategy),
        **circumstances(frozen),
        "note": "; ".join(notes),
    }
    parts = [heading(title, status, _progress(by_step), facts)]
    plotted = scaled([_plots(s, by_step[s.name], frozen) for s in plan.steps])
    for one, plots in zip(plan.steps, plotted, strict=True):
        if plots:
            parts.append(f"<h2>{markup(one.name)}</h2>")
            parts.append(f'<div class="plots">{"".join(map(figure, plots))}</div>')
    if genotype is not None:
        parts.extend(_architecture(step, genotype, status))
    thought = learned(step.graph, by_step.get(step.name, ()))
    if thought:
        parts.append(f"<h2>What the search thinks of each alternative</h2>{thought}")
    for one in plan.steps:
        over_time = _choices(one.graph, by_step[one.name])
        if over_time:
            parts.append(f"<h2>{markup(one.name)}: probabilities over time</h2>")
            parts.append(f'<div class="plots">{over_time}</div>')
    return framed(title, parts)


def _progress(by_step: Mapping[str, Records]) -> str:
    told = [
        f"{name} {len(r):,} round{'' if len(r) == 1 else 's'}"
        for name, r in by_step.items()
        if r
    ]
    return ", ".join(told) or "no round yet"


def _plots(step: Step, records: Records, frozen: Mapping[str, Any]) -> list[Plot]:
    across, found = across_of(records), []
    for quantity in QUANTITIES:
        levels = chance(quantity, frozen.get("classes"))
        for budget in step.budgets:
            if quantity.cost == budget.metric:
                levels.append(Level("bound" if budget.hard else "budget", budget.limit))
        plot = quantity.plot(records, across, levels)
        if plot is not None:
            found.append(plot)
    return found


def _architecture(step: Step, genotype: Genotype, status: Status) -> list[str]:
    costs = cost(step.graph, genotype)
    text = markup(genotype.to_text("found", step.graph.name), keep="\n")
    word = "found" if status.word == "finished" else "so far"
    return [
        f"<h2>The architecture {word}: {amount(costs.macs)} MACs, {amount(costs.params)} parameters</h2>",
        f"<pre>{text}</pre>",
        drawing(step.graph, genotype),
    ]


def _choices(graph: Graph, rounds: Records) -> str:
    over_time: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
    for record in rounds:
        for path, probabilities in record.get("probabilities", {}).items():
            over_time.setdefault(path, []).append((int(place(record)), probabilities))
    if not over_time:
        return ""
    colours, across, last = (
        kernel_colours(graph),
        across_of(rounds),
        int(place(rounds[-1])),
    )
    return "".join(
        shares(p, series, colours.get(p, {}), across, last)
        for p, series in over_time.items()
    )


def kernel_colours(graph: Graph) -> dict[str, dict[str, str]]:
    """By path of a choice and label the colour that a kernel has in pictures: of a choice of kernels, and of
    one of layers that are convolutions.
    """
    from archdsl_draw.palette import colour_of, kernel_number

    found: dict[str, dict[str, str]] = {}
    for op in graph.ops():
        if PRIMITIVES[op.name].role == "convolution" and op.weights:
            for path, label, kernel in _kernels(op):
                found.setdefault(path, {})[label] = colour_of(kernel_number(kernel))
    return found


def _kernels(op: Op) -> Iterator[tuple[str, str, str]]:
    """The choice, its label and the kernel, where one choice alone decides the window of a convolution."""
    window = lift(_as_text, *op.weights[0].shape[2:])
    if len(window.scope) == 1:
        (choice,) = window.scope
        for label, kernel in zip(choice.labels(), window.table, strict=True):
            if kernel:
                yield choice.path, label, kernel
    within: Instance | None = op.instance
    while within is not None and within.choice is None:
        within = within.parent
    if (
        within is not None
        and within.choice is not None
        and window.is_constant
        and window.value
    ):
        yield (
            within.choice.path,
            within.segment.rpartition(".")[2],
            window.value,
        )


def _as_text(*sizes: int) -> str:
    """`3×3×3`; "" for a window of one position, which has no colour."""
    return "" if all(n == 1 for n in sizes) else "×".join(map(str, sizes))

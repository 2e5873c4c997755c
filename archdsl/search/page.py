"""The page of a run: curves, the probabilities of every choice over time, and the diagram. One file, nothing
fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from archdsl.elaborate.plans.plan import Plan, Step
from archdsl.ir.notation import amount
from archdsl.questions.cost import cost
from archdsl.questions.genotype import Genotype
from archdsl.search.charts import curves, drawing, framed, learned, shares

_CURVES = {
    "loss": "loss on training batches",
    "validation_loss": "loss on validation batches",
    "likelihood": "log-likelihood of samples, per example",
    "value": "value of trials",
    "best": "best value so far",
    "entropy": "entropy of the distribution, nats",
    "expected_macs": "expected MACs",
    "samples_macs": "MACs of samples, mean",
}


def page(plan: Plan, step: Step, genotype: Genotype, records: Iterable[Mapping[str, Any]]) -> str:
    """The page for the records of all rounds so far, with the present genotype of the step that is
    searched.
    """
    by_step: dict[str, list[Mapping[str, Any]]] = {s.name: [] for s in plan.steps}
    for record in records:
        if record.get("step") in by_step:
            by_step[record["step"]].append(record)
    costs = cost(step.graph, genotype)
    title = f"{plan.name}: {plan.strategy.name} on {plan.of}"
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(str(plan.strategy))}</p>"]
    parts.append(
        f"<h2>The architecture so far, {amount(costs.macs)} MACs, {amount(costs.params)} parameters</h2>"
    )
    parts.append(f"<pre>{escape(genotype.to_text('found', step.graph.name))}</pre>")
    parts.append(f'<div class="drawing">{drawing(step.graph, genotype)}</div>')
    thought = learned(step.graph, by_step.get(step.name, ()))
    if thought:
        parts.append(
            f'<h2>What the search thinks of each alternative</h2><div class="drawing">{thought}</div>'
        )
    for name, rounds in by_step.items():
        if rounds:
            parts.append(f"<h2>{escape(name)}, {len(rounds):,} round{'' if len(rounds) == 1 else 's'}</h2>")
            parts.append(f'<div class="grid">{"".join(curves(rounds, _CURVES))}</div>')
            parts.append(
                f"<h2>{escape(name)}: probabilities over time</h2>"
                f'<div class="grid">{"".join(_choices(rounds))}</div>'
            )
    return framed(title, parts)


def _choices(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    over_time: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
    for i, record in enumerate(rounds):
        for path, probabilities in record.get("probabilities", {}).items():
            over_time.setdefault(path, []).append((i, probabilities))
    return [shares(series, path) for path, series in over_time.items()]

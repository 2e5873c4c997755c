"""The page of a training: losses and accuracy over the epochs, and the diagram. One file, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from archdsl.elaborate.plans.table import setting_text
from archdsl.ir.graph import Graph
from archdsl.ir.notation import amount
from archdsl.questions.cost import cost
from archdsl.search.charts import curves, drawing, framed

_CURVES = {
    "loss": "loss on training batches",
    "validation_loss": "loss on validation batches",
    "accuracy": "accuracy on validation data",
    "rate": "learning rate",
}


def page(graph: Graph, settings: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> str:
    """The page for the records of all epochs so far."""
    costs = cost(graph, {})
    parts = [
        f"<h1>{escape(graph.name)}</h1>",
        f"<p>{escape(setting_text(settings['weights']))}, {len(records):,} of {settings['epochs']:,} "
        "epochs</p>",
        f'<div class="grid">{"".join(curves(records, _CURVES))}</div>',
        f"<h2>The architecture, {amount(costs.macs)} MACs, {amount(costs.params)} parameters</h2>",
        f'<div class="drawing">{drawing(graph)}</div>',
    ]
    return framed(graph.name, parts)

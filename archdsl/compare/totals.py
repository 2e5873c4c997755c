"""What an architecture or a space amounts to."""

from __future__ import annotations

from archdsl.compare.difference import Totals
from archdsl.ir.graph import Graph


def totals(graph: Graph) -> Totals:
    """Params, MACs at the declared sizes, and the number of architectures."""
    if graph.choices:
        return Totals(None, None, None)
    params = 0
    for weight in graph.weights().values():
        size = 1
        for n in weight.shape:
            size *= n.value
        params += size
    macs = sum(op.macs.value for op in graph.ops())
    return Totals((params, params), (macs, macs), (1, 1))

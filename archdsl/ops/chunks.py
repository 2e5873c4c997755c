"""Where a whole graph cuts its values into parts: channels of one value are then several groups, not one."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.ir.graph import Graph, Op, Value, operands


def chunked(graph: Graph) -> Mapping[tuple[Value, str], int]:
    """The dimensions that every user of a value cuts into the same number of parts."""
    cuts: dict[Value, set[tuple[str, int] | None]] = {}
    for value in graph.values:
        cut = None
        if isinstance(value, Op) and value.name == "chunk":
            cut = next(
                (d, n.value)
                for d, n in value.attrs.items()
                if len(d) == 1 and n.value is not None
            )
        for operand in operands(value):
            cuts.setdefault(operand, set()).add(cut)
    for output in graph.outputs:
        cuts.setdefault(output, set()).add(None)
    counts: dict[tuple[Value, str], int] = {}
    for value, found in cuts.items():
        only = next(iter(found)) if len(found) == 1 else None
        if only is not None:
            dim, count = only
            counts[value, dim] = count
    return counts

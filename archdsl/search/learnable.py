"""Whether there is anything to learn, asked of the text before a run begins.

A batch norm after `mean(@hw)` sees one value an example. A batch of 8 computed in 8 chunks is 8 batches of
one: mean = value, variance = 0, and PyTorch refuses.
"""

from __future__ import annotations

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.expr import Expr, both, constant, lift, product
from archdsl.ir.graph import Graph, Op
from archdsl.ops.table import PRIMITIVES
from archdsl.questions.diagram import live


def check_weights(graph: Graph) -> None:
    """Raises DiagnosticError E0728 where no architecture has a weight."""
    if not graph.weights():
        problem = f"`{graph.name}` has no weights: there is nothing to learn"
        raise DiagnosticError(codes.NOTHING_TO_LEARN.error(None, problem))


def check_statistics(graph: Graph, examples: int) -> None:
    """Raises DiagnosticError E0729 where a batch norm would see one value of each channel; `examples` are
    computed together at least.
    """
    if examples > 1:
        return
    active = live(graph)
    for op in graph.ops():
        along = PRIMITIVES[op.name].running
        if along and both(active.values[op], _is_single(op, along)) != constant(False):
            of = "" if graph.kind == "model" else " in some architectures"
            problem = f"`{op.instance.path}` of `{graph.name}` has the statistics of one value{of}"
            help = "larger batches, or fewer chunks"
            raise DiagnosticError(codes.SINGLE_VALUE.error(op.span, problem, help=help))


def least_chunk(batch: int, examples: int, cuts: int) -> int:
    """How many examples are computed together at least; a chunk without any is left out."""
    return max(1, min(batch, examples) // cuts)


def _is_single(op: Op, along: str) -> Expr:
    """Whether an input has one position beside its examples and the dimension of its statistics."""
    shape = op.inputs[0].shape
    positions = product([size for dim, size in shape.items() if dim not in ("b", along)])
    return lift(_is_one, positions)


def _is_one(count: int) -> bool:
    return count == 1

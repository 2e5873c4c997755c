"""What a network returns: the name of each output, and the order of its dimensions.

In `output cls, x -> mean(@t), tokens: [b, n, c]` the three are called `cls`, `output_1` and `tokens`; the
third has its dimensions in the order written, the others in the order b, c, t, h, w, then by letter.
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.codes import shapes as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.evaluator import scalar
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.state import State, Written, fail
from archdsl.elaborate.evaluation.values import Poison, Tensor, Thing, TupleV, describe
from archdsl.ir.graph import Input, Result, Value, canonical
from archdsl.ir.notation import extent_text
from archdsl.syntax import ast


def written(node: ast.Output, values: Sequence[Thing]) -> tuple[Written, ...]:
    """What an `output` says of each tensor; a block's several outputs may come from one expression."""
    found: list[Written] = []
    for (expr, shape), value in zip(node.results, values, strict=True):
        if len(values) == 1 and isinstance(value, TupleV):
            found += [Written(item.name, None, expr.span) for item in value.items]
            continue
        dims = None if shape is None else "".join(dim.name for dim in shape)
        found.append(
            Written(expr.name if isinstance(expr, ast.Ref) else None, dims, expr.span)
        )
    return tuple(found)


def check_shapes(node: ast.Output, values: Sequence[Thing], frame: Frame) -> None:
    """The shapes written behind outputs, against those that the tensors have. Raises DiagnosticError."""
    for (expr, shape), value in zip(node.results, values, strict=True):
        if shape is None or isinstance(value, Poison):
            continue
        if not isinstance(value, Tensor):
            fail(
                value_codes.WRONG_KIND,
                expr.span,
                f"a shape is that of one tensor, not of {describe(value)}",
            )
        _check_dims(shape, value, expr.span)
        for dim in shape:
            if dim.size is not None:
                _check_size(dim, value, frame)


def _check_dims(shape: tuple[ast.Dim, ...], value: Tensor, span: Span) -> None:
    """The same dimensions, each once. Raises DiagnosticError."""
    names = [dim.name for dim in shape]
    has = f"the output is [{', '.join(canonical(value.shape))}]"
    for at, dim in enumerate(shape):
        if dim.name in names[:at]:
            fail(
                codes.DUPLICATE_DIMENSION, dim.span, f"dimension `{dim.name}` occurs twice"
            )
        if dim.name not in value.shape:
            fail(
                codes.MISSING_DIMENSION,
                dim.span,
                f"the output has no dimension `{dim.name}`",
                help=has,
            )
    left_out = [f"`{dim}`" for dim in canonical(value.shape) if dim not in names]
    if left_out:
        message = f"the order of the output leaves out {' and '.join(left_out)}"
        fail(
            codes.MISSING_DIMENSION,
            shape[0].span.to(shape[-1].span) if shape else span,
            message,
            help=has,
        )


def _check_size(dim: ast.Dim, value: Tensor, frame: Frame) -> None:
    assert dim.size is not None
    size = frame.state.settled(value.shape[dim.name])
    wanted = scalar(dim.size, frame, f"the size of `{dim.name}`")
    if size != wanted:
        sizes = f"{dim.name} = {extent_text(size)}, where {dim.name} = {extent_text(wanted)} is written"
        fail(codes.SIZES_DIFFER, dim.span, f"the output has {sizes}")


def record(found: tuple[Written, ...], state: State) -> None:
    """Keeps what the text says of the outputs of a network, whose body may run once for each alternative of a
    choice.

    Raises DiagnosticError where alternatives want different orders.
    """
    if not state.results:
        state.results = found
        return
    for known, other in zip(state.results, found, strict=False):
        if known.dims != other.dims:
            fail(
                value_codes.NOT_CONSTANT,
                other.span,
                "the order of an output's dimensions depends on a choice",
            )


def results(
    said: tuple[Written, ...], outputs: tuple[Value, ...], inputs: Sequence[Input]
) -> tuple[Result, ...]:
    """The name and the order of every output.

    What has no name, or one that an input or an earlier output has, is called `output`, with its position if
    it is not the only one: `output_1`.
    """
    taken = {given.name for given in inputs}
    found = []
    for place, (one, value) in enumerate(zip(said, outputs, strict=True)):
        name = (
            one.name
            if one.name is not None and one.name not in taken
            else _unnamed(place, len(outputs))
        )
        while name in taken:
            name += "_"
        taken.add(name)
        found.append(Result(name, one.dims or canonical(value.shape)))
    return tuple(found)


def _unnamed(place: int, count: int) -> str:
    return "output" if count == 1 else f"output_{place}"

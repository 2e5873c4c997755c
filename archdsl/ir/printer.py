"""The canonical text of a graph: two graphs print alike exactly when they are the same space.

Values are numbered operands first, in the order in which the outputs demand them. A long table is cut short
and followed by a hash of all of it. Spans are left out: the text is about meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.ir.activity import activity
from archdsl.ir.expr import TRUE, Expr, Undefined
from archdsl.ir.frontier import function_text
from archdsl.ir.graph import (
    Graph,
    Init,
    Input,
    Op,
    Pick,
    Select,
    Value,
    Weight,
    in_order,
    unnamed,
)

_SHOWN = 8  # entries of a table that are printed in full
_ORDER = "bcthw"


def print_graph(graph: Graph) -> str:
    """The text of a graph, one value a line; it ends with a newline."""
    return "\n".join(_lines(graph)) + "\n"


def text_of(value: Any) -> str:
    """A value of a table, so that values of different types never look alike."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(text_of, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, range):
        return f"range({value.start}, {value.stop}, {value.step})"
    if isinstance(value, Undefined):
        return f"undefined({json.dumps(value.message, ensure_ascii=False)})"
    if value is None:
        return "none"
    return str(value) if isinstance(value, Init) else repr(value)


def expr_text(expr: Expr) -> str:
    """An expression: its value, or the choices it depends on and its values, the last choice fastest."""
    if expr.is_constant:
        return text_of(expr.value)
    if len(expr.scope) == 1 and expr.table == expr.scope[0].values():
        return expr.scope[0].path
    names = ", ".join([c.path for c in expr.scope])
    if not expr.is_tabled:
        return f"{names} -> #{_digest(expr)}"
    if len(expr.table) <= _SHOWN:
        return f"{names} -> [{' '.join(map(text_of, expr.table))}]"
    return f"{names} -> [{' '.join(map(text_of, expr.table[:4]))} … {len(expr.table)}] #{_digest(expr)}"


def _lines(graph: Graph) -> Iterator[str]:
    settings = ", ".join(
        f"{name} = {text_of(value)}" for name, value in graph.settings.items()
    )
    yield f"{graph.kind} {graph.name}({settings})"
    live = activity(graph.outputs)
    for choice in graph.choices:
        guard = live.guard(choice)
        labels = ", ".join(
            a.label if a.label == str(a.value) else f"{a.label}: {text_of(a.value)}"
            for a in choice.alternatives
        )
        yield f"choice {choice.path}: {choice.kind} [{labels}]" + (
            "" if guard == TRUE else f" if {expr_text(guard)}"
        )
    for requirement in graph.requirements:
        yield f"require {expr_text(requirement.condition)}"
    for bound in graph.bounds:
        yield f"require {bound.metric} {bound.op} {bound.limit!r}"
    for extra in graph.inputs:
        yield f"input {extra.name}: {_shape(extra.shape, extra.dims)}"
    numbers: dict[Value, int] = {}
    for value in in_order(graph.outputs):
        numbers[value] = len(numbers)
        yield from _value_lines(value, numbers)
    yield f"output {', '.join(_outputs(graph, numbers))}"


def _outputs(graph: Graph, numbers: Mapping[Value, int]) -> Iterator[str]:
    """Each output, with its name and order where the text says them."""
    for output, result, plain in zip(
        graph.outputs, graph.results, unnamed(graph.outputs), strict=True
    ):
        said = "" if result == plain else f"{result.name}: [{', '.join(result.dims)}] = "
        yield f"{said}%{numbers[output]}"


def _value_lines(value: Value, numbers: Mapping[Value, int]) -> Iterator[str]:
    name = f"%{numbers[value]} = "
    if isinstance(value, Input):
        yield f"{name}input {value.name}"
        return
    place = f" @ {value.instance.path}" if value.instance.path else ""
    shape = _shape(value.shape, _ORDER)
    if isinstance(value, Op):
        inputs = " ".join(f"%{numbers[o]}" for o in value.inputs)
        yield f"{name}{value.name} {inputs}: {shape}{place}"
        yield from (f"    {attr} = {expr_text(e)}" for attr, e in value.attrs.items())
        if value.macs.scope or value.macs.value:
            yield f"    macs {expr_text(value.macs)}"
    else:
        operands = " ".join(f"%{numbers[o]}" for o in value.operands)
        if isinstance(value, Select):
            yield f"{name}select {operands}: {shape}{place}"
            yield f"    index = {expr_text(value.index)}"
        else:
            along = f" @{value.dim}" if value.dim else ""
            yield f"{name}pick {value.combine}{along} {operands}: {shape}{place}"
            yield f"    subset = {expr_text(value.subset)}"
    if isinstance(value, Op | Pick):
        yield from map(_weight_line, value.weights)


def _weight_line(weight: Weight) -> str:
    variant = "".join(f" when {path} = {label}" for path, label in weight.variant)
    return (
        f"    weight {weight.full_name} [{', '.join(map(expr_text, weight.shape))}] "
        f"{expr_text(weight.init)}{variant}"
    )


def _shape(shape: Mapping[str, Expr], order: str) -> str:
    dims = sorted(shape, key=lambda d: (order.index(d) if d in order else len(order), d))
    return f"[{', '.join(f'{d} = {expr_text(shape[d])}' for d in dims)}]"


def _digest(expr: Expr) -> str:
    """A hash of the function."""
    if expr.is_tabled:
        return _hash([",".join([c.path for c in expr.scope]), *map(text_of, expr.table)])
    return _hash(function_text(expr, text_of))


def _hash(parts: list[str]) -> str:
    from hashlib import blake2b  # OpenSSL, which no check needs

    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()

"""The names of the text in an ONNX model: its inputs and outputs are called as the network's are.

What else has such a name, which the exporter makes up from operators, gives way: of `relu = x -> relu`,
`output relu` the output is `relu`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archdsl.ir.graph import Graph


def rename(model: Any, graph: Graph) -> None:
    """Renames inputs and outputs of an `onnx_ir.Model` that was exported from the graph."""
    inside = model.graph
    _separate(inside, [result.name for result in graph.results])
    wanted = {
        id(value): given.name
        for value, given in zip(inside.inputs, graph.inputs, strict=True)
    }
    wanted |= {
        id(value): result.name
        for value, result in zip(inside.outputs, graph.results, strict=True)
    }
    reserved = set(wanted.values())
    taken = {value.name for value in _values(inside)} | reserved
    for value in list(_values(inside)):
        if id(value) not in wanted and value.name in reserved:
            _call(inside, value, _fresh(value.name, taken))
    for value in (*inside.inputs, *inside.outputs):
        _call(inside, value, wanted[id(value)])


def _separate(inside: Any, names: list[str]) -> None:
    """Every output is a value of its own: an input, a weight of another name and a second use of one are
    copied.
    """
    import onnx_ir as ir

    seen = {id(value) for value in inside.inputs}
    for place, value in enumerate(inside.outputs):
        is_weight = value.name in inside.initializers and value.name != names[place]
        if id(value) in seen or is_weight:
            copy = ir.node("Identity", [value])
            copy.outputs[0].shape, copy.outputs[0].type = value.shape, value.type
            copy.outputs[0].name = f"{names[place]}_copy"
            inside.append(copy)
            inside.outputs[place] = copy.outputs[0]
        seen.add(id(inside.outputs[place]))


def _values(inside: Any) -> Iterator[Any]:
    yield from inside.inputs
    yield from inside.initializers.values()
    for node in inside.all_nodes():
        yield from node.outputs


def _call(inside: Any, value: Any, name: str) -> None:
    """Renames a value; a weight is found by its name."""
    if value.name == name:
        return
    is_weight = inside.initializers.pop(value.name, None) is value
    value.name = name
    if is_weight:
        inside.initializers[name] = value


def _fresh(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    taken.add(f"{name}_{number}")
    return f"{name}_{number}"

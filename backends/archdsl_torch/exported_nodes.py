"""The nodes of an exported program: where each comes from, under names that PyTorch's passes can tell apart.

PyTorch looks for what a weight's placeholder says of itself at the node that has the weight's own name. In

    param conv2d: [c = 4] = 1
    output (x -> conv(4, 3)) * conv2d

the exporter calls the convolution `conv2d`, after its operator. Decomposing the program, which writing ONNX
begins with, then takes the convolution's origin for the weight's, finds two of them, and stops. So the
convolution becomes `conv2d_call`; keys of weights stay as they are.
"""

from __future__ import annotations

import re

from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind


def tell_apart(program: ExportedProgram, model: fx.GraphModule) -> None:
    """Gives each weight of a program that was exported from a model the origin that it has there, and other
    names to the nodes that are called as a weight.
    """
    origins = {
        node.target: node.meta.get("custom")
        for node in model.graph.nodes
        if node.op == "get_attr"
    }
    inputs = [
        spec
        for spec in program.graph_signature.input_specs
        if spec.kind != InputKind.USER_INPUT
    ]
    weights = {spec.arg.name: spec.target for spec in inputs}
    looked_for = set(map(_looked_for, weights.values()))
    taken = {node.name for node in program.graph.nodes} | looked_for
    for node in program.graph.nodes:
        if node.name in weights:
            node.meta["custom"] = origins.get(weights[node.name])
            if node.meta["custom"] is None or node.name in looked_for:
                del node.meta["custom"]
        elif node.name in looked_for and node.op == "call_function":
            old, node.name = node.name, _fresh(f"{node.name}_call", taken)
            program.graph_signature.replace_all_uses(old, node.name)
    program.graph_module.recompile()


def _looked_for(key: str | None) -> str:
    """The name of the node at which PyTorch looks for the origin of a weight."""
    stripped = (key or "").removeprefix("L__self___").removeprefix("self_")
    return re.sub("[^a-zA-Z0-9]", "_", stripped).lower()


def _fresh(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found

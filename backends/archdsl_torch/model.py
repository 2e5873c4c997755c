"""A program as a hand-built `torch.fx.GraphModule`."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import fx, nn

from archdsl_lowering.program import Instruction, Program, substitute
from archdsl_lowering.rows.layers import Module
from archdsl_torch.compiled import Compiled, compiled
from archdsl_torch.initialise import fill
from archdsl_torch.names import resolve

_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


def build(
    program: Program,
    *,
    seed: int = 0,
    meta: bool = False,
    memory_format: Literal["contiguous", "channels_last"] = "contiguous",
    initialise: bool = True,
) -> Compiled:
    """The module of a program. Its `state_dict` has the keys of the IR; each node says where it comes from.

    `node.meta["custom"]` has the op's `path`, its `span` as `file:line:col` and the primitive's name as `op`;
    it survives `torch.export`. Without `initialise` the weights are left as memory was.
    """
    model = compiled(
        skeleton(program),
        graph_of(program),
        _class_name(program.name),
        program.name,
        program.entries,
    )
    if not meta:
        model.to_empty(device="cpu")
        _reset_statistics(model)
        if initialise:
            for name, weight in model.named_parameters():
                fill(weight, program.weights[name].init, seed, name)
    if memory_format == "channels_last":
        for weight in model.parameters():
            if weight.dim() in _FORMATS:
                weight.data = weight.data.contiguous(memory_format=_FORMATS[weight.dim()])
    return model


def skeleton(program: Program) -> nn.Module:
    """The layers and weights of a program, without memory and without what connects them."""
    root = nn.Module()
    with torch.device("meta"):
        for path, module in program.modules.items():
            _attach(root, path, construct(module))
        for instruction in program.instructions:
            if instruction.kind == "weight":
                _attach(
                    root,
                    instruction.target,
                    nn.Parameter(torch.empty(program.weights[instruction.target].shape)),
                )
    return root


def graph_of(program: Program) -> fx.Graph:
    """The instructions as nodes, and an output: a tensor, or a tuple where there are several."""
    graph = fx.Graph()
    nodes: list[fx.Node] = []
    weights: dict[str, fx.Node] = {}  # one node each, as tracing a module gives
    for instruction in program.instructions:
        known = weights.get(instruction.target) if instruction.kind == "weight" else None
        if known is not None:
            nodes.append(known)
            continue
        node = _node(graph, instruction, nodes)
        if instruction.kind == "weight":
            weights[instruction.target] = node
        if instruction.origin is not None:
            origin = instruction.origin
            node.meta["custom"] = {
                "path": origin.path,
                "span": origin.span,
                "op": origin.primitive,
            }
        nodes.append(node)
    outputs = tuple(nodes[ref.index] for ref in program.outputs)
    graph.output(outputs[0] if len(outputs) == 1 else outputs)
    graph.lint()
    return graph


def construct(module: Module) -> nn.Module:
    """A module by its class and arguments."""
    made = resolve(module.type)(*module.args, **module.arguments())
    assert isinstance(made, nn.Module)
    return made


_KINDS = {
    "input": "placeholder",
    "weight": "get_attr",
    "module": "call_module",
    "function": "call_function",
    "method": "call_method",
}


def _node(graph: fx.Graph, instruction: Instruction, nodes: list[fx.Node]) -> fx.Node:
    target: Any = (
        resolve(instruction.target)
        if instruction.kind == "function"
        else instruction.target
    )
    args = substitute(instruction.args, lambda ref: nodes[ref.index])
    kwargs = {
        name: substitute(value, lambda ref: nodes[ref.index])
        for name, value in instruction.kwargs
    }
    name = instruction.name.replace(".", "_")
    return graph.create_node(_KINDS[instruction.kind], target, args, kwargs, name=name)


def _attach(root: nn.Module, path: str, value: nn.Module | nn.Parameter) -> None:
    """Places a module or weight at a dotted path, with plain modules as containers in between."""
    *parts, last = path.split(".")
    at = root
    for part in parts:
        inner = at._modules.get(part)
        if inner is None:
            inner = nn.Module()
            at.add_module(part, inner)
        at = inner
    if isinstance(value, nn.Module):
        for name, inner in at._modules.get(
            last, nn.Module()
        ).named_children():  # what an edit put in before it
            value.add_module(name, inner)
        at.add_module(last, value)
    else:
        at.register_parameter(last, value)


def _reset_statistics(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_")) or "Model"

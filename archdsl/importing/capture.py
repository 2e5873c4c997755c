"""A module, captured by `torch.export`: the one file here that imports torch, and only when it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.codes import importing as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.importing.captured import Captured, Ref, Source, Step, own_path
from archdsl.importing.pt2 import place


def pytorch(source: str) -> Any:
    """The package torch, for a source that needs it. Raises DiagnosticError E0911 where it is missing."""
    try:
        import torch
    except ModuleNotFoundError as missing:
        message = (
            f"importing {source} needs the package {missing.name}, which is not installed"
        )
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[torch]'")
        ) from None
    return torch


def capture(module: Any, examples: Sequence[Any], name: str = "") -> Captured:
    """The neutral graph of a module in evaluation mode at example inputs.

    A batch of 1 is taken twice, so that it can be told from a size of 1. Raises DiagnosticError E1403 where
    `torch.export` does not follow the module.
    """
    program = exported(module, widened(examples))
    return from_program(program, name or _snake(type(module).__name__))


def widened(examples: Sequence[Any]) -> tuple[Any, ...]:
    """Example inputs with a batch of at least 2."""
    import torch

    found = []
    for example in examples:
        is_single = (
            isinstance(example, torch.Tensor) and example.dim() and example.shape[0] == 1
        )
        found.append(torch.cat([example, example]) if is_single else example)
    return tuple(found)


def exported(module: Any, examples: Sequence[Any]) -> Any:
    """The exported program of a module in evaluation mode."""
    import torch

    from archdsl_torch.export import quiet

    training = module.training
    module.eval()
    try:
        with quiet("torch"):
            return torch.export.export(module, tuple(examples), strict=False)
    except Exception as error:  # whatever the module or the tracer meets on the way
        lines = str(error).strip().splitlines() or [type(error).__name__]
        message = f"{type(module).__name__} cannot be captured: {lines[0][:300]}"
        raise DiagnosticError(codes.UNCAPTURED.error(None, message)) from error
    finally:
        module.train(training)


def from_program(program: Any, name: str) -> Captured:
    """The neutral graph of an exported program."""
    signature = program.graph_signature
    weights = {**signature.inputs_to_parameters}
    buffers = {**signature.inputs_to_buffers, **signature.inputs_to_lifted_tensor_constants}
    user = set(signature.user_inputs)
    arrays = {**program.constants, **program.state_dict}
    sources: dict[str, Source] = {}
    steps: list[Step] = []
    kinds: dict[str, str] = {}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            sources[node.name] = _source(node, weights, buffers, user)
        elif node.op == "call_function":
            steps.append(_step(node, kinds))
    outputs = tuple((str(each), called) for each, called in _outputs(program))
    return Captured(
        name,
        "aten",
        sources,
        tuple(steps),
        outputs,
        lambda key: _numbers(arrays[key]),
        kinds,
    )


def _source(
    node: Any, weights: Mapping[str, str], buffers: Mapping[str, str], user: set[str]
) -> Source:
    value = node.meta.get("val")
    shape = tuple(int(n) for n in getattr(value, "shape", ()))
    if node.name in weights:
        return Source(node.name, "weight", weights[node.name], shape)
    if node.name in buffers:
        return Source(node.name, "constant", buffers[node.name], shape)
    return Source(node.name, "input" if node.name in user else "constant", node.name, shape)


def _step(node: Any, kinds: dict[str, str]) -> Step:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    for path, kind in stack:
        kinds[path] = (
            kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
        )
    path = own_path(node.meta.get("custom"))
    if path is None:
        path = stack[-1][0] if stack else ""
    kwargs = {key: _arg(value) for key, value in node.kwargs.items()}
    args = tuple(map(_arg, node.args))
    return Step(
        _target(node.target),
        args,
        kwargs,
        (node.name,),
        path,
        place({"stack_trace": node.meta.get("stack_trace") or ""}),
    )


def _target(target: Any) -> str:
    """`aten.conv2d` of `aten.conv2d.default`, `_operator.getitem` of a function."""
    name = getattr(target, "_schema", None)
    if name is not None:
        return str(name.name).replace("::", ".")
    return f"{getattr(target, '__module__', '')}.{getattr(target, '__name__', target)}"


def _arg(value: Any) -> Any:
    from torch import fx

    if isinstance(value, fx.Node):
        return Ref(value.name)
    if isinstance(value, list | tuple):
        return tuple(map(_arg, value))
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _outputs(program: Any) -> Iterator[tuple[str, str | None]]:
    import torch.utils._pytree as pytree

    names = [
        spec.arg.name
        for spec in program.graph_signature.output_specs
        if spec.kind.name == "USER_OUTPUT"
    ]
    keys: list[str | None] = [None] * len(names)
    spec = program.call_spec.out_spec
    try:
        filled = pytree.tree_unflatten(list(range(len(names))), spec)
    except (ValueError, TypeError):
        filled = None
    if isinstance(filled, Mapping):
        for key, place in filled.items():
            if isinstance(place, int):
                keys[place] = str(key)
    yield from zip(names, keys, strict=True)


def _numbers(tensor: Any) -> Any:
    return (
        tensor.detach().cpu().float().numpy()
        if tensor.is_floating_point()
        else tensor.detach().cpu().numpy()
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()

"""The emitted Python source is the fx module: node for node, module for module, key for key, bit for bit."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import torch
from sample_models import MODELS
from torch import fx
from torch.fx.operator_schemas import normalize_function

from archdsl_python import source
from archdsl_torch import compile as compile_model
from archdsl_torch.export import examples


def emitted(text: str) -> torch.nn.Module:
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(text, "emitted.py", "exec"), namespace)
    model = namespace["model"](3)
    assert isinstance(model, torch.nn.Module)
    return model


def normal(node: fx.Node, number: dict[fx.Node, int]) -> tuple[Any, ...]:
    """A node without the ways in which one call can be written: arguments by name, defaults left out."""
    args, kwargs = node.args, dict(node.kwargs)
    if node.op == "call_function" and isinstance(node.target, FunctionType):
        named = normalize_function(
            node.target, node.args, node.kwargs, normalize_to_only_use_kwargs=True
        )
        assert named is not None
        args, kwargs = named.args, named.kwargs
        parameters = inspect.signature(node.target).parameters
        known = {n: p.default for n, p in parameters.items()}
        unsaid = {"return_indices": False, "ceil_mode": False, "dilation": 1, "padding": 0}
        kwargs = {n: v for n, v in kwargs.items() if known.get(n, unsaid.get(n)) != v}
    numbered = fx.node.map_arg((args, kwargs), lambda n: f"%{number[n]}")
    return node.op, node.target, repr(numbered)


def normalised(graph: fx.Graph) -> list[tuple[Any, ...]]:
    number = {node: n for n, node in enumerate(graph.nodes)}
    return [normal(node, number) for node in graph.nodes]


@pytest.mark.parametrize("name", MODELS)
def test_the_source_is_the_fx_module(name: str) -> None:
    graph = MODELS[name]()
    ours = compile_model(graph, seed=3)
    theirs = emitted(source(graph))
    assert normalised(fx.symbolic_trace(theirs).graph) == normalised(ours.graph)
    for node in ours.graph.nodes:
        if node.op == "call_module":
            assert repr(ours.get_submodule(node.target)) == repr(
                theirs.get_submodule(node.target)
            )
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in theirs.state_dict().items()
    }
    for key, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[key]), key
    inputs = [torch.randn_like(x) for x in examples(graph)]
    for mode in (True, False):
        results = []
        for model in (ours.train(mode), theirs.train(mode)):
            torch.manual_seed(0)
            results.append(model(*inputs))
        for a, b in zip(
            *((r,) if isinstance(r, torch.Tensor) else r for r in results), strict=True
        ):
            assert torch.equal(a, b)


def test_loops_and_classes() -> None:
    text = source(MODELS["convolutional"]())
    assert (
        "for group in self.group:\n            x = group(x)" in text
        or "for group in self.group:" in text
    )
    assert text.count("class Mbconv3d") == 2  # with and without a shortcut
    assert text.count("class Se(") == 1
    assert text.count("class Group(") == 1


def test_emitting_does_not_import_torch(tmp_path: Path) -> None:
    here = Path(__file__).parent
    program = (
        f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[1])!r}, {str(here.parents[1] / 'backends')!r}]\n"
        "from sample_models import transformer\nimport archdsl_python\narchdsl_python.source(transformer())\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""Names of the text that PyTorch's exporter uses itself: parameters that are called as an operator."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archdsl.architecture import load
from archdsl.ir.graph import Graph
from archdsl_torch import compile as compile_model
from archdsl_torch import write
from archdsl_torch.export import exported

NAMED_AS_OPERATORS = {
    "operators": "param conv2d: [c = 4] = 1\n  param mul: [c = 4] = 2\n"
    "  output (x -> conv(4, 3)) * conv2d * mul",
    "numbered": "param mul: [c = 4] = 1\n  y = x * mul\n  param mul_1: [c = 4] = 2\n  output y * mul_1 * mul",
    "prefixes": "param a: [c = 4] = 1\n  param p_a: [c = 4] = 2\n  param self_add: [c = 4] = 3\n"
    "  output x * a * p_a + self_add",
    "nested": "y = x -> conv(4, 3) as stem\n  output y -> conv(4, 3) as stem_weight",
}

every_case = pytest.mark.parametrize("case", NAMED_AS_OPERATORS)


def graph_of(case: str, folder: Path) -> Graph:
    path = folder / "net.arch"
    text = f"arch 1\n\nmodel net() {{\n  input x: [b, c = 4, h = 8, w = 8]\n  {NAMED_AS_OPERATORS[case]}\n}}\n"
    path.write_text(text, encoding="utf-8")
    return load(str(path)).graph


@every_case
def test_a_program_can_be_decomposed(case: str, tmp_path: Path) -> None:
    graph = graph_of(case, tmp_path)
    model = compile_model(graph).eval()
    program = exported(model, graph)
    x = torch.randn(3, 4, 8, 8)
    torch.testing.assert_close(program.run_decompositions().module()(x), model(x))
    assert set(program.state_dict) == set(model.state_dict())


@every_case
def test_each_node_of_a_program_says_where_it_comes_from(case: str, tmp_path: Path) -> None:
    graph = graph_of(case, tmp_path)
    program = exported(compile_model(graph), graph)
    spans = {
        op.name: {str(o.span) for o in graph.ops() if o.name == op.name}
        for op in graph.ops()
    }
    for node in program.graph.nodes:
        said = node.meta.get("custom")
        if said and said["op"] in spans:
            assert said["span"] in spans[said["op"]]
    held = {spec.arg.name: spec.target for spec in program.graph_signature.input_specs}
    for node in program.graph.nodes:
        if node.op == "placeholder" and "custom" in node.meta:
            assert node.meta["custom"]["path"] == held[node.name]


@every_case
def test_onnx(case: str, tmp_path: Path) -> None:
    runtime = pytest.importorskip(
        "onnxruntime", reason="needs ONNX Runtime: pip install onnxruntime"
    )
    pytest.importorskip(
        "onnxscript", reason="needs ONNX Script: pip install 'archdsl[onnx]'"
    )
    graph = graph_of(case, tmp_path)
    model = compile_model(graph).eval()
    write(graph, tmp_path / "net.onnx", weights=model.state_dict())
    x = torch.randn(3, 4, 8, 8)
    (found,) = runtime.InferenceSession(tmp_path / "net.onnx").run(None, {"x": x.numpy()})
    torch.testing.assert_close(
        torch.from_numpy(found), model(x).detach(), rtol=1e-4, atol=1e-4
    )

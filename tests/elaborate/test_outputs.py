"""The names of outputs and the order of their dimensions: what is said, what is not, and what every form
makes of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.architecture import Architecture
from archdsl.compare import apply, as_facts, diff, patch
from archdsl.diagnostics.source import Source
from archdsl.ir.printer import print_graph
from archdsl.questions.summary import summarise
from archdsl.syntax.parser import parse
from archdsl.syntax.yaml_form import from_yaml
from archdsl.syntax.yaml_writer import to_yaml

_TEXT = """
arch 1

block pair {
  input x, y
  output x + y: [h, c, b, w], x * y
}

model net {
  input x: [b, c = 16, h = 8, w = 4]
  relu = x -> conv(16) -> relu
  s, p = (x, relu) -> pair
  param cls: [c = 16] = normal(0.1)
  output relu: [b, h, w, c], x, s -> mean(@hw): [c = 16, b], p, cls, p
}

model own {
  input x: [b, c = 4, h = 8, w = 4]
  x = x -> conv(4)
  output x: [w, h, c, b]
}

model plain {
  input x: [b, c = 4, h = 8, w = 4]
  x = x -> conv(4)
  output x
}

model renamed {
  input x: [b, c = 4, h = 8, w = 4]
  y = x -> conv(4)
  output y
}

model several {
  input x: [b, c = 16, h = 8, w = 4]
  x = x -> conv(16)
  output (x, x) -> pair
}

space chosen {
  input x: [b, c = 4, h = 8, w = 4]
  kernel ~ [1, 3]
  y = x -> conv(4, kernel)
  output y -> mean(@hw): [c, b]
}
"""


def _load(tmp_path: Path, name: str) -> Architecture:
    file = tmp_path / "outputs.arch"
    file.write_text(_TEXT.lstrip(), encoding="utf-8")
    return archdsl.load(f"{file}:{name}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("net", "relu bhwc, output_1 bchw, output_2 cb, p bchw, cls c, output_5 bchw"),
        ("own", "output whcb"),
        ("plain", "output bchw"),
        ("renamed", "y bchw"),
        ("several", "output_0 bchw, output_1 bchw"),
        ("chosen", "output cb"),
    ],
)
def test_names_and_orders(tmp_path: Path, name: str, said: str) -> None:
    graph = _load(tmp_path, name).graph
    assert ", ".join(f"{result.name} {result.dims}" for result in graph.results) == said
    assert [(key, "".join(shape)) for key, shape in summarise(graph).outputs.items()] == [
        (r.name, r.dims) for r in graph.results
    ]


@pytest.mark.parametrize("name", ["net", "own", "several"])
def test_the_text_survives_yaml(tmp_path: Path, name: str) -> None:
    tree, _ = parse(Source("outputs.arch", _TEXT.lstrip()))
    again, found = from_yaml(Source("outputs.yaml", to_yaml(tree)))
    assert not found
    assert again == tree


def test_every_form_returns_the_order_of_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = _load(tmp_path, "net")
    x = torch.randn(3, 16, 8, 4)
    module = archdsl.compile(net).eval()
    found = module(x)
    assert [tuple(t.shape) for t in found] == [
        (3, 8, 4, 16),
        (3, 16, 8, 4),
        (16, 3),
        (3, 16, 8, 4),
        (16,),
        (3, 16, 8, 4),
    ]
    from archdsl_python import write

    write(net.graph, tmp_path / "outputs_as_source.py")
    monkeypatch.syspath_prepend(tmp_path)
    source = __import__("outputs_as_source").Net().eval()
    source.load_state_dict(module.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(source(x), found, strict=True))
    sys.modules.pop("outputs_as_source")


def test_the_supergraphs_return_it_too(tmp_path: Path) -> None:
    chosen = _load(tmp_path, "chosen")
    for mode in ("mixed", "sampled"):
        supergraph = archdsl.supergraph(chosen, mode)
        if mode == "sampled":
            supergraph.set(chosen.sample())
        assert tuple(supergraph(torch.zeros(3, 4, 8, 4)).shape) == (4, 3)


def test_onnx_has_the_names_of_the_text(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs ONNX: pip install 'archdsl[onnx]'")
    pytest.importorskip(
        "onnxscript", reason="needs ONNX Script: pip install 'archdsl[onnx]'"
    )
    from archdsl_torch import write

    net = _load(tmp_path, "net")
    write(net.graph, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in model.graph.input] == ["x"]
    assert [value.name for value in model.graph.output] == [
        result.name for result in net.graph.results
    ]
    shapes = [
        [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in model.graph.output
    ]
    assert shapes[:3] == [
        ["batch", "x_h", "x_w", 16],
        ["batch", 16, "x_h", "x_w"],
        [16, "batch"],
    ]


@pytest.mark.parametrize(("other", "field"), [("own", "order"), ("renamed", "name")])
def test_diffs_and_patches_tell_of_them(tmp_path: Path, other: str, field: str) -> None:
    a, b = _load(tmp_path, "plain").graph, _load(tmp_path, other).graph
    edits = as_facts(diff(a, b))["edits"]
    assert [(edit["path"], edit["field"]) for edit in edits] == [("output", field)]
    assert print_graph(apply(patch(a, b), a)) == print_graph(b)
    assert json.dumps(as_facts(diff(a, a))["edits"]) == "[]"

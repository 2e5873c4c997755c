"""Tensors by formulas of their positions: their numbers, and the same in every form."""

from __future__ import annotations

import copy
import importlib.util
import math
import pickle
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
import torch

import archdsl
import archdsl_torch
from archdsl.architecture import Architecture
from archdsl.diagnostics.diagnostic import DiagnosticError
from tests.strategies.specs import Spec, elaborate

# A formula over i = 5 and j = 4, and the same in Python.
FORMULAS: dict[str, Callable[[int, int], float]] = {
    "if j > i then -inf else 0": lambda i, j: -math.inf if j > i else 0,
    "i - 2 * j + 0.5": lambda i, j: i - 2 * j + 0.5,
    "(i - 3) // 2": lambda i, j: (i - 3) // 2,
    "(i - 3) % 2 + j / 4": lambda i, j: (i - 3) % 2 + j / 4,
    "-exp(-i) * sin(j) + cos(pi * i)": lambda i, j: (
        -math.exp(-i) * math.sin(j) + math.cos(math.pi * i)
    ),
    "log(i + 1) + sqrt(j) + pow(2, -i) + pow(j, 3)": (
        lambda i, j: math.log(i + 1) + math.sqrt(j) + 2.0**-i + j**3
    ),
    "min(i, j) + max(i, 2, j) - min(3, i) + max(i)": lambda i, j: (
        min(i, j) + max(i, 2, j) - min(3, i) + i
    ),
    "int((i - 3) / 2) + floor(-j / 2) + ceil(i / 2) + round(j / 2)": (
        lambda i, j: int((i - 3) / 2) + math.floor(-j / 2) + math.ceil(i / 2) + round(j / 2)
    ),
    "if i == j or not (i < 2) and j != 3 then 1 else abs(i - j)": (
        lambda i, j: 1 if i == j or (not i < 2 and j != 3) else abs(i - j)
    ),
    "if i >= 2 and true then 1 else if j <= 1 then 2 else 3": (
        lambda i, j: 1 if i >= 2 else 2 if j <= 1 else 3
    ),
    "0.1": lambda i, j: 0.1,
    "i": lambda i, j: i,
    "distance(i, far = 2) * distance(j)": lambda i, j: min(i, 2) * min(j, 3),
}
HEAD = "arch 1\nfn distance(a, far = 3) = min(abs(a), far)\n"


def architecture(body: str, kind: str = "model") -> Architecture:
    return Architecture(
        elaborate(Spec(f"{HEAD}{kind} m {{\n{body}\n}}\n", ("m",), frozenset()))
    )


def with_formula(formula: str) -> Architecture:
    body = f"input x: [b, i = 5, j = 4] const table: [i = 5, j = 4] = {formula} output x + table"
    return architecture(body)


@pytest.mark.parametrize("formula", FORMULAS)
def test_numbers(formula: str) -> None:
    found = archdsl.compile(with_formula(formula))(torch.zeros(1, 5, 4))[0]
    function = FORMULAS[formula]
    expected = torch.tensor([[float(function(i, j)) for j in range(4)] for i in range(5)])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("formula", FORMULAS)
def test_source_says_the_same(formula: str, tmp_path: Path) -> None:
    import archdsl_python

    model = with_formula(formula)
    archdsl_python.write(model.graph, tmp_path / "net.py")
    spec = importlib.util.spec_from_file_location("net", tmp_path / "net.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    x = torch.zeros(1, 5, 4)
    assert torch.equal(module.M()(x), archdsl.compile(model)(x))
    assert not module.M().state_dict()


MASKED = """
  input x: [b, c = 8, n = 6]
  const table: [n = 6, c = 8] = sin(n + c)
  const mask: [n = 6, m = 6] = if m > n then -inf else 0
  x = x + table -> linear(8) as mix
  scores = (x, x -> rename(@n, @m)) -> dot(@c)
  output (scores + mask -> softmax(@m), x -> rename(@n, @m)) -> dot(@m)
"""


def test_a_buffer_and_no_parameter() -> None:
    net = archdsl.compile(architecture(MASKED))
    assert set(net.state_dict()) == {"mix.weight", "mix.bias"}
    assert set(dict(net.named_buffers())) == {"table", "mask"}
    assert architecture(MASKED).cost([{}])["params"].tolist() == [8 * 8 + 8]
    x = torch.randn(2, 8, 6)
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), copy.copy(net)):
        assert torch.equal(copied(x), net(x))
        assert set(copied.state_dict()) == {"mix.weight", "mix.bias"}
    assert net.double()(x.double()).dtype == torch.float64
    assert (archdsl.compile(architecture(MASKED), meta=True)).get_buffer("mask").shape == (
        6,
        6,
    )


@pytest.mark.parametrize("suffix", ["pt2", "onnx"])
def test_exported(suffix: str, tmp_path: Path) -> None:
    model = architecture(MASKED)
    net = archdsl.compile(model)
    path, x = tmp_path / f"net.{suffix}", torch.randn(3, 8, 6)
    if suffix == "onnx":
        runtime = pytest.importorskip(
            "onnxruntime", reason="needs ONNX Runtime: pip install onnxruntime"
        )
        pytest.importorskip(
            "onnxscript", reason="needs ONNX Script: pip install 'archdsl[onnx]'"
        )
    archdsl_torch.write(model.graph, path, weights=net.state_dict())
    if suffix == "onnx":
        (found,) = runtime.InferenceSession(path).run(None, {"x": x.numpy()})
        torch.testing.assert_close(
            torch.from_numpy(found), net(x).detach(), rtol=1e-4, atol=1e-4
        )
    else:
        torch.testing.assert_close(torch.export.load(path).module()(x), net(x))


SPACE = """
  input x: [b, c = 3, n = 6]
  width ~ 4..8 by 2
  far ~ [1, 2]
  x = x -> linear(width) as widen
  const slope: [c = width] = 1 / (c + far)
  const near: [n = 6, m = 6] = if abs(n - m) > far then 0 else 1
  x = (x * slope, near) -> dot(@n)
  output x -> linear(2) as narrow
"""


@pytest.mark.parametrize("mode", ["sampled", "mixed"])
def test_a_supergraph_has_those_of_each_architecture(mode: str) -> None:
    """A constant depends on a size, on a choice or on both."""
    space = architecture(SPACE, "space")
    above = archdsl.supergraph(space, mode=mode).double()
    x = torch.randn(2, 3, 6, dtype=torch.float64)
    seen = set()
    for width, far in product(("4", "6", "8"), ("1", "2")):
        genotype = {"width": width, "far": far}
        alone = archdsl.compile(space.fix(genotype)).double()
        alone.load_state_dict(above.extract(genotype))
        above.set(genotype)
        torch.testing.assert_close(above(x), alone(x), rtol=1e-9, atol=1e-9)
        seen.add(float(alone(x).sum().detach()))
    assert len(seen) == 6


def test_no_number_is_an_error() -> None:
    with pytest.raises(DiagnosticError, match=r"has no value at i = 1, j = 0"):
        archdsl.compile(with_formula("(i - 1) / (i - 1)"))


def test_what_it_is_called_clashes_with_nothing() -> None:
    body = """input x: [b, c = 4, n = 3]
    const conv: [c = 4] = c
    const drop: [c = 4] = 2 * c
    const norm: [c = 4] = 3 * c
    x = x + conv + drop + norm
    output x -> linear(4) as conv -> dropout(0.5) as drop -> batch_norm(affine = false) as norm"""
    net = archdsl.compile(architecture(body)).eval()
    zero = torch.zeros(1, 4, 3)
    expected = (
        net.conv((6.0 * torch.arange(4)).reshape(1, 1, 4)).reshape(1, 4, 1).expand(1, 4, 3)
    )
    torch.testing.assert_close(net(zero), expected / (1 + 1e-5) ** 0.5)


def test_a_shared_block_has_one() -> None:
    text = """arch 1
block scaled(times = 2) {
  input x
  const table: [c = x.c] = times * c
  output x * table -> linear(x.c) as mix
}
model m {
  input x: [b, c = 4]
  step = shared scaled
  output x -> step -> step as again
}
"""
    net = archdsl.compile(Architecture(elaborate(Spec(text, ("m",), frozenset()))))
    assert len(dict(net.named_buffers())) == 1
    x = torch.ones(1, 4)
    assert net(x).shape == (1, 4)

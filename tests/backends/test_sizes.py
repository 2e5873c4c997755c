"""Compiled forms look at their inputs: modules, copies and pickles of them, supergraphs, emitted files,
exported programs.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import torch
from torch import fx

import archdsl
import archdsl_python
import archdsl_torch
from archdsl.architecture import Architecture, load
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl_torch.compiled import Compiled

# `same` on an odd size pads otherwise than on an even one; a size in arithmetic; a pad up to a multiple;
# positions as tokens.
SIZED = """arch 1
model same {
  input x: [b, c = 3, h = 7, w = 7]
  output x -> conv(4, 3, 2, padding = "same") as c
}
model scaled {
  input x: [b, c = 3, h = 4, w = 4]
  output x / (x.h * x.w)
}
model padded {
  input x: [b, c = 3, t = 6]
  output x -> pad(t = (0, -x.t % 4)) -> split(@t, @ta, a = 4)
}
model tok {
  input x: [b, c = 3, h = 4, w = 4]
  output x -> merge(@hw, @n) -> linear(5) as l -> split(@n, @hw, h = 4)
}
model open {
  input x: [b, c = 3, h = 16, w = 16]
  y = x -> conv(4, 3, 2) as c -> batch_norm as n -> relu
  output y + (x -> conv(4, 1, 2) as d) -> max_pool(3) -> mean(@hw) -> linear(5) as l
}
space searched {
  input x: [b, c = 3, h = 8, w = 8]
  layer ~ [narrow: conv(4, 3), tokens: merge(@hw, @n) -> linear(4) -> split(@n, @hw, h = 8)]
  output x -> layer -> mean(@hw)
}
space pooled {
  input x: [b, c = 3, h = 8, w = 8]
  layer ~ [max: max_pool(2, 2), conv: conv(3, 3, 2)]
  output x -> layer -> mean(@hw)
}
"""

Of: TypeAlias = Callable[[str], Architecture]


@pytest.fixture
def of(tmp_path: Path) -> Of:
    path = tmp_path / "sized.arch"
    path.write_text(SIZED)
    return lambda name: load(f"{path}:{name}")


def emitted(model: Architecture) -> torch.nn.Module:
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(archdsl_python.source(model.graph), "emitted.py", "exec"), names)
    made = names["model"]()
    assert isinstance(made, torch.nn.Module)
    return made


TWICE = [
    ("same", 14, "h = 7 (or 1, 3, 5, …)"),
    ("scaled", 8, "h = 4, w = 4;"),
    ("tok", 8, "h = 4, w = 4;"),
]


@pytest.mark.parametrize(("name", "size", "says"), TWICE)
def test_twice_the_size_is_refused_by_module_and_file(
    of: Of, name: str, size: int, says: str
) -> None:
    x = torch.zeros(2, 3, size, size)
    with pytest.raises(DiagnosticError) as ours:
        archdsl.compile(of(name))(x)
    with pytest.raises(ValueError, match="E0954") as theirs:
        emitted(of(name))(x)
    assert str(ours.value) == str(theirs.value)
    assert [d.code for d in ours.value.diagnostics] == ["E0954"]
    for part in (
        f"`{name}` is fed `x` with h = {size}, w = {size}",
        says,
        f"`--input x=1x3x{size}x{size}`",
        "`inputs=`",
        "`--set`",
    ):
        assert part in str(ours.value)


def test_a_number_of_frames_that_is_padded_up_is_refused(of: Of) -> None:
    net = archdsl.compile(of("padded"))
    assert net(torch.zeros(2, 3, 6)).shape == (2, 3, 2, 4)
    with pytest.raises(DiagnosticError, match="t = 12, but was compiled for t = 6;"):
        net(torch.zeros(2, 3, 12))


def test_the_channels_of_a_layer_and_the_number_of_dimensions(of: Of) -> None:
    for net in (archdsl.compile(of("open")), emitted(of("open"))):
        with pytest.raises(
            Exception,
            match="E0954: `open` is fed `x` with c = 4, but was compiled for c = 3",
        ):
            net(torch.zeros(2, 4, 16, 16))
        with pytest.raises(
            Exception,
            match=r"E0954: `open` takes `x` as \[b, c, h, w\], and is fed 3 dimensions",
        ):
            net(x=torch.zeros(3, 16, 16))
        with pytest.raises(
            Exception, match=r"h = 4, but was compiled for h = 16 \(or 5, 6, 7, …\)"
        ):
            net(torch.zeros(2, 3, 4, 16))


def test_what_is_open_is_computed(of: Of, tmp_path: Path) -> None:
    net = archdsl.compile(of("open"))
    other = load(f"{tmp_path / 'sized.arch'}:open", inputs="x=1x3x9x31")
    x = torch.randn(2, 3, 9, 31)
    assert torch.equal(net(x), archdsl.compile(other, weights=net.state_dict())(x))


def test_copies_and_pickles_check_too(of: Of) -> None:
    net = archdsl.compile(of("same")).eval()
    x = torch.randn(2, 3, 7, 7)
    saved = io.BytesIO()
    torch.save(net, saved)
    saved.seek(0)
    pickled = pickle.loads(pickle.dumps(net))
    for one in (
        copy.deepcopy(net),
        copy.copy(net),
        pickled,
        copy.deepcopy(pickled),
        torch.load(saved, weights_only=False),
    ):
        assert isinstance(one, Compiled)
        assert type(one).__name__ == "Same"
        assert one.state_dict().keys() == net.state_dict().keys()
        assert not one.training
        assert torch.equal(one(x), net(x))
        for call in (one, one.forward):
            with pytest.raises(DiagnosticError, match="E0954"):
                call(torch.zeros(2, 3, 14, 14))


def test_what_is_traced_is_without_the_check(of: Of) -> None:
    net = archdsl.compile(of("same"))
    around = torch.nn.Sequential(net, torch.nn.ReLU())
    assert [n.target for n in fx.symbolic_trace(net).graph.nodes] == [
        n.target for n in net.graph.nodes
    ]
    assert "call_module" in {n.op for n in fx.symbolic_trace(around).graph.nodes}
    sizes = torch.export.export(
        net, (torch.zeros(2, 3, 7, 7),), dynamic_shapes=({0: torch.export.Dim("batch")},)
    )
    assert sizes.module()(torch.zeros(5, 3, 7, 7)).shape == (5, 4, 4, 4)


def test_a_sampled_supergraph_takes_what_its_architecture_takes(of: Of) -> None:
    sup = archdsl.supergraph(of("searched"))
    sup.set({"layer": "narrow"})
    assert sup(torch.zeros(2, 3, 5, 9)).shape == (2, 4)
    sup.set({"layer": "tokens"})
    with pytest.raises(
        DiagnosticError,
        match="E0954: `searched` is fed `x` with h = 5, w = 9, but was compiled for h = 8, w = 8",
    ):
        sup(torch.zeros(2, 3, 5, 9))


def test_a_mixed_supergraph_takes_what_all_take(of: Of) -> None:
    sup = archdsl.supergraph(of("searched"), mode="mixed")
    with pytest.raises(DiagnosticError, match="E0954: `searched` is fed `x` with h = 5"):
        sup(torch.zeros(2, 3, 5, 8))
    halved = archdsl.supergraph(
        of("pooled"), mode="mixed"
    )  # a pool drops the last of an odd number, a convolution does not
    assert halved(torch.zeros(2, 3, 8, 8)).shape == (2, 3)
    with pytest.raises(DiagnosticError, match="E0954"):
        halved(torch.zeros(2, 3, 7, 8))


def test_an_exported_program_is_open_where_the_module_is(of: Of, tmp_path: Path) -> None:
    net = archdsl.compile(of("open")).eval()
    archdsl_torch.write(of("open").graph, tmp_path / "open.pt2", weights=net.state_dict())
    program = torch.export.load(tmp_path / "open.pt2").module()
    for shape in ((1, 3, 16, 16), (2, 3, 5, 40)):
        x = torch.randn(shape)
        torch.testing.assert_close(program(x), net(x))
    with pytest.raises(Exception, match=r"(?i)guard|expected"):
        program(torch.zeros(2, 3, 4, 16))
    archdsl_torch.write(of("same").graph, tmp_path / "same.pt2")
    with pytest.raises(Exception, match=r"(?i)guard|expected"):
        torch.export.load(tmp_path / "same.pt2").module()(torch.zeros(2, 3, 9, 9))


def test_onnx_names_the_open_dimensions(of: Of, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    found = {}
    for name in ("open", "same"):
        archdsl_torch.write(of(name).graph, tmp_path / f"{name}.onnx")
        found[name] = (
            onnx.InferenceSession(str(tmp_path / f"{name}.onnx")).get_inputs()[0].shape
        )
    assert found == {"open": ["batch", 3, "x_h", "x_w"], "same": ["batch", 3, 7, 7]}

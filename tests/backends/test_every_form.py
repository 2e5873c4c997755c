"""Primitives that are PyTorch's own layers: the text, and each form that it is compiled to, give what those
layers give.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.architecture import Architecture
from tests.strategies.specs import Spec, elaborate


class Function(torch.nn.Module):
    """A function of PyTorch as a layer."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def convolution() -> torch.nn.Module:
    """`conv(12, 3)`."""
    return torch.nn.Conv3d(8, 12, 3, padding=1, bias=False)


# The text of a chain after `x: [b, c = 8, t = 4, h = 6, w = 6]`, and PyTorch's own layers.
CHAINS = {
    "hardswish": (
        "conv(12, 3) as a -> hardswish",
        [torch.nn.Conv3d(8, 12, 3, padding=1, bias=False), torch.nn.Hardswish()],
    ),
    "group_norm": (
        "conv(12, 3) as a -> group_norm(4) as n -> relu",
        [
            torch.nn.Conv3d(8, 12, 3, padding=1, bias=False),
            torch.nn.GroupNorm(4, 12),
            torch.nn.ReLU(),
        ],
    ),
    "rms_norm": (
        "conv(12, 3) as a -> rms_norm(@hw, 1e-3) as n -> relu",
        [convolution(), torch.nn.RMSNorm((6, 6), 1e-3), torch.nn.ReLU()],
    ),
    "activations": (
        "conv(12, 3) as a -> leaky_relu(0.1) -> prelu(channelwise = true) as p -> elu(0.5) -> softplus(2)"
        " -> mish -> hardtanh(-0.5, 1.5) -> hardsigmoid -> prelu as q",
        [
            convolution(),
            torch.nn.LeakyReLU(0.1),
            torch.nn.PReLU(12),
            torch.nn.ELU(0.5),
            torch.nn.Softplus(2),
            torch.nn.Mish(),
            torch.nn.Hardtanh(-0.5, 1.5),
            torch.nn.Hardsigmoid(),
            torch.nn.PReLU(),
        ],
    ),
    "mathematics": (
        "conv(12, 3) as a -> clamp(-2, 2) -> sin -> erf -> abs -> clamp(0.3) -> sqrt -> log -> exp -> rsqrt"
        " -> pow(1.5) -> cos",
        [
            convolution(),
            *map(
                Function, (lambda x: torch.clamp(x, -2, 2), torch.sin, torch.erf, torch.abs)
            ),
            *map(
                Function,
                (
                    lambda x: torch.clamp(x, 0.3),
                    torch.sqrt,
                    torch.log,
                    torch.exp,
                    torch.rsqrt,
                ),
            ),
            *map(Function, (lambda x: torch.pow(x, 1.5), torch.cos)),
        ],
    ),
    "reductions": (
        "conv(12, 3) as a -> max(@h) -> vector_norm(@w) -> sum(@t) -> min(@c)",
        [
            convolution(),
            Function(lambda x: x.amax(3)),
            Function(lambda x: torch.linalg.vector_norm(x, 2, 3)),
            Function(lambda x: x.sum(2)),
            Function(lambda x: x.amin(1)),
        ],
    ),
}


def architecture(name: str) -> Architecture:
    text = f"arch 1\nmodel m {{\n  input x: [b, c = 8, t = 4, h = 6, w = 6]\n  output x -> {CHAINS[name][0]}\n}}\n"
    return Architecture(elaborate(Spec(text, ("m",), frozenset())))


def theirs(name: str) -> torch.nn.Module:
    """PyTorch's layers with weights that are the same in every form."""
    chain = torch.nn.Sequential(*CHAINS[name][1])
    random = torch.Generator().manual_seed(3)
    for weight in chain.parameters():
        torch.nn.init.normal_(weight, generator=random)
    return chain.eval()


def drawn(batch: int) -> torch.Tensor:
    return (
        torch.randn(batch, 8, 4, 6, 6, generator=torch.Generator().manual_seed(batch)) * 3
    )


@pytest.fixture(params=CHAINS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def weights(name: str) -> dict[str, torch.Tensor]:
    """The weights of PyTorch's layers under our keys, which come in the same order."""
    keys = archdsl.compile(architecture(name)).state_dict()
    return dict(zip(keys, theirs(name).state_dict().values(), strict=True))


def test_the_module(name: str, weights: dict[str, torch.Tensor]) -> None:
    """Outputs and gradients, in training."""
    ours, own = (
        archdsl.compile(architecture(name), weights=weights).train(),
        theirs(name).train(),
    )
    x, y = drawn(2).requires_grad_(), drawn(2).requires_grad_()
    torch.testing.assert_close(ours(x), own(y))
    for net, given in ((ours, x), (own, y)):
        net(given).square().sum().backward()
    torch.testing.assert_close(x.grad, y.grad)
    for a, b in zip(ours.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_counts(name: str) -> None:
    counted = sum(p.numel() for p in theirs(name).parameters())
    assert architecture(name).cost([{}])["params"].tolist() == [counted]


def test_source(name: str, weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    import archdsl_python

    archdsl_python.write(architecture(name).graph, tmp_path / "net.py")
    spec = importlib.util.spec_from_file_location("net", tmp_path / "net.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    net = module.M()
    net.load_state_dict(weights)
    torch.testing.assert_close(net.eval()(drawn(3)), theirs(name)(drawn(3)))


def test_exported_program(
    name: str, weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    from archdsl_torch import write

    write(architecture(name).graph, tmp_path / "net.pt2", weights=weights)
    found = torch.export.load(tmp_path / "net.pt2").module()
    torch.testing.assert_close(found(drawn(3)), theirs(name)(drawn(3)))


def test_onnx(name: str, weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    runtime = pytest.importorskip(
        "onnxruntime", reason="needs ONNX Runtime: pip install onnxruntime"
    )
    pytest.importorskip(
        "onnxscript", reason="needs ONNX Script: pip install 'archdsl[onnx]'"
    )
    from archdsl_torch import write

    write(architecture(name).graph, tmp_path / "net.onnx", weights=weights)
    (found,) = runtime.InferenceSession(tmp_path / "net.onnx").run(
        None, {"x": drawn(3).numpy()}
    )
    torch.testing.assert_close(
        torch.from_numpy(found), theirs(name)(drawn(3)).detach(), rtol=1e-4, atol=1e-4
    )

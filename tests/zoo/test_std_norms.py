"""Norms that are blocks of `std`, beside PyTorch's own."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.architecture import Architecture
from tests.strategies.specs import Spec, elaborate

BLOCKS = {
    "instance_norm": ("instance_norm", torch.nn.InstanceNorm2d(8)),
    "instance_norm_affine": (
        "instance_norm(1e-3, affine = true)",
        torch.nn.InstanceNorm2d(8, 1e-3, affine=True),
    ),
    "local_response_norm": ("local_response_norm", torch.nn.LocalResponseNorm(5)),
    "local_response_norm_even": (
        "local_response_norm(4, alpha = 0.5, beta = 0.6, k = 2)",
        torch.nn.LocalResponseNorm(4, 0.5, 0.6, 2.0),
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_as_in_pytorch(name: str) -> None:
    """Outputs and gradients."""
    layer, theirs = BLOCKS[name]
    use = layer.partition("(")[0]
    text = f"arch 1\nuse std: {use}\nmodel m {{\n  input x: [b, c = 8, h = 5, w = 6]\n  output x -> {layer}\n}}\n"
    ours = archdsl.compile(Architecture(elaborate(Spec(text, ("m",), frozenset()))))
    x = torch.randn(
        3, 8, 5, 6, generator=torch.Generator().manual_seed(1), requires_grad=True
    )
    direction = torch.randn(3, 8, 5, 6, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(ours(x), theirs(x))
    found, expected = (
        torch.autograd.grad((net(x) * direction).sum(), x)[0] for net in (ours, theirs)
    )
    torch.testing.assert_close(found, expected)

"""Masks, biases and embeddings of `std` that are formulas of positions, beside a plain statement of each."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

import archdsl
from archdsl.architecture import Architecture
from tests.strategies.specs import Spec, elaborate


def model(use: str, body: str) -> Architecture:
    text = f"arch 1\nuse std: {use}\nmodel m {{\n  {body}\n}}\n"
    return Architecture(elaborate(Spec(text, ("m",), frozenset())))


def added(use: str, shape: str, call: str, sizes: tuple[int, ...]) -> torch.Tensor:
    """What a block makes, added to zeros."""
    net = archdsl.compile(
        model(use, f"input x: [b, {shape}] output x + ([] -> {call}): [b, {shape}]")
    )
    found = net(torch.zeros(1, *sizes))
    assert isinstance(found, torch.Tensor)
    return found[0]


def test_causal_mask() -> None:
    found = added("causal_mask", "n = 5, m = 5", "causal_mask(5)", (5, 5))
    assert torch.equal(found, torch.full((5, 5), -math.inf).triu(1))


def test_window_mask() -> None:
    found = added("window_mask", "n = 5, m = 5", "window_mask(5, 1)", (5, 5))
    seen = torch.ones(5, 5).triu(-1).tril(1)
    assert torch.equal(found, torch.where(seen > 0, 0.0, -math.inf))


def test_alibi() -> None:
    """The slopes of the paper for 8 heads: 1/2, 1/4, … 1/256."""
    found = added("alibi", "g = 8, n = 4, m = 4", "alibi(4, 8)", (8, 4, 4))
    distance = (torch.arange(4)[:, None] - torch.arange(4)).abs()
    expected = torch.stack([-distance / 2 ** (head + 1) for head in range(8)])
    torch.testing.assert_close(found, expected)


def test_sine_positions() -> None:
    found = added("sine_positions", "n = 6, c = 8", "sine_positions(6, 8)", (6, 8))
    expected = torch.zeros(6, 8)
    angle = torch.arange(6)[:, None] * torch.exp(
        torch.arange(0, 8, 2) * (-math.log(10000.0) / 8)
    )
    expected[:, 0::2], expected[:, 1::2] = angle.sin(), angle.cos()
    torch.testing.assert_close(found, expected)


def test_causal_attention() -> None:
    """Outputs and gradients are those of PyTorch's scaled_dot_product_attention."""
    space = model(
        "causal_attention",
        "input x: [b, n = 7, c = 12] output x -> causal_attention(3) as a: [b, n, c]",
    )
    net = archdsl.compile(space)
    w = dict(net.named_parameters())
    assert set(w) == {"a.qkv.weight", "a.qkv.bias", "a.proj.weight", "a.proj.bias"}
    x = torch.randn(
        2, 7, 12, generator=torch.Generator().manual_seed(0), requires_grad=True
    )
    heads = (
        F.linear(x, w["a.qkv.weight"], w["a.qkv.bias"])
        .reshape(2, 7, 3, 3, 4)
        .permute(2, 0, 3, 1, 4)
    )
    y = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], is_causal=True)
    expected = F.linear(
        y.transpose(1, 2).reshape(2, 7, 12), w["a.proj.weight"], w["a.proj.bias"]
    )
    torch.testing.assert_close(net(x), expected)
    learned = [x, *w.values()]
    ours, theirs = (
        torch.autograd.grad(out.square().sum(), learned) for out in (net(x), expected)
    )
    torch.testing.assert_close(ours, theirs)

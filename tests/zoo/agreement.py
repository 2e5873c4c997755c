"""Whether two modules with the same weights are the same function: outputs, statistics and gradients, in double precision."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn


def randomise(module: nn.Module, x: torch.Tensor, seed: int = 0) -> None:
    """Weights that hide nothing, no scale of 0 or 1 among them, and the running statistics of `x` under them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
            weight.copy_(noise / weight[0].numel() ** 0.5 if weight.dim() > 1 else noise.abs() + 0.5)
        norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm3d)]
        for norm in norms:
            norm.momentum = 1.0
        module.train()(x)
        for norm in norms:
            norm.momentum = 0.1


def assert_same(ours: nn.Module, plain: nn.Module, keys: Mapping[str, str], x: torch.Tensor, training: bool = False) -> None:
    """`keys` gives our key of each of plain's; both modules must have exactly these."""
    ours, plain, x = ours.double(), plain.double(), x.double()
    randomise(plain, x)
    ours.load_state_dict({keys[name]: tensor for name, tensor in plain.state_dict().items()})
    results = []
    for module in (ours, plain):
        module.train(training)
        for part in module.modules():
            if isinstance(part, nn.Dropout):
                part.eval()
        given = x.clone().requires_grad_()
        y = module(given)
        probe = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
        (y * probe).sum().backward()
        results.append((y.detach(), given.grad, {k: p.grad for k, p in module.named_parameters()}, dict(module.state_dict())))
    (y, x_grad, grads, state), (y_plain, x_grad_plain, grads_plain, state_plain) = results
    torch.testing.assert_close(y, y_plain, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(x_grad, x_grad_plain, rtol=1e-7, atol=1e-9)
    for name, grad in grads_plain.items():
        torch.testing.assert_close(grads[keys[name]], grad, rtol=1e-7, atol=1e-9, msg=lambda m, name=name: f"{name}: {m}")
    for name, tensor in state_plain.items():
        torch.testing.assert_close(state[keys[name]], tensor, rtol=1e-9, atol=1e-9, msg=lambda m, name=name: f"{name}: {m}")

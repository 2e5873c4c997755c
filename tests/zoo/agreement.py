"""Whether two modules with the same weights are the same function: outputs, statistics and gradients, in
double and single precision.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn


def randomise(
    module: nn.Module, x: torch.Tensor, seed: int = 0, scale: float = 1.0
) -> None:
    """Weights that hide nothing, no scale of 0 or 1 among them, and the running statistics of a stronger `x`
    under them.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
            weight.copy_(
                scale
                * (
                    noise / weight[0].numel() ** 0.5
                    if weight.dim() > 1
                    else noise.abs() + 0.5
                )
            )
        norms = [
            part
            for part in module.modules()
            if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d)
        ]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.momentum = 1.0
        module.train()(
            1.5 * x
        )  # not those of x itself, or a wrong momentum would change nothing
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def run(
    module: nn.Module, x: torch.Tensor, training: bool
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """What it gives, and the gradients of a probe of it by the input (under "") and by every weight."""
    module.train(training)
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.eval()
    module.zero_grad(set_to_none=True)
    given = x.clone().requires_grad_()
    y = module(given)
    probe = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    (y * probe).sum().backward()
    return y.detach(), {
        "": given.grad,
        **{name: weight.grad for name, weight in module.named_parameters()},
    }


def assert_same(
    ours: nn.Module,
    plain: nn.Module,
    keys: Mapping[str, str],
    x: torch.Tensor,
    training: bool = False,
) -> None:
    """`keys` gives our key of each of plain's; both modules must have exactly these."""
    ours, plain, x = ours.double(), plain.double(), x.double()
    randomise(plain, x)
    ours.load_state_dict(
        {keys[name]: tensor for name, tensor in plain.state_dict().items()}
    )
    (y, grads), (y_plain, grads_plain) = (
        run(module, x, training) for module in (ours, plain)
    )
    torch.testing.assert_close(y, y_plain, rtol=1e-9, atol=1e-9)
    for name, grad in grads_plain.items():
        torch.testing.assert_close(
            grads[keys.get(name, "")],
            grad,
            rtol=1e-7,
            atol=1e-9,
            msg=lambda m, name=name: f"{name}: {m}",
        )
    state, state_plain = ours.state_dict(), plain.state_dict()
    for name, tensor in state_plain.items():
        torch.testing.assert_close(
            state[keys[name]],
            tensor,
            rtol=1e-9,
            atol=1e-9,
            msg=lambda m, name=name: f"{name}: {m}",
        )


def assert_same_in_single(
    ours: nn.Module, plain: nn.Module, x: torch.Tensor, scale: float = 1.0
) -> None:
    """Two modules with the same keys agree to 1e-5 in float32 and eval: the output, and each gradient,
    relative to its largest element. Gradients that all but cancel (a bias before a softmax) count as a
    hundredth of the largest of all. A `scale` below 1 shrinks the weights: a softmax of strong activations
    magnifies rounding beyond this.
    """
    ours, plain, x = ours.float(), plain.float(), x.float()
    randomise(plain, x, scale=scale)
    ours.load_state_dict(plain.state_dict())
    (y, grads), (y_plain, grads_plain) = (
        run(module, x, training=False) for module in (ours, plain)
    )
    torch.testing.assert_close(y, y_plain, rtol=0, atol=1e-5 * y_plain.abs().max().item())
    floor = max(grad.abs().max().item() for grad in grads_plain.values()) / 100
    for name, grad in grads_plain.items():
        atol = 1e-5 * max(floor, grad.abs().max().item())
        torch.testing.assert_close(
            grads[name],
            grad,
            rtol=0,
            atol=atol,
            msg=lambda m, name=name: f"{name or 'input'}: {m}",
        )

"""The gradient of the bilevel problem of DARTS (Liu et al., equations 6 to 8): min over α of L_val(w*(α), α).

Functions of closures and of lists of tensors, so that they can be tried on any losses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[], Tensor]
Gradients = Sequence[Tensor | None]

_REACH = 0.01  # the finite difference steps this far in all, whatever the gradient's norm


def first_order(validation: Loss, alpha: Sequence[Tensor]) -> tuple[list[Tensor | None], Tensor]:
    """∇_α L_val(w, α), None where α has no part, and the loss: w stands for what it would become."""
    loss = validation()
    return list(torch.autograd.grad(loss, alpha, allow_unused=True)), loss.detach()


def second_order(
    training: Loss,
    validation: Loss,
    weights: Sequence[Tensor],
    alpha: Sequence[Tensor],
    rate: float,
    directions: Sequence[Tensor | None] | None = None,
    momentum: float = 0.0,
    decay: float = 0.0,
    reduce: Callable[[Gradients], Gradients] = tuple,
) -> tuple[list[Tensor | None], Tensor]:
    """∇_α L_val(w − ξ d(w, α), α) with d = momentum · direction + ∇_w L_train + decay · w, and the loss.

    `reduce` sums the gradients of the weights over ranks where each has a part of the losses. The
    Hessian–vector product comes from differences at w ± ε ∇_w' L_val, ε = 0.01 / ‖∇_w' L_val‖. Weights are
    moved in place and put back, bit by bit, before it returns.
    """
    kept = [w.detach().clone() for w in weights]
    steps = reduce(torch.autograd.grad(training(), weights, allow_unused=True))
    with torch.no_grad():
        for i, (w, gradient) in enumerate(zip(weights, steps, strict=True)):
            if gradient is None:
                continue
            direction = gradient + decay * w
            held = directions[i] if directions is not None else None
            w -= rate * (direction if held is None else direction + momentum * held)
    loss = validation()
    both = torch.autograd.grad(loss, [*alpha, *weights], allow_unused=True)
    direct, vector = both[: len(alpha)], reduce(both[len(alpha) :])
    norm = torch.sqrt(sum((v.square().sum() for v in vector if v is not None), torch.zeros(())))
    _put(weights, kept)
    if not norm > 0:
        return list(direct), loss.detach()
    reach = _REACH / float(norm)
    _shift(weights, vector, reach)
    above = torch.autograd.grad(training(), alpha, allow_unused=True)
    _put(weights, kept)
    _shift(weights, vector, -reach)
    below = torch.autograd.grad(training(), alpha, allow_unused=True)
    _put(weights, kept)
    return [
        _combined(d, a, b, rate / (2 * reach)) for d, a, b in zip(direct, above, below, strict=True)
    ], loss.detach()


def _put(weights: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for w, value in zip(weights, values, strict=True):
            w.copy_(value)


def _shift(weights: Sequence[Tensor], vector: Sequence[Tensor | None], scale: float) -> None:
    with torch.no_grad():
        for w, v in zip(weights, vector, strict=True):
            if v is not None:
                w += scale * v


def _combined(
    direct: Tensor | None, above: Tensor | None, below: Tensor | None, scale: float
) -> Tensor | None:
    if above is None or below is None:
        return direct
    product = scale * (above - below)
    return -product if direct is None else direct - product

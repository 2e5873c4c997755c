"""The gradient of the bilevel problem of DARTS (Liu et al., equations 6 to 8): min over α of L_val(w*(α), α).

Functions of closures and of lists of tensors, so that they can be tried on any losses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Loss = Callable[[], Tensor]
Gradients = Sequence[Tensor | None]

_REACH = 0.01  # the finite difference steps this far in all, whatever the gradient's norm


def first_order(
    validation: Loss, alpha: Sequence[Tensor]
) -> tuple[list[Tensor | None], Tensor]:
    """∇_α L_val(w, α), None where α has no part, and the loss: w stands for what it would become."""
    loss = validation()
    return list(torch.autograd.grad(loss, alpha, allow_unused=True)), loss.detach()


@dataclass(frozen=True, eq=False, slots=True)
class Ahead:
    """The step that the weights take ahead, w − rate · (momentum · direction + ∇_w L_train + decay · w); a
    weight that has not moved yet has no direction.

    `reduce` sums the gradients of the weights over ranks where each has a part of the losses.
    """

    rate: float
    directions: Sequence[Tensor | None] = ()
    momentum: float = 0.0
    decay: float = 0.0
    reduce: Callable[[Gradients], Gradients] = tuple

    def move(self, weights: Sequence[Tensor], gradients: Gradients) -> None:
        """Takes it, in place."""
        directions = self.directions or [None] * len(weights)
        with torch.no_grad():
            for w, gradient, held in zip(weights, gradients, directions, strict=True):
                if gradient is None:
                    continue
                direction = gradient + self.decay * w
                w -= self.rate * (
                    direction if held is None else direction + self.momentum * held
                )


def second_order(
    training: Loss,
    validation: Loss,
    weights: Sequence[Tensor],
    alpha: Sequence[Tensor],
    ahead: Ahead,
) -> tuple[list[Tensor | None], Tensor]:
    """∇_α L_val(w − ξ d(w, α), α), where the step of the weights is `ahead`, and the loss.

    The Hessian–vector product comes from differences at w ± ε ∇_w' L_val, ε = 0.01 / ‖∇_w' L_val‖. Weights
    are moved in place and put back, bit by bit, before it returns. Where no weight is to learn, that is the
    gradient of first order.
    """
    if not weights:
        return first_order(validation, alpha)
    kept = [w.detach().clone() for w in weights]
    ahead.move(
        weights,
        ahead.reduce(torch.autograd.grad(training(), weights, allow_unused=True)),
    )
    loss = validation()
    both = torch.autograd.grad(loss, [*alpha, *weights], allow_unused=True)
    direct, vector = both[: len(alpha)], ahead.reduce(both[len(alpha) :])
    norm = torch.sqrt(
        sum(
            (v.square().sum() for v in vector if v is not None),
            torch.zeros(()),
        )
    )
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
    scale = ahead.rate / (2 * reach)
    found = [
        _combined(d, a, b, scale) for d, a, b in zip(direct, above, below, strict=True)
    ]
    return found, loss.detach()


def _put(weights: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for w, value in zip(weights, values, strict=True):
            w.copy_(value)


def _shift(
    weights: Sequence[Tensor], vector: Sequence[Tensor | None], scale: float
) -> None:
    with torch.no_grad():
        for w, v in zip(weights, vector, strict=True):
            if v is not None:
                w += scale * v


def _combined(
    direct: Tensor | None,
    above: Tensor | None,
    below: Tensor | None,
    scale: float,
) -> Tensor | None:
    if above is None or below is None:
        return direct
    product = scale * (above - below)
    return -product if direct is None else direct - product

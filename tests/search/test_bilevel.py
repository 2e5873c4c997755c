"""The bilevel gradient against automatic differentiation straight through the inner step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from archdsl.search.strategies.bilevel import Ahead, first_order, second_order


def _problem(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(n, generator=generator, dtype=torch.float64) for n in (4, 3, 4, 4)
    )  # type: ignore[return-value]


def _training(w: Tensor, alpha: Tensor, x: Tensor) -> Tensor:
    return (
        (
            torch.softmax(alpha, 0)[0] * torch.tanh(w * x)
            + torch.softmax(alpha, 0)[1] * w
            - 1
        )
        ** 2
    ).sum()


def _validation(w: Tensor, alpha: Tensor, y: Tensor) -> Tensor:
    return ((torch.softmax(alpha, 0)[0] * w * y - torch.softmax(alpha, 0)[2]) ** 2).sum()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_second_order(momentum: float) -> None:
    w0, a0, x, y = _problem(7)
    rate, decay, held = 0.05, 3e-3, torch.linspace(-1, 1, 4, dtype=torch.float64)

    w, a = w0.clone().requires_grad_(), a0.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(_training(w, a, x), w, create_graph=True)
    ahead = w - rate * (gradient + decay * w + momentum * held)
    (exact,) = torch.autograd.grad(_validation(ahead, a, y), a)

    w, a = w0.clone().requires_grad_(), a0.clone().requires_grad_()
    (found,), loss = second_order(
        lambda: _training(w, a, x),
        lambda: _validation(w, a, y),
        [w],
        [a],
        Ahead(rate, [held], momentum, decay),
    )
    assert found is not None and torch.allclose(found, exact, rtol=2e-4, atol=1e-6)
    assert torch.allclose(loss, _validation(ahead, a0, y))
    assert torch.equal(w.detach(), w0), "the weights are back where they were, bit by bit"


def test_first_order_is_second_order_without_a_step() -> None:
    w0, a0, x, y = _problem(8)
    w, a, unused = (
        w0.clone().requires_grad_(),
        a0.clone().requires_grad_(),
        torch.zeros(2, requires_grad=True),
    )
    first, loss = first_order(lambda: _validation(w, a, y), [a, unused])
    second, same = second_order(
        lambda: _training(w, a, x),
        lambda: _validation(w, a, y),
        [w],
        [a, unused],
        Ahead(0.0),
    )
    assert first[0] is not None and second[0] is not None
    assert torch.allclose(first[0], second[0]) and torch.equal(loss, same)
    assert first[1] is None and second[1] is None

"""The Gaussian process against its textbook equations, and what its bound finds."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from archdsl.search.strategies.gaussian_process import (
    Kernel,
    covariance,
    differences,
    fit,
    upper_bound,
)


def _points(n: int, choices: int = 6, seed: int = 0) -> Tensor:
    return torch.randint(0, 4, (n, choices), generator=torch.Generator().manual_seed(seed))


def _score(points: Tensor) -> Tensor:
    """Two choices matter, and together."""
    return (points[:, 0] == 2).to(torch.float64) + 0.5 * (
        (points[:, 1] == 3) & (points[:, 0] == 2)
    ).to(torch.float64)


@pytest.mark.parametrize("kernel", ["matern", "hamming"])
def test_a_covariance(kernel: Kernel) -> None:
    points, inverse = _points(40), torch.linspace(0.1, 1.5, 6, dtype=torch.float64)
    matrix = covariance(differences(points, points), inverse, kernel)
    assert torch.allclose(
        matrix.diagonal(), torch.ones(40, dtype=torch.float64)
    ) and torch.equal(matrix, matrix.T)
    assert torch.linalg.eigvalsh(matrix).min() > -1e-9
    one = covariance(
        differences(points[:1], torch.where(torch.arange(6) == 2, 9, points[:1])),
        inverse,
        kernel,
    )
    u = inverse[2]
    expected = (
        torch.exp(-u)
        if kernel == "hamming"
        else (1 + 5**0.5 * u + 5 * u**2 / 3) * torch.exp(-(5**0.5) * u)
    )
    assert torch.allclose(one[0, 0], expected)


@pytest.mark.parametrize("kernel", ["matern", "hamming"])
def test_prediction(kernel: Kernel) -> None:
    points, new = _points(25), _points(10, seed=1)
    values = 70 + 9 * _score(points)
    process = fit(points, values, kernel)
    own = process.prior
    prior = own.variance * covariance(
        differences(points, points), own.inverse_lengths, kernel
    )
    across = own.variance * covariance(
        differences(new, points), own.inverse_lengths, kernel
    )
    noisy = prior + (own.noise + 1e-8) * torch.eye(25, dtype=torch.float64)
    scale = values.std(correction=0)
    mean, deviation = process.predict(new)
    assert torch.allclose(
        mean,
        values.mean() + across @ torch.linalg.inv(noisy) @ (values - values.mean()),
        atol=1e-6,
    )
    spread = own.variance - (across @ torch.linalg.inv(noisy) * across).sum(1)
    assert torch.allclose(deviation, scale * spread.clamp_min(0).sqrt(), atol=1e-6)
    assert torch.allclose(upper_bound(process, new, 1.8), mean + 1.8 * deviation)


def test_pending_points_only_narrow() -> None:
    process, new = fit(_points(20), _score(_points(20)), "matern"), _points(6, seed=3)
    after = process.including(new[:2])
    assert torch.allclose(after.predict(new)[0], process.predict(new)[0], atol=0.3)
    assert bool((after.predict(new)[1] <= process.predict(new)[1] + 1e-9).all())
    assert bool((after.predict(new[:2])[1] < process.predict(new[:2])[1]).all())


@pytest.mark.parametrize("kernel", ["matern", "hamming"])
def test_it_learns_what_matters(kernel: Kernel) -> None:
    process = fit(_points(60), _score(_points(60)), kernel)
    assert (
        set(process.prior.inverse_lengths.argsort(descending=True)[:2].tolist()) <= {0, 1}
        or process.prior.inverse_lengths.argmax() == 0
    )
    new = _points(200, seed=5)
    assert torch.corrcoef(torch.stack([process.predict(new)[0], _score(new)]))[0, 1] > 0.9


def test_equal_values() -> None:
    process = fit(_points(5), torch.full((5,), 0.25), "matern")
    mean, deviation = process.predict(_points(3, seed=2))
    assert torch.allclose(mean, torch.full((3,), 0.25, dtype=torch.float64)) and bool(
        (deviation > 0).all()
    )

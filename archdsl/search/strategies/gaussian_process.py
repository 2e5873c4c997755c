"""Exact Gaussian process regression over categorical points, and the point that an upper confidence bound
prefers.

A point is a row of levels, one for each choice: 0 where the choice is inactive, else 1 + the index of its
alternative. So an inactive choice is as far from any answer as two answers are from each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kernel = Literal["matern", "hamming"]

_STEPS = 60  # of Adam on the log posterior of the hyperparameters
_JITTER = 1e-8


def differences(a: Tensor, b: Tensor) -> Tensor:
    """[n, m, choices]: 1 where two points differ in a choice. `a` is [n, choices], `b` [m, choices]."""
    return (a[:, None, :] != b[None, :, :]).to(torch.float64)


def covariance(apart: Tensor, inverse_lengths: Tensor, kernel: Kernel) -> Tensor:
    """[n, m] of unit variance. `apart` is [n, m, choices]; `inverse_lengths` [choices], each at least 0.

    hamming: exp(−Σ_i u_i [x_i ≠ y_i]); matern: Matérn-5/2 of d = sqrt(Σ_i u_i² [x_i ≠ y_i]).
    """
    if kernel == "hamming":
        return torch.exp(-(apart @ inverse_lengths))
    distance = torch.sqrt(5 * (apart @ inverse_lengths.square()) + 1e-20)
    return (1 + distance + distance.square() / 3) * torch.exp(-distance)


@dataclass(frozen=True, eq=False, slots=True)
class Prior:
    """A kernel with its hyperparameters, and the mean and scale by which values are standardised."""

    kernel: Kernel
    inverse_lengths: Tensor
    variance: Tensor | float
    noise: Tensor | float
    mean: float
    scale: float

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """[n, m]: covariances of the function itself."""
        return self.variance * covariance(
            differences(a, b), self.inverse_lengths, self.kernel
        )

    def noisy(self, points: Tensor) -> Tensor:
        """[n, n]: covariances of values as they are observed."""
        identity = torch.eye(len(points), dtype=torch.float64)
        return self.between(points, points) + (self.noise + _JITTER) * identity


@dataclass(frozen=True, eq=False, slots=True)
class Regression:
    """A process conditioned on values at points; `values` are standardised."""

    prior: Prior
    points: Tensor
    values: Tensor
    cholesky: Tensor
    weights: Tensor

    @classmethod
    def of(cls, prior: Prior, points: Tensor, values: Tensor) -> Regression:
        factor = torch.linalg.cholesky(prior.noisy(points))
        weights = torch.cholesky_solve(values[:, None], factor)[:, 0]
        return cls(prior, points, values, factor, weights)

    def predict(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation [n] of the function itself, without noise, at points [n, choices]."""
        prior = self.prior
        across = prior.between(points, self.points)
        half = torch.linalg.solve_triangular(self.cholesky, across.T, upper=False)
        spread = (prior.variance - half.square().sum(0)).clamp_min(0).sqrt()
        return prior.mean + prior.scale * (across @ self.weights), prior.scale * spread

    def including(self, pending: Tensor) -> Regression:
        """The process as if the points [n, choices] had yielded what it expects there: only its deviations
        shrink.

        So that several workers do not all go to one place.
        """
        if not len(pending):
            return self
        expected = (self.predict(pending)[0] - self.prior.mean) / self.prior.scale
        points, values = (
            torch.cat([self.points, pending]),
            torch.cat([self.values, expected]),
        )
        return Regression.of(self.prior, points, values)


def fit(points: Tensor, values: Tensor, kernel: Kernel) -> Regression:
    """The process with the hyperparameters of greatest posterior density, found from the values [n] at points
    [n, choices].
    """
    values = values.to(torch.float64)
    mean = float(values.mean())
    scale = float(values.std(correction=0)) or 1.0
    standard = (values - mean) / scale
    width = max(1, points.shape[1])
    start = -math.log(width) * (1.0 if kernel == "hamming" else 0.5)
    centre = torch.full((points.shape[1],), start, dtype=torch.float64)
    with torch.enable_grad():  # whoever asks may be evaluating
        lengths = centre.clone().requires_grad_()
        amplitude = torch.zeros((), dtype=torch.float64, requires_grad=True)
        noise = torch.full((), math.log(0.1), dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.Adam([lengths, amplitude, noise], lr=0.15)
        for _ in range(_STEPS):
            optimiser.zero_grad()
            prior = Prior(
                kernel,
                lengths.exp(),
                amplitude.exp(),
                noise.exp(),
                mean,
                scale,
            )
            density = _log_likelihood(prior.noisy(points), standard)
            # log-normal priors, of deviation 1 on each length and on the amplitude, of 2 on the noise
            density = density - 0.5 * (lengths - centre).square().sum()
            density = (
                density
                - 0.5 * amplitude.square()
                - 0.5 * ((noise - math.log(0.1)) / 2).square()
            )
            (-density).backward()
            optimiser.step()
    variances = float(amplitude.detach().exp()), float(noise.detach().exp())
    return Regression.of(
        Prior(kernel, lengths.detach().exp(), *variances, mean, scale),
        points,
        standard,
    )


def _log_likelihood(matrix: Tensor, values: Tensor) -> Tensor:
    factor = torch.linalg.cholesky(matrix)
    half = torch.linalg.solve_triangular(factor, values[:, None], upper=False)
    return -0.5 * half.square().sum() - factor.diagonal().log().sum()


def upper_bound(regression: Regression, points: Tensor, deviations: float) -> Tensor:
    """[n]: mean + `deviations` · deviation."""
    mean, spread = regression.predict(points)
    return mean + deviations * spread

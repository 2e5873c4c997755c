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
class Regression:
    """A process conditioned on values at points; `values` are standardised, which `scale` and `mean` undo."""

    points: Tensor
    values: Tensor
    kernel: Kernel
    inverse_lengths: Tensor
    variance: float
    noise: float
    cholesky: Tensor
    weights: Tensor
    mean: float
    scale: float

    def predict(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation [n] of the function itself, without noise, at points [n, choices]."""
        across = self.variance * covariance(
            differences(points, self.points), self.inverse_lengths, self.kernel
        )
        half = torch.linalg.solve_triangular(self.cholesky, across.T, upper=False)
        spread = (self.variance - half.square().sum(0)).clamp_min(0).sqrt()
        return self.mean + self.scale * (across @ self.weights), self.scale * spread

    def including(self, pending: Tensor) -> Regression:
        """The process as if the points [n, choices] had yielded what it expects there: only its deviations
        shrink.

        So that several workers do not all go to one place.
        """
        if not len(pending):
            return self
        expected = (self.predict(pending)[0] - self.mean) / self.scale
        points, values = torch.cat([self.points, pending]), torch.cat([self.values, expected])
        return _conditioned(
            points,
            values,
            self.kernel,
            self.inverse_lengths,
            self.variance,
            self.noise,
            self.mean,
            self.scale,
        )


def fit(points: Tensor, values: Tensor, kernel: Kernel) -> Regression:
    """The process with the hyperparameters of greatest posterior density, found from the values [n] at points
    [n, choices].
    """
    values = values.to(torch.float64)
    mean = float(values.mean())
    scale = float(values.std(correction=0)) or 1.0
    standard = (values - mean) / scale
    apart = differences(points, points)
    start = (
        math.log(1 / max(1, points.shape[1]))
        if kernel == "hamming"
        else -0.5 * math.log(max(1, points.shape[1]))
    )
    centre = torch.full((points.shape[1],), start, dtype=torch.float64)
    with torch.enable_grad():  # whoever asks may be evaluating
        lengths = centre.clone().requires_grad_()
        amplitude = torch.zeros((), dtype=torch.float64, requires_grad=True)
        noise = torch.full((), math.log(0.1), dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.Adam([lengths, amplitude, noise], lr=0.15)
        for _ in range(_STEPS):
            optimiser.zero_grad()
            matrix = _matrix(apart, lengths.exp(), amplitude.exp(), noise.exp(), kernel)
            density = _log_likelihood(matrix, standard)
            density = (
                density - 0.5 * (lengths - centre).square().sum()
            )  # a log-normal prior of deviation 1 on each
            density = density - 0.5 * amplitude.square() - 0.5 * ((noise - math.log(0.1)) / 2).square()
            (-density).backward()
            optimiser.step()
    found = lengths.detach().exp(), float(amplitude.detach().exp()), float(noise.detach().exp())
    return _conditioned(points, standard, kernel, *found, mean, scale)


def _matrix(
    apart: Tensor, inverse_lengths: Tensor, variance: Tensor | float, noise: Tensor | float, kernel: Kernel
) -> Tensor:
    identity = torch.eye(len(apart), dtype=torch.float64)
    return variance * covariance(apart, inverse_lengths, kernel) + (noise + _JITTER) * identity


def _log_likelihood(matrix: Tensor, values: Tensor) -> Tensor:
    factor = torch.linalg.cholesky(matrix)
    half = torch.linalg.solve_triangular(factor, values[:, None], upper=False)
    return -0.5 * half.square().sum() - factor.diagonal().log().sum()


def _conditioned(
    points: Tensor,
    standard: Tensor,
    kernel: Kernel,
    inverse_lengths: Tensor,
    variance: float,
    noise: float,
    mean: float,
    scale: float,
) -> Regression:
    factor = torch.linalg.cholesky(
        _matrix(differences(points, points), inverse_lengths, variance, noise, kernel)
    )
    weights = torch.cholesky_solve(standard[:, None], factor)[:, 0]
    return Regression(
        points, standard, kernel, inverse_lengths, variance, noise, factor, weights, mean, scale
    )


def upper_bound(regression: Regression, points: Tensor, deviations: float) -> Tensor:
    """[n]: mean + `deviations` · deviation."""
    mean, spread = regression.predict(points)
    return mean + deviations * spread

"""PARSEC's estimators against what they estimate."""

from __future__ import annotations

import itertools
import math

import torch

from archdsl.search.strategies.importance import (
    advantages,
    hinges,
    importance,
    logits_loss,
    multipliers,
)


def test_importance_is_bayes_rule_over_the_samples() -> None:
    likelihoods = torch.tensor([0.02, 0.08, 0.1], dtype=torch.float64)
    assert torch.allclose(importance(likelihoods.log()), likelihoods / 0.2)
    assert torch.allclose(importance(likelihoods.log() - 900.0), likelihoods / 0.2), (
        "only ratios matter"
    )
    tempered = likelihoods**0.5
    assert torch.allclose(
        importance(likelihoods.log(), temperature=2.0), tempered / tempered.sum()
    )


def test_advantages_sum_to_nothing() -> None:
    assert torch.allclose(
        advantages(torch.tensor([0.2, 0.3, 0.5])), torch.tensor([0.2, 0.3, 0.5]) - 1 / 3
    )
    assert advantages(torch.zeros(4)).tolist() == [0.0] * 4


def test_the_hinge_is_shared_out() -> None:
    excess = hinges(torch.tensor([1.0e9, 2.0e9, 4.0e9, 3.0e9]), 2.0e9)
    assert excess.tolist() == [0.0, 0.0, 1.0, 0.5]
    scores = torch.full((4,), 0.25)
    assert torch.allclose(
        multipliers(scores, excess, 0.6), torch.tensor([0.25, 0.25, 0.25 - 0.4, 0.25 - 0.2])
    )
    assert multipliers(scores, torch.zeros(4), 0.6) is scores


def test_the_gradient_of_the_logits() -> None:
    """With every architecture as a sample, and P(A_k) of it for a weight: the policy gradient, by the rule
    for softmax by hand.
    """
    alpha = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
    m = torch.tensor([0.7, 0.1, -0.4], dtype=torch.float64, requires_grad=True)
    logits_loss(m, torch.log_softmax(alpha, 0)).backward()
    p = torch.softmax(alpha.detach(), 0)
    assert alpha.grad is not None and torch.allclose(
        alpha.grad, -(m.detach() - m.detach().sum() * p)
    )
    assert m.grad is None


def test_importance_weighting_climbs_the_expected_likelihood() -> None:
    """Σ_k ω_k ∇ log P(A_k), averaged over all draws of K, has the direction of ∇ log E_P[likelihood]; it is
    exact as K grows.
    """
    p = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    likelihood = torch.tensor([0.9, 0.2, 0.4], dtype=torch.float64)
    posterior = p * likelihood / (p @ likelihood)
    exact = posterior - p  # ∇_α log Σ_a softmax(α)_a likelihood_a
    errors = []
    for k in (1, 2, 4, 6):
        estimate = torch.zeros(3, dtype=torch.float64)
        for draw in itertools.product(range(3), repeat=k):
            weight = math.prod(float(p[a]) for a in draw)
            for a, omega in zip(
                draw, importance(likelihood[list(draw)].log()), strict=True
            ):
                estimate += weight * omega * (torch.eye(3, dtype=torch.float64)[a] - p)
        errors.append(float((estimate - exact).norm()))
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.25 * errors[0]

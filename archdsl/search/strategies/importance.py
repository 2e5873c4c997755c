"""The estimators of PARSEC with a cost: importance weights, the hinge, what moves the logits and what the
weights.

Casale et al., Probabilistic Neural Architecture Search; the cost as in Auto-TSNet (4.1) and AutoX3D (4.1).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Scores = Literal["likelihood", "accuracy"]


def importance(log_likelihoods: Tensor, temperature: float = 1.0) -> Tensor:
    """ω [K] = softmax over K architectures of Σ_i log p(y_i | x_i, w, A_k), summed over one batch that all of
    them share.
    """
    return torch.softmax(log_likelihoods / temperature, 0)


def advantages(accuracies: Tensor) -> Tensor:
    """[K]: acc_k / Σ acc − 1/K, the variant with accuracies; zeros where nothing was right."""
    total = accuracies.sum()
    return (
        accuracies / total - 1 / len(accuracies)
        if total > 0
        else torch.zeros_like(accuracies)
    )


def hinges(costs: Tensor, limit: float) -> Tensor:
    """C [K] = max(cost_k / limit − 1, 0)."""
    return (costs / limit - 1).clamp_min(0)


def multipliers(scores: Tensor, excess: Tensor, beta: float) -> Tensor:
    """m [K] = score_k − β C_k / Σ_j C_j; without the second term where no architecture exceeds its budget."""
    total = excess.sum()
    return scores - beta * excess / total if total > 0 else scores


def logits_loss(multiplied: Tensor, log_probabilities: Tensor) -> Tensor:
    """−Σ_k m_k log P(A_k | α): its gradient in α is the estimate; m [K] is a constant here."""
    return -(multiplied.detach() * log_probabilities).sum()

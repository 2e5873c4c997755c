"""The global reasoning unit of GloRe in plain PyTorch, from the equations of its paper and the constants of
its code.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class GloRe(nn.Module):
    """V = S Pᵀ; V' = relu(V + V A) W; x + BN(E V' P), with S and P maps of x over its positions."""

    def __init__(self, channels: int, mid: int, normalize: bool = False) -> None:
        super().__init__()
        self.normalize = normalize
        self.state = nn.Conv3d(channels, 2 * mid, 1)
        self.assign = nn.Conv3d(channels, mid, 1)
        self.mix_nodes = nn.Linear(mid, mid)
        self.mix_states = nn.Linear(2 * mid, 2 * mid, bias=False)
        self.extend = nn.Conv3d(2 * mid, channels, 1, bias=False)
        self.extend_norm = nn.BatchNorm3d(channels, eps=1e-4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states = self.state(x).flatten(2)  # batch, states, positions
        nodes = self.assign(x).flatten(2)  # batch, nodes, positions
        v = torch.bmm(states, nodes.transpose(1, 2))  # batch, states, nodes
        if self.normalize:
            v = v / states.shape[2]
        v = F.relu(v + self.mix_nodes(v))
        v = self.mix_states(v.transpose(1, 2)).transpose(1, 2)
        y = torch.bmm(v, nodes).unflatten(2, x.shape[2:])
        return x + self.extend_norm(self.extend(y))

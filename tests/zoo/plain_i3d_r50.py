"""I3D on ResNet-50 with non-local blocks in plain PyTorch, from the equations of Non-local Neural Networks
(sections 3.2, 3.3 and 4) and the constants of SlowFast's code; modules are called as in zoo/i3d.arch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from plain_slowfast import ConvNorm, Stage, classify_everywhere
from torch import nn
from torch.nn import functional as F


class NonLocal(nn.Module):
    """z = x + BN(W y), y = softmax(θᵀφ / √c) g, or θᵀφ g over the number of positions of φ."""

    def __init__(self, channels: int, softmax: bool) -> None:
        super().__init__()
        inner = channels // 2
        self.softmax = softmax
        self.theta = nn.Conv3d(channels, inner, 1)
        self.phi = nn.Conv3d(channels, inner, 1)
        self.g = nn.Conv3d(channels, inner, 1)
        self.extend = nn.Conv3d(inner, channels, 1)
        self.extend_norm = nn.BatchNorm3d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        small = F.max_pool3d(x, (1, 2, 2), (1, 2, 2))
        theta = self.theta(x).flatten(2).transpose(1, 2)  # batch, positions, channels
        phi = self.phi(small).flatten(2)  # batch, channels, fewer positions
        g = self.g(small).flatten(2).transpose(1, 2)
        pairs = torch.bmm(theta, phi)
        pairs = (
            F.softmax(pairs / math.sqrt(phi.shape[1]), dim=2)
            if self.softmax
            else pairs / phi.shape[2]
        )
        y = torch.bmm(pairs, g).transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.extend_norm(self.extend(y))


class I3DR50(nn.Module):
    """`non_local` names the blocks, stage and place, that a non-local block follows."""

    def __init__(
        self,
        frames: int = 8,
        size: int = 224,
        classes: int = 400,
        temporal_pool: bool = True,
        temporals: Sequence[Sequence[int]] = (
            (3, 3, 3),
            (3, 1, 3, 1),
            (3, 1, 3, 1, 3, 1),
            (1, 3, 1),
        ),
        width: int = 64,
        non_local: Sequence[tuple[int, int]] = (),
        softmax: bool = True,
    ) -> None:
        super().__init__()
        self.stem = ConvNorm(3, width, (5, 7, 7), (1, 2, 2))
        self.res = nn.ModuleList()
        before = width
        for i in range(4):
            inner = width * 2**i
            self.res.append(Stage(before, inner, temporals[i], 2 if i else 1))
            before = 4 * inner
        for i, j in non_local:
            self.res[i].block[j].add_module(
                "non_local", NonLocal(4 * width * 2**i, softmax)
            )
        self.temporal_pool = temporal_pool
        self.window = (
            frames // 2 if temporal_pool else frames,
            math.ceil(size / 32),
            math.ceil(size / 32),
        )
        self.head = nn.Module()
        self.head.classify = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool3d(self.stem(x), (1, 3, 3), (1, 2, 2), (0, 1, 1))
        for i, stage in enumerate(self.res):
            for block in stage.block:
                x = block(x)
                if hasattr(block, "non_local"):
                    x = block.non_local(x)
            if i == 0 and self.temporal_pool:
                x = F.max_pool3d(x, (2, 1, 1), (2, 1, 1))
        return classify_everywhere(self.head.classify, F.avg_pool3d(x, self.window, 1))

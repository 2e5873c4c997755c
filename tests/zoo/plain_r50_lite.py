"""R50-Lite and R101-Lite, the hosts of GloRe, with and without its units, in plain PyTorch; modules are
called as in zoo/glore.arch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from plain_glore import GloRe
from torch import nn
from torch.nn import functional as F

Size = tuple[int, int, int]


class Pre(nn.Module):
    """Norm and relu, then the convolution."""

    def __init__(
        self, width: int, out: int, kernel: Size = (1, 1, 1), stride: Size = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm3d(width, eps=1e-4)
        self.conv = nn.Conv3d(
            width, out, kernel, stride, tuple(k // 2 for k in kernel), bias=False
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.relu(self.norm(x)))


class Block(nn.Module):
    def __init__(
        self, width: int, inner: int, temporal: int, stride: Size, first: bool, unit: bool
    ) -> None:
        super().__init__()
        self.a = Pre(width, inner, (temporal, 1, 1))
        self.b = Pre(inner, inner, (1, 3, 3), stride)
        self.c = Pre(inner, 4 * inner)
        self.shortcut = Pre(width, 4 * inner, (1, 1, 1), stride) if first else nn.Identity()
        self.glore = GloRe(4 * inner, inner) if unit else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.glore(self.shortcut(x) + self.c(self.b(self.a(x))))


class Stage(nn.Module):
    def __init__(self, blocks: list[Block]) -> None:
        super().__init__()
        self.block = nn.ModuleList(blocks)


class Lite(nn.Module):
    """`units` names the blocks, stage and place, that a unit follows."""

    def __init__(
        self,
        frames: int = 8,
        size: int = 224,
        classes: int = 400,
        depths: Sequence[int] = (3, 4, 6, 3),
        width: int = 64,
        units: Sequence[tuple[int, int]] = (),
    ) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, width // 2, (3, 5, 5), (1, 2, 2), (1, 2, 2), bias=False)
        self.stem_norm = nn.BatchNorm3d(width // 2, eps=1e-4)
        strides: list[Size] = [(1, 1, 1), (2, 2, 2), (1, 2, 2), (1, 2, 2)]
        self.res = nn.ModuleList()
        before = width // 2
        for i, (depth, stride) in enumerate(zip(depths, strides, strict=True)):
            inner = width * 2**i
            # Temporal kernels in all of res2, in every other block of res3 and res4 from the first, of res5
            # from the second.
            temporals = [
                3 if i == 0 or j % 2 == (1 if i == 3 else 0) else 1 for j in range(depth)
            ]
            self.res.append(
                Stage(
                    [
                        Block(
                            4 * inner if j else before,
                            inner,
                            k,
                            (1, 1, 1) if j else stride,
                            j == 0,
                            (i, j) in units,
                        )
                        for j, k in enumerate(temporals)
                    ]
                )
            )
            before = 4 * inner
        self.tail_norm = nn.BatchNorm3d(before, eps=1e-4)
        self.window = (math.ceil(frames / 2), math.ceil(size / 32), math.ceil(size / 32))
        self.classify = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool3d(
            F.relu(self.stem_norm(self.stem(x))), (1, 3, 3), (1, 2, 2), (0, 1, 1)
        )
        for stage in self.res:
            for block in stage.block:
                x = block(x)
        x = F.avg_pool3d(F.relu(self.tail_norm(x)), self.window, 1)
        return self.classify(x.movedim(1, -1)).mean((1, 2, 3))

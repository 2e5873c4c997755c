"""AutoX3D with every choice made, in plain PyTorch, from Table 2 of the paper; modules are called as in
zoo/autox3d.arch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from plain_glore import GloRe
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Group:
    """One row of the table with its answers."""

    kernel: tuple[int, int, int]
    channels: int
    expand: float
    glore: bool
    blocks: int
    stride: int


class Block(nn.Module):
    def __init__(self, width: int, row: Group, first: bool) -> None:
        super().__init__()
        stride = (1, row.stride, row.stride) if first else 1
        hidden = int(row.channels * row.expand)
        padding = tuple(k // 2 for k in row.kernel)
        self.widen = nn.Conv3d(width, hidden, 1, bias=False)
        self.widen_norm = nn.BatchNorm3d(hidden)
        self.spread = nn.Conv3d(
            hidden, hidden, row.kernel, stride, padding, groups=hidden, bias=False
        )
        self.spread_norm = nn.BatchNorm3d(hidden)
        self.narrow = nn.Conv3d(hidden, row.channels, 1, bias=False)
        self.narrow_norm = nn.BatchNorm3d(row.channels)
        if first:
            self.shortcut = nn.Sequential()
            self.shortcut.add_module(
                "conv", nn.Conv3d(width, row.channels, 1, stride, bias=False)
            )
            self.shortcut.add_module("batch_norm", nn.BatchNorm3d(row.channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.widen_norm(self.widen(x)))
        y = F.silu(self.spread_norm(self.spread(y)))
        y = self.narrow_norm(self.narrow(y))
        return F.relu(y + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class Stage(nn.Module):
    def __init__(self, width: int, row: Group) -> None:
        super().__init__()
        self.block = nn.ModuleList(
            Block(row.channels if i else width, row, i == 0) for i in range(row.blocks)
        )
        self.attention = nn.ModuleDict(
            {"glore": GloRe(row.channels, row.channels // 4)} if row.glore else {}
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.block:
            x = block(x)
        return self.attention["glore"](x) if "glore" in self.attention else x


class AutoX3D(nn.Module):
    def __init__(
        self, groups: Sequence[Group], frames: int, size: int, classes: int = 400
    ) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, 24, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
        self.stem_norm = nn.BatchNorm3d(24)
        widths = [24, *(row.channels for row in groups)]
        self.group = nn.ModuleList(
            Stage(width, row) for width, row in zip(widths, groups, strict=False)
        )
        self.head = nn.Module()
        self.head.widen = nn.Conv3d(widths[-1], 432, 1, bias=False)
        self.head.widen_norm = nn.BatchNorm3d(432)
        self.head.neck = nn.Conv3d(432, 2048, 1, bias=False)
        self.head.dropout = nn.Dropout(0.5)
        self.head.classify = nn.Linear(2048, classes)
        self.window = (frames, math.ceil(size / 32), math.ceil(size / 32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.stem_norm(self.stem(x)))
        for group in self.group:
            x = group(x)
        x = F.relu(self.head.widen_norm(self.head.widen(x)))
        x = F.relu(self.head.neck(F.avg_pool3d(x, self.window, 1)))
        return self.head.classify(self.head.dropout(x.permute(0, 2, 3, 4, 1))).mean(
            (1, 2, 3)
        )

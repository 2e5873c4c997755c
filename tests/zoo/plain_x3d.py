"""X3D stated in plain PyTorch, from the paper's Table 1 and with pytorchvideo's names, independently of the
language.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F


def round_width(width: float) -> int:
    """The nearest multiple of 8, at least 8, not below 0.9 of the width."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


class Stem(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Module()
        self.conv.conv_t = nn.Conv3d(3, width, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
        self.conv.conv_xy = nn.Conv3d(
            width, width, (5, 1, 1), padding=(2, 0, 0), groups=width, bias=False
        )
        self.norm = nn.BatchNorm3d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv.conv_xy(self.conv.conv_t(x))))


class SqueezeExcite(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = round_width(width / 16)
        self.block = nn.Sequential(
            nn.Conv3d(width, inner, 1), nn.ReLU(), nn.Conv3d(inner, width, 1), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.block(x.mean((2, 3, 4), keepdim=True))


class Bottleneck(nn.Module):
    def __init__(self, width: int, inner: int, out: int, stride: int, gate: bool) -> None:
        super().__init__()
        self.conv_a = nn.Conv3d(width, inner, 1, bias=False)
        self.norm_a = nn.BatchNorm3d(inner)
        self.conv_b = nn.Conv3d(
            inner, inner, 3, (1, stride, stride), 1, groups=inner, bias=False
        )
        self.norm_b = nn.Sequential(
            nn.BatchNorm3d(inner), SqueezeExcite(inner) if gate else nn.Identity()
        )
        self.conv_c = nn.Conv3d(inner, out, 1, bias=False)
        self.norm_c = nn.BatchNorm3d(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm_a(self.conv_a(x)))
        return self.norm_c(self.conv_c(F.silu(self.norm_b(self.conv_b(x)))))


class Residual(nn.Module):
    """`norm` is whether the shortcut has batch norm even where the width stays (SlowFast's code)."""

    def __init__(
        self, width: int, inner: int, out: int, stride: int, gate: bool, norm: bool
    ) -> None:
        super().__init__()
        if stride > 1 or width != out:
            self.branch1_conv = nn.Conv3d(width, out, 1, (1, stride, stride), bias=False)
            if norm or width != out:
                self.branch1_norm = nn.BatchNorm3d(out)
        self.branch2 = Bottleneck(width, inner, out, stride, gate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x
        if hasattr(self, "branch1_conv"):
            shortcut = self.branch1_conv(x)
            if hasattr(self, "branch1_norm"):
                shortcut = self.branch1_norm(shortcut)
        return F.relu(shortcut + self.branch2(x))


class Head(nn.Module):
    """Pools by the window of the declared size and classifies every position of what is left."""

    def __init__(
        self, width: int, inner: int, window: tuple[int, int, int], classes: int
    ) -> None:
        super().__init__()
        self.pool = nn.Module()
        self.pool.pre_conv = nn.Conv3d(width, inner, 1, bias=False)
        self.pool.pre_norm = nn.BatchNorm3d(inner)
        self.window = window
        self.pool.post_conv = nn.Conv3d(inner, 2048, 1, bias=False)
        self.dropout = nn.Dropout(0.5)
        self.proj = nn.Linear(2048, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.pool.pre_norm(self.pool.pre_conv(x)))
        x = F.relu(self.pool.post_conv(F.avg_pool3d(x, self.window, 1)))
        return self.proj(self.dropout(x.permute(0, 2, 3, 4, 1))).mean((1, 2, 3))


class X3D(nn.Module):
    def __init__(
        self,
        frames: int,
        size: int,
        width: float = 2.0,
        depth: float = 2.2,
        expand: float = 2.25,
        classes: int = 400,
        stage1_norm: bool = False,
    ) -> None:
        super().__init__()
        channels = round_width(12 * width)
        self.blocks = nn.ModuleList([Stem(channels)])
        for base, depths in ((12, 1), (24, 2), (48, 5), (96, 3)):
            out = round_width(base * width)
            stage = nn.Module()
            stage.res_blocks = nn.ModuleList()
            for i in range(math.ceil(depths * depth)):
                stage.res_blocks.append(
                    Residual(
                        channels,
                        int(expand * out),
                        out,
                        2 if i == 0 else 1,
                        i % 2 == 0,
                        stage1_norm,
                    )
                )
                channels = out
            self.blocks.append(stage)
        side = math.ceil(size / 32)
        self.blocks.append(
            Head(channels, int(expand * channels), (frames, side, side), classes)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks[0](x)
        for stage in self.blocks[1:-1]:
            for block in stage.res_blocks:
                x = block(x)
        return self.blocks[-1](x)

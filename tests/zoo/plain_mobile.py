"""MobileNetV2 and EfficientNet in plain PyTorch, from Table 2 of the one paper and Table 1 of the other;
modules are called as in zoo/nas.arch.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F


def divisible(width: float) -> int:
    """The nearest multiple of 8, unless that takes away more than a tenth."""
    rounded = max(8, math.floor((width + 4) / 8) * 8)
    return rounded if rounded >= 0.9 * width else rounded + 8


class ConvNorm(nn.Module):
    def __init__(
        self,
        width: int,
        out: int,
        kernel: int,
        stride: int,
        act: type[nn.Module],
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            width, out, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(out)
        self.act = act()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(self.conv(x)))


class SqueezeExcite(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, inner)
        self.excite = nn.Linear(inner, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = torch.sigmoid(self.excite(F.silu(self.squeeze(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class Inverted(nn.Module):
    """Wider by `expand`, depthwise, narrow again; the same again where nothing changes size."""

    def __init__(
        self,
        width: int,
        out: int,
        expand: int,
        kernel: int,
        stride: int,
        act: type[nn.Module],
        gated: bool,
    ) -> None:
        super().__init__()
        hidden = width * expand
        self.widen = ConvNorm(width, hidden, 1, 1, act) if expand > 1 else nn.Identity()
        self.spread = ConvNorm(hidden, hidden, kernel, stride, act, groups=hidden)
        self.gate = SqueezeExcite(hidden, width // 4) if gated else nn.Identity()
        self.narrow = nn.Conv2d(hidden, out, 1, bias=False)
        self.narrow_norm = nn.BatchNorm2d(out)
        self.residual = stride == 1 and width == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.narrow_norm(self.narrow(self.gate(self.spread(self.widen(x)))))
        return x + y if self.residual else y


class Mobile(nn.Module):
    """A stem, rows of inverted bottlenecks, a 1 x 1 head, a classifier. Rows: expansion, kernel, width,
    blocks, stride.
    """

    def __init__(
        self,
        stem: int,
        rows: list[tuple[int, int, int, int, int]],
        head: int,
        act: type[nn.Module],
        gated: bool,
        classes: int,
    ) -> None:
        super().__init__()
        self.stem = ConvNorm(3, stem, 3, 2, act)
        self.stage = nn.ModuleList()
        width = stem
        for expand, kernel, out, blocks, stride in rows:
            stage = nn.Module()
            stage.block = nn.ModuleList()
            for i in range(blocks):
                stage.block.append(
                    Inverted(width, out, expand, kernel, 1 if i else stride, act, gated)
                )
                width = out
            self.stage.append(stage)
        self.head = ConvNorm(width, head, 1, 1, act)
        self.classify = nn.Linear(head, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for stage in self.stage:
            for block in stage.block:
                x = block(x)
        return self.classify(self.head(x).mean((2, 3)))


def mobilenet_v2(width: float = 1.0, classes: int = 1000) -> Mobile:
    table = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    rows = [(t, 3, divisible(c * width), n, s) for t, c, n, s in table]
    return Mobile(
        divisible(32 * width),
        rows,
        divisible(1280 * max(1.0, width)),
        nn.ReLU6,
        False,
        classes,
    )


def efficientnet(width: float = 1.0, depth: float = 1.0, classes: int = 1000) -> Mobile:
    """Without stochastic depth, which acts in training alone."""
    table = [
        (1, 3, 16, 1, 1),
        (6, 3, 24, 2, 2),
        (6, 5, 40, 2, 2),
        (6, 3, 80, 3, 2),
        (6, 5, 112, 3, 1),
        (6, 5, 192, 4, 2),
        (6, 3, 320, 1, 1),
    ]
    rows = [
        (t, k, divisible(c * width), math.ceil(n * depth), s) for t, k, c, n, s in table
    ]
    return Mobile(
        divisible(32 * width), rows, 4 * divisible(320 * width), nn.SiLU, True, classes
    )

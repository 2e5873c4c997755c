"""Slow and SlowFast in plain PyTorch, from the paper's Table 1 and section 3.4; modules are called as in
zoo/slowfast.arch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

FUSIONS = ("none", "time_to_channel", "time_to_channel_sum", "time_sample", "time_conv")


class ConvNorm(nn.Module):
    def __init__(
        self,
        width: int,
        out: int,
        kernel: tuple[int, int, int],
        stride: tuple[int, int, int] = (1, 1, 1),
    ) -> None:
        super().__init__()
        padding = tuple(k // 2 for k in kernel)
        self.conv = nn.Conv3d(width, out, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm3d(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv(x)))


class Bottleneck(nn.Module):
    """T x 1 x 1, then 1 x 3 x 3 with the stride, then 1 x 1 x 1 to four times the inner width."""

    def __init__(
        self, width: int, inner: int, temporal: int, stride: int, first: bool
    ) -> None:
        super().__init__()
        step = (1, stride, stride)
        self.a = ConvNorm(width, inner, (temporal, 1, 1))
        self.b = ConvNorm(inner, inner, (1, 3, 3), step)
        self.c = nn.Conv3d(inner, 4 * inner, 1, bias=False)
        self.c_norm = nn.BatchNorm3d(4 * inner)
        if first:
            self.shortcut = nn.Module()
            self.shortcut.conv = nn.Conv3d(width, 4 * inner, 1, step, bias=False)
            self.shortcut.batch_norm = nn.BatchNorm3d(4 * inner)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.c_norm(self.c(self.b(self.a(x))))
        return F.relu(
            y
            + (
                self.shortcut.batch_norm(self.shortcut.conv(x))
                if hasattr(self, "shortcut")
                else x
            )
        )


class Stage(nn.Module):
    def __init__(
        self, width: int, inner: int, temporals: Sequence[int], stride: int
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(
            Bottleneck(4 * inner if j else width, inner, kernel, 1 if j else stride, j == 0)
            for j, kernel in enumerate(temporals)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.block:
            x = block(x)
        return x


class Stem(nn.Module):
    def __init__(self, width: int, temporal: int) -> None:
        super().__init__()
        self.conv = ConvNorm(3, width, (temporal, 7, 7), (1, 2, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.max_pool3d(self.conv(x), (1, 3, 3), (1, 2, 2), (0, 1, 1))


def classify_everywhere(linear: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The scores of every position of the pooled map, averaged."""
    return linear(x.movedim(1, -1)).mean((1, 2, 3))


def kernels(stage: int, blocks: int, deep: int) -> list[int]:
    """The slow stream's: 3 in the first `deep` blocks of res4 and res5, 1 elsewhere."""
    return [3 if stage in (2, 3) and j < deep else 1 for j in range(blocks)]


class Slow(nn.Module):
    def __init__(
        self,
        frames: int = 8,
        size: int = 224,
        classes: int = 400,
        width: int = 64,
        blocks: Sequence[int] = (3, 4, 6, 3),
        deep: Sequence[int] = (3, 4, 6, 3),
    ) -> None:
        super().__init__()
        self.stem = Stem(width, 1)
        self.res = nn.ModuleList()
        before = width
        for i in range(4):
            inner = width * 2**i
            self.res.append(
                Stage(before, inner, kernels(i, blocks[i], deep[i]), 2 if i else 1)
            )
            before = 4 * inner
        self.window = (frames, math.ceil(size / 32), math.ceil(size / 32))
        self.head = nn.Module()
        self.head.classify = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for stage in self.res:
            x = stage(x)
        return classify_everywhere(self.head.classify, F.avg_pool3d(x, self.window, 1))


class TimeConv(nn.Module):
    def __init__(self, width: int, alpha: int, kernel: int) -> None:
        super().__init__()
        self.conv = ConvNorm(width, 2 * width, (kernel, 1, 1), (alpha, 1, 1))


class SlowFast(nn.Module):
    def __init__(
        self,
        frames: int = 4,
        alpha: int = 8,
        size: int = 224,
        classes: int = 400,
        beta: int = 8,
        fusion: str = "time_conv",
        fusion_kernel: int = 5,
        width: int = 64,
        blocks: Sequence[int] = (3, 4, 6, 3),
        deep: Sequence[int] = (3, 4, 6, 3),
    ) -> None:
        super().__init__()
        self.alpha, self.fusion = alpha, fusion
        self.slow_stem, self.fast_stem = Stem(width, 1), Stem(width // beta, 5)
        self.slow, self.fast, self.fuse = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        slow, fast = width, width // beta
        for i in range(4):
            extra = {
                "time_to_channel": alpha * fast,
                "time_sample": fast,
                "time_conv": 2 * fast,
            }.get(fusion, 0)
            if fusion == "time_conv":
                self.fuse.append(TimeConv(fast, alpha, fusion_kernel))
            inner = width * 2**i
            self.slow.append(
                Stage(slow + extra, inner, kernels(i, blocks[i], deep[i]), 2 if i else 1)
            )
            self.fast.append(
                Stage(
                    fast,
                    inner // beta,
                    [3 if j < deep[i] else 1 for j in range(blocks[i])],
                    2 if i else 1,
                )
            )
            slow, fast = 4 * inner, 4 * (inner // beta)
        side = math.ceil(size / 32)
        self.windows = (frames, side, side), (alpha * frames, side, side)
        self.classify = nn.Linear(slow + fast, classes)

    def fused(self, i: int, slow: torch.Tensor, fast: torch.Tensor) -> torch.Tensor:
        if self.fusion == "time_conv":
            return torch.cat([slow, self.fuse[i].conv(fast)], 1)
        if self.fusion == "time_sample":
            return torch.cat([slow, fast[:, :, :: self.alpha]], 1)
        if self.fusion == "none":
            return slow
        b, c, t, h, w = fast.shape
        steps = fast.reshape(b, c, t // self.alpha, self.alpha, h, w).permute(
            0, 3, 1, 2, 4, 5
        )  # b a c t h w
        packed = steps.reshape(b, self.alpha * c, t // self.alpha, h, w)
        return (
            slow + packed
            if self.fusion == "time_to_channel_sum"
            else torch.cat([slow, packed], 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        slow, fast = self.slow_stem(x[:, :, :: self.alpha]), self.fast_stem(x)
        for i in range(4):
            slow, fast = self.slow[i](self.fused(i, slow, fast)), self.fast[i](fast)
        pooled = [
            F.avg_pool3d(y, window, 1)
            for y, window in zip((slow, fast), self.windows, strict=True)
        ]
        return classify_everywhere(self.classify, torch.cat(pooled, 1))

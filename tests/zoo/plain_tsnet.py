"""The two-stream models of Auto-TSNet in plain PyTorch, from section 3.3, Table 1 and section 5.1 of its
paper; modules are called as in zoo/autotsnet.arch. Blocks are X3D's, so the plain statements of X3D and
AutoX3D lend theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from plain_autox3d import Group, Stage
from plain_x3d import round_width
from torch import nn
from torch.nn import functional as F

Fusion = Literal["none", "to_channel", "sample", "conv"]


class TimeConv(nn.Module):
    """Twice the channels of the dense stream, a kernel of 5 frames, every alpha-th of them."""

    def __init__(self, width: int, alpha: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(
            width, 2 * width, (5, 1, 1), (alpha, 1, 1), (2, 0, 0), bias=False
        )
        self.norm = nn.BatchNorm3d(2 * width)

    def forward(self, f: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv(f)))


class Stem(nn.Module):
    """1 x 3 x 3, then over time: 3 frames of all channels, or X3D's 5 of each."""

    def __init__(self, width: int, x3d: bool) -> None:
        super().__init__()
        k = 5 if x3d else 3
        self.spatial = nn.Conv3d(3, width, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
        self.temporal = nn.Conv3d(
            width,
            width,
            (k, 1, 1),
            padding=(k // 2, 0, 0),
            groups=width if x3d else 1,
            bias=False,
        )
        self.norm = nn.BatchNorm3d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.temporal(self.spatial(x))))


class TwoStreams(nn.Module):
    """What both models have around their streams: frames for the sparse one, stems, X3D's head on both."""

    def __init__(
        self,
        frames: int,
        alpha: int,
        size: int,
        classes: int,
        stems: tuple[int, int],
        tops: tuple[int, int],
        x3d: bool,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.sparse_stem, self.dense_stem = Stem(stems[0], x3d), Stem(stems[1], x3d)
        self.head = nn.Module()
        self.head.widen = nn.Conv3d(tops[0], 432, 1, bias=False)
        self.head.widen_norm = nn.BatchNorm3d(432)
        self.classifier = nn.Module()
        self.classifier.neck = nn.Conv3d(432 + tops[1], 2048, 1, bias=False)
        self.classifier.classify = nn.Linear(2048, classes)
        side = math.ceil(size / 32)
        self.windows = (frames, side, side), (alpha * frames, side, side)

    def streams(
        self, x: torch.Tensor, y: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        raise NotImplementedError

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        x, y = self.streams(
            self.sparse_stem(clip[:, :, :: self.alpha]), self.dense_stem(clip)
        )
        x = F.avg_pool3d(
            F.relu(self.head.widen_norm(self.head.widen(x))), self.windows[0], 1
        )
        both = torch.cat([x, F.avg_pool3d(y, self.windows[1], 1)], 1)
        return self.classifier.classify(
            F.relu(self.classifier.neck(both)).movedim(1, -1)
        ).mean((1, 2, 3))


class AutoTSNet(TwoStreams):
    """The search space with every choice made; `fusions` after all groups but the last."""

    def __init__(
        self,
        sparse: Sequence[Group],
        dense: Sequence[Group],
        fusions: Sequence[Fusion],
        frames: int = 4,
        alpha: int = 8,
        size: int = 160,
        classes: int = 400,
    ) -> None:
        super().__init__(
            frames,
            alpha,
            size,
            classes,
            (24, 8),
            (sparse[-1].channels, dense[-1].channels),
            x3d=False,
        )
        self.fusions = fusions
        self.group = nn.ModuleList()
        x, y = 24, 8
        for i, (wide, thin) in enumerate(zip(sparse, dense, strict=True)):
            group = nn.Module()
            group.sparse, group.dense = Stage(x, wide), Stage(y, thin)
            x, y = wide.channels, thin.channels
            if i < len(fusions):
                if fusions[i] == "conv":
                    group.fuse = nn.ModuleDict({"conv": TimeConv(y, alpha)})
                x += {"none": 0, "to_channel": alpha * y, "sample": y, "conv": 2 * y}[
                    fusions[i]
                ]
            self.group.append(group)

    def fused(self, i: int, x: torch.Tensor, f: torch.Tensor) -> torch.Tensor:
        kind = self.fusions[i] if i < len(self.fusions) else "none"
        if kind == "none":
            return x
        if kind == "conv":
            return torch.cat([x, self.group[i].fuse["conv"](f)], 1)
        # One frame of each step, or all of them one after the other as channels.
        frames = [f[:, :, a :: self.alpha] for a in range(self.alpha)]
        return torch.cat([x, *(frames[:1] if kind == "sample" else frames)], 1)

    def streams(
        self, x: torch.Tensor, y: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        for i, group in enumerate(self.group):
            x, y = group.sparse(x), group.dense(y)
            x = self.fused(i, x, y)
        return x, y


class Gate(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv3d(width, round_width(width / 16), 1)
        self.excite = nn.Conv3d(round_width(width / 16), width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(
            self.excite(F.relu(self.squeeze(x.mean((2, 3, 4), keepdim=True))))
        )


class Block(nn.Module):
    """X3D's, with a gate in every other block and a projection where the width or the resolution changes."""

    def __init__(self, width: int, out: int, i: int) -> None:
        super().__init__()
        hidden, stride = int(2.25 * out), (1, 2, 2) if i == 0 else (1, 1, 1)
        self.widen, self.widen_norm = (
            nn.Conv3d(width, hidden, 1, bias=False),
            nn.BatchNorm3d(hidden),
        )
        self.spread = nn.Conv3d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False)
        self.spread_norm = nn.BatchNorm3d(hidden)
        self.gate = Gate(hidden) if i % 2 == 0 else nn.Identity()
        self.narrow, self.narrow_norm = (
            nn.Conv3d(hidden, out, 1, bias=False),
            nn.BatchNorm3d(out),
        )
        if i == 0 or width != out:
            self.shortcut = nn.Module()
            self.shortcut.conv = nn.Conv3d(width, out, 1, stride, bias=False)
            self.shortcut.batch_norm = nn.BatchNorm3d(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.widen_norm(self.widen(x)))
        y = F.silu(self.gate(self.spread_norm(self.spread(y))))
        y = self.narrow_norm(self.narrow(y))
        return F.relu(
            y
            + (
                self.shortcut.batch_norm(self.shortcut.conv(x))
                if hasattr(self, "shortcut")
                else x
            )
        )


class ManualTSNet(TwoStreams):
    """X3D-S in both streams, of these widths; a time-strided convolution after the blocks FUSED of its four
    stages.
    """

    DEPTHS = (3, 5, 11, 7)
    FUSED = ((0, 2), (1, 4), (2, 3), (2, 10), (3, 3))

    def __init__(
        self,
        sparse: Sequence[int],
        dense: Sequence[int],
        frames: int = 4,
        alpha: int = 8,
        size: int = 160,
        classes: int = 400,
    ) -> None:
        super().__init__(
            frames,
            alpha,
            size,
            classes,
            (sparse[0], dense[0]),
            (sparse[-1], dense[-1]),
            x3d=True,
        )
        self.stage = nn.ModuleList()
        x, y = sparse[0], dense[0]
        for s, (wide, thin, depth) in enumerate(
            zip(sparse, dense, self.DEPTHS, strict=True)
        ):
            stage = nn.Module()
            stage.sparse, stage.dense, stage.fuse = (
                nn.ModuleList(),
                nn.ModuleList(),
                nn.ModuleDict(),
            )
            for i in range(depth):
                stage.sparse.append(Block(x, wide, i))
                stage.dense.append(Block(y, thin, i))
                x, y = wide, thin
                if (s, i) in self.FUSED:
                    stage.fuse[str(i)] = TimeConv(y, alpha)
                    x += 2 * y
            self.stage.append(stage)

    def streams(
        self, x: torch.Tensor, y: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        for stage in self.stage:
            for i, (sparse, dense) in enumerate(
                zip(stage.sparse, stage.dense, strict=True)
            ):
                x, y = sparse(x), dense(y)
                if str(i) in stage.fuse:
                    x = torch.cat([x, stage.fuse[str(i)](y)], 1)
        return x, y

"""I3D, S3D and S3D-G in plain PyTorch, from GoogLeNet's Table 1, the inflation of Quo Vadis (section 2.4) and
Figures 5, 6 and 8 of Rethinking Spatiotemporal Feature Learning; modules are called as in zoo/i3d.arch.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

Lineage = Literal["i3d", "s3d", "slim", "gated"]
Size = tuple[int, int, int]


def same(x: torch.Tensor, kernel: Size, stride: Size) -> torch.Tensor:
    """TensorFlow's SAME: ceil(n / stride) outputs, and where the padding is odd the larger half at the
    end.
    """
    padding: list[int] = []
    for n, k, s in zip(x.shape[:1:-1], kernel[::-1], stride[::-1], strict=True):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        padding += [total // 2, total - total // 2]
    return F.pad(x, padding)


def triple(n: int) -> Size:
    return (n, n, n)


class Conv(nn.Module):
    """A convolution of a lineage: whole, or space and then time, each with what follows it."""

    def __init__(
        self,
        lineage: Lineage,
        width: int,
        out: int,
        kernel: Size = (1, 1, 1),
        stride: int = 1,
        whole: bool = False,
    ) -> None:
        super().__init__()
        self.symmetric = lineage == "s3d"
        self.parts: list[tuple[str, str | None, Size, Size]] = []
        momentum = 0.01 if lineage == "i3d" else 0.001
        t, h, w = kernel
        if lineage == "i3d" or whole:
            self.parts = [("conv", "norm", kernel, triple(stride))]
        else:
            self.parts = [("spatial", "spatial_norm", (1, h, w), (1, stride, stride))]
            if t > 1:
                self.parts.append(
                    (
                        "temporal",
                        "temporal_norm" if lineage == "s3d" else None,
                        (t, 1, 1),
                        (stride, 1, 1),
                    )
                )
        for name, norm, k, s in self.parts:
            self.add_module(
                name,
                nn.Conv3d(
                    width,
                    out,
                    k,
                    s,
                    tuple(n // 2 for n in k) if self.symmetric else 0,
                    bias=norm is None,
                ),
            )
            if norm is not None:
                self.add_module(norm, nn.BatchNorm3d(out, eps=1e-3, momentum=momentum))
            width = out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name, norm, kernel, stride in self.parts:
            x = self.get_submodule(name)(x if self.symmetric else same(x, kernel, stride))
            x = F.relu(x if norm is None else self.get_submodule(norm)(x))
        return x


class Gate(nn.Module):
    """x times the sigmoid of a linear map of its average."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.weigh(x.mean((2, 3, 4))))[:, :, None, None, None]


class Mixed(nn.Module):
    """Four branches: 1, 1 and 3, 1 and 3, pool and 1."""

    def __init__(
        self,
        lineage: Lineage,
        width: int,
        b0: int,
        b1a: int,
        b1b: int,
        b2a: int,
        b2b: int,
        b3b: int,
    ) -> None:
        super().__init__()
        self.b0 = Conv(lineage, width, b0)
        self.b1a, self.b1b = Conv(lineage, width, b1a), Conv(lineage, b1a, b1b, triple(3))
        self.b2a, self.b2b = Conv(lineage, width, b2a), Conv(lineage, b2a, b2b, triple(3))
        self.b3b = Conv(lineage, width, b3b)
        self.gated = lineage == "gated"
        self.width = b0 + b1b + b2b + b3b
        if self.gated:
            self.b0_gate, self.b1_gate, self.b2_gate, self.b3_gate = (
                Gate(n) for n in (b0, b1b, b2b, b3b)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        branches = [
            self.b0(x),
            self.b1b(self.b1a(x)),
            self.b2b(self.b2a(x)),
            self.b3b(F.max_pool3d(x, 3, 1, 1)),
        ]
        if self.gated:
            gates = self.b0_gate, self.b1_gate, self.b2_gate, self.b3_gate
            branches = [gate(branch) for gate, branch in zip(gates, branches, strict=True)]
        return torch.cat(branches, 1)


# GoogLeNet's Table 1. A pool of 3 x 3 x 3 follows 3b, one of 2 x 2 x 2 follows 4e.
MIXED = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class Inception(nn.Module):
    def __init__(
        self,
        lineage: Lineage = "i3d",
        frames: int = 64,
        size: int = 224,
        classes: int = 400,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        self.symmetric = lineage == "s3d"
        slim = lineage in ("slim", "gated")
        first, second = int(64 * width), int(192 * width)
        self.conv_1a = Conv(
            lineage, 3, first, (3, 7, 7) if slim else triple(7), 2, whole=slim
        )
        self.conv_2b = Conv(lineage, first, first)
        self.conv_2c = Conv(lineage, first, second, triple(3))
        self.gate = Gate(second) if lineage == "gated" else nn.Identity()
        before = second
        for name, row in MIXED.items():
            b0, b1a, b1b, b2a, b2b, b3b = (int(n * width) for n in row)
            module = Mixed(lineage, before, b0, b1a, b1b, b2a, b2b, b3b)
            self.add_module(f"mixed_{name}", module)
            before = module.width
        clip = torch.empty(1, 1, frames, size, size, device="meta")
        clip = clip[:, :, ::2, ::2, ::2]  # conv_1a
        for kernel, stride in (
            ((1, 3, 3), (1, 2, 2)),
            ((1, 3, 3), (1, 2, 2)),
            (triple(3), triple(2)),
            (triple(2), triple(2)),
        ):
            clip = self.pool(clip, kernel, stride)
        self.window = (min(2, clip.shape[2]), clip.shape[3], clip.shape[4])
        self.logits = nn.Conv3d(before, classes, 1)

    def pool(self, x: torch.Tensor, kernel: Size, stride: Size) -> torch.Tensor:
        """Everything pooled is positive, so padding with zeros is as good as none."""
        if self.symmetric:
            return F.max_pool3d(x, kernel, stride, tuple((k - 1) // 2 for k in kernel))
        return F.max_pool3d(same(x, kernel, stride), kernel, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.conv_1a(x), (1, 3, 3), (1, 2, 2))
        x = self.pool(self.gate(self.conv_2c(self.conv_2b(x))), (1, 3, 3), (1, 2, 2))
        for name in MIXED:
            x = self.get_submodule(f"mixed_{name}")(x)
            if name == "3b":
                x = self.pool(x, triple(3), triple(2))
            if name == "4e":
                x = self.pool(x, triple(2), triple(2))
        return self.logits(F.avg_pool3d(x, self.window, 1)).mean((2, 3, 4))

"""The networks of DARTS on CIFAR in plain PyTorch, from section 3.1 and the appendix of its paper; modules
are called as in zoo/nas.arch.

A cell is written as the paper's figures read: for each node its two inputs and the operation on each. Inputs
0 and 1 are the two earlier cells, 2 and on the nodes before.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

Cell = list[dict[int, str]]


@dataclass(frozen=True)
class Design:
    normal: Cell
    reduction: Cell


DARTS_V2 = Design(
    normal=[
        {0: "sep3", 1: "sep3"},
        {0: "sep3", 1: "sep3"},
        {0: "skip", 1: "sep3"},
        {0: "skip", 2: "dil3"},
    ],
    reduction=[
        {0: "max3", 1: "max3"},
        {1: "max3", 2: "skip"},
        {0: "max3", 2: "skip"},
        {1: "max3", 2: "skip"},
    ],
)


class Depthwise(nn.Module):
    def __init__(self, width: int, kernel: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            width,
            width,
            kernel,
            stride,
            dilation * (kernel // 2),
            dilation,
            groups=width,
            bias=False,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def point(width: int) -> nn.Conv2d:
    return nn.Conv2d(width, width, 1, bias=False)


class Separable(nn.Module):
    """Twice relu, depthwise, pointwise, norm; the first one strides."""

    def __init__(self, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.depth1, self.point1, self.norm1 = (
            Depthwise(width, kernel, stride, 1),
            point(width),
            nn.BatchNorm2d(width),
        )
        self.depth2, self.point2, self.norm2 = (
            Depthwise(width, kernel, 1, 1),
            point(width),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm1(self.point1(self.depth1(F.relu(x))))
        return self.norm2(self.point2(self.depth2(F.relu(x))))


class Dilated(nn.Module):
    def __init__(self, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.depth, self.point, self.norm = (
            Depthwise(width, kernel, stride, 2),
            point(width),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.point(self.depth(F.relu(x))))


class Reduce(nn.Module):
    """Half the channels from the even positions, half from the odd ones."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(width, out // 2, 1, 2, bias=False)
        self.odd = nn.Conv2d(width, out // 2, 1, 2, bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(x)
        return self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], 1))


class Enter(nn.Module):
    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, out, 1, bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(F.relu(x)))


class Pool(nn.Module):
    """3 x 3; an average counts no padding."""

    def __init__(self, kind: str, stride: int) -> None:
        super().__init__()
        self.kind, self.stride = kind, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.kind == "max3":
            return F.max_pool2d(x, 3, self.stride, 1)
        return F.avg_pool2d(x, 3, self.stride, 1, count_include_pad=False)


def operation(kind: str, width: int, stride: int) -> nn.Module:
    if kind == "skip":
        return nn.Identity() if stride == 1 else Reduce(width, width)
    if kind in ("max3", "avg3"):
        return Pool(kind, stride)
    return (Separable if kind.startswith("sep") else Dilated)(width, int(kind[-1]), stride)


class Built(nn.Module):
    """One cell. The older of its inputs may be of twice the resolution."""

    def __init__(
        self, design: Cell, older: int, last: int, width: int, reduce: bool, shrunk: bool
    ) -> None:
        super().__init__()
        self.enter0 = Reduce(older, width) if shrunk else Enter(older, width)
        self.enter1 = Enter(last, width)
        self.node = nn.ModuleList()
        for edges in design:
            node = nn.Module()
            node.op = nn.ModuleDict(
                {
                    str(j): nn.ModuleDict(
                        {kind: operation(kind, width, 2 if reduce and j < 2 else 1)}
                    )
                    for j, kind in edges.items()
                }
            )
            self.node.append(node)

    def forward(self, older: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        states = [self.enter0(older), self.enter1(last)]
        for node in self.node:
            first, second = (
                next(iter(op.values()))(states[int(j)]) for j, op in node.op.items()
            )
            states.append(first + second)
        return torch.cat(states[2:], 1)


class Darts(nn.Module):
    """`layers` cells, reductions at a third and two thirds, where the width doubles."""

    def __init__(
        self, design: Design, layers: int = 20, channels: int = 36, classes: int = 10
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 3 * channels, 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(3 * channels)
        self.cell = nn.ModuleList()
        older = last = 3 * channels
        width, shrunk = channels, False
        for i in range(layers):
            reduce = i in (layers // 3, 2 * layers // 3)
            width = 2 * width if reduce else width
            cell = design.reduction if reduce else design.normal
            self.cell.append(Built(cell, older, last, width, reduce, shrunk))
            older, last, shrunk = last, len(cell) * width, reduce
        self.classify = nn.Linear(last, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        older = last = self.stem_norm(self.stem(x))
        for cell in self.cell:
            older, last = last, cell(older, last)
        return self.classify(last.mean((2, 3)))

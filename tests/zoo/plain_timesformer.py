"""TimeSformer in plain PyTorch, from sections 3 and 4 of the paper: which patches see each other is written
down as lists of them.

Modules are called as in zoo/timesformer.arch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import nn
from torch.nn import functional as F

Place = tuple[int, int, int]  # t, h, w of a patch
Parts = Callable[
    [int, int, int], dict[Place, object]
]  # patches with equal values see each other


def by(key: Callable[..., object]) -> Parts:
    return lambda t, h, w: {
        place: key(*place, h, w) for place in product(range(t), range(h), range(w))
    }


TIME = by(lambda t, h, w, *_: (h, w))
WIDTH = by(lambda t, h, w, *_: (t, h))
HEIGHT = by(lambda t, h, w, *_: (t, w))
SPACE = by(lambda t, h, w, *_: t)
ALL = by(lambda *_: 0)
NEARBY = by(
    lambda t, h, w, high, wide: (2 * h // high, 2 * w // wide)
)  # the neighbouring F x H/2 x W/2 patches
STRIDED = by(
    lambda t, h, w, *_: (t % 2, h % 2, w % 2)
)  # every second one along time, height and width

SCHEMES: dict[str, Sequence[Parts]] = {
    "space": [SPACE],
    "joint": [ALL],
    "divided": [TIME, SPACE],
    "sparse_local_global": [NEARBY, STRIDED],
    "axial": [TIME, WIDTH, HEIGHT],
}


class Attention(nn.Module):
    """Eq. 5 to 8 among the given tokens, all heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        b, n, c = z.shape
        q, k, v = (
            part.reshape(b, n, self.heads, c // self.heads).transpose(1, 2)
            for part in self.qkv(z).split(c, dim=-1)
        )
        alpha = ((q * (c // self.heads) ** -0.5) @ k.transpose(2, 3)).softmax(-1)
        return self.proj((alpha @ v).transpose(1, 2).reshape(b, n, c))


class Look(nn.Module):
    """An attention within each part. The class token takes part unless only time is looked over; its answers
    are averaged.
    """

    def __init__(self, parts: Parts, width: int, heads: int, added: bool) -> None:
        super().__init__()
        self.parts = parts
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads)
        if added:
            self.fc = nn.Linear(width, width)

    def forward(
        self, cls: torch.Tensor, x: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`cls` [b, c] or [b, t, c] and what it is to be added, `x` [b, t, h, w, c] likewise."""
        places = self.parts(*x.shape[1:4])
        to_x, to_cls = torch.zeros_like(x), []
        for value in dict.fromkeys(places.values()):
            t, h, w = (
                torch.tensor(axis)
                for axis in zip(*(p for p, v in places.items() if v == value), strict=True)
            )
            tokens = x[:, t, h, w]
            if self.parts is not TIME:
                tokens = torch.cat(
                    [(cls[:, t[0]] if cls.dim() == 3 else cls)[:, None], tokens], 1
                )
            y = self.attention(self.norm(tokens))
            if hasattr(self, "fc"):
                y = self.fc(y)
            if self.parts is not TIME:
                to_cls.append(y[:, 0])
                y = y[:, 1:]
            to_x[:, t, h, w] = y
        if not to_cls:
            return torch.zeros_like(cls), to_x
        return torch.stack(to_cls, 1) if cls.dim() == 3 else torch.stack(to_cls).mean(
            0
        ), to_x


class Block(nn.Module):
    def __init__(self, scheme: str, order: str, width: int, heads: int) -> None:
        super().__init__()
        parts = SCHEMES[scheme]
        places = (
            range(len(parts)) if order != "space_first" else reversed(range(len(parts)))
        )
        self.parallel = order == "parallel"
        inner = nn.Module()
        inner.look = nn.ModuleList(
            Look(parts[i], width, heads, added=i < len(parts) - 1) for i in places
        )
        inner.norm = nn.LayerNorm(width, eps=1e-6)
        inner.mlp = nn.Module()
        inner.mlp.fc1, inner.mlp.fc2 = (
            nn.Linear(width, 4 * width),
            nn.Linear(4 * width, width),
        )
        self.transformer = inner

    def forward(
        self, cls: torch.Tensor, x: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        inner = self.transformer
        first = cls, x
        for look in inner.look:
            to_cls, to_x = look(*(first if self.parallel else (cls, x)))
            cls, x = cls + to_cls, x + to_x

        z = torch.cat([cls.reshape(len(cls), -1, cls.shape[-1]), x.flatten(1, 3)], 1)
        z = z + inner.mlp.fc2(F.gelu(inner.mlp.fc1(inner.norm(z))))
        count = cls.shape[1] if cls.dim() == 3 else 1
        return z[:, :count].reshape(cls.shape), z[:, count:].reshape(x.shape)


class TimeSformer(nn.Module):
    def __init__(
        self,
        scheme: str | Sequence[str] = "divided",
        order: str = "time_first",
        position: str = "space_time",
        separate: bool = False,
        frames: int = 8,
        size: int = 224,
        patch: int = 16,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        classes: int = 400,
    ) -> None:
        super().__init__()
        self.position, self.separate, side = position, separate, size // patch
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.empty(width))
        if position != "none":
            self.position_embedding = nn.Parameter(torch.empty(side * side + 1, width))
        if position == "space_time":
            self.time_embedding = nn.Parameter(torch.empty(frames, width))
        schemes = [scheme] * depth if isinstance(scheme, str) else scheme
        self.block = nn.ModuleList(Block(each, order, width, heads) for each in schemes)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        b, _, t = clip.shape[:3]
        x = torch.stack([self.patch(clip[:, :, i]) for i in range(t)], 1).permute(
            0, 1, 3, 4, 2
        )
        cls = self.cls.expand(b, -1)
        if self.position != "none":
            cls = cls + self.position_embedding[0]
            x = x + self.position_embedding[1:].reshape(*x.shape[2:])
        if self.position == "space_time":
            x = x + self.time_embedding[:, None, None]
        if self.separate:
            cls = cls[:, None].expand(-1, t, -1)
        for block in self.block:
            cls, x = block(cls, x)
        if self.separate:
            cls = cls.mean(1)
        return self.head(self.norm(cls))

"""X-ViT in plain PyTorch, from section 3 of the paper; modules are called as in zoo/xvit.arch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

OFFSETS: dict[str, Sequence[int]] = {
    "window_1": (1, -1),
    "window_2": (1, -1, 2, -2),
    "window_2_bo": (2, -2),
}
MIXES = {
    "all": lambda i, depth: True,
    "first_half": lambda i, depth: i < depth // 2,
    "second_half": lambda i, depth: i >= depth // 2,
    "odd": lambda i, depth: i % 2 == 1,
}


def mixed(
    z: torch.Tensor, offsets: Sequence[int], fraction: float, segments: int
) -> torch.Tensor:
    """Eq. 9: of frame t's channels, z [b, t, n, c], equal shares are those of frames t + o; beyond the clip,
    and in the public code beyond each `segments` frames, there is nothing.
    """
    if segments < z.shape[1]:
        return torch.cat(
            [mixed(part, offsets, fraction, segments) for part in z.split(segments, 1)], 1
        )
    share = int(z.shape[3] * fraction) // len(offsets)
    frames = []
    for t in range(z.shape[1]):
        pieces = []
        for i, o in enumerate(offsets):
            other = z[:, t + o] if 0 <= t + o < z.shape[1] else torch.zeros_like(z[:, t])
            pieces.append(other[..., i * share : (i + 1) * share])
        frames.append(torch.cat([*pieces, z[:, t, :, len(offsets) * share :]], -1))
    return torch.stack(frames, 1)


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int) -> torch.Tensor:
    """Of each query [b, n, c] over the keys [b, m, c], by heads."""
    out = []
    for qh, kh, vh in zip(
        q.chunk(heads, -1), k.chunk(heads, -1), v.chunk(heads, -1), strict=True
    ):
        out.append((qh @ kh.transpose(1, 2) / qh.shape[-1] ** 0.5).softmax(-1) @ vh)
    return torch.cat(out, -1)


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Projections(nn.Module):
    def __init__(self, width: int, bias: bool = True) -> None:
        super().__init__()
        self.qkv, self.proj = (
            nn.Linear(width, 3 * width, bias=bias),
            nn.Linear(width, width),
        )


class Block(nn.Module):
    """One layer over the frames' tokens [b, t, n, c]."""

    def __init__(
        self,
        width: int,
        heads: int,
        mixes: Sequence[bool],
        offsets: Sequence[int],
        shares: tuple[float, int],
        summary: bool,
    ) -> None:
        super().__init__()
        self.heads, self.mixes, self.offsets, self.summary = heads, mixes, offsets, summary
        self.fraction, self.segments = shares
        self.norm1, self.norm2 = (
            nn.LayerNorm(width, eps=1e-6),
            nn.LayerNorm(width, eps=1e-6),
        )
        self.attention = Projections(width)
        self.mlp = Mlp(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_mixed, key_mixed, value_mixed = self.mixes
        z = self.norm1(x)
        if x_mixed:
            z = mixed(z, self.offsets, self.fraction, self.segments)
        q, k, v = self.attention.qkv(z).chunk(3, -1)
        k_summary, v_summary = k.mean(2), v.mean(2)  # one of each frame, before mixing
        if key_mixed:
            k = mixed(k, self.offsets, self.fraction, self.segments)
        if value_mixed:
            v = mixed(v, self.offsets, self.fraction, self.segments)
        frames = []
        for t in range(x.shape[1]):
            keys, values = k[:, t], v[:, t]
            if self.summary:
                keys, values = (
                    torch.cat([keys, k_summary], 1),
                    torch.cat([values, v_summary], 1),
                )
            frames.append(attend(q[:, t], keys, values, self.heads))
        x = x + self.attention.proj(torch.stack(frames, 1))
        return x + self.mlp(self.norm2(x))


class Mean(nn.Module):
    """Of the frames' class tokens [b, t, c], then the classifier."""

    def __init__(self, width: int, heads: int, layers: int, classes: int) -> None:
        super().__init__()
        self.classify = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classify(x.mean(1))


class TemporalBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Projections(width, bias=False)
        self.mlp = Mlp(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention.proj(
            attend(*self.attention.qkv(self.norm1(x)).chunk(3, -1), self.heads)
        )
        return x + self.mlp(self.norm2(x))


class TemporalAttention(nn.Module):
    def __init__(self, width: int, heads: int, layers: int, classes: int) -> None:
        super().__init__()
        self.cls = nn.Parameter(torch.empty(width))
        self.block = nn.ModuleList(TemporalBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.hidden, self.classify = nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.cat([self.cls.expand(len(x), 1, -1), x], 1)
        for block in self.block:
            x = block(x)
        return self.classify(
            F.gelu(self.hidden(self.norm(x[:, 0])))
        )  # the dropout between them is off


AGGREGATES: dict[str, type[nn.Module]] = {
    "mean_over_time": Mean,
    "temporal_attention": TemporalAttention,
}


class XViT(nn.Module):
    def __init__(
        self,
        frames: int = 8,
        size: int = 224,
        patch: int = 16,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        classes: int = 400,
        window: str = "window_1",
        fraction: float = 0.25,
        mixed_blocks: str = "all",
        x_mixed: bool = False,
        key_mixed: bool = True,
        value_mixed: bool = True,
        summary: bool = False,
        aggregate: str = "temporal_attention",
        layers: int = 1,
        segments: int | None = None,
        times: int | None = None,
    ) -> None:
        """`times` are the rows of the time embedding, as many as frames but in the public code."""
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.empty(width))
        self.position_embedding = nn.Parameter(torch.empty((size // patch) ** 2 + 1, width))
        self.time_embedding = nn.Parameter(torch.empty(times or frames, width))
        self.block = nn.ModuleList()
        for i in range(depth):
            on = MIXES[mixed_blocks](i, depth)
            mixes = [on and x_mixed, on and key_mixed, on and value_mixed]
            self.block.append(
                Block(
                    width,
                    heads,
                    mixes,
                    OFFSETS[window],
                    (fraction, segments or frames),
                    summary,
                )
            )
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.aggregate = nn.ModuleDict(
            {aggregate: AGGREGATES[aggregate](width, heads, layers, classes)}
        )

    def forward(self, clip: torch.Tensor) -> torch.Tensor:
        x = torch.stack(
            [self.patch(frame).flatten(2).transpose(1, 2) for frame in clip.unbind(2)], 1
        )
        x = torch.cat([self.cls.expand(*x.shape[:2], 1, -1), x], 2)
        x = x + self.position_embedding
        x = x.unflatten(1, (-1, len(self.time_embedding))) + self.time_embedding[:, None]
        x = x.flatten(1, 2)
        for block in self.block:
            x = block(x)
        (aggregate,) = self.aggregate.values()
        return aggregate(self.norm(x[:, :, 0]))

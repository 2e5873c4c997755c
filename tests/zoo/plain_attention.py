"""AttentionNAS's operations and cells in plain PyTorch, from sections 3 and 4.2 and appendix B of the paper,
as functions of their weights.

Feature maps are [n, c, t, h, w]: a group of frames, which nothing attends across, counts as a clip of its
own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = Mapping[str, Tensor]
Answers = Mapping[str, str]
ACTS = {
    "none": lambda s: s,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda s: s.softmax(-1),
}


def positions(f: Tensor, dim: str) -> Tensor:
    """What describes each position of `dim`: [groups, positions, numbers]. For time that is a whole frame."""
    n, c, t, h, w = f.shape
    if dim == "@t":
        return f.transpose(1, 2).reshape(n, t, c * h * w)
    whole = f.permute(0, 2, 3, 4, 1)
    return (
        whole.reshape(n * t, h * w, c) if dim == "@hw" else whole.reshape(n, t * h * w, c)
    )


def back(tokens: Tensor, dim: str, like: Tensor) -> Tensor:
    """The inverse for as many channels as `like` has."""
    n, c, t, h, w = like.shape
    if dim == "@t":
        return tokens.reshape(n, t, c, h, w).transpose(1, 2)
    return tokens.reshape(n, t, h, w, c).permute(0, 4, 1, 2, 3)


def pointwise(f: Tensor, weight: Tensor) -> Tensor:
    return torch.einsum("oi,nithw->nothw", weight.flatten(1), f)


def mapped(f: Tensor, p: Weights, at: str, dim: str, act: str) -> Tensor:
    """Equation 1."""
    g1 = F.linear(positions(f, dim), p[f"{at}.g1.weight"], p[f"{at}.g1.bias"]).mean(-1)
    hidden = torch.relu(F.linear(g1, p[f"{at}.g2a.weight"], p[f"{at}.g2a.bias"]))
    weights = ACTS[act](F.linear(hidden, p[f"{at}.g2b.weight"], p[f"{at}.g2b.bias"]))
    values = pointwise(f, p[f"{at}.g3.weight"])
    return back(positions(values, dim) * weights[..., None], dim, values)


def dotted(f: Tensor, source: Tensor, p: Weights, at: str, dim: str, act: str) -> Tensor:
    """Equation 2."""
    query = F.linear(positions(f, dim), p[f"{at}.g1.weight"], p[f"{at}.g1.bias"])
    key = F.linear(positions(source, dim), p[f"{at}.g2.weight"], p[f"{at}.g2.bias"])
    values = pointwise(source, p[f"{at}.g3.weight"])
    return back(
        ACTS[act](query @ key.transpose(1, 2)) @ positions(values, dim), dim, values
    )


def operation(
    f: Tensor,
    source: Tensor,
    p: Weights,
    at: str,
    answers: Answers,
    kind: str | None = None,
) -> Tensor:
    """One attention; where its kind was a question, that is a level of the names."""
    dim, act = answers[f"{at}.dim"], answers[f"{at}.act"]
    kind, level = (kind, "") if kind else (answers[f"{at}.kind"], "kind.")
    name = key(f"{at}.{level}{kind}")
    y = (
        mapped(f, p, name, dim, act)
        if kind == "map"
        else dotted(f, source, p, name, dim, act)
    )
    if answers[f"{at}.gate"] == "true":
        gate = torch.sigmoid(
            F.linear(y.mean((2, 3, 4)), p[f"{key(at)}.feature_gate.weigh.weight"])
        )
        y = y * gate[:, :, None, None, None]
    return y


def key(path: str) -> str:
    return path.replace("[", ".").replace("]", "")


def summed(maps: Sequence[Tensor], chosen: str | None, p: Weights, name: str) -> Tensor:
    """The weighted sum of the chosen maps, of all of them where there is nothing to choose."""
    indices = (
        [int(i) for i in chosen.strip("[]").split(",")] if chosen else range(len(maps))
    )
    if len(indices) == 1 and name not in p:
        return maps[indices[0]]
    return torch.stack([p[name][k] * maps[i] for k, i in enumerate(indices)]).sum(0)


def enter(x: Tensor, p: Weights, side: int, frames: int) -> Tensor:
    """B.2: fewer channels, a fixed resolution, whole groups of frames, each a clip."""
    b, _, t = x.shape[:3]
    y = pointwise(x, p["cell.enter.reduce.weight"])
    y = torch.stack(
        [
            F.interpolate(frame, (side, side), mode="bilinear", align_corners=False)
            for frame in y.unbind(2)
        ],
        2,
    )
    y = F.pad(y, (0, 0, 0, 0, 0, -t % frames))
    return torch.cat(
        [
            y[i : i + 1, :, j : j + frames]
            for i in range(b)
            for j in range(0, y.shape[2], frames)
        ]
    )


def leave(y: Tensor, x: Tensor, p: Weights) -> Tensor:
    b, _, t, h, w = x.shape
    y = pointwise(y, p["cell.leave.combine.weight"])
    groups = len(y) // b
    y = torch.stack(
        [torch.cat(list(y[i * groups : (i + 1) * groups]), 1) for i in range(b)]
    )[:, :, :t]
    return torch.stack(
        [
            F.interpolate(frame, (h, w), mode="bilinear", align_corners=False)
            for frame in y.unbind(2)
        ],
        2,
    )


def cell(x: Tensor, p: Weights, answers: Answers, k: int, side: int, frames: int) -> Tensor:
    """Section 3.2, with a residual connection."""
    f0 = enter(x, p, side, frames)
    maps = [f0]
    for i in range(k):
        node = f"cell.node[{i}]"
        f = summed(
            maps, answers.get(f"{node}.source"), p, f"{key(node)}.weighted_sum.weight"
        )
        source = f0 if answers.get("cell.kv") == '"cell"' else f
        maps.append(operation(f, source, p, f"{node}.op", answers))
    return x + leave(torch.cat(maps[1:], 1), x, p)


def supergraph_cell(
    x: Tensor,
    p: Weights,
    answers: Answers,
    nodes: Sequence[tuple[str, str]],
    levels: int,
    side: int,
    frames: int,
) -> Tensor:
    """Section 4.2: of each node the maps of the level before, of all nodes those that leave the cell."""
    f0 = enter(x, p, side, frames)
    previous, everything = [f0], []
    for i in range(levels):
        current = []
        for j, (dim, kind) in enumerate(nodes):
            node = f"cell.level[{i}].node[{j}]"
            if f"{node}.op.act" not in answers:  # nothing needs it
                current.append(torch.zeros(()))
                continue
            f = (
                f0
                if i == 0
                else summed(
                    previous,
                    answers.get(f"{node}.source"),
                    p,
                    f"{key(node)}.weighted_sum.weight",
                )
            )
            current.append(
                operation(
                    f,
                    f0,
                    p,
                    f"{node}.op",
                    {**answers, f"{node}.op.dim": dim, f"{node}.op.kind": kind},
                )
            )
        previous, everything = current, everything + current
    kept = [everything[int(i)] for i in answers["cell.sink"].strip("[]").split(",")]
    return x + leave(torch.cat(kept, 1), x, p)

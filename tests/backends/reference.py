"""Each primitive stated directly with einsum, indexing and softmax, on tensors with named dimensions in any
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from archdsl.ops.sizes import along, padding_amounts, window_dims


@dataclass
class Named:
    data: torch.Tensor
    dims: str

    @property
    def sizes(self) -> dict[str, int]:
        return dict(zip(self.dims, self.data.shape, strict=True))

    def to(self, dims: str) -> torch.Tensor:
        """The data in this order, size 1 where a dimension is missing."""
        present = [d for d in dims if d in self.dims]
        assert set(self.dims) <= set(dims), (self.dims, dims)
        data = self.data.permute([self.dims.index(d) for d in present])
        return data.reshape([self.sizes.get(d, 1) for d in dims])

    def front(self, dims: str) -> Named:
        order = dims + "".join(d for d in self.dims if d not in dims)
        return Named(self.to(order), order)


def einsum(out: str, *parts: Named) -> Named:
    letters = {
        d: i for i, d in enumerate(dict.fromkeys("".join(p.dims for p in parts) + out))
    }
    operands: list[Any] = []
    for part in parts:
        operands += [part.data, [letters[d] for d in part.dims]]
    return Named(torch.einsum(*operands, [letters[d] for d in out]), out)


def windows(
    x: Named, attrs: Mapping[str, Any], name: str, fill: float
) -> tuple[Named, str]:
    """Each dimension of the window twice: its positions, and (as digits) what the window sees there."""
    dims = window_dims(attrs[name], x.sizes)
    seen = ""
    for i, d in enumerate(dims):
        k, s, dilation = (
            along(attrs[name], i),
            along(attrs["stride"], i),
            along(attrs.get("dilation", 1), i),
        )
        if d not in x.dims:
            x = Named(x.data[..., None], x.dims + d)
        n = x.sizes[d]
        low, high = padding_amounts(along(attrs["padding"], i), n, k, s, dilation)
        data = x.to(x.dims.replace(d, "") + d)
        edge = [
            torch.full((*data.shape[:-1], amount), fill, dtype=data.dtype)
            for amount in (low, high)
        ]
        data = torch.cat([edge[0], data, edge[1]], -1)
        out = (n + low + high - dilation * (k - 1) - 1) // s + 1
        at = s * torch.arange(out)[:, None] + dilation * torch.arange(k)[None]
        x = Named(data[..., at], x.dims.replace(d, "") + d + str(i))
        seen += str(i)
    return x, seen


def squeezed(x: Named, dims: str) -> Named:
    gone = [d for d in x.dims if d not in dims]
    return Named(
        x.to("".join(gone) + "".join(d for d in x.dims if d in dims))[(0,) * len(gone)],
        "".join(d for d in x.dims if d in dims),
    )


def conv(w: Mapping[str, torch.Tensor], attrs: Mapping[str, Any], x: Named) -> Named:
    given = x.dims
    x, seen = windows(x, attrs, "kernel", 0.0)
    groups = attrs["groups"]
    x = x.front("c")
    x = Named(x.data.unflatten(0, (groups, -1)), "yz" + x.dims[1:])
    weight = Named(w["weight"].unflatten(0, (groups, -1)), "yxz" + seen)
    y = einsum("yx" + "".join(d for d in x.dims if d not in "yz" + seen), x, weight)
    y = Named(y.data.flatten(0, 1), "c" + y.dims[2:])
    if "bias" in w:
        y = Named(y.data + w["bias"].reshape([-1] + [1] * (len(y.dims) - 1)), y.dims)
    return squeezed(y, given)


def pool(x: Named, attrs: Mapping[str, Any], kind: str) -> Named:
    given = x.dims
    y, seen = windows(x, attrs, "window", float("-inf") if kind == "max" else float("nan"))
    y = y.front(seen)
    data = y.data.flatten(0, len(seen) - 1)
    return squeezed(
        Named(data.amax(0) if kind == "max" else data.nanmean(0), y.dims[len(seen) :]),
        given,
    )


def linear(w: Mapping[str, torch.Tensor], attrs: Mapping[str, Any], x: Named) -> Named:
    dims = attrs["dim"]
    rest = "".join(d for d in x.dims if d not in dims)
    flat = x.to(rest + dims).flatten(len(rest))
    return Named(
        flat @ w["weight"].T + w.get("bias", 0), rest + ("c" if "c" in dims else dims[0])
    )


def batch_norm(w: Mapping[str, torch.Tensor], attrs: Mapping[str, Any], x: Named) -> Named:
    rest = "".join(d for d in x.dims if d != "c")
    data = x.to(rest + "c").reshape(-1, x.sizes["c"])
    y = (data - data.mean(0)) / (data.var(0, correction=0) + attrs["eps"]).sqrt() * w.get(
        "weight", 1
    ) + w.get("bias", 0)
    return Named(y.reshape([*(x.sizes[d] for d in rest), -1]), rest + "c")


def layer_norm(w: Mapping[str, torch.Tensor], attrs: Mapping[str, Any], x: Named) -> Named:
    dims = attrs["dim"]
    rest = "".join(d for d in x.dims if d not in dims)
    data = x.to(rest + dims)
    over = tuple(range(len(rest), data.dim()))
    y = (data - data.mean(over, keepdim=True)) / (
        data.var(over, correction=0, keepdim=True) + attrs["eps"]
    ).sqrt()
    return Named(y * w.get("weight", 1) + w.get("bias", 0), rest + dims)


def group_norm(w: Mapping[str, torch.Tensor], attrs: Mapping[str, Any], x: Named) -> Named:
    over = (
        attrs["over"]
        if attrs["over"] is not None
        else "".join(d for d in x.dims if d not in "bc")
    )
    rest = "".join(d for d in x.dims if d not in over + "c")
    data = x.to(rest + "c" + over).unflatten(len(rest), (attrs["groups"], -1))
    counted = tuple(range(len(rest) + 1, data.dim()))
    y = (data - data.mean(counted, keepdim=True)) / (
        data.var(counted, correction=0, keepdim=True) + attrs["eps"]
    ).sqrt()
    y = y.flatten(len(rest), len(rest) + 1).movedim(len(rest), -1)
    return Named(y * w.get("weight", 1) + w.get("bias", 0), rest + over + "c")


def dot(attrs: Mapping[str, Any], a: Named, b: Named) -> Named:
    out = "".join(dict.fromkeys(d for d in a.dims + b.dims if d not in attrs["over"]))
    return einsum(out, a, b)


ACTS = {
    "identity": lambda x: x,
    "relu": lambda x: x.clamp(min=0),
    "relu6": lambda x: x.clamp(0, 6),
    "swish": lambda x: x * torch.sigmoid(x),
    "hardswish": lambda x: x * (x + 3).clamp(0, 6) / 6,
    "sigmoid": torch.sigmoid,
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    "tanh": torch.tanh,
}


def attend(attrs: Mapping[str, Any], q: Named, k: Named, v: Named) -> Named:
    over, heads = attrs["over"], attrs["heads"]
    scale = (
        attrs["scale"] if attrs["scale"] is not None else (q.sizes["c"] // heads) ** -0.5
    )
    upper = str.maketrans(over, over.upper())
    cut = [
        Named(
            x.front("c").data.unflatten(0, (heads, -1)),
            "y" + letter + x.front("c").dims[1:],
        )
        for x, letter in ((q, "e"), (k, "e"), (v, "f"))
    ]
    q, k, v = (
        cut[0],
        Named(cut[1].data, cut[1].dims.translate(upper)),
        Named(cut[2].data, cut[2].dims.translate(upper)),
    )
    out = (
        "".join(dict.fromkeys(d for d in q.dims + k.dims if d not in "e" + over.upper()))
        + over.upper()
    )
    scores = einsum(out, q, k)
    data = scores.data * scale
    if attrs["act"] == "softmax":
        data = data.flatten(len(out) - len(over)).softmax(-1).reshape(data.shape)
    else:
        data = ACTS[attrs["act"]](data)
    rest = "".join(dict.fromkeys(d for d in out + v.dims if d not in "yf" + over.upper()))
    y = einsum("yf" + rest, Named(data, out), v)
    return Named(y.data.flatten(0, 1), "c" + rest)


def concat(dim: str, *parts: Named) -> Named:
    dims = "".join(dict.fromkeys("".join(p.dims for p in parts) + dim))
    sizes = {d: n for p in parts for d, n in p.sizes.items()}
    whole = [
        p.to(dims).expand([p.sizes.get(d, 1 if d == dim else sizes[d]) for d in dims])
        for p in parts
    ]
    return Named(torch.cat(whole, dims.index(dim)), dims)


def arithmetic(op: Any, a: Named, b: Named) -> Named:
    dims = a.dims if len(a.dims) >= len(b.dims) else b.dims
    return Named(op(a.to(dims), b.to(dims)), dims)

"""Products of two tensors: contraction by name, and attention."""

from __future__ import annotations

from archdsl_lowering.rows.arithmetic import repeated
from archdsl_lowering.rows.layout import Layout, drop, flat, keep, replaced, without
from archdsl_lowering.rows.pointwise import FUNCTIONS
from archdsl_lowering.rows.site import Handle, Site, Value
from archdsl_lowering.rows.sizes import Sizes

_HEAD, _DEPTH = (
    "0",
    "1",
)  # the two parts of the channels in attention; letters are for users

_ATTENTION = "torch.nn.functional.scaled_dot_product_attention"


def dot(site: Site) -> Value:
    """A batched matrix product (`bmm`, or `mm` where nothing is common): never `mv` or `dot`, which are not
    counted.
    """
    a, b = site.inputs
    over: str = site.attrs["over"]
    shared = drop(keep(_order(site, a), b.sizes), over)
    outer_a, outer_b = (drop(_order(site, v), shared + over) for v in (a, b))
    over = keep(_order(site, a), over)
    batch: Layout = (shared,) if shared else ()
    left = site.arrange(a, (*batch, outer_a, over))
    right = site.arrange(b, (*batch, over, outer_b))
    product = site.emit.function("torch.bmm" if shared else "torch.mm", left, right)
    return site.result(product, (*batch, outer_a, outer_b))


def attend(site: Site, *, fused: bool = True) -> Value:
    """Every position of q asks all positions of k. Heads cut the channels, the first head having the first of
    them.

    Softmax goes through `scaled_dot_product_attention` if `fused`; other weightings, which sum to no one,
    through two products. Dimensions of q that neither k nor v has are further positions of q; dimensions that
    only v has, further channels.
    """
    q, k, v = site.inputs
    over: str = site.attrs["over"]
    heads: int = site.attrs["heads"]
    scale = site.attrs["scale"]
    if scale is None:
        scale = (q.sizes["c"] // heads) ** -0.5
    order = _order(site, q)
    rest = drop(order, over + "c")
    batch = "".join(d for d in rest if d in k.sizes or d in v.sizes)
    positions = drop(rest, batch) + keep(order, over)
    keys = keep(_order(site, k), over)
    extra = drop(_order(site, v), rest + over + "c")
    k, v = _batched(site, k, v, batch), _batched(site, v, k, batch)
    query = _in_heads(site, q, heads, (batch, _HEAD, positions, _DEPTH))
    value = _in_heads(site, v, heads, (batch, _HEAD, keys, extra + _DEPTH))
    if fused and site.attrs["act"] == "softmax":
        key = _in_heads(site, k, heads, (batch, _HEAD, keys, _DEPTH))
        found = site.emit.function(_ATTENTION, query, key, value, scale=float(scale))
    else:
        key = _in_heads(site, k, heads, (batch, _HEAD, _DEPTH, keys))
        scores = site.emit.function("torch.matmul", query, key)
        if scale != 1:
            scores = site.emit.function("operator.mul", scores, scale)
        found = site.emit.function("torch.matmul", _activated(site, scores), value)
    answer = site.result(
        found, (batch, _HEAD, positions, extra + _DEPTH), _cut(site.sizes, heads)
    )
    layout = tuple(g for g in (batch, positions, extra) if g)
    return site.result(site.arrange(answer, (*layout, _HEAD + _DEPTH)), (*layout, "c"))


def _order(site: Site, value: Value) -> str:
    """The dimensions of a value in the order in which its latest form has them."""
    return flat(site.forms(value)[-1].layout)


def _batched(site: Site, value: Value, other: Value, batch: str) -> Value:
    """A value with all dimensions of the batch: those it lacks are repeated, as many times as `other` has
    them.
    """
    missing = drop(batch, value.sizes)
    if not missing:
        return value
    sizes = value.sizes.lent(other.sizes, missing)
    reference, _ = site.fit(other, lambda form: tuple(missing) + without(form, missing))
    layout = (*missing, *_order(site, value))
    return site.result(repeated(site, value, layout, sizes, reference), layout, sizes)


def _in_heads(site: Site, value: Value, heads: int, layout: Layout) -> Handle:
    """A value with its channels cut into heads."""
    cut = site.relabelled(
        value,
        lambda form: replaced(form, "c", _HEAD + _DEPTH),
        _cut(value.sizes, heads),
    )
    return site.arrange(cut, layout)


def _cut(sizes: Sizes, heads: int) -> Sizes:
    """Sizes with the channels in two parts."""
    return sizes.without("c").given({_HEAD: heads, _DEPTH: sizes["c"] // heads})


def _activated(site: Site, scores: Handle) -> Handle:
    if site.attrs["act"] == "softmax":
        return site.emit.function("torch.softmax", scores, -1)
    target = FUNCTIONS.get(site.attrs["act"])
    return scores if target is None else site.emit.function(target, scores)

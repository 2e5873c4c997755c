"""Linear layers and normalisation."""

from __future__ import annotations

from math import prod

from archdsl_lowering.rows import layers
from archdsl_lowering.rows.layout import Layout, drop, flat, keep, without
from archdsl_lowering.rows.site import Site, Value

_CONVOLUTIONAL = "thw"


def linear(site: Site) -> Value:
    """The contracted dimensions last, folded in the order in which they are named: `weight` (width, their
    product).
    """
    dims: str = site.attrs["dim"]
    name = "c" if "c" in dims else dims[0]
    x, layout = site.fit(site.x, lambda form: (without(form, dims) or ("",)) + (dims,))
    width = prod([site.x.sizes[d] for d in dims])
    module = layers.linear(width, site.attrs["width"], site.attrs["bias"])
    return site.result(site.emit.layer(module, x), layout[:-1] + (name,))


def batch_norm(site: Site) -> Value:
    """Channels on the second axis; t, h, w keep axes of their own, all else is folded into the first."""
    x, layout = site.fit(site.x, _second)
    eps, momentum, affine = (site.attrs[name] for name in ("eps", "momentum", "affine"))
    module = layers.batch_norm(len(layout) - 2, site.sizes["c"], eps, momentum, affine)
    return site.result(site.emit.layer(module, x), layout)


def layer_norm(site: Site) -> Value:
    """The normalised dimensions last, in the order in which they are named."""
    dims: str = site.attrs["dim"]
    x, layout = site.fit(site.x, lambda form: without(form, dims) + tuple(dims))
    sizes = tuple([site.sizes[d] for d in dims])
    module = layers.layer_norm(sizes, site.attrs["eps"], site.attrs["affine"])
    return site.result(site.emit.layer(module, x), layout)


def group_norm(site: Site) -> Value:
    """Channels on the second axis, behind what counts by itself; the positions that count with them
    follow.
    """
    over = site.attrs["over"]
    counted = drop(flat(site.forms(site.x)[-1].layout), "bc") if over is None else over

    def wish(form: Layout) -> Layout:
        if len(form) > 1 and form[1] == "c" and set(flat(form[2:])) == set(counted):
            return form
        positions = keep(flat(form), counted)
        return (drop(flat(form), "c" + positions), "c", *positions)

    x, layout = site.fit(site.x, wish)
    module = layers.group_norm(
        site.attrs["groups"],
        site.sizes["c"],
        site.attrs["eps"],
        site.attrs["affine"],
    )
    return site.result(site.emit.layer(module, x), layout)


def _second(form: Layout) -> Layout:
    if 2 <= len(form) <= 5 and form[1] == "c":
        return form
    present = keep(_CONVOLUTIONAL, flat(form))
    return (drop(flat(form), "c" + present), "c", *present)

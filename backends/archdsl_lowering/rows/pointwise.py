"""Activations, softmax, and what is dropped at random while training."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl_lowering.rows import layers
from archdsl_lowering.rows.layout import Layout, alone, axis, flat, joined, keep
from archdsl_lowering.rows.site import Site, Value

FUNCTIONS: Mapping[str, str] = {
    "relu": "torch.relu",
    "relu6": "torch.nn.functional.relu6",
    "swish": "torch.nn.functional.silu",
    "hardswish": "torch.nn.functional.hardswish",
    "sigmoid": "torch.sigmoid",
    "gelu": "torch.nn.functional.gelu",
    "tanh": "torch.tanh",
}


def activation(site: Site) -> Value:
    """An activation by its name, in whatever layout the input has."""
    x, layout = site.fit(site.x, lambda form: form)
    return site.result(site.emit.function(FUNCTIONS[site.primitive], x), layout)


def identity(site: Site) -> Value:
    """The input itself."""
    return site.unmoved()


def softmax(site: Site) -> Value:
    """Over one dimension, or over several jointly, which are folded for it."""
    over: str = site.attrs["over"]
    x, layout = site.fit(site.x, lambda form: _together(form, over))
    return site.result(
        site.emit.function("torch.softmax", x, axis(layout, over[0])), layout
    )


def dropout(site: Site) -> Value:
    """Elements are dropped while training, the others scaled by 1/(1−p)."""
    if site.attrs["p"] == 0:
        return identity(site)
    x, layout = site.fit(site.x, lambda form: form)
    return site.result(site.emit.layer(layers.dropout(site.attrs["p"]), x), layout)


def drop_path(site: Site) -> Value:
    """Stochastic depth: while training, whole samples are dropped and the others scaled by 1/(1−p).

    One element of each sample is taken as the shape of its mask: ones, put through a dropout.
    """
    if site.attrs["p"] == 0:
        return identity(site)
    x, layout = site.fit(site.x, lambda form: alone(form, "b"))
    first = tuple(slice(None) if group == "b" else slice(0, 1) for group in layout)
    one = site.emit.function(
        "torch.ones_like", site.emit.function("operator.getitem", x, first)
    )
    mask = site.emit.layer(layers.dropout(site.attrs["p"]), one)
    return site.result(site.emit.function("operator.mul", x, mask), layout)


def _together(form: Layout, over: str) -> Layout:
    return alone(form, over) if len(over) == 1 else joined(form, keep(flat(form), over))

"""Sums, products and joins of tensors, matched by the names of their dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from archdsl_lowering.rows.layout import Layout, alone, apart, extent, projected, steps
from archdsl_lowering.rows.site import Handle, Site, Value

OPERATORS: Mapping[str, str] = {
    "add": "operator.add",
    "sub": "operator.sub",
    "mul": "operator.mul",
    "div": "operator.truediv",
}


def binary(site: Site) -> Value:
    """Two tensors, one of which has all dimensions of the other."""
    a, b = site.inputs
    return _combined(site, OPERATORS[site.primitive], a, b)


def add(site: Site) -> Value:
    """The inputs one after another."""
    return _total(site, site.inputs)


def _total(site: Site, values: Sequence[Value]) -> Value:
    return reduce(lambda a, b: _combined(site, "operator.add", a, b), values)


def scalar(site: Site) -> Value:
    """A tensor and a number; `left` is where the number stands before the operator."""
    x, layout = site.fit(site.x, lambda form: form)
    by = site.attrs["by"]
    operands = (by, x) if site.attrs["left"] else (x, by)
    return site.result(site.emit.function(OPERATORS[site.attrs["op"]], *operands), layout)


def weighted_sum(site: Site) -> Value:
    """One coefficient for each input; no matrix product, so no multiply–accumulates are counted."""
    return weighted(site, site.inputs, range(len(site.inputs)))


def weighted(site: Site, values: Sequence[Value], coefficients: Iterable[int]) -> Value:
    """The values times the elements of `weight` at these places, added up."""
    weight = site.emit.weight("weight")
    terms = [scaled(site, *term, weight) for term in zip(values, coefficients, strict=True)]
    return _total(site, terms)


def scaled(site: Site, value: Value, place: int, weights: Handle) -> Value:
    """A value times one element of a vector."""
    x, layout = site.fit(value, lambda form: form)
    one = site.emit.function("operator.getitem", weights, place)
    return site.result(site.emit.function("operator.mul", x, one), layout, value.sizes)


def concat(site: Site) -> Value:
    """End to end along one dimension; a dimension that an input lacks is repeated, the joined one counting as
    one position.
    """
    return joined(site, site.inputs, site.attrs["dim"])


def joined(site: Site, values: Sequence[Value], dim: str) -> Value:
    """The values end to end along `dim`. The size of the batch, where an input lacks it, is that of another
    input.
    """
    if len(values) == 1 and dim in values[0].sizes:
        return site.unmoved()
    fullest = max(values, key=lambda v: len(v.sizes))
    new = tuple(d for d in site.sizes if d not in fullest.sizes)
    reference, layout = site.fit(
        fullest, lambda form: _joinable(form, values, dim) + ("",) * len(new)
    )
    layout = layout[: len(layout) - len(new)] + new
    sizes = site.sizes
    parts = tuple(
        [repeated(site, value, layout, sizes, reference, once=dim) for value in values]
    )
    return site.result(site.emit.function("torch.cat", parts, layout.index(dim)), layout)


def repeated(
    site: Site,
    value: Value,
    layout: Layout,
    sizes: Mapping[str, int],
    reference: Handle,
    once: str = "",
) -> Handle:
    """The value in a layout of which it lacks whole groups, repeated along those; along `once` it stays a
    single position.

    Where the batch is among them, its size is read from `reference`, a tensor in that layout: the one size
    that is unknown before a call.
    """
    own = tuple([group if group[0] in value.sizes else "" for group in layout])
    x = site.arrange(value, own)
    missing = {group for group in layout if group not in own and group != once}
    if not missing:
        return x
    counts: list[Handle] = []
    for at, group in enumerate(layout):
        if group not in missing:
            counts.append(-1)
        elif "b" in group:
            counts.append(site.emit.method("size", reference, at))
        else:
            counts.append(extent(group, sizes))
    return site.emit.method("expand", x, *counts)


def _joinable(form: Layout, values: Sequence[Value], dim: str) -> Layout:
    """`dim` on its own, and every other group held by each value whole or not at all."""
    layout = alone(form, dim)
    for value in values:
        layout = apart(layout, "".join(value.sizes))
    return layout


def _combined(site: Site, target: str, a: Value, b: Value) -> Value:
    """Both in one layout: of all that either has, the one that moves least; the latest among equals."""
    wide, narrow = (a, b) if len(a.sizes) >= len(b.sizes) else (b, a)
    dims = "".join(narrow.sizes)
    if len(wide.sizes) == len(narrow.sizes):
        candidates = [form.layout for form in (*site.forms(a), *site.forms(b))]
    else:
        candidates = [apart(form.layout, dims) for form in site.forms(wide)]

    def cost(layout: Layout) -> int:
        return _moves(site, wide, layout) + _moves(site, narrow, projected(layout, dims))

    best = min(reversed(candidates), key=cost)
    first = site.arrange(wide, best)
    second = site.arrange(narrow, projected(best, dims))
    operands = (first, second) if wide is a else (second, first)
    return site.result(site.emit.function(target, *operands), best, wide.sizes)


def _moves(site: Site, value: Value, layout: Layout) -> int:
    return min(len(steps(form.layout, layout)) for form in site.forms(value))

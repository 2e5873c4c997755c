"""Sums, products and joins of tensors, matched by the names of their dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from archdsl_lowering.rows.layout import Layout, alone, apart, axis, extent, projected, steps
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
    return reduce(lambda a, b: _combined(site, "operator.add", a, b), site.inputs)


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
    terms = []
    for value, place in zip(values, coefficients, strict=True):
        x, layout = site.fit(value, lambda form: form)
        one = site.emit.function("operator.getitem", weight, place)
        terms.append(site.result(site.emit.function("operator.mul", x, one), layout, value.sizes))
    return reduce(lambda a, b: _combined(site, "operator.add", a, b), terms)


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
        return Value(site.sizes, values[0].forms)
    fullest = max(values, key=lambda v: len(v.sizes))
    new = tuple(d for d in site.sizes if d not in fullest.sizes)
    reference, layout = site.fit(fullest, lambda form: _joinable(form, values, dim) + ("",) * len(new))
    layout = layout[: len(layout) - len(new)] + new
    parts = tuple(repeated(site, value, layout, site.sizes, reference, once=dim) for value in values)
    return site.result(site.emit.function("torch.cat", parts, layout.index(dim)), layout)


def repeated(
    site: Site, value: Value, layout: Layout, sizes: Mapping[str, int], reference: Handle, once: str = ""
) -> Handle:
    """The value in a layout of which it lacks whole groups, repeated along those; along `once` it stays a
    single position.

    Where the batch is among them, its size is read from `reference`, a tensor in that layout: the one size
    that is unknown before a call.
    """
    own = tuple(group if group[0] in value.sizes else "" for group in layout)
    x = site.arrange(value, own)
    missing = [group for group, mine in zip(layout, own, strict=True) if not mine and group != once]
    if not missing:
        return x
    counts: list[Handle] = [extent(group, sizes) if group in missing else -1 for group in layout]
    if any("b" in group for group in missing):
        at = axis(layout, "b")
        counts[at] = site.emit.method("size", reference, at)
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
    candidates = [apart(form.layout, dims) for form in site.forms(wide)]
    if len(wide.sizes) == len(narrow.sizes):
        candidates = [form.layout for value in (a, b) for form in site.forms(value)]
    best = min(
        reversed(candidates),
        key=lambda layout: _moves(site, wide, layout) + _moves(site, narrow, projected(layout, dims)),
    )
    handles = {id(wide): site.arrange(wide, best), id(narrow): site.arrange(narrow, projected(best, dims))}
    return site.result(site.emit.function(target, handles[id(a)], handles[id(b)]), best, wide.sizes)


def _moves(site: Site, value: Value, layout: Layout) -> int:
    return min(len(steps(form.layout, layout)) for form in site.forms(value))

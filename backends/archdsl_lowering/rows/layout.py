"""Layouts: in which order, and folded how, the dimensions of a value lie in a tensor.

A layout has one group of dimension letters for each axis of the tensor: `("b", "c", "t", "h", "w")`, or
`("bt", "c", "h", "w")` where t is folded into the batch, or `("b", "c", "", "", "")` where three axes of size
1 stand for nothing. Within a group the first letter is the slowest. `b` is the only size unknown before a
call, so the axis that holds it is -1 in every reshape and no shape is ever read from a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import prod
from typing import Literal, TypeAlias

Layout: TypeAlias = tuple[str, ...]
CANONICAL = "bcthw"
Together: TypeAlias = Callable[[str, str], bool]
# few layouts occur, and these functions are asked of each op of each architecture
_remembered = lru_cache(maxsize=4096)


@dataclass(frozen=True, slots=True)
class Step:
    """One rearrangement: `reshape` to a layout, or `permute` by axis indices."""

    kind: Literal["reshape", "permute"]
    target: Layout | tuple[int, ...]


def canonical(dims: Iterable[str]) -> Layout:
    """b, c, t, h, w, then the others by letter: the order in which a model returns its outputs."""

    def rank(dim: str) -> tuple[bool, int, str]:
        return dim not in CANONICAL, CANONICAL.find(dim), dim

    return tuple(sorted(dims, key=rank))


def flat(layout: Layout) -> str:
    return "".join(layout)


def axis(layout: Layout, dim: str) -> int:
    """The axis that holds a dimension."""
    return next(i for i, group in enumerate(layout) if dim in group)


def extent(group: str, sizes: Mapping[str, int]) -> int:
    """The size of an axis; -1 where it holds the batch."""
    return -1 if "b" in group else prod(sizes[d] for d in group)


def extents(layout: Layout, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(extent(group, sizes) for group in layout)


@_remembered
def steps(source: Layout, target: Layout) -> tuple[Step, ...]:
    """The fewest rearrangements from one layout of a value to another; at most reshape, permute, reshape."""
    if source == target:
        return ()
    if flat(source) == flat(target):
        return (Step("reshape", target),)
    coarse = _through(source, target, _runs(source, target, at_groups=False))
    fine = _through(source, target, _runs(source, target, at_groups=True))
    return (
        coarse if len(coarse) <= len(fine) else fine
    )  # reshaping first keeps views of contiguous tensors


@_remembered
def apart(layout: Layout, dims: str) -> Layout:
    """Groups split so that each lies within `dims` or outside; empty ones dropped."""
    return _cut(layout, lambda a, b: (a in dims) == (b in dims))


@_remembered
def alone(layout: Layout, dims: str) -> Layout:
    """Each of `dims` an axis of its own; empty groups dropped."""
    return _cut(layout, lambda a, b: a not in dims and b not in dims)


@_remembered
def without(layout: Layout, dims: str) -> Layout:
    """What is left once `dims` are gone, in the same order; empty groups dropped."""
    return tuple(group for group in apart(layout, dims) if group[0] not in dims)


def keep(text: str, dims: Iterable[str]) -> str:
    """The letters of `text` that are among `dims`."""
    wanted = set(dims)
    return "".join(d for d in text if d in wanted)


def drop(text: str, dims: Iterable[str]) -> str:
    """The letters of `text` that are not among `dims`."""
    unwanted = set(dims)
    return "".join(d for d in text if d not in unwanted)


@_remembered
def joined(layout: Layout, dims: str) -> Layout:
    """`dims` as one axis in exactly this order, at the place of the first of them; the rest as it was."""
    parts = apart(layout, dims)
    first = next(i for i, group in enumerate(parts) if group[0] in dims)
    return (*without(parts[:first], dims), dims, *without(parts[first:], dims))


def replaced(layout: Layout, old: str, new: str) -> Layout | None:
    """The dimensions `old`, side by side in one group, called `new` instead: no tensor moves. None where they
    are not.
    """
    for i, group in enumerate(layout):
        if old in group:
            return layout[:i] + (group.replace(old, new),) + layout[i + 1 :]
    return None


def projected(layout: Layout, dims: Iterable[str]) -> Layout:
    """The layout in which a value with only `dims` broadcasts against one in `layout`, each group of which it
    has whole or not at all.
    """
    wanted = set(dims)
    groups = tuple(group if group and group[0] in wanted else "" for group in layout)
    while groups and not groups[0]:
        groups = groups[1:]
    return groups


def _cut(layout: Layout, together: Together) -> Layout:
    """Every group cut where two letters side by side are not together."""
    return tuple(chain.from_iterable(_split(group, together) for group in layout))


def _split(group: str, together: Together) -> list[str]:
    runs: list[str] = []
    for letter in group:
        if runs and together(runs[-1][-1], letter):
            runs[-1] += letter
        else:
            runs.append(letter)
    return runs


@_remembered
def _runs(source: Layout, target: Layout, *, at_groups: bool) -> tuple[str, ...]:
    """The pieces, in the order of `source`, that lie unbroken in both; with `at_groups`, cut at every group's
    end too.
    """
    ends = {group[-1] for group in (*source, *target) if group and at_groups}
    follows = dict(zip(flat(target), flat(target)[1:], strict=False))
    return tuple(_split(flat(source), lambda a, b: a not in ends and follows.get(a) == b))


def _through(source: Layout, target: Layout, pieces: tuple[str, ...]) -> tuple[Step, ...]:
    order = sorted(range(len(pieces)), key=lambda i: flat(target).index(pieces[i][0]))
    moved = tuple(pieces[i] for i in order)
    found = []
    if pieces != source:
        found.append(Step("reshape", pieces))
    found.append(Step("permute", tuple(order)))
    if moved != target:
        found.append(Step("reshape", target))
    return tuple(found)

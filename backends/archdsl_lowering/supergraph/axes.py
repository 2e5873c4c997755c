"""Axes: how an axis of some size lies within its super-axis, the one that all architectures share.

An axis is a small tree that says where its positions come from. Two questions are asked of it: how large is
the super-axis, and which of its positions does one architecture take. A super-axis belongs to weights that
are separate for some answers (a list has weights of its own for each alternative), so both questions are
asked `given` those.

With `width ~ 2..6 by 2`, which is 4, and `x -> conv(width)` beside `x -> conv(3)`:

    a = Window(width, "ring")   super-size 6    positions 2, 3, 4, 5: behind those of width 2 on the ring
    b = Window(3, "prefix")     super-size 3    positions 0, 1, 2
    j = Joined((a, b))          super-size 9    positions 2, 3, 4, 5, 6, 7, 8: b begins at 6
    Taken(j, 0..5 by 2)         super-size 9    positions 2, 4, 6: what counts is what is there
    Outer((a, b), …)            super-size 18   positions 3p + q for each p of a and q of b: 6, 7, … 17

Given that width is 4, because weights are separate for each of its alternatives, a has the super-size 4 and
positions 0, 1, 2, 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import gcd, prod
from typing import Any, TypeAlias

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, fits, restrict
from archdsl_lowering.supergraph.windows import Place, Positions, everything, windows

Given: TypeAlias = tuple[tuple[Choice, int], ...]
"""The answers that a weight is separate for, in program order."""


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """A window of its own, by the value of a size; where the size is a product of independent choices, one
    for each.
    """

    size: Expr
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Outer:
    """All combinations of the positions of several axes, the first the slowest; `sizes` are theirs."""

    factors: tuple[Axis, ...]
    sizes: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Joined:
    """Axes end to end. Of a list from which is picked, `subset` says which of them are there."""

    parts: tuple[Axis, ...]
    subset: Expr | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """One of several axes; the super-axis has room for the largest."""

    index: Expr
    options: tuple[Axis, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Taken:
    """Some positions of an axis, by a range that counts those which the architecture has."""

    axis: Axis
    positions: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Chunk:
    """One of `count` equal parts of an axis."""

    axis: Axis
    part: int
    count: int


@dataclass(frozen=True, eq=False, slots=True)
class Members:
    """The places of what is picked from a list of `count`."""

    subset: Expr
    count: int


_NONE: frozenset[Choice] = frozenset()

Axis: TypeAlias = Window | Outer | Joined | Chosen | Taken | Chunk | Members


def same(a: Axis, b: Axis) -> bool:
    """Whether two axes are known to lie alike in every architecture."""
    if a is b:
        return True
    if isinstance(a, Window) and isinstance(b, Window):
        return a.size == b.size and (a.place == b.place or a.size.is_constant)
    if isinstance(a, Outer) and isinstance(b, Outer):
        return len(a.factors) == len(b.factors) and all(map(same, a.factors, b.factors))
    return False


def lists_of(expr: Expr) -> frozenset[Choice]:
    """The list choices that an expression depends on."""
    return frozenset([c for c in expr.scope if c.kind == "list"]) if expr.scope else _NONE


def lists(axis: Axis) -> frozenset[Choice]:
    """The list choices that sizes of an axis depend on; which of several axes there are, and in what order,
    is no size.
    """
    match axis:
        case Window(size=size):
            return lists_of(size)
        case Outer(factors=parts) | Joined(parts=parts) | Chosen(options=parts):
            return _NONE.union(*map(lists, parts))
        case Taken(axis=inner) | Chunk(axis=inner):
            return lists(inner)
        case Members():
            return _NONE


def choices_of(axis: Axis) -> frozenset[Choice]:
    """All choices that decide which positions an architecture takes."""
    match axis:
        case Window(size=size):
            return frozenset(size.choices())
        case Outer(factors=parts):
            return _NONE.union(*map(choices_of, parts))
        case Joined(parts=parts, subset=subset):
            own = frozenset(subset.choices()) if subset is not None else _NONE
            return own.union(*map(choices_of, parts))
        case Chosen(index=index, options=options):
            return frozenset(index.choices()).union(*map(choices_of, options))
        case Taken(axis=inner, positions=positions):
            return choices_of(inner) | frozenset(positions.choices())
        case Chunk(axis=inner):
            return choices_of(inner)
        case Members(subset=subset):
            return frozenset(subset.choices())


def deciding(axes: Iterable[Axis]) -> frozenset[Choice]:
    """All choices that decide about some of several axes."""
    return _NONE.union(*map(choices_of, axes))


class Placement:
    """Answers both questions for the axes of one space, remembering what does not change between
    architectures.
    """

    def __init__(self) -> None:
        self._restricted: dict[tuple[int, Given], Expr] = {}
        self._grids: dict[int, _Grid] = {}
        self._positions: dict[tuple[int, Place, tuple[int, ...]], Positions] = {}
        self._kept: list[Expr] = []  # expressions are remembered by identity

    def super_size(self, axis: Axis, given: Given = ()) -> int:
        """The size of the super-axis of weights that are separate for these answers."""
        match axis:
            case Window(size=size):
                most: int = max(_whole(self._under(size, given)))
                return most
            case Outer(factors=factors):
                return prod(self.super_size(f, given) for f in factors)
            case Joined(parts=parts):
                return sum(self.super_size(p, given) for p in parts)
            case Chosen(index=index, options=options):
                return max(
                    self.super_size(options[i], given)
                    for i in self._under(index, given).distinct()
                )
            case Taken(axis=inner) | Chunk(axis=inner):
                return self.super_size(inner, given)
            case Members(count=count):
                return count

    def positions(
        self, axis: Axis, at: Mapping[Choice, int], given: Given = ()
    ) -> Positions:
        """The positions that the architecture of an assignment of every choice takes of the super-axis."""
        match axis:
            case Window(size=size, place=place):
                return self._window(self._under(size, given), place, at)
            case Outer(factors=factors):
                return self._outer(factors, at, given)
            case Joined(parts=parts, subset=subset):
                present = range(len(parts)) if subset is None else subset.at(at)
                return self._joined(parts, present, at, given)
            case Chosen(index=index, options=options):
                return self.positions(options[index.at(at)], at, given)
            case Taken(axis=inner, positions=which):
                own = self.positions(inner, at, given)
                return tuple(own[i] for i in which.at(at))
            case Chunk(axis=inner, part=part, count=count):
                own = self.positions(inner, at, given)
                each = len(own) // count
                return own[part * each : (part + 1) * each]
            case Members(subset=subset):
                chosen: Positions = subset.at(at)
                return chosen if len(chosen) > 1 else ()

    def _outer(
        self, factors: Sequence[Axis], at: Mapping[Choice, int], given: Given
    ) -> Positions:
        found = [(self.positions(f, at, given), self.super_size(f, given)) for f in factors]
        return reduce(_outer, found)[0]

    def _joined(
        self,
        parts: Sequence[Axis],
        present: Sequence[int],
        at: Mapping[Choice, int],
        given: Given,
    ) -> Positions:
        found: list[int] = []
        offset = 0
        for place, part in enumerate(parts):
            if place in present:
                found += (offset + p for p in self.positions(part, at, given))
            offset += self.super_size(part, given)
        return tuple(found)

    def _under(self, expr: Expr, given: Given) -> Expr:
        """An expression with the answers that weights are separate for."""
        if not given or not expr.scope:
            return expr
        key = id(expr), given
        known = self._restricted.get(key)
        if known is None:
            self._kept.append(expr)
            own = set(expr.choices())
            known = self._restricted[key] = restrict(
                expr, {c: i for c, i in given if c in own}
            )
        return known

    def _window(self, size: Expr, place: Place, at: Mapping[Choice, int]) -> Positions:
        if size.is_constant:
            return everything(size.value)
        grid = self._grids.get(id(size))
        if grid is None:
            self._kept.append(size)
            grid = self._grids[id(size)] = _grid(size)
        key = id(size), place, grid.key(at)
        known = self._positions.get(key)
        if known is None:
            known = self._positions[key] = grid.positions(place, at)
        return known


@dataclass(frozen=True, slots=True)
class _Grid:
    """A size as the product of factors, each a table over one choice or the whole, in units of `unit`
    positions.
    """

    factors: tuple[Expr, ...]
    unit: int

    def key(self, at: Mapping[Choice, int]) -> tuple[int, ...]:
        return tuple(f.at(at) for f in self.factors)

    def positions(self, place: Place, at: Mapping[Choice, int]) -> Positions:
        found: list[tuple[Positions, int]] = []
        for factor in self.factors:
            sizes = _whole(factor)
            found.append((windows(sizes, place)[factor.at(at)], max(sizes)))
        found.append((everything(self.unit), self.unit))
        return reduce(_outer, found)[0]


def _grid(size: Expr) -> _Grid:
    """The factors of a size: one a choice where the size is exactly a product of functions of single choices.

    By Gauss's lemma such a table is unit · Π factor with whole factors that have no common divisor. Of
    2 · e · w with e in (1, 3) and w in (4, 6), the table is (8, 12, 24, 36): the factors are (1, 3) and
    (2, 3), the unit 4.
    """
    whole = _Grid((size,), 1)
    if len(size.scope) < 2 or not fits(size.scope) or not _are_sizes(size.table):
        return whole
    shape = [v.size for v in size.scope]
    lines = _lines(size.table, shape)
    # each entry times the first, once for each choice but one, is the product of its entries along the lines
    corner = size.table[0] ** (len(shape) - 1)
    for value, entries in zip(size.table, product(*lines), strict=True):
        if value * corner != prod(entries):
            return whole
    factors = []
    for variable, line in zip(size.scope, lines, strict=True):
        common = gcd(*line)
        factors.append(Expr((variable,), tuple([n // common for n in line])))
    return _Grid(tuple(factors), gcd(*size.table))


def _are_sizes(table: Sequence[Any]) -> bool:
    return all(type(n) is int and n > 0 for n in table)


def _lines(table: Sequence[int], shape: Sequence[int]) -> list[Sequence[int]]:
    """Along each choice the sizes where all others have their first alternative."""
    found = []
    stride = len(table)
    for count in shape:
        stride //= count
        found.append(table[: count * stride : stride])
    return found


def _outer(a: tuple[Positions, int], b: tuple[Positions, int]) -> tuple[Positions, int]:
    (first, many), (second, few) = a, b
    return tuple([p * few + q for p, q in product(first, second)]), many * few


def _whole(size: Expr) -> list[Any]:
    """The sizes that an expression may have, without those places where it has none."""
    return [n for n in size.distinct() if type(n) is int] or [0]

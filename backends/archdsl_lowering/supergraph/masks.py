"""What mixing multiplies by: coefficients of terms, and soft masks of super-axes, before there are any
probabilities.

A mask gives each position of a super-axis the probability that an architecture has it; of a list of which
several are picked and joined, the positions of a member are scaled by its weight. With every choice settled,
masks and coefficients are 0 and 1. For `width ~ 2..6 by 2` on a ring, the mask is `Tabled((width,), ((0, 1),
(2, 3, 4, 5), (0, 1, 2, 3, 4, 5)), 6)`: with probabilities 0.5, 0.3 and 0.2, positions 0 and 1 weigh 0.7, the
others 0.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr
from archdsl_lowering.supergraph.axes import (
    Axis,
    Given,
    Joined,
    Outer,
    Placement,
    choices_of,
    deciding,
)
from archdsl_lowering.supergraph.windows import Positions, everything

Rows: TypeAlias = tuple[
    tuple[int, ...], ...
]  # one for each combination of answers, the last choice fastest

MOST_COMBINATIONS = 4096  # of the answers that one axis depends on


@dataclass(frozen=True, slots=True)
class Terms:
    """A coefficient for each group of combinations of answers, given by their numbers in the order of
    `choices`.
    """

    choices: tuple[Choice, ...]
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Picked:
    """The weight of each operand of a selection of several: `places` gives the operand of each member."""

    choice: Choice
    places: tuple[int, ...]
    restricted: bool


@dataclass(frozen=True, slots=True)
class Included:
    """The probability that each operand is among those picked, where that follows from several choices; or
    its share of it.
    """

    choices: tuple[Choice, ...]
    rows: Rows  # the operands picked
    count: int
    shared: bool


@dataclass(frozen=True, slots=True)
class Tabled:
    """A mask by enumeration: the positions, among `size`, of each combination of answers."""

    choices: tuple[Choice, ...]
    rows: Rows
    size: int


@dataclass(frozen=True, slots=True)
class Whole:
    """All of an axis."""

    size: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Masks end to end, each times a weight of its own where several are picked."""

    parts: tuple[Mask, ...]
    sizes: tuple[int, ...]
    picked: Picked | Included | None


@dataclass(frozen=True, slots=True)
class Crossed:
    """All combinations of the positions of several axes that have no choice in common."""

    factors: tuple[Mask, ...]


Mask: TypeAlias = Tabled | Whole | Ended | Crossed


@dataclass(frozen=True, slots=True)
class Within:
    """The probability that an architecture with a position of `whole` has it in `part` as well; or, `left`,
    that it has not.

    Positions that no architecture has are not in the part.
    """

    part: Mask
    whole: Mask
    left: bool = False


Share: TypeAlias = Terms | Picked | Included | Mask | Within


class TooManyCombinations(Exception):
    """An axis depends on more answers than can be listed."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__(f"{prod(c.size for c in choices):,} combinations")
        self.choices = tuple(choices)


def picked(subset: Expr, count: int, restricted: bool) -> Picked | Included:
    """The weights of the operands of a selection of several."""
    choices = subset.choices()
    if len(choices) == 1 and choices[0].kind == "subset":
        places = positions_of(choices[0], subset)
        members = list(range(count))
        if places is not None and sorted(places) == sorted(places.values()) == members:
            return Picked(choices[0], tuple([places[m] for m in members]), restricted)
    rows = tuple([tuple(subset.at(at)) for at in assignments(choices)])
    return Included(choices, rows, count, restricted)


def positions_of(choice: Choice, subset: Expr) -> dict[int, int] | None:
    """Where an expression over one subset choice only moves members to places: the place of each. None where
    it does more.
    """
    places: dict[int, int] = {}
    for members, positions in zip(choice.values(), subset.table, strict=True):
        if len(members) != len(positions):
            return None
        for member, position in zip(members, positions, strict=True):
            if places.setdefault(member, position) != position:
                return None
    return places if len(set(places.values())) == len(places) else None


def assignments(choices: Sequence[Choice]) -> list[dict[Choice, int]]:
    """Every combination of answers, the last choice fastest. Raises TooManyCombinations."""
    if prod(c.size for c in choices) > MOST_COMBINATIONS:
        raise TooManyCombinations(choices)
    combinations = product(*[range(c.size) for c in choices])
    return [dict(zip(choices, indices, strict=True)) for indices in combinations]


class Masks:
    """The masks of the axes of one space. Raises TooManyCombinations."""

    def __init__(self) -> None:
        self._placement = Placement()
        self._known: dict[tuple[int, Given], tuple[Axis, Mask | None]] = {}

    def size(self, axis: Axis, given: Given = ()) -> int:
        return self._placement.super_size(axis, given)

    def positions(
        self, axis: Axis, at: Mapping[Choice, int], given: Given = ()
    ) -> tuple[int, ...] | None:
        """None where these answers leave the axis without a size."""
        try:
            return self._placement.positions(
                axis, {**dict.fromkeys(choices_of(axis), 0), **at}, given
            )
        except KeyError:
            return None

    def of(self, axis: Axis, given: Given = ()) -> Mask | None:
        """The mask of an axis where some answers are given; None where every architecture has all positions,
        in order.
        """
        given = tuple((c, i) for c, i in given if c in choices_of(axis))
        key = id(axis), given
        if key not in self._known:
            self._known[key] = axis, self._made(axis, given)
        return self._known[key][1]

    def _made(self, axis: Axis, given: Given) -> Mask | None:
        left = choices_of(axis) - {c for c, _ in given}
        if not left:
            return (
                None
                if self._is_whole(axis, dict(given), given)
                else self._tabled(axis, (), given)
            )
        if isinstance(axis, Joined):
            picking = set(axis.subset.choices()) if axis.subset is not None else set()
            if picking.isdisjoint(deciding(axis.parts)) and picking.isdisjoint(dict(given)):
                return self._ended(axis, given)
        if isinstance(axis, Outer) and sum(len(choices_of(f)) for f in axis.factors) == len(
            choices_of(axis)
        ):
            factors = self._each(axis.factors, given)
            return Crossed(factors) if factors is not None else None
        return self._tabled(axis, _sorted(left), given)

    def _ended(self, axis: Joined, given: Given) -> Ended | None:
        scales = (
            None if axis.subset is None else picked(axis.subset, len(axis.parts), False)
        )
        sizes = tuple([self.size(part, given) for part in axis.parts])
        parts = self._each(axis.parts, given)
        if parts is None and scales is None:
            return None
        return Ended(parts or tuple(map(Whole, sizes)), sizes, scales)

    def _each(self, axes: Sequence[Axis], given: Given) -> tuple[Mask, ...] | None:
        """The masks of several axes; None where every architecture has all of each."""
        found = [self.of(axis, given) for axis in axes]
        if not any(found):
            return None
        return tuple(
            [
                mask or Whole(self.size(axis, given))
                for mask, axis in zip(found, axes, strict=True)
            ]
        )

    def _is_whole(self, axis: Axis, at: Mapping[Choice, int], given: Given) -> bool:
        return self.positions(axis, at, given) == everything(self.size(axis, given))

    def _tabled(self, axis: Axis, left: tuple[Choice, ...], given: Given) -> Tabled | None:
        size = self.size(axis, given)
        found = [
            self.positions(axis, {**dict(given), **at}, given) for at in assignments(left)
        ]
        if all(positions is None or positions == everything(size) for positions in found):
            return None
        return Tabled(left, tuple([positions or () for positions in found]), size)

    def alike(self, a: Axis, b: Axis) -> bool:
        """Whether two axes lie alike in every architecture, so that what lies along them can be added
        position by position.
        """
        if a is b:
            return True
        if self.size(a) != self.size(b):
            return False
        if self.of(a) is None and self.of(b) is None:
            return True
        rows = assignments(_sorted(deciding((a, b))))
        found = [(self.positions(a, at), self.positions(b, at)) for at in rows]
        return all(p is None or q is None or p == q for p, q in found)

    def embedding(self, axis: Axis, given: Given) -> tuple[int, ...] | None:
        """Where the super-axis of given answers lies within the one that has room for all; None where it is
        not in one place.

        A narrower architecture must take the same positions by either.
        """
        pairs: list[tuple[Positions, Positions]] = []
        for at in assignments(_sorted(choices_of(axis) - {c for c, _ in given})):
            whole = {**dict(given), **at}
            outer = self.positions(axis, whole)
            inner = self.positions(axis, whole, given)
            if outer is not None and inner is not None:
                pairs.append((outer, inner))
        place = max((outer for outer, _ in pairs), key=len, default=None)
        if place is None or len(place) != self.size(axis, given):
            return None
        if any(tuple(map(place.__getitem__, inner)) != outer for outer, inner in pairs):
            return None
        return place


def _sorted(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """In program order."""
    return tuple(sorted(choices, key=lambda c: c.order))

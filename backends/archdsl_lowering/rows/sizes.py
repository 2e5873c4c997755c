"""Sizes as rows of the table read them.

A number that a row asks for ends up in what it states, a reshape or a weight, so the inputs from which it
derives have to keep their sizes: asking notes that demand. What only looks (is the window larger than the
input?) says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archdsl.ops.extents import Demands, Extent, Extents


class Sizes(Mapping[str, int]):
    """The nominal sizes of a value by dimension. `extents` says how they derive from the inputs, where they
    do.
    """

    def __init__(
        self,
        numbers: Mapping[str, int],
        extents: Extents | None = None,
        demands: Demands | None = None,
    ) -> None:
        self._numbers = numbers
        self._extents = extents or {}
        self._demands = demands or Demands()

    def __getitem__(self, dim: str) -> int:
        number = self._numbers[dim]
        self.hold(dim)
        return number

    def __contains__(self, dim: object) -> bool:
        return dim in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def seen(self, dim: str, otherwise: int = 1) -> int:
        """A number that leaves no trace in what is stated."""
        return self._numbers.get(dim, otherwise)

    def hold(self, dim: str) -> None:
        """What is stated holds for this size alone."""
        self._demands.exactly(self._extent(dim))

    def at_least(self, dim: str, size: int) -> None:
        """What is stated holds from this size on."""
        if dim in self._numbers:
            self._demands.at_least(self._extent(dim), size)

    def congruent(self, dim: str, step: int) -> None:
        """What is stated holds for the sizes that leave the same rest, divided by `step`."""
        if dim in self._numbers:
            self._demands.congruent(self._extent(dim), step)

    def agree(self, other: Sizes) -> None:
        """What is stated holds where both have the same sizes."""
        for dim in self._numbers:
            if dim in other:
                self._demands.equal(self._extent(dim), other._extent(dim))

    def without(self, dims: Iterable[str]) -> Sizes:
        """These sizes but for some dimensions."""
        unwanted = set(dims)
        numbers = {d: n for d, n in self._numbers.items() if d not in unwanted}
        return Sizes(numbers, self._extents, self._demands)

    def given(self, numbers: Mapping[str, int]) -> Sizes:
        """These sizes, and for some dimensions numbers that derive from no input."""
        kept = {d: extent for d, extent in self._extents.items() if d not in numbers}
        return Sizes({**self._numbers, **numbers}, kept, self._demands)

    def lent(self, other: Sizes, dims: Iterable[str]) -> Sizes:
        """These sizes, and some dimensions as another value has them."""
        numbers, extents = dict(self._numbers), dict(self._extents)
        for dim in dims:
            numbers[dim], extents[dim] = other.seen(dim), other._extent(dim)
        return Sizes(numbers, extents, self._demands)

    def _extent(self, dim: str) -> Extent:
        return self._extents.get(dim, self._numbers[dim])

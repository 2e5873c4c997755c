"""Positional tensors over named dimensions: which letters lie along which axis, without moving anything.

A tensor of the source has axes; a value of the language has letters. Between them stands `Layout`:

    [2, 197, 768]                 of [b = 2, n = 197, c = 768]: axes ((b,), (n,), (c,))
    .reshape(2, 197, 12, 64)      c falls into the factors 12 · 64: axes (b), (n), (c0), (c1)
    .permute(0, 2, 1, 3)          axes (b), (c0), (n), (c1)

Reshapes and permutes only move factors between axes, so they cost no statement; what the language needs is
written where an operation asks for whole letters (`archdsl.importing.builder.Builder.conform`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TypeAlias

Factor: TypeAlias = tuple[str, int]  # a letter and which of its factors, the slowest first
Axis: TypeAlias = tuple[Factor, ...]


class Uncuttable(Exception):
    """A reshape that cuts across factors, such as [6, 4] to [4, 6]."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`dims`: the factors of each letter, the slowest first; `axes`: what lies along each axis. A letter that
    begins with `*` is not there: the tensor is repeated along it.
    """

    dims: Mapping[str, tuple[int, ...]]
    axes: tuple[Axis, ...]

    def size(self, letter: str) -> int:
        return prod(self.dims[letter])

    def extent(self, axis: Axis) -> int:
        return prod(self.dims[letter][place] for letter, place in axis)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(self.extent, self.axes))

    @property
    def letters(self) -> str:
        """The letters that the value has."""
        return "".join(d for d in self.dims if not d.startswith("*"))

    def whole(self, axis: int) -> str | None:
        """The letters along an axis, each whole and in its order; None where some are only there in part."""
        found = ""
        at = list(self.axes[axis])
        while at:
            letter = at[0][0]
            factors = [(letter, place) for place in range(len(self.dims[letter]))]
            if at[: len(factors)] != factors or letter.startswith("*"):
                return None
            found += letter
            at = at[len(factors) :]
        return found

    def permuted(self, order: Sequence[int]) -> Layout:
        return Layout(self.dims, tuple(self.axes[i] for i in order))

    def reshaped(self, shape: Sequence[int]) -> Layout:
        """The factors along other axes. Raises Uncuttable where one would be cut at no divisor of its own."""
        return _Reshape(self).to(shape).coalesced()

    def coalesced(self) -> Layout:
        """Factors of one letter that lie next to each other, as one."""
        dims: dict[str, tuple[int, ...]] = {}
        moved: dict[Factor, Factor | None] = {}
        for letter, factors in self.dims.items():
            runs = self.runs(letter)
            dims[letter] = tuple(prod(factors[place] for place in run) for run in runs)
            for number, run in enumerate(runs):
                moved |= {(letter, place): None for place in run[1:]}
                moved[letter, run[0]] = (letter, number)
        axes = []
        for axis in self.axes:
            places = [moved[factor] for factor in axis]
            axes.append(tuple(place for place in places if place is not None))
        return Layout(dims, tuple(axes))

    def with_axes(self, axes: Iterable[Axis]) -> Layout:
        """The same letters along other axes; letters that lie along none are gone."""
        kept = tuple(axes)
        used = {letter for axis in kept for letter, _ in axis}
        return Layout({d: f for d, f in self.dims.items() if d in used}, kept)

    def renamed(self, names: Mapping[str, str]) -> Layout:
        dims = {names.get(d, d): f for d, f in self.dims.items()}
        axes = tuple(tuple((names.get(d, d), k) for d, k in axis) for axis in self.axes)
        return Layout(dims, axes)

    def runs(self, letter: str) -> tuple[tuple[int, ...], ...]:
        """The factors of a letter in groups that lie next to each other along one axis."""
        follows = set()
        for axis in self.axes:
            follows |= {
                a[1]
                for a, b in pairwise(axis)
                if a[0] == b[0] == letter and b[1] == a[1] + 1
            }
        groups: list[list[int]] = [[0]]
        for place in range(1, len(self.dims[letter])):
            if place - 1 in follows:
                groups[-1].append(place)
            else:
                groups.append([place])
        return tuple(map(tuple, groups))

    def cut(self, letter: str, parts: Sequence[str]) -> Layout:
        """A letter as several, one for each of its runs."""
        runs = self.runs(letter)
        dims = {d: f for d, f in self.dims.items() if d != letter}
        moved: dict[Factor, Factor] = {}
        for name, run in zip(parts, runs, strict=True):
            dims[name] = tuple(self.dims[letter][place] for place in run)
            moved |= {(letter, place): (name, k) for k, place in enumerate(run)}
        return Layout(
            dims, tuple(tuple(moved.get(f, f) for f in axis) for axis in self.axes)
        )

    def joined(self, axis: int, into: str) -> Layout:
        """The whole letters along an axis as one."""
        size = self.extent(self.axes[axis])
        gone = {letter for letter, _ in self.axes[axis]}
        dims = {d: f for d, f in self.dims.items() if d not in gone} | {into: (size,)}
        axes = tuple(((into, 0),) if i == axis else a for i, a in enumerate(self.axes))
        return Layout(dims, axes)


def plain(letters: Sequence[str], sizes: Sequence[int]) -> Layout:
    """A letter for each axis; an axis without a letter has size 1 and stands for nothing."""
    dims = {d: (n,) for d, n in zip(letters, sizes, strict=True) if d}
    return Layout(dims, tuple(((d, 0),) if d else () for d in letters))


class _Reshape:
    """Factors taken from the left, cut where a new axis ends within one."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        # a factor as (letter, place, part of that factor), with its size
        self.left: list[tuple[str, int, int]] = []
        for axis in layout.axes:
            self.left += [
                (letter, place, layout.dims[letter][place]) for letter, place in axis
            ]
        self.pieces: dict[Factor, list[int]] = {}

    def to(self, shape: Sequence[int]) -> Layout:
        axes = [self._axis(size) for size in shape]
        for letter, place, size in self.left:  # factors of size 1 that nobody has asked for
            if size != 1:
                raise Uncuttable
            self._take(letter, place, 1, axes[-1] if axes else [])
        return self._renumbered(axes)

    def _axis(self, size: int) -> list[tuple[str, int, int]]:
        found: list[tuple[str, int, int]] = []
        while size > 1 or (not found and self.left and self.left[0][2] == 1):
            if not self.left:
                raise Uncuttable
            letter, place, factor = self.left[0]
            if size % factor == 0:
                self.left.pop(0)
                self._take(letter, place, factor, found)
                size //= factor
            elif factor % size == 0:
                self.left[0] = letter, place, factor // size
                self._take(letter, place, size, found)
                size = 1
            else:
                raise Uncuttable
            if size == 1 and found:
                break
        return found

    def _take(
        self, letter: str, place: int, size: int, into: list[tuple[str, int, int]]
    ) -> None:
        parts = self.pieces.setdefault((letter, place), [])
        into.append((letter, place, len(parts)))
        parts.append(size)

    def _renumbered(self, axes: list[list[tuple[str, int, int]]]) -> Layout:
        dims: dict[str, tuple[int, ...]] = {}
        number: dict[tuple[str, int, int], Factor] = {}
        for letter, factors in self.layout.dims.items():
            sizes: list[int] = []
            for place in range(len(factors)):
                for part, size in enumerate(self.pieces[letter, place]):
                    number[letter, place, part] = (letter, len(sizes))
                    sizes.append(size)
            dims[letter] = tuple(sizes)
        return Layout(dims, tuple(tuple(number[f] for f in axis) for axis in axes))

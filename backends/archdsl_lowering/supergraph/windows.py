"""Which positions of a super-weight a narrower size takes.

Fair windows follow Jiang et al., Auto-X3D (4.2): candidates are laid end to end on a ring, so that all
positions are trained equally often. Naive windows are prefixes; windows of kernels lie in the centre.

Of sizes 2, 4 and 6, so on a ring of 6: 2 takes (0, 1), 4 begins behind it with (2, 3, 4, 5), 6 takes all. So
each position is in two of the three windows; as prefixes, positions 0 and 1 would be in three and 4 and 5 in
one. Of kernels 1, 3 and 5 in the centre, 3 takes (1, 2, 3) of 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import gcd
from typing import Literal, TypeAlias

Positions: TypeAlias = tuple[
    int, ...
]  # of the super-axis, in the order in which the narrower one has them
Place: TypeAlias = Literal["ring", "prefix", "centre"]


@lru_cache(maxsize=1024)
def everything(size: int) -> Positions:
    """All positions of an axis, in order."""
    return tuple(range(size))


def some_of(positions: Positions, size: int) -> Positions | None:
    """The positions, or None where they are all of an axis, in order."""
    return None if positions == everything(size) else positions


def windows(sizes: Sequence[int], place: Place) -> Mapping[int, Positions]:
    """The positions of each candidate size among those of the largest."""
    return _PLACED[place](tuple(sorted(set(sizes))))


def ring(sizes: Sequence[int]) -> Mapping[int, Positions]:
    """Fair windows: start_{j+1} = (start_j + n_j) mod B, in parts of the common divisor, B parts making the
    largest.

    Every part lies in ⌊S/B⌋ or ⌈S/B⌉ of the windows, S being the sum of all sizes: nothing is fairer.
    """
    part = gcd(*sizes) or 1
    count = max(sizes) // part
    found: dict[int, Positions] = {}
    start = 0
    for size in sizes:
        taken = sorted((start + k) % count for k in range(size // part))
        found[size] = tuple(
            chain.from_iterable(range(p * part, (p + 1) * part) for p in taken)
        )
        start = (start + size // part) % count if count else 0
    return found


def prefix(sizes: Sequence[int]) -> Mapping[int, Positions]:
    """Naive windows: each size takes the first positions, which are so trained most often."""
    return {size: everything(size) for size in sizes}


def centre(sizes: Sequence[int]) -> Mapping[int, Positions]:
    """Windows of a kernel: the middle of the largest; of an odd rest, one more is left out behind."""
    found: dict[int, Positions] = {}
    for size in sizes:
        first = (max(sizes) - size) // 2
        found[size] = tuple(range(first, first + size))
    return found


_PLACED: Mapping[Place, Callable[[Sequence[int]], Mapping[int, Positions]]] = {
    "ring": ring,
    "prefix": prefix,
    "centre": centre,
}

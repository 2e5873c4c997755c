"""Which positions of a super-weight a narrower size takes.

Fair windows follow Jiang et al., Auto-X3D (4.2): candidates are laid end to end on a ring, so that all
positions are trained equally often. Naive windows are prefixes; windows of kernels lie in the centre.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Literal, TypeAlias

Positions: TypeAlias = tuple[int, ...]  # of the super-axis, in the order in which the narrower one has them
Place: TypeAlias = Literal["ring", "prefix", "centre"]


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
        found[size] = tuple(p * part + i for p in taken for i in range(part))
        start = (start + size // part) % count if count else 0
    return found


def prefix(sizes: Sequence[int]) -> Mapping[int, Positions]:
    """Naive windows: each size takes the first positions, which are so trained most often."""
    return {size: tuple(range(size)) for size in sizes}


def centre(sizes: Sequence[int]) -> Mapping[int, Positions]:
    """Windows of a kernel: the middle of the largest; of an odd rest, one more is left out behind."""
    most = max(sizes)
    return {size: tuple(range((most - size) // 2, (most - size) // 2 + size)) for size in sizes}


_PLACED: Mapping[Place, Callable[[Sequence[int]], Mapping[int, Positions]]] = {
    "ring": ring,
    "prefix": prefix,
    "centre": centre,
}

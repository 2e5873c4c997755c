"""Windows of super-axes: fair ones by counting, for every small list of sizes."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from archdsl_lowering.supergraph.windows import windows

SMALL = [
    sizes
    for most in range(1, 10)
    for n in range(1, most + 1)
    for sizes in combinations(range(1, most + 1), n)
    if sizes[-1] == most
]


def coverage(sizes: tuple[int, ...]) -> list[int]:
    """How many windows each position lies in."""
    counts = Counter(p for positions in windows(sizes, "ring").values() for p in positions)
    return [counts[p] for p in range(max(sizes))]


@pytest.mark.parametrize("unit", [1, 4])
def test_fair_windows_cover_evenly(unit: int) -> None:
    """Equal where the ring's length divides the sum of the sizes, else apart by one: no other windows could
    do better.
    """
    for parts in SMALL:
        sizes = tuple(unit * n for n in parts)
        found = windows(sizes, "ring")
        for size in sizes:
            assert len(set(found[size])) == size and list(found[size]) == sorted(
                found[size]
            )
            assert all(0 <= p < sizes[-1] for p in found[size])
        covered = coverage(sizes)
        assert max(covered) - min(covered) == (0 if sum(sizes) % sizes[-1] == 0 else 1), (
            sizes
        )


def test_fair_windows_lie_end_to_end() -> None:
    for sizes in SMALL:
        begin = 0
        for size, positions in windows(sizes, "ring").items():
            assert set(positions) == {(begin + i) % sizes[-1] for i in range(size)}, sizes
            begin += size


@pytest.mark.parametrize(("parts", "times"), [(5, 3), (7, 4)])
def test_the_shares_of_the_paper(parts: int, times: int) -> None:
    """Auto-X3D, Figure 2 and its supplement: 3 of 5, 4 of 7."""
    assert coverage(tuple(range(1, parts + 1))) == [times] * parts


def test_ranges_that_do_not_begin_at_one_part() -> None:
    """12..28 by 4 is 3 to 7 of 7 parts: 25 parts on a ring of 7."""
    found = windows(range(12, 29, 4), "ring")
    assert found[12] == tuple(range(12))
    assert found[16] == tuple(range(12, 28))
    assert found[20] == tuple(range(20))
    assert found[24] == (*range(16), *range(20, 28))
    assert found[28] == tuple(range(28))


def test_naive_windows_and_kernels() -> None:
    assert windows([2, 5, 3], "prefix") == {2: (0, 1), 3: (0, 1, 2), 5: (0, 1, 2, 3, 4)}
    assert windows([1, 3, 5], "centre") == {1: (2,), 3: (1, 2, 3), 5: (0, 1, 2, 3, 4)}

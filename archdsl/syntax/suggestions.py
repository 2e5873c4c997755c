"""Names that were probably meant."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 3


def closest(name: str, candidates: Iterable[str]) -> list[str]:
    """At most three candidates near the name, the nearest first.

    Those that differ in case only come first; the others lie within an edit distance of a third of the name's length, at least 1,
    and 0 for a single letter.
    """
    bound = max(len(name) // 3, 1) if len(name) > 1 else 0  # another letter is another name
    folded = name.casefold()
    near: list[tuple[int, str]] = []
    for candidate in set(candidates) - {name}:
        if candidate.casefold() == folded:
            near.append((0, candidate))
        elif abs(len(candidate) - len(name)) <= bound and (edits := _distance(name, candidate, bound)) <= bound:
            near.append((edits, candidate))
    return [candidate for _, candidate in sorted(near)][:MOST]


def _distance(left: str, right: str, bound: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; any number above the bound where there are more."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        following = [i]
        for j, b in enumerate(right, start=1):
            best = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            following.append(best)
        if min(following) > bound:
            return bound + 1
        before, row = row, following
    return row[-1]

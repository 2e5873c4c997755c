"""Names that were probably meant, and lists that are cut short: what the helps of diagnostics are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

MOST = 3
_LONGEST = 200  # characters of a name that is compared letter by letter


def did_you_mean(
    name: str, candidates: Iterable[str], otherwise: str | None = None, most: int = 1
) -> str | None:
    """``did you mean `conv`?`` where candidates lie near a name, at most so many; else `otherwise`."""
    return question(closest(name, candidates)[:most]) or otherwise


def question(meant: Sequence[str]) -> str | None:
    """``did you mean `a` or `b`?`` of what may be meant; None of nothing."""
    return f"did you mean {' or '.join(f'`{each}`' for each in meant)}?" if meant else None


def quoted(names: Iterable[str]) -> list[str]:
    """Each name as a message shows it."""
    return [f"`{name}`" for name in names]


def few(items: Sequence[str], most: int, between: str = ", ") -> str:
    """``a, b and 3 more``: the first items, and how many are left."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return between.join(items[:most]) + more


def closest(name: str, candidates: Iterable[str]) -> list[str]:
    """At most three candidates near the name, the nearest first.

    Those that differ in case only come first; the others lie within an edit distance of a third of the name's
    length, at least 1, and 0 for a single letter, which would be another name. Nobody writes a name of more
    than 200 characters by a slip, and to compare such names takes long: theirs is 0 too.
    """
    return list(_closest(name, frozenset(candidates)))


@lru_cache(256)  # a loop may meet one unknown name a million times
def _closest(name: str, candidates: frozenset[str]) -> tuple[str, ...]:
    bound = max(len(name) // 3, 1) if 1 < len(name) <= _LONGEST else 0
    folded = name.casefold()
    near: list[tuple[int, str]] = []
    for candidate in candidates - {name}:
        if candidate.casefold() == folded:
            near.append((0, candidate))
        elif (
            bound > 0
            and abs(len(candidate) - len(name)) <= bound
            and (edits := _distance(name, candidate, bound)) <= bound
        ):
            near.append((edits, candidate))
    return tuple(candidate for _, candidate in sorted(near)[:MOST])


def _distance(left: str, right: str, bound: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; any number above the
    bound where there are more.
    """
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

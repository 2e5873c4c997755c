"""Paths as text: their natural order, and one text for several that differ in one index."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

_INDEX = re.compile(r"\[(\d+)\]")
BRACKET = re.compile(r"\[[^\]]*\]")
LIST = re.compile(r", (?![^\[]*\])")  # between the paths of a list, not between indices
_PART = re.compile(r"\d+|\D+")
T = TypeVar("T")


def natural(path: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key: `group[2]` comes before `group[10]`."""
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in _PART.findall(path))


def base(segment: str) -> str:
    """`block` of `block[3]`."""
    return segment.split("[", 1)[0]


def index(segment: str) -> str | None:
    """`[3]` of `block[3]`."""
    name = base(segment)
    return segment[len(name) :] or None


def gather(items: Iterable[T], path: Callable[[T], str], same: Callable[[T], Hashable]) -> list[tuple[str, list[T]]]:
    """Groups the items that are the same but for one index of their paths, under a path that lists the indices.

    `group[0].kernel` and `group[2].kernel` become `group[0, 2].kernel`; the innermost index is tried first.
    Groups come in the order of their first item.
    """
    groups: list[tuple[str, list[T]]] = [(path(item), [item]) for item in items]
    depth = max((len(_INDEX.findall(p)) for p, _ in groups), default=0)
    for level in range(depth):
        merged: dict[Hashable, list[tuple[str, str, list[T]]]] = {}
        for text, members in groups:
            spots = list(BRACKET.finditer(text))
            if level >= len(spots):
                merged.setdefault((text, "", same(members[0])), []).append((text, "", members))
                continue
            spot = spots[-1 - level]
            head, tail = text[: spot.start()], text[spot.end() :]
            merged.setdefault((head, tail, same(members[0])), []).append((text, spot.group()[1:-1], members))
        groups = []
        for key, parts in merged.items():
            assert isinstance(key, tuple)
            if len(parts) == 1 or not parts[0][1]:
                groups.extend((text, members) for text, _, members in parts)
            else:
                listed = _indices([spot for _, spot, _ in parts])
                groups.append((f"{key[0]}[{listed}]{key[1]}", [m for _, _, members in parts for m in members]))
    return groups


def _indices(spots: list[str]) -> str:
    """`0, 2`, or `0..3` where three or more follow each other."""
    if not all(s.isdigit() for s in spots):
        return ", ".join(spots)
    numbers = sorted(map(int, spots))
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    if len(runs) == 1 and len(numbers) > 2:
        return f"{numbers[0]}..{numbers[-1]}"
    return ", ".join(map(str, numbers))


def spelled_out(path: str) -> list[str]:
    """The single paths that a path with lists of indices stands for."""
    if LIST.search(path):
        return [single for part in LIST.split(path) for single in spelled_out(part)]
    pieces = BRACKET.split(path)
    found = [pieces[0]]
    for listed, piece in zip(BRACKET.findall(path), pieces[1:], strict=True):
        found = [f"{head}[{i}]{piece}" for head in found for i in _numbers(listed[1:-1])]
    return found


def _numbers(listed: str) -> list[int]:
    low, dots, high = listed.partition("..")
    return list(range(int(low), int(high) + 1)) if dots else [int(n) for n in listed.split(",")]

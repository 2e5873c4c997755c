"""Paths as a type: where an instance, a choice or a weight is, `group[3].block[0].kernel`.

    path = KeyPath.parse("group[3].block[0].kernel")
    path.segments       ("group[3]", "block[0]", "kernel")
    path.name           "kernel"; of the parent, name is "block[0]", base "block" and index "0"
    path.parent         group[3].block[0]
    path.startswith(KeyPath.parse("group"))       true, as for "group[3]"; not for "gro"
    path.below(KeyPath.parse("group[3]"))         block[0].kernel

Several paths that differ in one index are written once with all of them, `group[0, 2].kernel` or
`group[0..3].kernel` (`gather` makes such a path, `spelled_out` takes it apart), and several scopes one after
the other, `a.norm, b.norm`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, product
from typing import TypeAlias, TypeVar

_DOT = re.compile(r"\.(?![^\[]*\])")  # between segments, not in a list of indices
_INDEX = re.compile(r"\[(\d+)\]")
_BRACKET = re.compile(r"\[[^\]]*\]")
_COMMA = re.compile(r", (?![^\[]*\])")  # between the paths of a list, not between indices
_PART = re.compile(r"\d+|\D+")
Order: TypeAlias = tuple[tuple[int, int, str], ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyPath:
    """A path by its segments; the root has none."""

    segments: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> KeyPath:
        return _parsed(text)

    def __str__(self) -> str:
        return ".".join(self.segments)

    def __bool__(self) -> bool:
        return bool(self.segments)

    @property
    def parent(self) -> KeyPath:
        """What it lies in; the root is its own parent."""
        return KeyPath(self.segments[:-1])

    @property
    def name(self) -> str:
        """The last segment, "" at the root."""
        return self.segments[-1] if self.segments else ""

    @property
    def base(self) -> str:
        """The last segment without its index: `block` of `block[3]`."""
        return base(self.name)

    @property
    def index(self) -> str | None:
        """What stands in the brackets of the last segment: `3` of `block[3]`."""
        return index(self.name)

    @property
    def indices(self) -> tuple[str, ...]:
        """Every index with its brackets: `[3]`, `[0]`."""
        return tuple(_BRACKET.findall(str(self)))

    @property
    def plain(self) -> str:
        """The path without indices: `group.block.kernel`."""
        return _BRACKET.sub("", str(self))

    @property
    def starred(self) -> str:
        """The path as an edit of all turns writes it: `group[*].block[*].kernel`."""
        return _BRACKET.sub("[*]", str(self))

    @property
    def order(self) -> Order:
        """A sort key: `group[2]` comes before `group[10]`."""
        return natural(str(self))

    def child(self, segment: str) -> KeyPath:
        return KeyPath((*self.segments, segment)) if segment else self

    def startswith(self, outer: KeyPath) -> bool:
        """Whether it is `outer` or lies in it; every turn of a loop lies in the loop."""
        depth = len(outer.segments)
        if not depth:
            return True
        if self.segments[: depth - 1] != outer.segments[:-1] or len(self.segments) < depth:
            return False
        here, last = self.segments[depth - 1], outer.segments[-1]
        return here == last or (here.startswith(last) and here[len(last)] == "[")

    def below(self, outer: KeyPath) -> KeyPath:
        """The path as one says it from `outer`; as it is where it does not lie in it."""
        inside = self.segments[: len(outer.segments)] == outer.segments
        return KeyPath(self.segments[len(outer.segments) :]) if inside else self

    def beside(self, other: KeyPath) -> KeyPath:
        """The path as one says it from `other`: without what both lie in."""
        shared = 0
        for ours, theirs in zip(self.segments[:-1], other.segments, strict=False):
            if ours != theirs:
                break
            shared += 1
        return KeyPath(self.segments[shared:])

    def moved(self, old: KeyPath, new: KeyPath) -> KeyPath:
        """The path with `new` in place of `old`, which it starts with."""
        rest = str(self)[len(str(old)) :]
        return KeyPath.parse(f"{new}{rest}")

    def with_indices(self, indices: Sequence[str]) -> KeyPath:
        """The path with these in place of its own."""
        names = _BRACKET.split(str(self))
        rest = (f"{i}{name}" for i, name in zip(indices, names[1:], strict=True))
        return KeyPath.parse(names[0] + "".join(rest))


@lru_cache(maxsize=1 << 15)  # one architecture asks for the same paths many times
def _parsed(text: str) -> KeyPath:
    return KeyPath(tuple(_DOT.split(text))) if text else KeyPath()


def natural(text: str) -> Order:
    """A sort key for any text: numbers in it count as numbers."""
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in _PART.findall(text))


def base(segment: str) -> str:
    """`block` of `block[3]`."""
    return segment.partition("[")[0]


def index(segment: str) -> str | None:
    """`3` of `block[3]`."""
    _, bracket, rest = segment.partition("[")
    return rest.rstrip("]") if bracket else None


def gather(
    items: Iterable[T], path: Callable[[T], KeyPath], same: Callable[[T], Hashable]
) -> list[tuple[KeyPath, list[T]]]:
    """Groups the items that are the same but for one index of their paths, under a path that lists the
    indices.

    `group[0].kernel` and `group[2].kernel` become `group[0, 2].kernel`; the innermost index is tried first.
    Groups come in the order of their first item.
    """
    groups: list[tuple[str, list[T]]] = [(str(path(item)), [item]) for item in items]
    depth = max((len(_INDEX.findall(p)) for p, _ in groups), default=0)
    for level in range(depth):
        merged: dict[Hashable, list[tuple[str, str, list[T]]]] = {}
        for text, members in groups:
            spots = list(_BRACKET.finditer(text))
            if level >= len(spots):
                merged.setdefault((text, "", same(members[0])), []).append(
                    (text, "", members)
                )
                continue
            spot = spots[-1 - level]
            head, tail = text[: spot.start()], text[spot.end() :]
            merged.setdefault((head, tail, same(members[0])), []).append(
                (text, spot.group()[1:-1], members)
            )
        groups = []
        for key, parts in merged.items():
            assert isinstance(key, tuple)
            if len(parts) == 1 or not parts[0][1]:
                groups.extend((text, members) for text, _, members in parts)
            else:
                together = _indices([spot for _, spot, _ in parts])
                joined = list(chain.from_iterable(members for _, _, members in parts))
                groups.append((f"{key[0]}[{together}]{key[1]}", joined))
    return [(KeyPath.parse(text), members) for text, members in groups]


def _indices(spots: list[str]) -> str:
    """`0, 2`, or `0..3` where three or more follow each other."""
    if not all(s.isdigit() for s in spots):
        return ", ".join(spots)
    numbers = sorted(map(int, spots))
    follow_each_other = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if follow_each_other and len(numbers) > 2:
        return f"{numbers[0]}..{numbers[-1]}"
    return ", ".join(map(str, numbers))


def scopes_of(paths: str) -> list[str]:
    """The paths of a list: `a.norm, b[0, 1].norm` has two."""
    return _COMMA.split(paths)


def spelled_out(paths: str) -> list[KeyPath]:
    """The single paths that a list of paths, with lists of indices, stands for."""
    found: list[KeyPath] = []
    for path in scopes_of(paths):
        pieces = _BRACKET.split(path)
        texts = [pieces[0]]
        for together, piece in zip(_BRACKET.findall(path), pieces[1:], strict=True):
            turns = product(texts, _numbers(together[1:-1]))
            texts = [f"{text}[{i}]{piece}" for text, i in turns]
        found.extend(map(KeyPath.parse, texts))
    return found


def _numbers(together: str) -> list[int]:
    low, dots, high = together.partition("..")
    if dots:
        return list(range(int(low), int(high) + 1))
    return [int(number) for number in together.split(",")]

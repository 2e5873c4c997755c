"""A rename table from pairs of keys: what they end in alike goes, and numbers that count alike become `{i}`.

layer1.0.downsample.0.weight -> layer1.0.downsample.conv.weight
layer2.0.downsample.0.weight -> layer2.0.downsample.conv.weight
    layer{i}.0.downsample.0 -> layer{i}.0.downsample.conv
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_NUMBER = re.compile(r"\d+")
_LETTERS = "ijklmn"


def rename_table(keys: Mapping[str, str], name: str) -> str:
    """The table of all keys, ours by theirs: first those that differ, then what stays as it is."""
    pairs = dict(
        _shortened(theirs, ours) for theirs, ours in keys.items() if theirs != ours
    )
    stay = {theirs: ours for theirs, ours in keys.items() if theirs == ours}
    tops = dict.fromkeys(key.partition(".")[0] for key in stay)
    lines = [*_lines(list(pairs.items()), stay), *((top, top) for top in tops)]
    width = max((len(theirs) for theirs, _ in lines), default=0)
    text = [f"{theirs:<{width}} -> {ours}" for theirs, ours in dict.fromkeys(lines)]
    return (
        f"# The keys of {name} where it came from, and those of its text.\n\n"
        + "\n".join([*text, ""])
    )


def _shortened(theirs: str, ours: str) -> tuple[str, str]:
    """Without the last parts that both have, but for one."""
    a, b = theirs.split("."), ours.split(".")
    while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return ".".join(a), ".".join(b)


def _lines(
    pairs: Sequence[tuple[str, str]], stay: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Lines that say the pairs: those that no pattern says first, since the first line that fits decides."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pair in pairs:
        groups.setdefault(_pattern(*pair), []).append(pair)
    alone = dict(
        pair for members in groups.values() if len(members) == 1 for pair in members
    )
    patterns = {pattern: members for pattern, members in groups.items() if len(members) > 1}
    for pattern, members in sorted(patterns.items(), key=lambda item: len(item[1])):
        others = {**stay, **{key: value for key, value in pairs if key not in alone}}
        if not _holds(pattern, others):
            alone |= dict(members)
            del patterns[pattern]
    return [*alone.items(), *patterns]


def _pattern(theirs: str, ours: str) -> tuple[str, str]:
    """Both with letters for the numbers that ours repeats, moved by a constant, in their order."""
    shown = ours.split(".")
    left: list[str] = []
    used = 0
    for part in theirs.split("."):
        numbers = _NUMBER.findall(part)
        place = (
            _matching(part, int(numbers[0]), shown)
            if len(numbers) == 1 and used < len(_LETTERS)
            else None
        )
        if place is None:
            left.append(part)
            continue
        letter = _LETTERS[used]
        used += 1
        shift = int(_NUMBER.findall(shown[place])[0]) - int(numbers[0])
        left.append(_NUMBER.sub(f"{{{letter}}}", part))
        shown[place] = _NUMBER.sub(
            f"{{{letter}{shift:+d}}}" if shift else f"{{{letter}}}", shown[place]
        )
    return ".".join(left), ".".join(shown)


def _matching(part: str, number: int, parts: Sequence[str]) -> int | None:
    """The part of ours that counts with one of theirs: the first with this number, else the number behind a
    name that both have.
    """
    free = [
        place
        for place, each in enumerate(parts)
        if "{" not in each and len(_NUMBER.findall(each)) == 1
    ]
    for place in free:
        if int(_NUMBER.findall(parts[place])[0]) == number:
            return place
    stem = _NUMBER.sub("", part).strip("_")
    for place in free:
        before = parts[place - 1] if place else ""
        if parts[place].isdigit() and stem and before == stem:
            return place
    return free[0] if free and part.isdigit() and parts[free[0]].isdigit() else None


def _holds(pattern: tuple[str, str], pairs: Mapping[str, str]) -> bool:
    """Whether every pair that the left side fits, or begins, is one that the pattern gives."""
    theirs, ours = pattern
    fits = re.compile(
        re.sub(r"\\\{(\w)\\\}", r"(?P<\1>\\d+)", re.escape(theirs)) + r"((?:\..*)?)"
    )
    for key, value in pairs.items():
        match = fits.fullmatch(key)
        if (
            match is not None
            and _filled(ours, match.groupdict()) + match[match.re.groups] != value
        ):
            return False
    return True


def _filled(ours: str, numbers: Mapping[str, str]) -> str:
    def number(hole: re.Match[str]) -> str:
        return str(int(numbers[hole[1]]) + int(hole[2] or 0))

    return re.sub(r"\{(\w)([+-]\d+)?\}", number, ours)

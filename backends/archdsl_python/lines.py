"""The look of emitted lines: none too long, repetitions as loops."""

from __future__ import annotations

from itertools import chain, groupby

WIDTH = 120


def repeats(lines: list[str]) -> list[str]:
    """Equal lines that follow each other, as one line in a loop."""
    found: list[str] = []
    for line, same in groupby(lines):
        count = len(list(same))
        found += [line] if count == 1 else [f"for _ in range({count}):", f"    {line}"]
    return found


def wrapped(line: str) -> list[str]:
    """A line, or where it is too long the same one with the outermost parentheses opened over several
    lines.
    """
    parts = _opened(line) if len(line) > WIDTH else None
    if parts is None:
        return [line]
    before, inside, after = parts
    inner = " " * (len(line) - len(line.lstrip()) + 4)
    whole = f"{inner}{', '.join(inside)}"
    if len(whole) <= WIDTH or len(inside) == 1:
        return [before, *wrapped(whole), after]
    rows = chain.from_iterable(wrapped(f"{inner}{one},") for one in inside)
    return [before, *rows, after]


def _opened(line: str) -> tuple[str, list[str], str] | None:
    """What stands before, between and after the last outermost pair of parentheses, the middle cut at its
    commas.
    """
    depth, begin, end = 0, -1, -1
    for at, char in enumerate(line):
        if char in "([{":
            if not depth and char == "(":
                begin = at
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth and char == ")":
                end = at
    if begin < 0 or end < begin + 2:
        return None
    inside, depth = [""], 0
    for char in line[begin + 1 : end]:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            inside.append("")
        else:
            inside[-1] += char
    indent = " " * (len(line) - len(line.lstrip()))
    return (
        line[: begin + 1],
        [part.strip() for part in inside if part.strip()],
        f"{indent}{line[end:]}",
    )

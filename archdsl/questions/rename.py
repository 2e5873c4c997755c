"""Rename tables: the keys of somebody else's checkpoint as ours, kept as data beside a spec.

A line is `theirs -> ours`, both the beginning of a key up to a dot; what follows in the key is kept. `{i}` stands for a
number, a whole part or within one (`res{i}`), the same wherever the line repeats it, and may be moved on the right: `{i-1}`.
The first line that fits a key decides; `theirs -> -` says that a key has no place in ours. `#` starts a comment.

    blocks.{s}.res_blocks.{i}.branch2.conv_a -> stage.{s-1}.block.{i}.widen
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archdsl.syntax.codes import renames as codes
from archdsl.syntax.diagnostics import Diagnostic, DiagnosticError
from archdsl.syntax.source import Source, Span

_HOLE = re.compile(r"\{([a-z])([+-][0-9]{1,4})?\}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PART = re.compile(r"[A-Za-z0-9_]+")
_AROUND = re.compile(r"[A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Hole:
    """A part with `{name}` in it or, on the right, `{name+shift}`: what stands before and after the number."""

    name: str
    shift: int = 0
    before: str = ""
    after: str = ""

    def number(self, part: str) -> int | None:
        """The number in a part of a key, None where the part is another one."""
        digits = part[len(self.before) : len(part) - len(self.after)]
        fits = part.startswith(self.before) and part.endswith(self.after) and _NUMBER.fullmatch(digits)
        return int(digits) if fits else None

    def text(self, number: int) -> str:
        return f"{self.before}{number}{self.after}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: the parts of their path and of ours, without dots. `ours` is empty where a key is left out."""

    theirs: tuple[str | Hole, ...]
    ours: tuple[str | Hole, ...]
    span: Span

    def rename(self, parts: Sequence[str]) -> str | None:
        """Our key for the parts of theirs, empty where it is left out, None where the rule does not fit."""
        if len(parts) < len(self.theirs):
            return None
        numbers: dict[str, int] = {}
        for wanted, part in zip(self.theirs, parts, strict=False):
            if isinstance(wanted, Hole):
                number = wanted.number(part)
                if number is None or numbers.setdefault(wanted.name, number) != number:
                    return None
            elif wanted != part:
                return None
        if any(isinstance(p, Hole) and numbers[p.name] + p.shift < 0 for p in self.ours):
            return None
        if not self.ours:
            return ""
        ours = [p.text(numbers[p.name] + p.shift) if isinstance(p, Hole) else p for p in self.ours]
        return ".".join([*ours, *parts[len(self.theirs) :]])


def read(source: Source) -> tuple[Rule, ...]:
    """The rules of a table in their order. Raises DiagnosticError: E0980, one for every line that is none."""
    rules: list[Rule] = []
    found: list[Diagnostic] = []
    start = 0
    for line in source.text.split("\n"):
        text = line.partition("#")[0].strip()
        begin = start + len(line) - len(line.lstrip())
        start += len(line) + 1
        if text:
            try:
                rules.append(_rule(text, Span(source, begin, begin + len(text))))
            except DiagnosticError as error:
                found.extend(error.diagnostics)
    if found:
        raise DiagnosticError(*found)
    return tuple(rules)


def rename(keys: Iterable[str], rules: Sequence[Rule]) -> dict[str, str]:
    """Our key of each of theirs, without those that are left out.

    Raises DiagnosticError: E0981 for keys that no rule fits, E0982 where two become one.
    """
    renamed: dict[str, str] = {}
    theirs: dict[str, str] = {}
    found: list[Diagnostic] = []
    for key in keys:
        parts = key.split(".")
        ours, span = next(((name, r.span) for r in rules if (name := r.rename(parts)) is not None), (None, None))
        if ours is None:
            found.append(codes.NO_RULE.error(None, f"no rule renames `{key}`"))
        elif not ours:
            continue
        elif ours in theirs:
            found.append(codes.SAME_KEY.error(span, f"`{theirs[ours]}` and `{key}` would both be `{ours}`"))
        else:
            renamed[key], theirs[ours] = ours, key
    if found:
        raise DiagnosticError(*found)
    return renamed


def _rule(text: str, span: Span) -> Rule:
    sides = text.split("->")
    if len(sides) != 2:
        raise DiagnosticError(codes.BAD_RULE.error(span, "a rule is `theirs -> ours`"))
    theirs, ours = (() if side.strip() == "-" else tuple(_part(p, span) for p in side.strip().split(".")) for side in sides)
    if not theirs:
        raise DiagnosticError(codes.BAD_RULE.error(span, "`-` stands on the right: it leaves a key out"))
    known = {p.name for p in theirs if isinstance(p, Hole)}
    for part in ours:
        if isinstance(part, Hole) and part.name not in known:
            raise DiagnosticError(codes.BAD_RULE.error(span, f"`{{{part.name}}}` is not on the left"))
    if any(isinstance(p, Hole) and p.shift for p in theirs):
        raise DiagnosticError(codes.BAD_RULE.error(span, "a number is moved on the right only"))
    return Rule(theirs, ours, span)


def _part(text: str, span: Span) -> str | Hole:
    hole = _HOLE.search(text)
    if hole and _AROUND.fullmatch(text[: hole.start()] + text[hole.end() :]):
        return Hole(hole[1], int(hole[2] or 0), text[: hole.start()], text[hole.end() :])
    if not _PART.fullmatch(text):
        raise DiagnosticError(
            codes.BAD_RULE.error(span, f"`{text}` is no part of a key", help="parts are names and numbers, at most one `{i}` each")
        )
    return text

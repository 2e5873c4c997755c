"""Rename tables: the keys of somebody else's checkpoint as ours, kept as data beside a spec.

A line is `theirs -> ours`, both the beginning of a key up to a dot; what follows in the key is kept. `{i}`
stands for a number, a whole part or within one (`res{i}`), the same wherever the line repeats it, and may be
moved on the right: `{i-1}`. The first line that fits a key decides; `theirs -> -` says that a key has no
place in ours. `#` starts a comment.

    blocks.{s}.res_blocks.{i}.branch2.conv_a -> stage.{s-1}.block.{i}.widen

What a weight becomes where the model has more or fewer positions than the checkpoint stands at the end of its
line: `resize nearest row after 1` keeps the first position and interpolates the others along the first axis,
`grid` as a square of rows; the modes are those of `_MODES`. `anew` lets it start as the text says. Without
either the sizes must agree.

    time_embed -> time_embedding   resize nearest row
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archdsl.diagnostics.codes import renames as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source, Span

_HOLE = re.compile(r"\{([a-z])([+-][0-9]{1,4})?\}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PART = re.compile(r"[A-Za-z0-9_]+")
_AROUND = re.compile(r"[A-Za-z0-9_]*")
_RESIZE = re.compile(r"resize\s+(\w+)\s+(row|grid)(?:\s+after\s+([0-9]{1,4}))?", re.ASCII)
_MODES = {"row": ("nearest", "linear"), "grid": ("nearest", "linear", "cubic")}


@dataclass(frozen=True, slots=True)
class Hole:
    """A part with `{name}` in it or, on the right, `{name+shift}`: what stands before and after the
    number.
    """

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
class Resize:
    """How positions along the first axis are interpolated: "nearest", "linear" or "cubic", those from `after`
    on.
    """

    mode: str
    is_grid: bool
    after: int = 0

    def __str__(self) -> str:
        kept = f" after {self.after}" if self.after else ""
        return f"{self.mode} {'grid' if self.is_grid else 'row'}{kept}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: the parts of their path and of ours, without dots. `ours` is empty where a key is left out.

    `resize` and `is_anew` say what happens where the sizes differ; with neither they must not.
    """

    theirs: tuple[str | Hole, ...]
    ours: tuple[str | Hole, ...]
    span: Span
    resize: Resize | None = None
    is_anew: bool = False

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


def find(key: str, rules: Sequence[Rule]) -> tuple[str, Rule] | None:
    """Our key and the first rule that fits; the key is empty where it is left out. None where no rule
    fits.
    """
    parts = key.split(".")
    return next(((name, rule) for rule in rules if (name := rule.rename(parts)) is not None), None)


def of_our_keys(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """What rules say of sizes that differ, for keys that are ours already."""
    found = []
    for rule in rules:
        if rule.resize is not None or rule.is_anew:
            parts = tuple(replace(part, shift=0) if isinstance(part, Hole) else part for part in rule.ours)
            found.append(replace(rule, theirs=parts, ours=parts))
    return tuple(found)


def rename(keys: Iterable[str], rules: Sequence[Rule]) -> dict[str, str]:
    """Our key of each of theirs, without those that are left out.

    Raises DiagnosticError: E0981 for keys that no rule fits, E0982 where two become one.
    """
    renamed: dict[str, str] = {}
    theirs: dict[str, str] = {}
    found: list[Diagnostic] = []
    for key in keys:
        fits = find(key, rules)
        if fits is None:
            found.append(codes.NO_RULE.error(None, f"no rule renames `{key}`"))
            continue
        ours, rule = fits
        if not ours:
            continue
        if ours in theirs:
            found.append(
                codes.SAME_KEY.error(rule.span, f"`{theirs[ours]}` and `{key}` would both be `{ours}`")
            )
        else:
            renamed[key], theirs[ours] = ours, key
    if found:
        raise DiagnosticError(*found)
    return renamed


def _rule(text: str, span: Span) -> Rule:
    sides = text.split("->")
    if len(sides) != 2:
        raise DiagnosticError(codes.BAD_RULE.error(span, "a rule is `theirs -> ours`"))
    path, _, extent = sides[1].strip().partition(" ")
    theirs, ours = (
        () if side == "-" else tuple(_part(p, span) for p in side.split("."))
        for side in (sides[0].strip(), path)
    )
    if not theirs:
        raise DiagnosticError(codes.BAD_RULE.error(span, "`-` stands on the right: it leaves a key out"))
    known = {p.name for p in theirs if isinstance(p, Hole)}
    for part in ours:
        if isinstance(part, Hole) and part.name not in known:
            raise DiagnosticError(codes.BAD_RULE.error(span, f"`{{{part.name}}}` is not on the left"))
    if any(isinstance(p, Hole) and p.shift for p in theirs):
        raise DiagnosticError(codes.BAD_RULE.error(span, "a number is moved on the right only"))
    resize, is_anew = _extent(extent.strip(), span)
    return Rule(theirs, ours, span, resize, is_anew)


def _extent(text: str, span: Span) -> tuple[Resize | None, bool]:
    """What stands behind the names: what happens where the sizes differ."""
    if text in ("", "anew"):
        return None, text == "anew"
    match = _RESIZE.fullmatch(text)
    if match is None:
        help = "`anew`, or `resize nearest row`, `resize cubic grid after 1`"
        raise DiagnosticError(
            codes.BAD_RULE.error(span, f"`{text}` does not say what happens where sizes differ", help=help)
        )
    mode, shape, after = match.groups()
    if mode not in _MODES[shape]:
        known = ", ".join(_MODES[shape])
        raise DiagnosticError(
            codes.BAD_RULE.error(
                span, f"a {shape} cannot be resized by `{mode}`", help=f"known modes: {known}"
            )
        )
    return Resize(mode, shape == "grid", int(after or 0)), False


def _part(text: str, span: Span) -> str | Hole:
    hole = _HOLE.search(text)
    if hole and _AROUND.fullmatch(text[: hole.start()] + text[hole.end() :]):
        return Hole(hole[1], int(hole[2] or 0), text[: hole.start()], text[hole.end() :])
    if not _PART.fullmatch(text):
        raise DiagnosticError(
            codes.BAD_RULE.error(
                span,
                f"`{text}` is no part of a key",
                help="parts are names and numbers, at most one `{i}` each",
            )
        )
    return text

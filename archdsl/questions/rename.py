"""Rename tables: the keys of somebody else's checkpoint as ours, kept as data beside a spec.

A line is `theirs -> ours`, both the beginning of a key up to a dot; what follows in the key is kept. `{i}`
stands for a number, a whole part or within one (`res{s}_{i}`), the same wherever the line repeats it, and may
be moved on the right: `{i-1}`. The first line that fits a key decides. Several places on the right get the
same weights, and `theirs -> -` says that a key has no place in ours. `#` starts a comment.

    blocks.{s}.res_blocks.{i}.branch2.conv_a -> stage.{s-1}.block.{i}.widen
    blocks.{i}.attn -> block.{i}.space.attention, block.{i}.time.attention

Ends of keys that are spelled otherwise are rewritten before: `res2_0_branch2a_bn_s` as
`res2_0_branch2a_bn.weight`, and what ends in `_momentum` is left out.

    *_bn_s     -> *_bn.weight
    *_momentum -> -

What a weight becomes where the shapes differ stands at the end of its line: `resize nearest row after 1`
keeps the first position and interpolates the others along the first axis, `grid` as a square of rows, and
`resize repeat` has them again and again; `inflate mean` spreads a kernel of pictures over the frames,
`inflate centre` puts it in their middle. `anew` lets the weight start as the text says; in `- -> head  anew`
there is nothing of it in theirs. With none of these the shapes must agree.

    time_embed -> time_embedding   resize nearest row
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from archdsl.diagnostics.codes import renames as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source, Span

_HOLE = re.compile(r"\{([a-z])([+-][0-9]{1,4})?\}")
_PIECE = re.compile(rf"{_HOLE.pattern}|[A-Za-z0-9_]+")
_PART = re.compile(rf"(?:{_PIECE.pattern})+")
_APART = re.compile(r"\}[0-9]*\{")  # two numbers that could not be told from one another
_NUMBER = "([0-9]{1,9})"
_ENDING = re.compile(r"\*([A-Za-z0-9_.]+)")
_RESIZE = re.compile(
    r"resize\s+(?:(repeat)|(\w+)\s+(row|grid))(?:\s+after\s+([0-9]{1,4}))?", re.ASCII
)
_INFLATE = re.compile(r"inflate\s+(mean|centre)")
_MODES = {"row": ("nearest", "linear"), "grid": ("nearest", "linear", "cubic")}
_CHANGES = "`anew`, `inflate mean`, or `resize nearest row`, `resize cubic grid after 1`, `resize repeat`"


@dataclass(frozen=True, slots=True)
class Hole:
    """A number in a pattern: `{name}` or, on the right, `{name+shift}`."""

    name: str
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """The beginning of a key up to a dot: its texts, dots included, and the numbers between them."""

    pieces: tuple[str | Hole, ...]
    start: str = field(
        init=False, repr=False, compare=False
    )  # what every key that fits begins with
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = self.pieces[0]
        written = "".join(
            _NUMBER if isinstance(p, Hole) else re.escape(p) for p in self.pieces
        )
        object.__setattr__(self, "start", first if isinstance(first, str) else "")
        object.__setattr__(self, "_regex", re.compile(rf"{written}(?=\.|\Z)", re.ASCII))

    def match(self, key: str) -> tuple[dict[str, int], str] | None:
        """The numbers in a key that fits, and what follows in it."""
        found = self._regex.match(key) if key.startswith(self.start) else None
        if found is None:
            return None
        numbers: dict[str, int] = {}
        for name, digits in zip(self.holes, found.groups(), strict=True):
            if numbers.setdefault(name, int(digits)) != int(digits):
                return None
        return numbers, key[found.end() :]

    @property
    def holes(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.pieces if isinstance(p, Hole))

    def written(self, numbers: dict[str, int]) -> str | None:
        """The path with these numbers, moved; None where one would be negative."""
        moved = [
            numbers[p.name] + p.shift if isinstance(p, Hole) else p for p in self.pieces
        ]
        negative = any(isinstance(part, int) and part < 0 for part in moved)
        return None if negative else "".join(map(str, moved))

    def unmoved(self) -> Pattern:
        """The same places, by their own numbers."""
        return Pattern(
            tuple(Hole(p.name) if isinstance(p, Hole) else p for p in self.pieces)
        )


@dataclass(frozen=True, slots=True)
class Resize:
    """How positions along the first axis become more or fewer: "nearest", "linear" or "cubic" interpolation,
    or "repeat"; those before `after` are kept.
    """

    mode: str
    is_grid: bool = False
    after: int = 0

    def __str__(self) -> str:
        shape = " grid" if self.is_grid else " row"
        said = self.mode if self.mode == "repeat" else f"{self.mode}{shape}"
        return f"{said} after {self.after}" if self.after else said


@dataclass(frozen=True, slots=True)
class Inflate:
    """How a kernel of pictures becomes one of clips: the same in every frame, divided by their number
    ("mean"), or in the middle frame alone ("centre").
    """

    how: Literal["mean", "centre"]

    def __str__(self) -> str:
        return self.how


Change: TypeAlias = Resize | Inflate


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. `theirs` is None where the checkpoint has nothing of what starts anew; `ours` is empty where
    a key is left out.

    `change` and `is_anew` say what happens where the shapes differ; with neither they must not.
    """

    theirs: Pattern | None
    ours: tuple[Pattern, ...]
    span: Span
    change: Change | None = None
    is_anew: bool = False

    def rename(self, key: str) -> tuple[str, ...] | None:
        """Our keys for one of theirs, none where it is left out, None where the rule does not fit."""
        found = self.theirs.match(key) if self.theirs is not None else None
        if found is None:
            return None
        numbers, rest = found
        names = [path.written(numbers) for path in self.ours]
        return None if None in names else tuple(f"{name}{rest}" for name in names)

    def may_fit(self, key: str) -> bool:
        """False for most of the keys that it does not fit, and cheap to ask."""
        return self.theirs is not None and key.startswith(self.theirs.start)

    def starts(self, name: str) -> bool:
        """Whether it lets one of our weights start as the text says, whatever the checkpoint has."""
        return self.theirs is None and any(path.match(name) for path in self.ours)


@dataclass(frozen=True, slots=True)
class Ending:
    """A line about ends of keys: how one is spelled here, None where what ends so is left out."""

    theirs: str
    ours: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Unused:
    """A line that no key of a checkpoint came to; `taken_by` is a line before it that had one of its keys."""

    span: Span
    taken_by: Span | None

    @property
    def text(self) -> str:
        """The line, without the spaces that align it."""
        return " ".join(self.span.text.split())


@dataclass(frozen=True, slots=True)
class Found:
    """What a table makes of a key: our names, none where it is left out, and the line that said so, if one
    did.
    """

    names: tuple[str, ...]
    line: Rule | Ending | None

    @property
    def rule(self) -> Rule | None:
        return self.line if isinstance(self.line, Rule) else None


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of a table in their order."""

    rules: tuple[Rule, ...] = ()
    endings: tuple[Ending, ...] = ()

    def find(self, key: str) -> Found | None:
        """What the first line that fits makes of a key; None where none does."""
        ending = self.ending(key)
        if ending is not None and ending.ours is None:
            return Found((), ending)
        spelled = self.spelled(key)
        for rule in self.rules:
            names = rule.rename(spelled) if rule.may_fit(spelled) else None
            if names is not None:
                return Found(names, rule)
        return None

    def unused(
        self, used: Collection[Rule | Ending | None], keys: Iterable[str]
    ) -> Iterator[Unused]:
        """The lines that no key came to, each with the line before it that had a key that it fits."""
        keys = list(keys)
        spelled = {self.ending(key) for key in keys}
        yield from (
            Unused(ending.span, None) for ending in self.endings if ending not in spelled
        )
        for rule in self.rules:
            if rule not in used and rule.theirs is not None:
                taken = next(
                    (key for key in keys if rule.rename(self.spelled(key)) is not None),
                    None,
                )
                found = None if taken is None else self.find(taken)
                yield Unused(
                    rule.span,
                    None if found is None or found.line is None else found.line.span,
                )

    def ending(self, key: str) -> Ending | None:
        return next(
            (ending for ending in self.endings if key.endswith(ending.theirs)), None
        )

    def spelled(self, key: str) -> str:
        """A key with the end that the table gives it."""
        ending = self.ending(key)
        return (
            key
            if ending is None
            else f"{key.removesuffix(ending.theirs)}{ending.ours or ''}"
        )

    def of_our_keys(self) -> Iterator[Rule]:
        """What the lines say of shapes that differ, for keys that are ours already."""
        for rule in self.rules:
            if rule.theirs is not None and (rule.change is not None or rule.is_anew):
                for path in rule.ours:
                    own = path.unmoved()
                    yield Rule(own, (own,), rule.span, rule.change, rule.is_anew)


def read(source: Source) -> Rules:
    """The lines of a table. Raises DiagnosticError: E0980, one for every line that is none."""
    rules: list[Rule] = []
    endings: list[Ending] = []
    found: list[Diagnostic] = []
    for text, span in _lines(source):
        try:
            if text.startswith("*"):
                endings.append(_ending(text, span))
            else:
                rules.append(_rule(text, span))
        except DiagnosticError as error:
            found.extend(error.diagnostics)
    if found:
        raise DiagnosticError(*found)
    return Rules(tuple(rules), tuple(endings))


def change(text: str, span: Span | None = None) -> Change:
    """What happens where shapes differ, as a line says it: `resize nearest grid after 1`, `inflate mean`.

    Raises DiagnosticError E0980 for anything else.
    """
    inflated = _INFLATE.fullmatch(text)
    if inflated is not None:
        return Inflate("mean" if inflated[1] == "mean" else "centre")
    match = _RESIZE.fullmatch(text)
    if match is None:
        raise _bad(
            span, f"`{text}` does not say what happens where shapes differ", _CHANGES
        )
    repeat, mode, shape, after = match.groups()
    if repeat is not None:
        return Resize(repeat, after=int(after or 0))
    if mode not in _MODES[shape]:
        raise _bad(
            span,
            f"a {shape} cannot be resized by `{mode}`",
            f"known modes: {', '.join(_MODES[shape])}",
        )
    return Resize(mode, shape == "grid", int(after or 0))


def _lines(source: Source) -> Iterator[tuple[str, Span]]:
    """What lines say, without comments, and where."""
    start = 0
    for line in source.text.split("\n"):
        text = line.partition("#")[0].strip()
        begin = start + len(line) - len(line.lstrip())
        start += len(line) + 1
        if text:
            yield text, Span(source, begin, begin + len(text))


def _sides(text: str, span: Span) -> tuple[str, str]:
    sides = text.split("->")
    if len(sides) != 2:
        raise _bad(span, "a rule is `theirs -> ours`")
    return sides[0].strip(), sides[1].strip()


def _ending(text: str, span: Span) -> Ending:
    left, right = _sides(text, span)
    theirs, ours = _ENDING.fullmatch(left), _ENDING.fullmatch(right)
    if theirs is None or (ours is None and right != "-"):
        raise _bad(span, "an end of keys is `*theirs -> *ours`, or `*theirs -> -`")
    return Ending(theirs[1], None if ours is None else ours[1], span)


def _rule(text: str, span: Span) -> Rule:
    left, right = _sides(text, span)
    *others, last = right.split(",")
    path, _, extent = last.strip().partition(" ")
    extent = extent.strip()
    theirs = None if left == "-" else _pattern(left, span)
    paths = [*(other.strip() for other in others), path]
    ours = () if paths == ["-"] else tuple(_pattern(p, span) for p in paths)
    is_anew = extent == "anew"
    if theirs is None and not (ours and is_anew):
        raise _bad(
            span,
            "`-` on the left says that a weight of ours starts anew: `- -> head  anew`",
        )
    if theirs is not None:
        _refuse_unread(theirs, ours, span)
    return Rule(
        theirs, ours, span, None if is_anew or not extent else change(extent, span), is_anew
    )


def _refuse_unread(theirs: Pattern, ours: Iterable[Pattern], span: Span) -> None:
    """Numbers on the right are read on the left, and moved on the right only."""
    for path in ours:
        for name in path.holes:
            if name not in theirs.holes:
                raise _bad(span, f"`{{{name}}}` is not on the left")
    if any(isinstance(piece, Hole) and piece.shift for piece in theirs.pieces):
        raise _bad(span, "a number is moved on the right only")


def _pattern(text: str, span: Span) -> Pattern:
    for part in text.split("."):
        if not _PART.fullmatch(part) or _APART.search(part):
            raise _bad(
                span,
                f"`{part}` is no part of a key",
                "parts are names and numbers; text that is no number keeps `{s}_{i}` apart",
            )
    return Pattern(tuple(_pieces(text)))


def _pieces(text: str) -> Iterator[str | Hole]:
    end = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > end:
            yield text[end : hole.start()]
        yield Hole(hole[1], int(hole[2] or 0))
        end = hole.end()
    if end < len(text):
        yield text[end:]


def _bad(span: Span | None, message: str, help: str | None = None) -> DiagnosticError:
    return DiagnosticError(codes.BAD_RULE.error(span, message, help=help))

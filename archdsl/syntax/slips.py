"""A slip: what is said about it, and what the text would be without it.

`conv(16 3)` is refused at `3`. The slip is a missing comma, its mend `Edit(at, at, [(",", ",")])`: the parse
goes on as if the comma stood there, so the rest of the statement, and what it binds, is still known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.syntax.machine import Machine
from archdsl.syntax.table import BROKEN, END
from archdsl.syntax.tokens import Tokens

_LONGEST = 60  # characters of the text that a hint repeats
OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = frozenset(OPENERS.values())
# What stands before a value: a value never begins earlier.
_BEFORE_VALUE = frozenset(
    {
        "=",
        "~",
        ",",
        "(",
        "[",
        "{",
        "output",
        "require",
        "in",
        "then",
        "else",
        ":",
        "if",
        "for",
        "budget",
    }
)
STATEMENTS = frozenset(
    {
        "input",
        "output",
        "param",
        "const",
        "require",
        "for",
        "if",
        "after",
        "before",
        "replace",
        "remove",
        "open",
        "fix",
        "freeze",
    }
)
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%"})
_SIGNS = ARITHMETIC | {"<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "->", "in"}
_FOLLOWS_NAME = frozenset({"=", "~", ".", "[", "{"})


@dataclass(frozen=True, slots=True)
class Edit:
    """Other tokens, each of a kind and a text, in the place of those from `start` to before `end`."""

    start: int
    end: int
    put: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Slip:
    """One explanation of why a token was refused.

    It is believed where its edits let the text go on; a `sure` one in any case. `again` names a habit that is
    told once a statement, however often the statement shows it.
    """

    diagnostic: Diagnostic
    edits: tuple[Edit, ...] = ()
    sure: bool = True
    again: str | None = None
    known: bool = False  # part of a slip that has been reported
    ahead: int | None = (
        None  # how many tokens behind the refused one the mend must let in; None is a few unless it is sure
    )


UNKNOWN = (BROKEN, "")  # a value of which nothing is known


def put(start: int, end: int, *tokens: str | tuple[str, str]) -> Edit:
    """An edit; a token whose kind is its text is written once: `put(at, at + 1, "=", UNKNOWN)`."""
    return Edit(start, end, tuple((t, t) if isinstance(t, str) else t for t in tokens))


def mended(
    diagnostic: Diagnostic,
    *edits: Edit,
    sure: bool = True,
    again: str | None = None,
    known: bool = False,
    ahead: int | None = None,
) -> Slip:
    """A slip with its mend."""
    return Slip(diagnostic, edits, sure, again, known, ahead)


@dataclass(frozen=True)
class Scene:
    """The token that was refused, and what stands around it."""

    machine: Machine
    tokens: Tokens
    at: int
    expected: frozenset[str]

    def kind(self, index: int) -> str:
        """The kind of a token; "" before the text, END behind it."""
        return (
            "" if index < 0 else self.tokens.kinds[min(index, len(self.tokens.kinds) - 1)]
        )

    def opens_line(self, index: int) -> bool:
        """Does nothing stand before the token on its line? True behind the text."""
        return index >= len(self.tokens.kinds) or (
            index >= 0 and self.tokens.first_on_line(index)
        )

    def text(self, index: int) -> str:
        return self.tokens.texts[index] if 0 <= index < len(self.tokens.kinds) else ""

    def is_word(self, index: int) -> bool:
        """Is this a name, also one that opens a declaration elsewhere?"""
        return self.kind(index) not in ("", END) and self.text(index).isidentifier()

    def adjoin(self, index: int) -> bool:
        """Does the token follow the one before without a gap?"""
        return (
            0 < index < len(self.tokens.kinds)
            and self.tokens.starts[index] == self.tokens.ends[index - 1]
        )

    def span(self, start: int, end: int | None = None) -> Span:
        """From one token to before another."""
        last = min(max((end or start + 1) - 1, start), len(self.tokens.kinds) - 1)
        return self.tokens.span(min(start, last)).to(self.tokens.span(last))

    def foreign(self, start: int, end: int, message: str, help: str) -> Diagnostic:
        """The error for what is written otherwise here, from one token to before another."""
        return syntax.FOREIGN.error(self.span(start, end), message, help=help)

    def shown(self, start: int, end: int, instead: str = "…") -> str:
        """The text of tokens as a hint repeats it: `instead` where there is none, or too much."""
        text = self.source(start, end)
        return text if text and len(text) <= _LONGEST else instead

    def statement_end(self, index: int) -> int:
        """Where the statement that holds this token ends."""
        begun = index
        while self.kind(index) not in (END, "}") and not (
            index > begun and self.begins_statement(index)
        ):
            index = self.group_end(index) if self.kind(index) in OPENERS else index + 1
        return index

    def source(self, start: int, end: int) -> str:
        """The text of tokens, up to the end of the line, without comments."""
        pieces: list[str] = []
        for index in range(start, min(end, len(self.tokens.kinds))):
            if index > start and self.opens_line(index):
                break
            gap = index > start and not self.adjoin(index)
            pieces.append(" " * gap + self.tokens.span(index).text)
        return "".join(pieces)

    @cached_property
    def opener(self) -> int | None:
        """Index of the innermost bracket that is still open."""
        level = opening(self.machine)
        return None if level is None else self.machine.first(level)

    @property
    def bracket(self) -> str:
        """That bracket; "" where there is none."""
        return "" if self.opener is None else self.kind(self.opener)

    def line_start(self, index: int) -> int:
        """The first token on the line of a token."""
        while index > 0 and not self.opens_line(index):
            index -= 1
        return index

    def begins_statement(self, index: int) -> bool:
        """Does a statement most likely begin with this token?"""
        if self.kind(index) in (END, "}"):
            return True
        if not self.opens_line(index):
            return False
        if self.kind(index) in STATEMENTS:
            return True
        while (
            self.is_word(index) and self.kind(index + 1) == "," and self.is_word(index + 2)
        ):  # `q, k = …`
            index += 2
        following = index + 1
        while self.kind(following) in ARITHMETIC and self.adjoin(following + 1):  # `n += …`
            following += 1
        if following > index + 1 and self.kind(following) == "=":
            return True
        return self.is_word(index) and self.kind(index + 1) in _FOLLOWS_NAME

    def group_end(self, index: int) -> int:
        """Behind the partner of the bracket at an index, or where the statement ends without it."""
        depth = 0
        while self.kind(index) != END:
            depth += (self.kind(index) in OPENERS) - (self.kind(index) in CLOSERS)
            index += 1
            if depth <= 0:
                break
        return index

    def value_start(self, index: int) -> int:
        """Where the value that ends before this token begins."""
        depth = 0
        while index > 0:
            kind = self.kind(index - 1)
            if not depth and kind in _BEFORE_VALUE:
                break
            depth += (kind in CLOSERS) - (kind in OPENERS)
            index -= 1
        return index

    def value_end(self, index: int) -> int:
        """Where the value that begins with this token ends."""
        begun = index
        while not (index > begun and self.begins_statement(index)):
            kind = self.kind(index)
            if kind in CLOSERS or kind in (",", END):
                break
            index = self.group_end(index) if kind in OPENERS else index + 1
        return index

    def operand_start(self, index: int) -> int:
        """Where the operand that ends before this token begins."""
        start = self.value_start(index)
        return max(
            (i + 1 for i in range(start, index) if self.kind(i) in _SIGNS), default=start
        )

    def operand_end(self, index: int) -> int:
        """Where the operand that begins with this token ends: `-f(x).c` is one."""
        while self.kind(index) in ("-", "+", "not"):
            index += 1
        if self.kind(index) in CLOSERS or self.kind(index) in (",", END):
            return index
        index = self.group_end(index) if self.kind(index) in OPENERS else index + 1
        while self.kind(index) in (".", "(", "[") and not self.opens_line(index):
            index = index + 2 if self.kind(index) == "." else self.group_end(index)
        return index

    def suite_end(self, index: int) -> int:
        """Behind everything that is indented farther than the line of this token."""
        column = self.tokens.column(self.line_start(index))
        index += 1
        while self.kind(index) != END:
            if self.opens_line(index) and self.tokens.column(index) <= column:
                break
            index += 1
        return index


Habit = Callable[[Scene], Iterator[Slip]]


def opening(machine: Machine) -> int | None:
    """Place on the stack of the innermost bracket that is still open."""
    closed = 0
    kinds = machine.kinds
    for level in range(machine.height, 0, -1):
        kind = kinds[level]
        if kind in OPENERS and not closed:
            return level
        closed += (kind in CLOSERS) - (kind in OPENERS)
    return None

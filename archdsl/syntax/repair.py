"""The parse of a text that has syntax errors: every independent one is reported, and what could be read is
kept.

Where a slip is known, the parse goes on as if it were mended (`conv(16 3)` has a comma from there on); where
it is not, what cannot be read is left out (`recovery`). Tokens that were read are remembered for a while,
because a mend may lie before the token that was refused: `x = a if c else b` is refused at `else`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from lark import Token, Tree, UnexpectedToken

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.syntax import ast
from archdsl.syntax.complaints import complain, explanations
from archdsl.syntax.depth import MAX_DEPTH, too_deep
from archdsl.syntax.edition import restated, stated
from archdsl.syntax.machine import Machine, Snapshot, parser, place
from archdsl.syntax.misspellings import ERROR
from archdsl.syntax.recovery import close, innermost, recover, runs_into_declaration
from archdsl.syntax.slips import Edit, Slip, mended, put
from archdsl.syntax.table import BROKEN, END
from archdsl.syntax.tokens import MAX_ERRORS, Tokens
from archdsl.syntax.trees import below, node

_REMEMBERED = 256  # tokens to which the parse can be set back
_AHEAD = 3  # tokens behind the refused one that a mend must let in


@dataclass(frozen=True, slots=True)
class _Suite:
    """A body that `:` opened: it ends where a line is indented no farther than its header's."""

    column: int
    depth: int  # how many bodies are open inside it, itself included


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where the parse stood before a token."""

    at: int
    snapshot: Snapshot
    suites: tuple[_Suite, ...]


@dataclass(slots=True)
class _Reader:
    machine: Machine
    tokens: Tokens
    marks: deque[_Mark] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    suites: list[_Suite] = field(default_factory=list)
    told: set[tuple[str, int]] = field(
        default_factory=set
    )  # habits, each with the line of the statement that shows it

    def step(self, at: int) -> bool:
        """Takes one token; False where it cannot stand."""
        self.dedent(at)
        self.marks.append(_Mark(at, self.machine.snapshot(), tuple(self.suites)))
        if not self.machine.take(at):
            return False
        if self.tokens.kinds[at] == "{" and self.tokens.span(at).text == ":":
            self.suites.append(_Suite(self._margin(at), self._depth()))
        return True

    def refuse(self, at: int) -> int:
        """Reports the token that cannot stand here, and finds the index to go on with."""
        slips = explanations(self.machine, self.tokens, at)
        if self.tokens.kinds[at] in (ERROR, BROKEN):  # reported when it was read
            slips = [
                mended(slips[-1].diagnostic, put(at, at + 1), known=True),
                *(replace(slip, known=True) for slip in slips),
            ]
        for slip in slips:
            line = self._line(slip, at)
            resumed = self._mended(slip, at)
            if resumed is not None or slip.sure:
                self._tell(slip, line)
                return self._recovered(at) if resumed is None else resumed
        raise AssertionError("the last explanation is sure")

    def close(self, at: int) -> None:
        """Every open body ends before this token."""
        close(self.machine, at)
        self.suites.clear()

    def _tell(self, slip: Slip, line: int) -> None:
        habit = (slip.again or "", line)
        if slip.known or (slip.again and habit in self.told):
            return
        self.told.add(habit)
        self.tokens.diagnostics.append(slip.diagnostic)

    def _line(self, slip: Slip, at: int) -> int:
        """Where the statement begins that shows a slip, as an offset."""
        level = innermost(self.machine)
        first = self.machine.first(level + 1) if level < self.machine.height else at
        return self.tokens.starts[min(first, at)] if slip.again else 0

    def _recovered(self, at: int) -> int:
        self.marks.clear()
        at = recover(self.machine, self.tokens, at)
        open_bodies = self._depth()
        self.suites = [suite for suite in self.suites if suite.depth <= open_bodies]
        if self.tokens.kinds[at] == END:
            self.close(at)
        return at

    def _mended(self, slip: Slip, at: int) -> int | None:
        """The index to go on with where the mend lets the text go on; None, and nothing changed, where it
        does not.
        """
        first = min((edit.start for edit in slip.edits), default=at + 1)
        earlier = [mark for mark in self.marks if mark.at <= first]
        if not slip.edits or not earlier:
            return None
        mark = earlier[-1]
        before, now = _Before.of(self), mark
        self.machine.restore(now.snapshot)
        self.suites, self.marks = list(now.suites), deque(earlier[:-1], maxlen=_REMEMBERED)
        target = at
        for edit in sorted(slip.edits, key=lambda edit: -edit.start):
            self.tokens.replace(edit.start, edit.end, edit.put)
            target = _moved(target, edit)
        last = self._read(
            mark.at,
            target,
            slip.ahead if slip.ahead is not None else _AHEAD * (not slip.sure),
        )
        if last is None:
            before.restore(self)
        return last

    def _read(self, at: int, target: int, ahead: int) -> int | None:
        """Takes the tokens up to the target and so many behind it; the index behind them. None where one
        cannot stand.
        """
        kinds = self.tokens.kinds
        while at <= target or (ahead and at < len(kinds) and kinds[at] != ERROR):
            if runs_into_declaration(self.machine, self.tokens, at) and at > target:
                return at
            if not self.step(at):
                return None
            ahead -= at > target
            if kinds[at] == END:
                return at
            at += 1
        return at

    def dedent(self, at: int) -> None:
        """Ends the bodies that `:` opened and that this token stands behind."""
        kind = self.tokens.kinds[at]
        while self.suites and self.suites[-1].depth == self._depth():
            outside = (
                self.tokens.first_on_line(at)
                and self.tokens.column(at) <= self.suites[-1].column
            )
            if not (kind in (END, "}") or outside) or not self.machine.put("}", "}", at):
                break
            self.suites.pop()

    def _depth(self) -> int:
        """How many bodies are open."""
        kinds = self.machine.kinds
        return kinds.count("{") - kinds.count("}")

    def _margin(self, at: int) -> int:
        """The column where the line of a token begins."""
        while at > 0 and not self.tokens.first_on_line(at):
            at -= 1
        return self.tokens.column(at)


@dataclass(frozen=True, slots=True)
class _Before:
    """Everything that trying a mend changes."""

    snapshot: Snapshot
    marks: tuple[_Mark, ...]
    suites: tuple[_Suite, ...]
    columns: tuple[list[str], list[str], list[int], list[int]]

    @staticmethod
    def of(reader: _Reader) -> _Before:
        snapshot, tokens = reader.machine.snapshot(), reader.tokens
        columns = (
            list(tokens.kinds),
            list(tokens.texts),
            list(tokens.starts),
            list(tokens.ends),
        )
        return _Before(snapshot, tuple(reader.marks), tuple(reader.suites), columns)

    def restore(self, reader: _Reader) -> None:
        reader.machine.restore(self.snapshot)
        reader.marks, reader.suites = (
            deque(self.marks, maxlen=_REMEMBERED),
            list(self.suites),
        )
        tokens = reader.tokens
        tokens.kinds[:], tokens.texts[:], tokens.starts[:], tokens.ends[:] = self.columns


def _moved(at: int, edit: Edit) -> int:
    """Where a token stands after an edit; of one that was replaced, the last that stands for it."""
    if edit.start <= at < edit.end:
        return edit.start + max(len(edit.put) - 1, 0)
    return at + len(edit.put) - (edit.end - edit.start) if edit.end <= at else at


def repaired(tokens: Tokens) -> ast.File:
    """The file as far as it could be read; its errors join the diagnostics of the tokens."""
    tree = (_sound(tokens, "file") if stated(tokens) else None) or _read_past_errors(tokens)
    if len(tokens.diagnostics) >= MAX_ERRORS:
        last = max(
            (diagnostic.span for diagnostic in tokens.diagnostics if diagnostic.span),
            key=lambda span: span.start,
        )
        tokens.diagnostics.append(
            limits.ERRORS.error(
                last, f"after {MAX_ERRORS} errors the rest of the file was not read"
            )
        )
    tree.children[1:] = [
        part
        for part in tree.children[1:]
        if isinstance(part, Tree) and _shallow(part, tokens, MAX_DEPTH - 1)
    ]
    file: ast.File = node(tree, tokens.source)
    return file


def refuse(tokens: Tokens, start: str) -> None:
    """Adds the first syntax error of a text that is one thing only, where it is not reported yet."""
    tree = _sound(tokens, start)
    if tree is None:
        tokens.diagnostics += _refused(tokens, start)
    else:
        _shallow(tree, tokens)


def _refused(tokens: Tokens, start: str) -> list[Diagnostic]:
    machine = Machine(tokens, start)
    try:
        for at, kind in enumerate(tokens.kinds):
            if kind in (ERROR, BROKEN):
                break
            if not machine.take(at):
                return [complain(machine, tokens, at)]
    except DiagnosticError as stopped:
        return list(stopped.diagnostics)
    return []


def _sound(tokens: Tokens, start: str) -> Tree[Token] | None:
    """The tree of a text without syntax errors; None where there is one."""
    machine = parser().parse_interactive(start=start)
    tree: Tree[Token] | None = None
    try:
        for each in zip(
            tokens.kinds, tokens.texts, tokens.starts, tokens.ends, strict=True
        ):
            tree = machine.feed_token(place(*each))
    except UnexpectedToken:
        return None
    return tree


def _shallow(tree: Tree[Token], tokens: Tokens, levels: int = MAX_DEPTH) -> bool:
    """Is the nesting within the limit? Reports where it is not."""
    deep = below(tree, levels)
    if deep is not None and len(tokens.diagnostics) < MAX_ERRORS:
        tokens.diagnostics.append(
            too_deep(Span(tokens.source, deep.meta.start_pos, deep.meta.end_pos))
        )
    return deep is None


def _read_past_errors(tokens: Tokens) -> Tree[Token]:
    """The tree of a file as far as it could be read."""
    machine = Machine(tokens, "file")
    at = restated(machine)
    try:
        _run(_Reader(machine, tokens), at)
    except DiagnosticError as stopped:
        tokens.diagnostics += stopped.diagnostics
    if machine.tree is None:
        _stop(machine, tokens)
    assert machine.tree is not None
    return machine.tree


def _run(reader: _Reader, at: int) -> None:
    """Feeds the tokens from one index on, past every error up to the limit.

    Raises DiagnosticError where too much waits for its end.
    """
    machine, tokens = reader.machine, reader.tokens
    while len(tokens.diagnostics) < MAX_ERRORS and machine.tree is None:
        reader.dedent(at)
        if runs_into_declaration(machine, tokens, at):
            tokens.diagnostics.append(complain(machine, tokens, at))
            reader.close(at)
        elif reader.step(at):
            at += 1
        else:
            at = reader.refuse(at)


def _stop(machine: Machine, tokens: Tokens) -> None:
    """Ends the file behind the last declaration that is complete."""
    for level in (3, 2):  # `arch`, the number, and the declarations if there are any
        machine.cut(level)
        if machine.take(-1):
            return

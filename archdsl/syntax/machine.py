"""lark's interactive parser, which looks before it moves and can be set back: what it takes to read past
errors.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache

import lark
from lark import Token, Tree, UnexpectedToken

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.syntax import lark_parser
from archdsl.syntax.depth import MAX_STACK, too_deep
from archdsl.syntax.table import BROKEN, END, grammar, spellings, table, terminals
from archdsl.syntax.tokens import Tokens


@cache
def parser() -> lark.Lark:
    """lark's parser of the shipped grammar."""
    saved = table()
    return (
        lark_parser.load(saved)
        if saved["lark"] == lark.__version__
        else lark_parser.build(grammar())
    )


def place(kind: str, text: str, start: int, end: int) -> Token:
    """A token of a kind at a place of the text."""
    return Token(terminals().get(kind, kind), text, start, end_pos=end)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The stack at some token, to which the parse can be set back."""

    states: tuple[int, ...]
    values: tuple[Token | Tree[Token], ...]
    lengths: tuple[
        int, ...
    ]  # lists of statements grow in place, also for those who remember them shorter


class Machine:
    """The stack of a parse: symbols, which are tokens and trees, from level 1 up."""

    def __init__(self, tokens: Tokens, start: str) -> None:
        self.tokens = tokens
        self._parser = parser().parse_interactive(start=start)
        self._state = self._parser.parser_state
        self._looking = copy(self._state.parse_conf)
        self._looking.callbacks = {}
        self.tree: Tree[Token] | None = None  # once END is taken

    def feed(self, token: Token) -> bool:
        """Takes one token. False, and nothing changed, where it cannot stand.

        Raises DiagnosticError where too much waits for its end.
        """
        if not self._takes([token.type]):
            return False
        if len(self._state.state_stack) > MAX_STACK:
            raise DiagnosticError(
                too_deep(Span(self.tokens.source, token.start_pos or 0, token.end_pos or 0))
            )
        self.tree = self._parser.feed_token(token)
        return True

    def take(self, at: int) -> bool:
        """Takes the token of this index, as `feed` does."""
        tokens = self.tokens
        return self.feed(
            place(tokens.kinds[at], tokens.texts[at], tokens.starts[at], tokens.ends[at])
        )

    def put(self, kind: str, text: str, at: int) -> bool:
        """Takes a token that is not in the text, as if it stood before the one of this index."""
        start = self.tokens.starts[at]
        return self.feed(place(kind, text, start, start))

    def accepts(self, *kinds: str) -> bool:
        """Could these tokens come next? Nothing changes."""
        return self._takes([terminals().get(kind, kind) for kind in kinds])

    def expected(self) -> set[str]:
        """Every kind of token that a text could have next."""
        accepted = self._parser.accepts()  # type: ignore[no-untyped-call]
        return {spellings().get(name, name) for name in accepted} - {BROKEN}

    @property
    def height(self) -> int:
        return len(self._state.value_stack)

    @property
    def kinds(self) -> list[str]:
        """The kind of each token on the stack, "" for a tree and at level 0."""
        return [
            "",
            *(
                spellings().get(value.type, value.type) if isinstance(value, Token) else ""
                for value in self._state.value_stack
            ),
        ]

    def first(self, level: int) -> int:
        """Index of the first token of a symbol."""
        value: Token | Tree[Token] = self._state.value_stack[level - 1]
        start = value.start_pos if isinstance(value, Token) else value.meta.start_pos
        return bisect_left(self.tokens.starts, start or 0)

    def expects_rule(self, level: int, rules: frozenset[str]) -> bool:
        """Could one of the rules begin behind the symbol at this level?"""
        return not rules.isdisjoint(self._moves(level))

    def cut(self, level: int) -> None:
        """Drops every symbol above this level."""
        del self._state.state_stack[level + 1 :], self._state.value_stack[level:]

    def snapshot(self) -> Snapshot:
        """The stack as it is."""
        values = tuple(self._state.value_stack)
        lengths = tuple(
            len(value.children) if isinstance(value, Tree) else 0 for value in values
        )
        return Snapshot(tuple(self._state.state_stack), values, lengths)

    def restore(self, known: Snapshot) -> None:
        """Sets the parse back; the tokens since then are fed again or dropped.

        The parser goes on with lists of its own: those of the snapshot are also parts of trees that were
        built from them since.
        """
        self._state.state_stack[:] = known.states
        values = zip(known.values, known.lengths, strict=True)
        self._state.value_stack[:] = [_shortened(value, length) for value, length in values]
        self.tree = None

    def _takes(self, names: Sequence[str]) -> bool:
        if names[0] not in self._moves(self.height):
            return False
        # Where LALR merges contexts a reduction may lead nowhere: only a trial on a copy tells, which builds
        # nothing.
        state = self._state.copy(deepcopy_values=False)
        state.parse_conf = self._looking
        try:
            for name in names:
                state.feed_token(Token(name, ""), name == END)
        except UnexpectedToken:
            return False
        return True

    def _moves(self, level: int) -> Mapping[str, object]:
        """lark's row for the state behind a symbol: what it may do on each terminal, and where each rule
        leads.
        """
        return self._state.parse_conf.states[self._state.state_stack[level]]


def _shortened(value: Token | Tree[Token], length: int) -> Token | Tree[Token]:
    """A value of the stack as it was when its list had so many parts."""
    return (
        Tree(value.data, value.children[:length], value.meta)
        if isinstance(value, Tree)
        else value
    )

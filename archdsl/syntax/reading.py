"""From tokens to nodes where a text has no errors: the table's automaton, building as it reads.

Of `conv(8)` it has read `conv ( 8`, and `)` comes: rule `int` makes a node of `8`, `positional` an argument
of that, and behind `)` rule `call` takes `conv`, `(`, the argument and `)`, of which two are its parts.
"""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.source import Span
from archdsl.syntax.depth import MAX_DEPTH
from archdsl.syntax.nodes import ACTIONS, FLAT
from archdsl.syntax.table import END, table, terminals
from archdsl.syntax.tokens import Tokens


def read(tokens: Tokens, start: str) -> Any:
    """What the tokens stand for; None where they are not one `start`, or nest too deep."""
    rows, rules, names = table()["states"], table()["rules"], terminals()
    end = table()["table"]["end_states"][start]
    states, stack = [table()["table"]["start_states"][start]], _Stack(tokens)
    for at, kind in enumerate(tokens.kinds):
        name = names.get(kind, kind)
        while (to := rows[states[-1]].get(name, 0)) < 0:
            rule, length, origin, parts = rules[-to]
            if (
                rule is not None or length > 1
            ):  # most rules stand for the one symbol that they have
                stack.reduce(rule, length, parts)
            del states[-length:]
            states.append(rows[states[-1]][origin])
            if states[-1] == end and kind == END:
                return stack.values[0] if stack.levels[0] <= MAX_DEPTH else None
        if not to or (stack.levels and stack.levels[-1] > MAX_DEPTH):
            return None
        states.append(to)
        stack.shift(at)
    return None


class _Stack:
    """Symbols that wait for their rule: of each its value, its extent, and how deep it nests."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.levels: list[int] = []

    def shift(self, at: int) -> None:
        """Puts a token."""
        self.values.append(self.tokens.texts[at])
        self.starts.append(self.tokens.starts[at])
        self.ends.append(self.tokens.ends[at])
        self.levels.append(0)

    def reduce(self, name: str | None, length: int, wanted: list[int | None]) -> None:
        """Puts what a rule makes of the last symbols in their place."""
        symbols, start, end = self.values[-length:], self.starts[-length], self.ends[-1]
        parts: list[Any] = []
        for part in wanted:
            if part is None:
                parts.append(None)
            elif part >= 0:
                parts.append(symbols[part])
            else:
                parts += symbols[~part]
        level = max(self.levels[-length:])
        del (
            self.values[-length:],
            self.starts[-length:],
            self.ends[-length:],
            self.levels[-length:],
        )
        if name is None:
            value = parts[0]
        elif not name:
            value = parts
        else:
            value = ACTIONS[name](Span(self.tokens.source, start, end), parts)
            level += name not in FLAT
        self.values.append(value)
        self.starts.append(start)
        self.ends.append(end)
        self.levels.append(level)

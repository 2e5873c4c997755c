"""The LALR machine: shifts, reductions and what could come next. It never recurses, and it knows how deep its values nest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from archdsl.syntax import ast
from archdsl.syntax.source import Source, Span
from archdsl.syntax.table import END, SPLICED, UNIT, Table

Action: TypeAlias = Callable[[Span, list[Any]], Any]

MAX_DEPTH = 150  # levels of nodes in a tree: every recursive pass over it stays inside Python's stack
MAX_STACK = 2_000  # symbols that wait for their end


def _unbuilt(span: Span, parts: list[Any]) -> Any:
    raise AssertionError(f"no action builds {span}")


class TooDeep(Exception):
    """A tree of more than MAX_DEPTH levels, ending at `span`."""

    def __init__(self, span: Span) -> None:
        super().__init__("too deep")
        self.span = span


class Machine:
    """The stacks of one parse. Every symbol on them has a state, a value, an extent in the text and a depth."""

    def __init__(self, table: Table, build: Mapping[str, Action], source: Source, start: str) -> None:
        self._table, self._source = table, source
        self._end = table.ends[start]
        self._build = [build.get(production.action, _unbuilt) for production in table.productions]
        self.states = [table.starts[start]]
        self.values: list[Any] = [None]
        self.starts = [0]
        self.ends = [0]
        self._depths = [0]
        self.firsts = [0]  # index of the first token of each symbol
        self.kinds = [""]  # terminal of each symbol, "" where it is a rule

    def feed(self, kind: str, text: str, start: int, end: int, index: int) -> bool:
        """Reduces and shifts one token; on END reduces to the end. False, and nothing changed, where the token cannot stand.

        Raises TooDeep.
        """
        actions = self._table.actions
        if kind not in actions[self.states[-1]]:
            return False
        checked = False
        while True:
            action = actions[self.states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                break
            if not checked:
                # A reduction may turn out to lead nowhere (LALR merges contexts): look before changing anything.
                if not self.accepts(kind):
                    return False
                checked = True
            self._reduce(-action - 1)
            if kind == END and self.states[-1] == self._end:
                return True
        if len(self.states) > MAX_STACK:
            raise TooDeep(Span(self._source, start, end))
        self.states.append(action)
        self.values.append(text)
        self.starts.append(start)
        self.ends.append(end)
        self._depths.append(0)
        self.firsts.append(index)
        self.kinds.append(kind)
        return True

    def _reduce(self, number: int) -> None:
        production = self._table.productions[number]
        gotos = self._table.gotos
        if production.kind == UNIT:
            self.states[-1] = gotos[self.states[-2]][production.origin]
            self.kinds[-1] = ""
            return
        at = len(self.states) - production.length
        values = self.values[at:]
        if production.kind == SPLICED:
            value: Any = self._spliced(production.children, values)
            depth = max(self._depths[at:])
        else:
            children: list[Any] = []
            for child in production.children:
                if child < 0:
                    children.append(None)
                elif child & 1:
                    children += values[child >> 1]
                else:
                    children.append(values[child >> 1])
            span = Span(self._source, self.starts[at], self.ends[-1])
            value = self._build[number](span, children)
            # Edits become a field of the node around them; parentheses yield no node but are nesting to a reader.
            deeper = (isinstance(value, ast.Node) and production.action != "edits") or production.action == "parenthesised"
            depth = max(self._depths[at:]) + deeper
            if depth > MAX_DEPTH:
                raise TooDeep(span)
        self.states[at:] = [gotos[self.states[at - 1]][production.origin]]
        self.values[at:] = [value]
        self.ends[at:] = [self.ends[-1]]
        self._depths[at:] = [depth]
        self.kinds[at:] = [""]
        del self.starts[at + 1 :], self.firsts[at + 1 :]

    @staticmethod
    def _spliced(children: tuple[int, ...], values: list[Any]) -> list[Any]:
        first, *rest = children
        gathered: list[Any] = values[first >> 1] if first & 1 else [values[first >> 1]]
        for child in rest:
            if child & 1:
                gathered += values[child >> 1]
            else:
                gathered.append(values[child >> 1])
        return gathered

    def accepts(self, *kinds: str) -> bool:
        """Could these tokens come next? Nothing changes."""
        below = len(self.states)  # of the real stack, this much still holds
        above: list[int] = []  # and on it lie these states
        for kind in kinds:
            while True:
                state = above[-1] if above else self.states[below - 1]
                action = self._table.actions[state].get(kind)
                if action is None:
                    return False
                if action >= 0:
                    above.append(action)
                    break
                production = self._table.productions[-action - 1]
                gone = min(production.length, len(above))
                del above[len(above) - gone :]
                below -= production.length - gone
                state = above[-1] if above else self.states[below - 1]
                above.append(self._table.gotos[state][production.origin])
                if kind == END and above[-1] == self._end:
                    return True
        return True

    def expected(self) -> set[str]:
        """Every terminal that could come next."""
        return {kind for kind in self._table.actions[self.states[-1]] if self.accepts(kind)}

    def expects_rule(self, at: int, rules: frozenset[str]) -> bool:
        """Could one of the rules begin behind the symbol at this place of the stack?"""
        return not rules.isdisjoint(self._table.gotos[self.states[at]])

    def cut(self, at: int) -> None:
        """Drops every symbol above this place of the stack."""
        for stack in (self.states, self.values, self.starts, self.ends, self._depths, self.firsts, self.kinds):
            del stack[at + 1 :]

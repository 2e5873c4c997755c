"""The parser that lark makes of the language's grammar, loaded from `grammar/arch.table.json` so that no
start builds it anew.

The file is lark's own serialised form as plain JSON, so that loading it can run no code. It names the grammar
and the lark it was made by and with; where either is another one, the parser is built from the grammar, which
takes a quarter of a second. `python -m archdsl.syntax.table` writes the file anew; a test checks that it is
current.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from functools import cache
from hashlib import sha256
from itertools import chain
from typing import Any

import lark
from lark import Token
from lark.grammar import Rule
from lark.lexer import BasicLexer, PatternStr, TerminalDef

from archdsl.syntax.shipped import shipped

STARTS = ("file", "expr", "path")
END = "$END"
BROKEN = "BROKEN"  # the terminal that stands where something could not be read


@cache
def parser() -> lark.Lark:
    """The parser of the shipped grammar."""
    grammar = _grammar()
    saved = shipped("grammar") / "arch.table.json"
    data = json.loads(saved.read_bytes()) if saved.is_file() else {}
    return load(data) if {**data, **_origin(grammar)} == data else build(grammar)


@cache
def lexer() -> BasicLexer:
    """The lexer of the shipped grammar, except that it yields the comments too."""
    conf = copy(parser().lexer_conf)
    conf.ignore = [name for name in conf.ignore if name != "COMMENT"]
    return BasicLexer(conf)


@cache
def spellings() -> Mapping[str, str]:
    """The text of each terminal that has only one: `->`, `for`."""
    return {
        terminal.name: terminal.pattern.value
        for terminal in parser().terminals
        if isinstance(terminal.pattern, PatternStr)
    }


@cache
def terminals() -> Mapping[str, str]:
    """The terminal that each such text is."""
    return {text: name for name, text in spellings().items()}


def build(grammar: str) -> lark.Lark:
    """The parser of a grammar."""
    return lark.Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        start=list(STARTS),
        maybe_placeholders=True,
        propagate_positions=True,
    )


def load(saved: Mapping[str, Any]) -> lark.Lark:
    """The parser that `text` saved."""
    rules = {-at: {"@": at} for at in range(len(saved["memo"]))}

    def action(to: int) -> tuple[int, Any]:
        return (0, to) if to >= 0 else (1, rules[to])

    states = saved["states"]
    rows = [dict(zip(row, map(action, row.values()), strict=True)) for row in states]
    tables = {
        **saved["table"],
        "tokens": {symbol: symbol for symbol in chain.from_iterable(rows)},
        "states": dict(enumerate(rows)),
    }
    data = {**saved["data"], "parser": {**saved["data"]["parser"], "parser": tables}}
    return lark.Lark.load({"data": data, "memo": dict(enumerate(saved["memo"]))})


def text(grammar: str) -> str:
    """The saved form of the parser of a grammar, the same every time.

    A row of `states` says for each symbol what to do: `n >= 0` to go to state n, `-n` to reduce by the rule
    that is entry n of `memo`.
    """
    data, memo = build(grammar).memo_serialize([TerminalDef, Rule])
    table = data["parser"].pop("parser")
    names, states = table.pop("tokens"), table.pop("states")
    rows = {}
    for state, row in states.items():
        rows[state] = sorted((names[symbol], *cell) for symbol, cell in row.items())
    number = _numbered([table["start_states"][start] for start in STARTS], rows)
    for key, ends in table.items():
        table[key] = {start: number[state] for start, state in sorted(ends.items())}
    actions = []
    for state in number:
        actions.append({symbol: -to["@"] if reduces else number[to] for symbol, reduces, to in rows[state]})
    saved = _origin(grammar) | {
        "table": table,
        "data": data,
        "memo": list(memo.values()),
        "states": actions,
    }
    return "{\n" + ",\n".join(f'"{key}": {_lines(value)}' for key, value in saved.items()) + "\n}\n"


def _numbered(waiting: list[int], rows: Mapping[int, list[tuple[str, int, Any]]]) -> dict[int, int]:
    """The states by a walk from the start: lark's own order is that of a set."""
    number: dict[int, int] = {}
    while waiting:
        state = waiting.pop()
        if state not in number:
            number[state] = len(number)
            waiting += [to for _, reduces, to in rows[state] if not reduces]
    return number


def _lines(value: Any) -> str:
    """One entry of a list a line."""
    if not isinstance(value, list):
        return json.dumps(value, separators=(",", ":"))
    return "[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value) + "\n]"


def _origin(grammar: str) -> dict[str, Any]:
    return {"lark": lark.__version__, "grammar": sha256(grammar.encode()).hexdigest()}


def _grammar() -> str:
    return (shipped("grammar") / "arch.lark").read_text(encoding="utf-8")


def place(terminal: str, text: str, start: int, end: int) -> Token:
    """A token at a place of the text."""
    return Token(terminal, text, start, end_pos=end)


if __name__ == "__main__":
    (shipped("grammar") / "arch.table.json").write_text(text(_grammar()), encoding="utf-8")

"""What lark makes of the grammar: the table that sound texts are read by, and its own parser, which reads
past errors.

The table also holds lark's serialised form as plain JSON, so that loading it can run no code. It names the
lark that it was made with; where that is another one, the parser is built from the grammar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

import lark
from lark.grammar import Rule, Terminal
from lark.lexer import BasicLexer, PatternStr, TerminalDef

STARTS = ("file", "expr", "path")


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
    """The table of a grammar, the same every time.

    A row of `states` says for each symbol what to do: `n >= 0` to go to state n, `-n` to reduce by the rule
    that is entry n of `memo`, of which `rules` says what it builds.
    """
    built = build(grammar)
    data, memo = built.memo_serialize([TerminalDef, Rule])
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
        actions.append(
            {
                symbol: -to["@"] if reduces else number[to]
                for symbol, reduces, to in rows[state]
            }
        )
    spelled = _spelled(built)
    saved = {
        "lark": lark.__version__,
        "grammar": grammar,
        "lexer": _lexer(built, spelled),
        "terminals": spelled,
        "table": table,
        "data": data,
        "memo": list(memo.values()),
        "rules": [
            _built(Rule.deserialize(entry, {})) if "origin" in entry else None
            for entry in memo.values()
        ],
        "states": actions,
    }
    return (
        "{\n"
        + ",\n".join(f'"{key}": {_lines(value)}' for key, value in saved.items())
        + "\n}\n"
    )


def _spelled(built: lark.Lark) -> dict[str, str]:
    """The terminal of each text for which there is one of its own."""
    alone = [
        terminal for terminal in built.terminals if isinstance(terminal.pattern, PatternStr)
    ]
    return {terminal.pattern.value: terminal.name for terminal in alone}


def _lexer(built: lark.Lark, spelled: Mapping[str, str]) -> str:
    """A pattern with a group a terminal, in lark's order. Keywords are names with a terminal of their own."""
    groups = []
    for terminal in BasicLexer(built.lexer_conf).terminals:
        if not (
            terminal.pattern.value in spelled and terminal.pattern.value.isidentifier()
        ):
            groups.append(f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})")
    return "|".join(groups)


def _built(rule: Rule) -> list[Any]:
    """What a rule makes of its symbols: `[name, length, origin, parts]`.

    `name` is its action's; "" for a rule whose parts go into the rule around it, None for one that stands for
    its only part. A part is the index of a symbol, `~index` for all parts of that symbol, or None for
    something that is left out.
    """
    parts: list[int | None] = []
    symbols = iter(enumerate(rule.expansion))
    for missing in rule.options.empty_indices or [False] * len(rule.expansion):
        if missing:
            parts.append(None)
            continue
        at, symbol = next(symbols)
        if rule.options.keep_all_tokens or not (
            isinstance(symbol, Terminal) and symbol.filter_out
        ):
            parts.append(~at if not symbol.is_term and symbol.name.startswith("_") else at)
    name: str | None = rule.alias or rule.origin.name
    if rule.options.expand1 and not rule.alias and len(parts) == 1:
        name = None
    elif rule.origin.name.startswith("_"):
        name = ""
    return [name, len(rule.expansion), rule.origin.name, parts]


def _numbered(
    waiting: list[int], rows: Mapping[int, list[tuple[str, int, Any]]]
) -> dict[int, int]:
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
    return (
        "[\n"
        + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value)
        + "\n]"
    )

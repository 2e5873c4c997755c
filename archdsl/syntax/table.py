"""The LALR(1) table of the language: loaded from `grammar/arch.table.json`, or built by lark from `grammar/arch.lark`.

The file is plain JSON, so that loading it can run no code, and it carries the hash of the grammar it was made from.
`python -m archdsl.syntax.table` writes it anew; a test checks that it is current.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from archdsl.syntax.shipped import shipped

STARTS = ("file", "expr", "path")
END = "$END"


@dataclass(frozen=True, slots=True)
class Production:
    """One alternative of a rule.

    `children` says what its action receives: `2 i` for the value of symbol i, `2 i + 1` for the values in the list that
    symbol i stands for, -1 for the None of an optional part that is absent.
    """

    origin: str
    length: int
    action: str
    kind: int  # ACTION, SPLICED or UNIT
    children: tuple[int, ...]


ACTION = 0  # calls an action
SPLICED = 1  # its children join those of the rule that uses it
UNIT = 2  # stands for its only symbol


@dataclass(frozen=True, slots=True)
class Table:
    """Terminals go by their text (`->`, `for`) or, where a pattern matches them, by name (`INT`).

    `actions[state][terminal]` is `n >= 0` to shift into state n and `-p - 1` to reduce by production p.
    """

    patterns: Mapping[str, str]
    literals: frozenset[str]
    productions: Sequence[Production]
    actions: Sequence[Mapping[str, int]]
    gotos: Sequence[Mapping[str, int]]
    starts: Mapping[str, int]
    ends: Mapping[str, int]


@cache
def table() -> Table:
    """The table of the shipped grammar."""
    grammar = _grammar()
    saved = shipped("grammar") / "arch.table.json"
    data = json.loads(saved.read_bytes()) if saved.is_file() else {}
    return _table(data if data.get("grammar") == _hash(grammar) else build(grammar))


def build(grammar: str) -> dict[str, Any]:
    """What the saved file holds: the table of a grammar, with states numbered by a walk from the start so that it is reproducible."""
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    parser = Lark(grammar, parser="lalr", lexer="basic", start=list(STARTS), maybe_placeholders=True)
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    terminals = [entry for entry in memo.values() if entry["__type__"] == "TerminalDef"]
    rules = {key: entry for key, entry in memo.items() if entry["__type__"] == "Rule"}
    literal = {entry["name"]: entry["pattern"]["value"] for entry in terminals if entry["pattern"]["__type__"] == "PatternStr"}
    ordered = sorted(rules, key=lambda key: (rules[key]["origin"]["name"], rules[key]["order"], str(rules[key]["expansion"])))
    number = {key: at for at, key in enumerate(ordered)}
    lalr = data["parser"]["parser"]
    renamed = _renumbered(lalr)
    actions: list[dict[str, int]] = [{} for _ in renamed]
    gotos: list[dict[str, int]] = [{} for _ in renamed]
    for state, row in lalr["states"].items():
        for symbol, (reduces, argument) in sorted(row.items(), key=lambda cell: str(lalr["tokens"][cell[0]])):
            name = lalr["tokens"][symbol]
            if reduces:
                actions[renamed[state]][literal.get(name, name)] = -number[argument["@"]] - 1
            elif name.isupper() or name in literal or name == END:
                actions[renamed[state]][literal.get(name, name)] = renamed[argument]
            else:
                gotos[renamed[state]][name] = renamed[argument]
    skipped = [pattern["name"] for pattern in terminals if pattern["name"] in parser.ignore_tokens and pattern["name"] != "COMMENT"]
    patterns = {
        entry["name"]: entry["pattern"]["value"]
        for entry in sorted(terminals, key=lambda entry: (-len(entry["pattern"]["value"]), entry["name"]))
        if entry["pattern"]["__type__"] == "PatternRE" and entry["name"] not in skipped
    }
    return {
        "grammar": _hash(grammar),
        "patterns": patterns,
        "literals": sorted(literal.values()),
        "productions": [_production(rules[key]) for key in ordered],
        "actions": actions,
        "gotos": gotos,
        "starts": {start: renamed[state] for start, state in sorted(lalr["start_states"].items())},
        "ends": {start: renamed[state] for start, state in sorted(lalr["end_states"].items())},
    }


def _renumbered(lalr: Mapping[str, Any]) -> dict[int, int]:
    waiting = [lalr["start_states"][start] for start in STARTS]
    renamed: dict[int, int] = {}
    while waiting:
        state = waiting.pop()
        if state not in renamed:
            renamed[state] = len(renamed)
            row = lalr["states"][state]
            shifts = sorted((lalr["tokens"][symbol], argument) for symbol, (reduces, argument) in row.items() if not reduces)
            waiting += [argument for _, argument in shifts]
    return renamed


def _production(rule: Mapping[str, Any]) -> list[Any]:
    origin, options, expansion = rule["origin"]["name"], rule["options"], rule["expansion"]
    absent = [len(ones) for ones in "".join(str(int(bit)) for bit in options["empty_indices"]).split("0")]
    children: list[int] = []
    for at, symbol in enumerate(expansion):
        children += [-1] * (absent[at] if at < len(absent) else 0)
        terminal = symbol["__type__"] == "Terminal"
        if terminal and symbol["filter_out"] and not options["keep_all_tokens"]:
            continue
        children.append(2 * at + (not terminal and symbol["name"].startswith("_")))
    children += [-1] * sum(absent[len(expansion) :])
    kind = SPLICED if origin.startswith("_") else ACTION
    if options["expand1"] and rule["alias"] is None and children == [0]:
        kind = UNIT
    return [origin, len(expansion), rule["alias"] or origin, kind, children]


def _table(data: Mapping[str, Any]) -> Table:
    productions = [
        Production(origin, length, action, kind, tuple(children)) for origin, length, action, kind, children in data["productions"]
    ]
    return Table(data["patterns"], frozenset(data["literals"]), productions, data["actions"], data["gotos"], data["starts"], data["ends"])


def _grammar() -> str:
    return (shipped("grammar") / "arch.lark").read_text(encoding="utf-8")


def _hash(grammar: str) -> str:
    return sha256(grammar.encode()).hexdigest()


def text(grammar: str) -> str:
    """The saved form, one row a line."""
    data = build(grammar)
    rows = []
    for key, value in data.items():
        if isinstance(value, list) and key != "literals":
            lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value)
            rows.append(f'"{key}": [\n{lines}\n]')
        else:
            rows.append(f'"{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    (shipped("grammar") / "arch.table.json").write_text(text(_grammar()), encoding="utf-8")

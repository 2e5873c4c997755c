"""Damage: texts, bytes and JSON documents changed at a few places, by a generator of random numbers.

    mutated_text(Random(0), "arch 1\\nmodel m { … }\\n", words=["relu", "~"])

The same generator makes the same of the same input, so that a case is known by its seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

TOKEN = re.compile(
    r'"[^"\n]*"|@[a-z]+|[A-Za-z_][A-Za-z_0-9]*|[0-9][0-9.xKMGT]*(?<!\.)|->|\.\.|==|!=|<=|>=|//|\S|\s+'
)
NUMBERS = "0 1 2 3 5 7 -1 0.5 1e9 1e-9 1e308 16 64 97 1000 65537 2147483648 9223372036854775807 1000000000000000000000000 1x1 3x3 0x0 1.0G".split()
STRANGE = (
    "\x1b[31m",
    "\x9b2J",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x00",
    "\x07",
    "\r",
    "\n",
    "\t",
    "é",
    "e\u0301",
    "漢",
    "\U0001f600",
    "\ue000",
    "\\ud800",  # half a character, as YAML and JSON can write it
    "\\x1b",
)
MARKS = tuple("{}()[]~@.,=-><#\"'0x*/+:;|!%&")


def mutated_text(random: Random, text: str, words: Sequence[str]) -> str:
    """A text with one to four of its tokens or characters dropped, doubled, swapped, replaced or cut."""
    tokens = TOKEN.findall(text)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at = random.randrange(len(tokens)) if tokens else 0
        random.choice(_EDITS)(random, tokens, at, words)
    return "".join(tokens)


def nudged_text(random: Random, text: str) -> str:
    """A text with one number changed, or a name of it where another one stands: often still sound."""
    tokens = TOKEN.findall(text)
    random.choice((_number, _number, _name))(random, tokens, 0, ())
    return "".join(tokens)


def mutated_bytes(random: Random, data: bytes) -> bytes:
    """Bytes with some of them changed, cut out, doubled, or all behind a place gone."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(found) + 1)
        kind = random.randrange(5)
        if kind == 0:
            found[at : at + 1] = random.randbytes(1)
        elif kind == 1:
            found[at : at + 8] = random.choice(
                (b"\xff" * 8, bytes(8), b"\x7f" + b"\xff" * 7)
            )
        elif kind == 2:
            del found[at : at + random.randrange(1, 40)]
        elif kind == 3:
            found[at:at] = found[at : at + random.randrange(1, 40)]
        else:
            del found[at + random.randrange(200) :]
    return bytes(found)


def mutated_json(random: Random, value: Any) -> Any:
    """A JSON document with one value somewhere in it replaced, dropped or doubled."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        changed = dict(value)
        kind = random.random()
        if kind < 0.1:
            del changed[key]
        elif kind < 0.15:
            changed[key + random.choice(STRANGE)] = changed.pop(key)
        else:
            changed[key] = mutated_json(random, value[key])
        return changed
    if isinstance(value, list) and value and random.random() < 0.9:
        items = list(value)
        at = random.randrange(len(items))
        kind = random.random()
        if kind < 0.1:
            del items[at]
        elif kind < 0.2:
            items.insert(at, items[random.randrange(len(items))])
        else:
            items[at] = mutated_json(random, items[at])
        return items
    return _other_value(random, value)


_DEEP: Any = json.loads("[" * 400 + "]" * 400)
_VALUES = (
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    "",
    "conv",
    [],
    {},
    [[]],
    {"value": 3},
    [0],
    _DEEP,
)


def _other_value(random: Random, value: Any) -> Any:
    if isinstance(value, str) and random.random() < 0.7:
        at = random.randrange(len(value) + 1)
        return (
            value[:at]
            + random.choice((*STRANGE, *MARKS, "", value))
            + value[at + random.randrange(2) :]
        )
    if isinstance(value, int) and random.random() < 0.6:
        return value + random.choice((-1, 1, 2, -(10**6), 10**30))
    return random.choice(_VALUES)


# -- edits of tokens ----------------------------------------------------------------------------------


def _replace(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    tokens[at : at + 1] = [random.choice(words)]


def _number(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    """Another number where there is one."""
    places = [i for i, token in enumerate(tokens) if token[0].isdigit()]
    if places:
        tokens[random.choice(places)] = random.choice(NUMBERS)


def _name(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    """A name of the text where another one stands."""
    places = [i for i, token in enumerate(tokens) if token[0].isalpha()]
    if places:
        tokens[random.choice(places)] = tokens[random.choice(places)]


def _drop(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    del tokens[at : at + random.choice((1, 1, 2, 20))]


def _double(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    tokens[at:at] = tokens[at : at + random.randrange(1, 13)]


def _swap(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    if tokens:
        other = random.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]


def _insert(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    tokens[at:at] = [" ", random.choice(words), " "]


def _line(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    """A line moved or doubled, as an editor does it."""
    lines = "".join(tokens).split("\n")
    line = lines[random.randrange(len(lines))]
    lines.insert(random.randrange(len(lines) + 1), line)
    tokens[:] = TOKEN.findall("\n".join(lines))


def _character(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    text = "".join(tokens)
    place = random.randrange(len(text) + 1)
    put = random.choice((*STRANGE, *MARKS))
    tokens[:] = TOKEN.findall(text[:place] + put + text[place + random.randrange(3) :])


def _repeat(random: Random, tokens: list[str], at: int, words: Sequence[str]) -> None:
    """One piece very often: what grows."""
    piece = tokens[at : at + random.randrange(1, 6)]
    tokens[at:at] = piece * random.choice((3, 30, 300))


_Edit = Callable[[Random, list[str], int, Sequence[str]], None]
_EDITS: Sequence[_Edit] = (
    *(_number, _number, _name, _name, _replace, _replace),
    *(_drop, _double, _swap, _insert, _line, _character, _repeat),
)

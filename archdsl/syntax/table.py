"""The grammar as data, from `grammar/arch.table.json`: what reads a sound text needs no more, and not lark.

The file holds the grammar that it was made from; where that has changed, lark builds the table from the
grammar, which takes half a second. `python -m archdsl.syntax.table` writes the file anew; a test checks that
it is current.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from archdsl.syntax.shipped import shipped

END = "$END"
BROKEN = "BROKEN"  # the terminal that stands where something could not be read


def grammar() -> str:
    """The text of the shipped grammar."""
    return (shipped("grammar") / "arch.lark").read_text(encoding="utf-8")


@cache
def table() -> Mapping[str, Any]:
    """What `lark_parser.text` says of the shipped grammar.

    A row of `states` says for each symbol what to do: `n >= 0` to go to state n, `-n` to reduce by rule n.
    """
    text = grammar()
    saved = shipped("grammar") / "arch.table.json"
    found: dict[str, Any] = json.loads(saved.read_bytes()) if saved.is_file() else {}
    if found.get("grammar") == text:
        return found
    from archdsl.syntax import lark_parser  # only while the grammar is being changed

    changed: dict[str, Any] = json.loads(lark_parser.text(text))
    return changed


@cache
def lexer() -> re.Pattern[str]:
    """Any token, white space or comment; the group that matched is its terminal, NAME for a keyword too."""
    return re.compile(table()["lexer"])


def terminals() -> Mapping[str, str]:
    """The terminal that each text is for which there is one of its own: `->`, `for`."""
    found: Mapping[str, str] = table()["terminals"]
    return found


@cache
def spellings() -> Mapping[str, str]:
    """The text of each such terminal."""
    return {name: text for text, name in terminals().items()}


if __name__ == "__main__":
    from archdsl.syntax import lark_parser

    (shipped("grammar") / "arch.table.json").write_text(
        lark_parser.text(grammar()), encoding="utf-8"
    )

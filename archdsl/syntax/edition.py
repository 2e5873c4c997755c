"""`arch 1`, the first line of every file: the edition of the language that it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.source import Span
from archdsl.syntax.table import END
from archdsl.syntax.tokens import Tokens

if TYPE_CHECKING:
    from archdsl.syntax.machine import Machine

EDITION = 1


def stated(tokens: Tokens) -> bool:
    """Does the text begin with the edition that this version knows?"""
    return tokens.kinds[:2] == ["arch", "INT"] and int(tokens.texts[1]) == EDITION


def restated(machine: Machine) -> int:
    """Reads the edition, or reports what stands in its place and goes on as if it were there; index of the
    token behind it.
    """
    tokens = machine.tokens
    kinds = tokens.kinds
    if stated(tokens):
        at = 2
    elif kinds[0] == "arch" and kinds[1] not in ("=", END):
        known = f"this version of archdsl knows edition {EDITION}"
        tokens.diagnostics.append(
            syntax.UNKNOWN_EDITION.error(
                tokens.span(1), f"unknown edition `{tokens.texts[1][:20]}`", help=known
            )
        )
        at = 2 if kinds[1] in ("INT", "FLOAT") else 1
    else:
        span = tokens.span(0) if kinds[0] != END else Span(tokens.source, 0, 0)
        at = 1 if kinds[0] == "arch" else 0
        tokens.diagnostics.append(
            syntax.NO_EDITION.error(
                span,
                "the file does not begin with its edition",
                help=f"write `arch {EDITION}` on the first line",
            )
        )
    machine.put("arch", "arch", 0)
    machine.put("INT", str(EDITION), 0)
    return at

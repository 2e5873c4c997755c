"""The parse of a text that has syntax errors: every independent one is reported, and what could be read is kept."""

from __future__ import annotations

from lark import Token, Tree

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.syntax.complaints import complain
from archdsl.syntax.edition import restated
from archdsl.syntax.machine import Machine
from archdsl.syntax.misspellings import ERROR
from archdsl.syntax.recovery import close, recover, runs_into_declaration
from archdsl.syntax.table import END
from archdsl.syntax.tokens import MAX_ERRORS, Tokens


def repaired(tokens: Tokens) -> Tree[Token]:
    """The tree of a file as far as it could be read; its errors join the diagnostics of the tokens."""
    machine = Machine(tokens, "file")
    at = restated(machine)
    try:
        _run(machine, tokens, at)
    except DiagnosticError as stopped:
        tokens.diagnostics += stopped.diagnostics
    if machine.tree is None:
        _stop(machine, tokens)
    assert machine.tree is not None
    return machine.tree


def refused(tokens: Tokens, start: str) -> list[Diagnostic]:
    """The first syntax error of a text that is one thing only, where it is not reported yet."""
    machine = Machine(tokens, start)
    try:
        for at, kind in enumerate(tokens.kinds):
            if kind == ERROR:
                break
            if not machine.feed(tokens.texts[at]):
                return [complain(machine, tokens, at)]
    except DiagnosticError as stopped:
        return list(stopped.diagnostics)
    return []


def _run(machine: Machine, tokens: Tokens, at: int) -> None:
    """Feeds the tokens from one index on, past every error up to the limit.

    Raises DiagnosticError where too much waits for its end.
    """
    while len(tokens.diagnostics) < MAX_ERRORS:
        if runs_into_declaration(machine, tokens, at):
            tokens.diagnostics.append(complain(machine, tokens, at))
            close(machine, at)
            continue
        if machine.feed(tokens.texts[at]):
            if tokens.kinds[at] == END:
                return
            at += 1
            continue
        if tokens.kinds[at] != ERROR:
            tokens.diagnostics.append(complain(machine, tokens, at))
        at = recover(machine, tokens, at)
        if tokens.kinds[at] == END:
            close(machine, at)


def _stop(machine: Machine, tokens: Tokens) -> None:
    """Ends the file behind the last declaration that is complete."""
    for level in (3, 2):  # `arch`, the number, and the declarations if there are any
        machine.cut(level)
        if machine.feed(tokens.texts[-1]):
            return

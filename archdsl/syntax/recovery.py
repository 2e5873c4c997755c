"""Panic mode: after an error, back to the list of statements that holds it and on to where the next statement begins.

A broken header (`for x on xs {`) is replaced by a sound one, so that its body is still read. Every decision is made from the
tokens and the stack alone, and every step either drops symbols or passes tokens, so it ends.
"""

from __future__ import annotations

from archdsl.syntax.machine import Machine
from archdsl.syntax.misspellings import ERROR
from archdsl.syntax.table import END
from archdsl.syntax.tokens import Tokens

LISTS = frozenset({"item", "stmt", "edit", "entry"})  # what stands in a list of its own kind
_TOP = frozenset({"use", "fn", "block", "space", "model", "genotype", "search"})
_OPENERS = frozenset(
    {"input", "output", "param", "require", "for", "if", "after", "before", "replace", "remove", "step", "open", "fix", "freeze", "budget"}
)
_ALONE = frozenset({"input", "output", "param", "require"})  # openers that stand nowhere else, so not only first on a line
_FOLLOWS_NAME = frozenset({"=", "~", ",", ".", "[", "{"})

_NAME = ("NAME", "_")
_HEADERS = {
    "for": (("for", "for"), _NAME, ("in", "in"), _NAME),
    "if": (("if", "if"), _NAME),
    "block": (("block", "block"), _NAME),
    "space": (("space", "space"), _NAME),
    "model": (("model", "model"), _NAME),
    "genotype": (("genotype", "genotype"), _NAME, ("of", "of"), _NAME),
    "search": (("search", "search"), _NAME, ("of", "of"), _NAME),
    "step": (("step", "step"), _NAME),
}
_PATCHED = (("space", "space"), _NAME, ("=", "="), _NAME, ("with", "with"))


def recover(machine: Machine, tokens: Tokens, at: int) -> int:
    """Brings the machine to where the text makes sense again; returns the index of the token to go on with."""
    if tokens.kinds[at] == ERROR and _passable(machine, tokens, at):
        return at + 1
    if _complete(machine):
        return _skip(machine, tokens, at, at, 0)
    level = _innermost(machine)
    first = machine.first(level + 1) if level < machine.height else at
    brackets = sum((kind in "([") - (kind in ")]") for kind in machine.kinds[level + 1 :] if kind)
    resumed = at - 1 if unfinished(machine, tokens, at) else at
    machine.cut(level)
    at = resumed
    return _skip(machine, tokens, at, first, max(brackets, 0))


def unfinished(machine: Machine, tokens: Tokens, at: int) -> bool:
    """Is this the sign of a statement whose name was taken for the end of the statement before?"""
    if tokens.kinds[at] not in ("=", "~") or at < 2 or tokens.kinds[at - 1] != "NAME":
        return False
    level = _innermost(machine)
    begun = machine.first(level + 1) if level < machine.height else at
    # In brackets and in conditions the sign is rather an `=` for `==`.
    between = machine.kinds[level + 1 :]
    return begun < at - 1 and not any(kind in ("(", "[", "if", "require", "budget") for kind in between)


def close(machine: Machine, at: int) -> None:
    """Closes every open body as if its brace stood here; a statement that was begun is dropped."""
    if not _complete(machine):
        machine.cut(_innermost(machine))
    while machine.put("}", "}", at):
        pass


def runs_into_declaration(machine: Machine, tokens: Tokens, at: int) -> bool:
    """Does a declaration begin here although a body is open? Its keyword would be taken for a name."""
    return opens_declaration(tokens, at) and machine.accepts("}")


def opens_declaration(tokens: Tokens, at: int) -> bool:
    """Does a declaration begin here, judged by its place on the line? Top-level keywords are names elsewhere."""
    return tokens.kinds[at] in _TOP and tokens.column(at) == 1 and tokens.kinds[at + 1] not in ("=", "~", ",", ".", "[", "{")


def _passable(machine: Machine, tokens: Tokens, at: int) -> bool:
    """Does the text go on behind an unreadable token as if that were not there?"""
    if not machine.accepts(tokens.kinds[at + 1]):
        return False
    return (
        not _complete(machine) or tokens.kinds[at + 1] in (END, "}") or tokens.first_on_line(at + 1) or tokens.kinds[at + 2] in ("=", "~")
    )


def _complete(machine: Machine) -> bool:
    """Could the statement end here?"""
    return machine.accepts("}") or machine.accepts(END)


def _innermost(machine: Machine) -> int:
    """Place on the stack of the innermost list of statements that is still open."""
    closed = 0
    kinds = machine.kinds
    for level in range(machine.height, 0, -1):
        if kinds[level] == "}":
            closed += 1
        elif kinds[level] == "{" and closed:
            closed -= 1
        elif not closed and machine.expects_rule(level, LISTS):
            return level
    return 0


def _skip(machine: Machine, tokens: Tokens, at: int, first: int, brackets: int) -> int:
    braces = 0
    started = at
    while (kind := tokens.kinds[at]) != END:
        if opens_declaration(tokens, at):
            close(machine, at)
            return at
        if braces:
            braces += (kind == "{") - (kind == "}")
            at += 1
            if braces == 0 and tokens.kinds[at] not in ("else", "with"):
                return at
            continue
        if kind == "}" and machine.accepts("}"):
            return at
        if kind == "{":
            if _replace_header(machine, tokens, at, first):
                return at
            braces = 1
        elif at > first and _begins_statement(machine, tokens, at, first, brackets):
            return at
        elif at > started or kind not in ")]":
            brackets = max(brackets + (kind in "([") - (kind in ")]"), 0)
        at += 1
    return at


def _begins_statement(machine: Machine, tokens: Tokens, at: int, first: int, brackets: int) -> bool:
    kind, following = tokens.kinds[at], tokens.kinds[at + 1]
    if not machine.accepts(kind):
        return False
    if kind in _ALONE:
        return following != "="
    named = following in _FOLLOWS_NAME
    if tokens.first_on_line(at):
        # Inside an unclosed bracket a line may be a further argument: then it stands farther right.
        aligned = kind == "NAME" and tokens.first_on_line(first) and tokens.column(at) == tokens.column(first)
        return (kind in _OPENERS or kind in _TOP or named or aligned) and (not brackets or tokens.column(at) <= tokens.column(first))
    return not brackets and kind == "NAME" and following in ("=", "~")


def _replace_header(machine: Machine, tokens: Tokens, at: int, first: int) -> bool:
    """Feeds a sound header in place of the broken one before this `{`."""
    header = _PATCHED if tokens.kinds[at - 1] == "with" else _HEADERS.get(tokens.kinds[first], (_NAME,))
    if not machine.accepts(*(kind for kind, _ in header), "{"):
        return False
    for kind, text in header:
        machine.put(kind, text, at)
    return True

"""Panic mode: after an error, back to the list of statements that holds it and on to where the next statement
begins.

What is left out becomes a node that says which names it would have bound: `y = x -> conv((16` leaves
`Broken(("y",))`, so that `y` is known below. A broken header (`for x on xs {`) is replaced by a sound one
with its words as names, so that its body is still read. Every decision is made from the tokens and the stack
alone, and every step either drops symbols or passes tokens, so it ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.syntax.machine import Machine, place
from archdsl.syntax.misspellings import ERROR
from archdsl.syntax.slips import ARITHMETIC, STATEMENTS
from archdsl.syntax.table import BROKEN, END
from archdsl.syntax.tokens import Tokens

LISTS = frozenset(
    {"item", "stmt", "edit", "entry"}
)  # what stands in a list of its own kind
_TOP = frozenset({"use", "fn", "block", "space", "model", "genotype", "search"})
_OPENERS = STATEMENTS | {"step", "budget"}
_ALONE = frozenset(
    {"input", "output", "param", "const", "require"}
)  # openers that stand nowhere else, so not only first on a line
_FOLLOWS_NAME = frozenset({"=", "~", ",", ".", "[", "{"})
_STRAY = frozenset(
    {")", "]", "}", ",", ERROR}
)  # beside a whole statement these mean nothing

_UNKNOWN = (BROKEN, "")
_LATER = frozenset({"of", "in", "as", "with", "layer"})  # in headers these are no names
_DECLARED = frozenset({"block", "space", "model", "genotype", "search", "step", "fn"})


def recover(machine: Machine, tokens: Tokens, at: int) -> int:
    """Brings the machine to where the text makes sense again; returns the index of the token to go on
    with.
    """
    if tokens.kinds[at] == ERROR and _passable(machine, tokens, at):
        return at + 1
    level = innermost(machine)
    first = machine.first(level + 1) if level < machine.height else at
    kinds = machine.kinds[level + 1 :]
    if (
        _complete(machine)
        and (tokens.kinds[at] in _STRAY or "}" in kinds)
        and not unfinished(machine, tokens, at)
    ):
        level, first, kinds = machine.height, at, []  # a statement that is whole stays
    brackets = sum((kind in "([") - (kind in ")]") for kind in kinds if kind)
    resumed = at - 1 if unfinished(machine, tokens, at) else at
    whole = level == machine.height
    if not whole:
        machine.cut(level)
    return _resume(
        machine,
        tokens,
        _skip(machine, tokens, resumed, first, max(brackets, 0)),
        first,
        whole,
    )


def _resume(machine: Machine, tokens: Tokens, at: int, first: int, whole: bool) -> int:
    """Puts what stands for the skipped tokens."""
    declares = opens_declaration(tokens, at)
    if (
        tokens.kinds[at] == "{"
        and not declares
        and _replace_header(machine, tokens, at, first)
    ):
        return at
    stray = whole and _complete(machine) and not bound_names(tokens, first, at)
    if at > first and not stray:
        _put_broken(machine, tokens, first, at)
    if declares:
        close(machine, at)
    return at


def _put_broken(machine: Machine, tokens: Tokens, first: int, at: int) -> None:
    names = " ".join(bound_names(tokens, first, at))
    machine.feed(place(BROKEN, names, tokens.starts[first], tokens.ends[at - 1]))


def bound_names(tokens: Tokens, first: int, end: int) -> list[str]:
    """The names that a run of tokens would bind if it could be read; rather one too many than one too few."""
    names: dict[str, None] = {}
    depth = 0
    for at in range(first, end):
        depth = max(
            depth + (tokens.kinds[at] in ("(", "[")) - (tokens.kinds[at] in (")", "]")), 0
        )
        name = tokens.texts[at]
        outside = not depth or tokens.kinds[at + 1] == "~"
        if (
            name.isidentifier()
            and outside
            and (_assigned(tokens, at, end) or _introduced(tokens, at, first))
        ):
            names[name] = None
    return list(names)


def _assigned(tokens: Tokens, at: int, end: int) -> bool:
    """Does a sign that gives a value follow the name?"""
    following = tokens.kinds[at + 1]
    return following in ("=", "~") or (
        following in ARITHMETIC and tokens.kinds[min(at + 2, end)] == "="
    )


def _introduced(tokens: Tokens, at: int, first: int) -> bool:
    """Does a name stand where a new one stands: behind a word that declares, or before what goes with a
    target?
    """
    before, following = tokens.kinds[at - 1], tokens.kinds[at + 1]
    if at > first and (before in _DECLARED or before in ("input", "param", "const", "for")):
        return True
    if tokens.kinds[first] == "NAME" and (
        at == first + 1 or (at == first and following == "NAME")
    ):
        return True
    return (at == first or before == ",") and following in (",", ":", "in")


def unfinished(machine: Machine, tokens: Tokens, at: int) -> bool:
    """Is this the sign of a statement whose name was taken for the end of the statement before?"""
    if tokens.kinds[at] not in ("=", "~") or at < 2 or tokens.kinds[at - 1] != "NAME":
        return False
    if tokens.kinds[at - 2] == ".":
        return False
    level = innermost(machine)
    begun = machine.first(level + 1) if level < machine.height else at
    # In brackets and in conditions the sign is rather an `=` for `==`.
    between = machine.kinds[level + 1 :]
    return begun < at - 1 and not any(
        kind in ("(", "[", "if", "require", "budget") for kind in between
    )


def close(machine: Machine, at: int) -> None:
    """Closes every open body as if its brace stood here; a statement that was begun is dropped."""
    if not _complete(machine):
        machine.cut(innermost(machine))
    while machine.put("}", "}", at):
        pass


def runs_into_declaration(machine: Machine, tokens: Tokens, at: int) -> bool:
    """Does a declaration begin here although a body is open? Its keyword would be taken for a name."""
    return opens_declaration(tokens, at) and machine.accepts("}")


def opens_declaration(tokens: Tokens, at: int) -> bool:
    """Does a declaration begin here, judged by its place on the line? Top-level keywords are names
    elsewhere.
    """
    return (
        tokens.kinds[at] in _TOP
        and tokens.column(at) == 1
        and tokens.kinds[at + 1] not in ("=", "~", ",", ".", "[", "{")
    )


def _passable(machine: Machine, tokens: Tokens, at: int) -> bool:
    """Does the text go on behind an unreadable token as if that were not there?"""
    if not machine.accepts(tokens.kinds[at + 1]):
        return False
    return (
        not _complete(machine)
        or tokens.kinds[at + 1] in (END, "}")
        or tokens.first_on_line(at + 1)
        or tokens.kinds[at + 2] in ("=", "~")
    )


def _complete(machine: Machine) -> bool:
    """Could the statement end here?"""
    return machine.accepts("}") or machine.accepts(END)


def innermost(machine: Machine) -> int:
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
    """Index of the next token that the text may go on with: a statement, a declaration, the end of the list,
    or a body.
    """
    braces = 0
    started = at
    while (kind := tokens.kinds[at]) != END:
        if opens_declaration(tokens, at):
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
            if _header(machine, tokens, at, first):
                return at
            braces = 1
        elif at > first and _begins_statement(machine, tokens, at, first, brackets):
            return at
        elif at > started or kind not in ")]":
            brackets = max(brackets + (kind in "([") - (kind in ")]"), 0)
        at += 1
    return at


def _begins_statement(
    machine: Machine, tokens: Tokens, at: int, first: int, brackets: int
) -> bool:
    kind, following = tokens.kinds[at], tokens.kinds[at + 1]
    if not machine.accepts(kind):
        return False
    if kind in _ALONE:
        return following != "="
    named = following in _FOLLOWS_NAME
    if tokens.first_on_line(at):
        # Inside an unclosed bracket a line may be a further argument: then it stands farther right.
        aligned = (
            kind == "NAME"
            and tokens.first_on_line(first)
            and tokens.column(at) == tokens.column(first)
        )
        return (kind in _OPENERS or kind in _TOP or named or aligned) and (
            not brackets or tokens.column(at) <= tokens.column(first)
        )
    return not brackets and kind == "NAME" and following in ("=", "~")


def _header(machine: Machine, tokens: Tokens, at: int, first: int) -> list[tuple[str, str]]:
    """A sound header in place of the broken one before this `{`; empty where no body can begin here."""
    opener = tokens.kinds[first]
    words = [
        tokens.texts[i]
        for i in range(first + 1, at)
        if tokens.kinds[i] in _TOP or tokens.kinds[i] == "NAME"
    ]
    words = [word for word in dict.fromkeys(words) if word not in _LATER]
    if opener == "NAME":
        header = [("NAME", tokens.texts[first])]
    elif opener == "if":
        header = [("if", "if"), _UNKNOWN]
    elif not words:
        return []
    elif tokens.kinds[at - 1] == "with":
        header = [
            ("space", "space"),
            ("NAME", words[0]),
            ("=", "="),
            _UNKNOWN,
            ("with", "with"),
        ]
    elif opener == "for":
        header = [("for", "for"), *_listed(words), ("in", "in"), _UNKNOWN]
    elif opener in ("block", "space", "model"):
        header = [
            (opener, opener),
            ("NAME", words[0]),
            *_listed(words[1:], ("=", "="), _UNKNOWN),
        ]
    elif opener in ("genotype", "search"):
        header = [(opener, opener), ("NAME", words[0]), ("of", "of"), _UNKNOWN]
    else:
        header = [(opener, opener), ("NAME", words[0])]
    return header if machine.accepts(*(kind for kind, _ in header), "{") else []


def _listed(words: Sequence[str], *behind: tuple[str, str]) -> list[tuple[str, str]]:
    """Names in parentheses, each with what stands behind it; nothing where there are none."""
    put: list[tuple[str, str]] = []
    for word in words:
        put += [("NAME", word), *behind, (",", ",")]
    return [("(", "("), *put, (")", ")")] if put else []


def _replace_header(machine: Machine, tokens: Tokens, at: int, first: int) -> bool:
    header = _header(machine, tokens, at, first)
    for kind, text in header:
        machine.put(kind, text, at)
    return bool(header)

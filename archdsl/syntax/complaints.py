"""What to say about a token that cannot stand where it stands: for people, with the usual slips known by name."""

from __future__ import annotations

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.syntax.machine import Machine
from archdsl.syntax.recovery import opens_declaration, unfinished
from archdsl.syntax.table import END
from archdsl.syntax.tokens import Tokens

RESERVED = frozenset("and as by else false for if in input not of or output param require shared then tied true with".split())
_VALUES = {
    "INT": "number",
    "FLOAT": "number",
    "QUANTITY": "quantity",
    "SIZE": "size",
    "AXES": "set of dimensions",
    "STRING": "string",
    "NAME": "name",
}
_PARTNER = {"(": ")", "[": "]", "{": "}"}
_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">", "in"})
_FOREIGN = {
    "def": "write `fn name(x) = …` for a function of numbers, `block name(x) { … }` for layers",
    "class": "write `block name(…) { … }`",
    "lambda": "write a `fn` and use its name",
    "import": "write `use std: name`",
    "from": "write `use std: name`",
    "while": "there is no `while`; write `for i in range(n) { … }`",
    "return": "write `output x`",
    "elif": "write `else if`",
    "const": "write `name = value`",
    "let": "write `name = value`",
    "var": "write `name = value`",
    "func": "write `fn name(x) = …`",
    "None": "there is no None; use a label such as `none: identity`",
    "pass": "a body may be empty: `{ }`",
}


def complain(machine: Machine, tokens: Tokens, at: int) -> Diagnostic:
    """The diagnostic for the token that the machine refused."""
    expected = machine.expected()
    for slip in (_foreign, _reserved, _unfinished, _assigned, _colon, _chained, _power, _closer, _missing, _unclosed):
        found = slip(machine, tokens, at, expected)
        if found is not None:
            return found
    return syntax.UNEXPECTED.error(tokens.span(at), f"{_shown(tokens, at)}: expected {_wanted(machine, expected)}", help=_help(tokens, at))


def _foreign(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    for index in (at, at - 1, at - 2):
        if (
            index >= 0
            and tokens.kinds[index] == "NAME"
            and tokens.texts[index] in _FOREIGN
            and (index == at or tokens.kinds[index + 1] == "NAME")
        ):
            word = tokens.texts[index]
            return syntax.FOREIGN.error(tokens.span(index), f"`{word}` is not a word of this language", help=_FOREIGN[word])
    return None


def _reserved(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    kind = tokens.kinds[at]
    following = tokens.kinds[at + 1] if kind != END else END
    if kind in RESERVED and "NAME" in expected and ("INT" not in expected or following in ("=", "~")):
        return syntax.RESERVED.error(tokens.span(at), f"`{kind}` is a reserved word and cannot be a name", help="choose another name")
    # `input = 8`: the keyword itself was taken, the sign behind it was not.
    if at > 0 and kind in ("=", "~", ":") and tokens.kinds[at - 1] in RESERVED and "NAME" in expected:
        word = tokens.kinds[at - 1]
        return syntax.RESERVED.error(tokens.span(at - 1), f"`{word}` is a reserved word and cannot be a name", help="choose another name")
    return None


def _unfinished(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    if unfinished(machine, tokens, at):
        span = tokens.span(at - 2)
        return syntax.UNEXPECTED.error(span, f"expected an expression after `{span.text[:24]}`", help=_help(tokens, at - 1))
    return None


def _assigned(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    if tokens.kinds[at] == "=" and "==" in expected:
        return syntax.ASSIGNED.error(tokens.span(at), "`=` does not compare", help="write `==`")
    return None


def _colon(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    if tokens.kinds[at] == ":" and "{" in expected:
        return syntax.COLON_BODY.error(tokens.span(at), "a body opens with `{`, not with `:`", help="write `{ … }` around the body")
    return None


def _chained(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    kind = tokens.kinds[at]
    if kind in _COMPARISONS and kind not in expected and "and" in expected:
        return syntax.CHAINED.error(tokens.span(at), "comparisons do not chain", help=f"write `a {kind} b and b {kind} c`, or parentheses")
    return None


def _power(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    if at > 0 and tokens.kinds[at] == "*" == tokens.kinds[at - 1] and tokens.starts[at] == tokens.ends[at - 1]:
        return syntax.FOREIGN.error(tokens.span(at - 1).to(tokens.span(at)), "there is no `**`", help="multiply: `x * x`")
    return None


def _closer(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    kind = tokens.kinds[at]
    if kind not in (")", "]", "}"):
        return None
    opener = _opener(machine)
    if opener is None or (kind == "}" and "{" not in machine.kinds):
        return syntax.UNOPENED.error(tokens.span(at), f"`{kind}` closes nothing", help="remove it, or open its partner before")
    bracket = machine.kinds[opener]
    if _PARTNER[bracket] == kind:
        return None
    if bracket == "{" or kind not in (_PARTNER[other] for other in machine.kinds if other in _PARTNER):
        return syntax.UNOPENED.error(tokens.span(at), f"`{kind}` closes nothing here", labels=[_opened(machine, tokens, opener)])
    return _never_closed(machine, tokens, at, opener)


def _missing(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    """Something that, put in before the token, lets the text go on."""
    opener = _opener(machine)
    kind = tokens.kinds[at]
    if kind == END or (tokens.first_on_line(at) and not (opener is not None and machine.kinds[opener] in "([")):
        return None
    ahead = [kind for kind in tokens.kinds[at : at + 4] if kind != END]
    for wanted in (",", "=", "in", "of", "then", ":", "{"):
        if wanted in ("in", "of") and "+" in expected:
            continue  # there they are operators
        if wanted in expected and machine.accepts(wanted, *ahead):
            if wanted == "," and not (opener is not None and machine.kinds[opener] in "(["):
                continue
            labels = [_opened(machine, tokens, opener)] if wanted == "," and opener is not None and tokens.first_on_line(at) else []
            return syntax.MISSING.error(tokens.span(at), f"expected `{wanted}` before {_shown(tokens, at, plain=True)}", labels=labels)
    return None


def _unclosed(machine: Machine, tokens: Tokens, at: int, expected: set[str]) -> Diagnostic | None:
    opener = _opener(machine)
    if opener is None or _PARTNER[machine.kinds[opener]] not in expected:
        return None
    bracket, kind = machine.kinds[opener], tokens.kinds[at]
    if bracket != "{" and kind in ("{", "with"):
        return _never_closed(machine, tokens, at, opener)
    if kind == END or (bracket == "{" and opens_declaration(tokens, at)) or (bracket != "{" and tokens.first_on_line(at)):
        return _never_closed(machine, tokens, at, opener)
    return None


def _never_closed(machine: Machine, tokens: Tokens, at: int, opener: int) -> Diagnostic:
    bracket = machine.kinds[opener]
    where = "the end of the file" if tokens.kinds[at] == END else _shown(tokens, at, plain=True)
    message = f"expected `{_PARTNER[bracket]}` before {where}"
    return syntax.UNCLOSED.error(tokens.span(at), message, labels=[_opened(machine, tokens, opener)])


def _opener(machine: Machine) -> int | None:
    """Place on the stack of the innermost bracket that is still open."""
    closed = 0
    kinds = machine.kinds
    for at in range(machine.height, 0, -1):
        kind = kinds[at]
        if kind in _PARTNER and not closed:
            return at
        closed += (kind in _PARTNER.values()) - (kind in _PARTNER)
    return None


def _opened(machine: Machine, tokens: Tokens, at: int) -> Label:
    return Label(tokens.span(machine.first(at)), f"`{machine.kinds[at]}` opened here")


def _shown(tokens: Tokens, at: int, plain: bool = False) -> str:
    kind, text = tokens.kinds[at], tokens.texts[at]
    if kind == END:
        return "the end of the file" if plain else "the file ends here"
    named = f"{_VALUES[kind]} " if kind in _VALUES else ""
    shown = text if len(text) <= 24 else text[:24] + "…"
    return f"{named}`{shown}`" if plain else f"unexpected {named}`{shown}`"


def _wanted(machine: Machine, expected: set[str]) -> str:
    """The expected terminals in few words."""
    opener = _opener(machine)
    bracketed = opener is not None and machine.kinds[opener] in "(["
    if "INT" in expected and "NAME" in expected:
        return _either(["an expression", *_quoted(expected, ")", "]")])
    if "+" in expected:
        if bracketed:
            return _either(["an operator", *_quoted(expected, ",", ")", "]", "then", "else", "for")])
        words = _quoted(expected, "then", "else", "{", *(() if "NAME" in expected else ("by", "insert")))
        return _either(["an operator", *(words or ["the next statement" if "NAME" in expected else "the end"])])
    if {"NAME", "output"} <= expected:
        return "a statement"
    if "NAME" in expected:
        return _either(["a name", *_quoted(expected, "(", "[", "{", ")", "]")])
    names = {"INT": "a number", END: "the end"}
    return _either(sorted(names.get(kind, f"`{kind}`") for kind in expected))


def _quoted(expected: set[str], *kinds: str) -> list[str]:
    return [f"`{kind}`" for kind in kinds if kind in expected]


def _either(names: list[str]) -> str:
    if len(names) <= 1:
        return "".join(names) or "something else"
    return ", ".join(names[:-1]) + " or " + names[-1]


def _help(tokens: Tokens, at: int) -> str | None:
    kind, before = tokens.kinds[at], tokens.kinds[at - 1] if at else ""
    if ".." in (kind, before):
        return "a range is `low..high`, with both ends and an optional `by step`"
    if kind == "~" and before:
        return "a choice `name ~ domain` belongs in a body, a narrower one in `with { … }`"
    if kind == "+":
        return "there is no sign `+`"
    if before == "(" and kind == ")":
        return "there is no empty tuple; an empty list is `[]`"
    return None

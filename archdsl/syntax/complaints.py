"""What to say about a token that cannot stand where it stands: for people, with the usual slips known by
name.

Each function here yields explanations of one kind, the likeliest first; `habits` has those of other
languages.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.diagnostics.suggestions import closest, question, quoted
from archdsl.syntax.habits import HABITS
from archdsl.syntax.machine import Machine
from archdsl.syntax.misspellings import ERROR
from archdsl.syntax.recovery import innermost, opens_declaration, unfinished
from archdsl.syntax.slips import (
    OPENERS,
    STATEMENTS,
    UNKNOWN,
    Scene,
    Slip,
    mended,
    opening,
    put,
)
from archdsl.syntax.table import END
from archdsl.syntax.tokens import Tokens

RESERVED = frozenset(
    "and as by else false for if in input not of or output param require shared then tied true with".split()
)
_VALUES = {
    "INT": "number",
    "FLOAT": "number",
    "QUANTITY": "quantity",
    "SIZE": "size",
    "AXES": "set of dimensions",
    "STRING": "string",
    "NAME": "name",
}
_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">", "in"})
# Words that open or join something, where a misspelt one is taken for a name.
_WORDS = tuple(
    sorted(
        {
            *RESERVED,
            *STATEMENTS,
            "block",
            "space",
            "model",
            "genotype",
            "search",
            "use",
            "fn",
            "step",
            "budget",
            "insert",
        }
        - {"true", "false", "shared", "tied"}
    )
)


def complain(machine: Machine, tokens: Tokens, at: int) -> Diagnostic:
    """The diagnostic for the token that the machine refused."""
    slips = explanations(machine, tokens, at)
    return next(slip for slip in slips if slip.sure).diagnostic


def explanations(machine: Machine, tokens: Tokens, at: int) -> list[Slip]:
    """Why the token was refused, the likeliest first; the last one says what was expected."""
    scene = Scene(machine, tokens, at, frozenset(machine.expected()))
    found: list[Slip] = []
    if _runs_on(scene):
        return [*_unclosed(scene)]
    for kind in (
        _juxtaposed,
        *HABITS,
        _unfinished,
        _reserved,
        _misspelt,
        _assigned,
        _chained,
        _closer,
        _missing,
        _unclosed,
        _unopened,
    ):
        found.extend(kind(scene))
    message = f"{_shown(tokens, at)}: expected {_wanted(machine, set(scene.expected))}"
    diagnostic = syntax.UNEXPECTED.error(tokens.span(at), message, help=_help(scene))
    return [*found, *_unexpected(scene, diagnostic)]


def _unexpected(scene: Scene, diagnostic: Diagnostic) -> Iterator[Slip]:
    """The rest: something too much, or an expression that is not there."""
    at = scene.at
    if scene.kind(at) == "," and scene.kind(at - 1) in (",", "(", "["):
        yield mended(diagnostic, put(at, at + 1))
    if "INT" in scene.expected and scene.bracket in ("(", "["):
        yield mended(diagnostic, put(at, scene.value_end(at), UNKNOWN), sure=False)
    if "+" in scene.expected and scene.bracket in ("(", "["):
        start = scene.value_start(at)
        yield mended(
            diagnostic, put(start, max(scene.value_end(at), at), UNKNOWN), sure=False
        )
    yield Slip(diagnostic)


def _reserved(scene: Scene) -> Iterator[Slip]:
    at, kind, following = scene.at, scene.kind(scene.at), scene.kind(scene.at + 1)
    if (
        kind in RESERVED
        and "NAME" in scene.expected
        and ("INT" not in scene.expected or following in ("=", "~"))
    ):
        yield _reserved_word(scene, at)
    # `input = 8`: the keyword itself was taken, the sign behind it was not.
    if (
        at > 0
        and kind in ("=", "~", ":")
        and scene.kind(at - 1) in RESERVED
        and "NAME" in scene.expected
    ):
        yield _reserved_word(scene, at - 1)


def _reserved_word(scene: Scene, at: int) -> Slip:
    word = scene.kind(at)
    message = f"`{word}` is a reserved word and cannot be a name"
    return Slip(syntax.RESERVED.error(scene.span(at), message, help="choose another name"))


def _misspelt(scene: Scene) -> Iterator[Slip]:
    """`inpt x`, `8..16 bt 4`, `if a thne b else c`: a word of the language with a typing error."""
    for index in (scene.at, scene.at - 1):
        if scene.kind(index) != "NAME":
            continue
        for word in closest(scene.text(index), _WORDS):
            if len(scene.text(index)) < 2 or (
                len(word) == 2 and scene.text(index)[0] not in word
            ):
                continue
            message = f"`{scene.text(index)}` is not a word of this language"
            diagnostic = syntax.FOREIGN.error(
                scene.span(index), message, help=question([word])
            )
            yield mended(diagnostic, put(index, index + 1, word), sure=False)


def _unfinished(scene: Scene) -> Iterator[Slip]:
    """`x = x ->` before the next statement, and `x = y` whose name was taken for the end of the one
    before.
    """
    at = scene.at
    if scene.opens_line(at) and scene.kind(at) != END and scene.kind(at - 1) == "as":
        diagnostic = syntax.UNEXPECTED.error(
            scene.span(at - 1), "expected a name after `as`"
        )
        yield mended(diagnostic, put(at - 1, at))
    elif (
        scene.opens_line(at)
        and scene.kind(at) != END
        and "INT" in scene.expected
        and scene.kind(at - 1) not in (*OPENERS, ",")
    ):
        text = scene.text(at - 1)
        diagnostic = syntax.UNEXPECTED.error(
            scene.span(at - 1),
            f"expected an expression after `{text}`",
            help=_range(scene, at),
        )
        yield mended(diagnostic, put(at, at, UNKNOWN))
    elif scene.opens_line(at) and "else" in scene.expected and scene.begins_statement(at):
        diagnostic = syntax.MISSING.error(
            scene.span(at - 1),
            "a value under a condition needs its `else`",
            help="write `if test then a else b`",
        )
        yield mended(diagnostic, put(at, at, "else", UNKNOWN))
    if not unfinished(scene.machine, scene.tokens, at):
        return
    span = scene.span(at - 2)
    diagnostic = syntax.UNEXPECTED.error(
        span, f"expected an expression after `{span.text[:24]}`", help=_range(scene, at - 1)
    )
    yield mended(diagnostic, put(at - 1, at - 1, UNKNOWN))


def _assigned(scene: Scene) -> Iterator[Slip]:
    if scene.kind(scene.at) == "=" and "==" in scene.expected:
        diagnostic = syntax.ASSIGNED.error(
            scene.span(scene.at), "`=` does not compare", help="write `==`"
        )
        yield mended(diagnostic, put(scene.at, scene.at + 1, "=="))


def _chained(scene: Scene) -> Iterator[Slip]:
    kind = scene.kind(scene.at)
    if kind in _COMPARISONS and kind not in scene.expected and "and" in scene.expected:
        end = scene.operand_end(scene.at + 1)
        first = scene.operand_start(scene.at)
        left = scene.source(scene.value_start(scene.at), scene.at)
        help = f"write `{left} and {scene.source(first, scene.at)} {kind} {scene.source(scene.at + 1, end)}`"
        diagnostic = syntax.CHAINED.error(
            scene.span(scene.at), "comparisons do not chain", help=help
        )
        yield mended(diagnostic, put(scene.at, end, "and", UNKNOWN))


def _closer(scene: Scene) -> Iterator[Slip]:
    at, kind = scene.at, scene.kind(scene.at)
    if kind not in (")", "]", "}"):
        return
    machine, tokens = scene.machine, scene.tokens
    opener = opening(machine)
    mend = (put(at, at + 1),)
    if opener is None or (kind == "}" and "{" not in machine.kinds):
        help = "remove it, or open its partner before"
        yield from _lost_opener(scene)
        yield Slip(
            syntax.UNOPENED.error(tokens.span(at), f"`{kind}` closes nothing", help=help),
            mend,
        )
        return
    bracket = machine.kinds[opener]
    if OPENERS[bracket] == kind:
        return
    if bracket == "{" or kind not in (
        OPENERS[other] for other in machine.kinds if other in OPENERS
    ):
        yield from _lost_opener(scene)
        diagnostic = syntax.UNOPENED.error(
            tokens.span(at),
            f"`{kind}` closes nothing here",
            labels=[_opened(scene, opener)],
        )
        other = (put(at, at + 1, OPENERS[bracket]),) if bracket != "{" else mend
        yield Slip(diagnostic, other)
        return
    yield _never_closed(scene, opener)


def _lost_opener(scene: Scene) -> Iterator[Slip]:
    """`kernel ~ 1, 3]`: a closing bracket on this line whose opening one would stand behind a sign."""
    start = scene.line_start(scene.at)
    partner = _unmatched(scene, start)
    if partner is None:
        return
    wanted = next(
        opening_ for opening_, closing in OPENERS.items() if closing == scene.kind(partner)
    )
    behind = range(partner, start, -1)
    # Behind an operator a whole flow was in parentheses: `x * x -> sigmoid)`.
    places = [
        i for i in behind if scene.kind(i - 1) in ("+", "-", "*", "/") and wanted == "("
    ]
    places += [i for i in behind if scene.kind(i - 1) in ("~", "=", "in", "->", ":", "of")]
    for place in places:
        # One value alone rather has a bracket too many behind it.
        between = ("->",) if scene.kind(place - 1) in ("+", "-", "*", "/") else (",",)
        several = any(kind in between for kind in scene.tokens.kinds[place:partner])
        if several and scene.kind(place) not in OPENERS:
            yield from _opens_before(scene, place, wanted, partner)


def _unmatched(scene: Scene, start: int) -> int | None:
    """The first closing bracket on a line, `}` excepted, that nothing on the line opens."""
    waiting: list[str] = []
    index = start
    while index == start or (scene.kind(index) != END and not scene.opens_line(index)):
        kind = scene.kind(index)
        if kind in ("(", "["):
            waiting.append(OPENERS[kind])
        elif kind in (")", "]") and (not waiting or waiting.pop() != kind):
            return index
        index += 1
    return None


def _missing(scene: Scene) -> Iterator[Slip]:
    """Something that, put in before the token, lets the text go on."""
    at, kind = scene.at, scene.kind(scene.at)
    bracketed = scene.bracket in ("(", "[")
    if kind == END:
        return
    if scene.is_word(at) and "," in scene.expected and (bracketed or _goes_on(scene, at)):
        yield _put(scene, at, ",")
    yield from _lost_arrow(scene)
    if bracketed:
        yield from _sign(scene, ",", "=", "in", "of", "then", ":")
    elif not scene.opens_line(at):
        yield from _sign(scene, "=", "in", "of", "then", ":")
    if (
        _heads_body(scene)
        and kind != "}"
        and not bracketed
        and (not scene.opens_line(at) or scene.begins_statement(at))
    ):
        yield from _sign(scene, "{")


def _goes_on(scene: Scene, at: int) -> bool:
    """`q k = x -> …`: two names side by side. A line does not go on so from a name in the middle of the one
    above it.
    """
    apart = scene.opens_line(at) and not scene.opens_line(at - 1)
    return not apart and scene.kind(at + 1) in ("->", "=")


def _sign(scene: Scene, *signs: str) -> Iterator[Slip]:
    """The first of several signs and words that may stand here."""
    for wanted in signs:
        operator = wanted in ("in", "of") and "+" in scene.expected
        if wanted in scene.expected and not operator:
            yield _put(scene, scene.at, wanted)


def _lost_arrow(scene: Scene) -> Iterator[Slip]:
    """`x relu`: a name on the same line begins no statement, rather an arrow is missing."""
    for index in (scene.at, scene.at - 1):
        if (
            scene.is_word(index)
            and not scene.opens_line(index)
            and scene.kind(index - 1) not in (",", "=", "->")
        ):
            yield _put(scene, index, "->")


def _heads_body(scene: Scene) -> bool:
    """Does the statement that was begun have a body?"""
    level = innermost(scene.machine)
    first = scene.machine.first(level + 1) if level < scene.machine.height else scene.at
    return (
        scene.kind(first)
        in ("if", "for", "block", "space", "model", "genotype", "search", "step")
        or "else" in scene.machine.kinds
    )


def _runs_on(scene: Scene) -> bool:
    """Does a statement begin here, on a line of its own and no farther right, although a bracket is open?"""
    if (
        scene.bracket not in ("(", "[")
        or not scene.begins_statement(scene.at)
        or scene.kind(scene.at) in (END, "}")
    ):
        return False
    opener = opening(scene.machine)
    if opener is None or OPENERS[scene.machine.kinds[opener]] not in scene.expected:
        return False
    first = scene.machine.first(innermost(scene.machine) + 1)
    return scene.tokens.column(scene.at) <= scene.tokens.column(scene.line_start(first))


def _juxtaposed(scene: Scene) -> Iterator[Slip]:
    """`x -> conv 8, 3)`: two values side by side, and a bracket on the line that closes nothing."""
    partner = _unmatched(scene, scene.line_start(scene.at))
    if partner is None or scene.kind(partner) != ")":
        return
    for place in range(scene.line_start(scene.at) + 1, partner):
        value = scene.is_word(place) or scene.kind(place) in (
            "INT",
            "FLOAT",
            "SIZE",
            "AXES",
            "STRING",
        )
        if value and scene.kind(place - 1) == "NAME":
            yield from _opens_before(scene, place, "(", partner)


def _opens_before(scene: Scene, place: int, wanted: str, partner: int) -> Iterator[Slip]:
    message = f"expected `{wanted}` before {_shown(scene.tokens, place, plain=True)}"
    labels = [Label(scene.span(partner), f"`{scene.kind(partner)}` closes it here")]
    diagnostic = syntax.MISSING.error(scene.span(place), message, labels=labels)
    yield mended(diagnostic, put(place, place, wanted), sure=False)


def _put(scene: Scene, at: int, wanted: str) -> Slip:
    opener = opening(scene.machine)
    labels = (
        [_opened(scene, opener)]
        if wanted == "," and opener is not None and scene.opens_line(at)
        else []
    )
    message = f"expected `{wanted}` before {_shown(scene.tokens, at, plain=True)}"
    diagnostic = syntax.MISSING.error(scene.span(at), message, labels=labels)
    return mended(diagnostic, put(at, at, wanted), sure=False)


def _unclosed(scene: Scene) -> Iterator[Slip]:
    opener, kind = opening(scene.machine), scene.kind(scene.at)
    if opener is None or OPENERS[scene.machine.kinds[opener]] not in scene.expected:
        return
    bracket = scene.machine.kinds[opener]
    if (
        (bracket != "{" and kind in ("{", "with"))
        or kind == END
        or (bracket == "{" and opens_declaration(scene.tokens, scene.at))
        or (bracket != "{" and scene.opens_line(scene.at))
    ):
        yield _never_closed(scene, opener)
    elif bracket != "{" and kind in ("=", "~") and scene.kind(scene.at - 1) == "NAME":
        yield _never_closed(scene, opener, scene.at - 1)


def _unopened(scene: Scene) -> Iterator[Slip]:
    if scene.kind(scene.at) not in (")", "]", "}"):
        yield from _lost_opener(scene)


def _never_closed(scene: Scene, opener: int, at: int | None = None) -> Slip:
    """A bracket without its partner. The mend closes every bracket that the statement has open."""
    at = scene.at if at is None else at
    bracket = scene.machine.kinds[opener]
    where = (
        "the end of the file"
        if scene.kind(at) == END
        else _shown(scene.tokens, at, plain=True)
    )
    message = f"expected `{OPENERS[bracket]}` before {where}"
    diagnostic = syntax.UNCLOSED.error(
        scene.span(at), message, labels=[_opened(scene, opener)]
    )
    closers = tuple((closer, closer) for closer in _open_ones(scene))
    return Slip(diagnostic, (put(at, at, *closers),) if closers else ())


def _open_ones(scene: Scene) -> list[str]:
    """What closes the open parentheses and square brackets, the innermost first, up to a body or to what the
    token closes.
    """
    waiting: list[str] = []
    for kind in scene.machine.kinds:
        if kind in OPENERS:
            waiting.append(kind)
        elif waiting and kind in OPENERS.values():
            waiting.pop()
    closers: list[str] = []
    for bracket in reversed(waiting):
        if bracket == "{" or OPENERS[bracket] == scene.kind(scene.at):
            break
        closers.append(OPENERS[bracket])
    return closers


def _opened(scene: Scene, level: int) -> Label:
    return Label(
        scene.span(scene.machine.first(level)),
        f"`{scene.machine.kinds[level]}` opened here",
    )


def _shown(tokens: Tokens, at: int, plain: bool = False) -> str:
    kind = tokens.kinds[at]
    text = tokens.span(at).text or tokens.texts[at]
    if kind == END:
        return "the end of the file" if plain else "the file ends here"
    named = f"{_VALUES[kind]} " if kind in _VALUES else ""
    shown = text if len(text) <= 24 else text[:24] + "…"
    return f"{named}`{shown}`" if plain else f"unexpected {named}`{shown}`"


def _wanted(machine: Machine, expected: set[str]) -> str:
    """The expected terminals in few words."""
    opener = opening(machine)
    bracketed = opener is not None and machine.kinds[opener] in "(["
    if "INT" in expected and "NAME" in expected:
        return _either(["an expression", *_quoted(expected, ")", "]")])
    if "+" in expected:
        if bracketed:
            return _either(
                ["an operator", *_quoted(expected, ",", ")", "]", "then", "else", "for")]
            )
        words = _quoted(
            expected, "then", "else", "{", *(() if "NAME" in expected else ("by", "insert"))
        )
        return _either(
            [
                "an operator",
                *(words or ["the next statement" if "NAME" in expected else "the end"]),
            ]
        )
    if {"NAME", "output"} <= expected:
        return "a statement"
    if "NAME" in expected:
        return _either(["a name", *_quoted(expected, "(", "[", "{", ")", "]")])
    names = {"INT": "a number", END: "the end"}
    return _either(sorted(names.get(kind, f"`{kind}`") for kind in expected))


def _quoted(expected: set[str], *kinds: str) -> list[str]:
    return quoted(kind for kind in kinds if kind in expected)


def _either(names: list[str]) -> str:
    if len(names) <= 1:
        return "".join(names) or "something else"
    return ", ".join(names[:-1]) + " or " + names[-1]


def _range(scene: Scene, at: int) -> str | None:
    if ".." in (scene.kind(at), scene.kind(at - 1)):
        return "a range is `low..high`, with both ends and an optional `by step`"
    return None


def _help(scene: Scene) -> str | None:
    at = scene.at
    kind, before = scene.kind(at), scene.kind(at - 1)
    if ".." in (kind, before):
        return _range(scene, at)
    if kind == "~" and before:
        return "a choice `name ~ domain` belongs in a body, a narrower one in `with { … }`"
    if kind == "+" and "INT" in scene.expected:
        return "numbers have no sign `+`"
    if before == "(" and kind == ")":
        return "there is no empty tuple; an empty list is `[]`"
    if kind == ERROR:
        return None
    return None

"""Slips of those who come from Python and PyTorch, or from other languages: each with what is written here,
and its mend.

`x += y` is refused at `+`; `augmented` knows it, says ``write `x = x + (y)` ``, and lets the parse go on as
if `x` were assigned something that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.syntax.slips import OPENERS, STATEMENTS, Edit, Habit, Scene, Slip
from archdsl.syntax.table import BROKEN, END

_UNKNOWN = ((BROKEN, ""),)
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%"})
_LONGEST = 60  # characters of the text that a hint repeats

# Words that open a statement elsewhere, with what is written here.
_WORDS = {
    "def": "write `fn name(x) = …` for a function of numbers, `block name(x) { … }` for layers",
    "class": "write `block name(parameters) { input x  …  output x }`",
    "lambda": "write a `fn` and use its name",
    "import": "primitives need no import; names of another file: `use std: name`",
    "from": "primitives need no import; names of another file: `use std: name`",
    "while": "there is no `while`; write `for i in range(n) { … }`",
    "return": "write `output x`",
    "elif": "write `else if`",
    "elsif": "write `else if`",
    "elseif": "write `else if`",
    "const": "write `name = value`",
    "let": "write `name = value`",
    "var": "write `name = value`",
    "val": "write `name = value`",
    "auto": "write `name = value`",
    "func": "write `fn name(x) = …`",
    "function": "write `fn name(x) = …` for a function of numbers, `block name(x) { … }` for layers",
    "None": "there is no None; use a label such as `none: identity`",
    "pass": "a body may be empty: `{ }`",
    "print": "nothing is printed from a file; `archdsl summary FILE` shows shapes and sizes",
    "assert": "write `require condition`",
    "raise": "write `require condition`; what does not hold is an error of `archdsl check`",
    "try": "nothing is caught: `archdsl check` reports what is wrong",
    "except": "nothing is caught: `archdsl check` reports what is wrong",
    "break": "a loop runs over all its elements: shorten the list",
    "continue": "write `if condition { … }` around the rest of the turn",
    "del": "names need not be deleted",
    "global": "names of the file are known everywhere in it",
    "yield": "write `output x`",
    "struct": "write `block name(parameters) { … }`",
    "network": "write `model name { … }`, or `space name { … }` with choices",
    "switch": "write `if … { … } else if … { … }`",
    "match": "write `if … { … } else if … { … }`",
}
_REPLACED = {"return": "output", "yield": "output", "assert": "require", "network": "model"}
_ELSE_IF = frozenset({"elif", "elsif", "elseif"})
_DELETED = frozenset({"let", "var", "val", "auto", "const", "pass"})
_TYPES = frozenset(
    {"int", "float", "bool", "str", "string", "tensor", "Tensor", "list", "tuple", "number", "double"}
)
_SHAPES = {1: ("c",), 2: ("n", "c"), 3: ("c", "h", "w"), 4: ("c", "t", "h", "w")}


def _foreign(scene: Scene, start: int, end: int, message: str, help: str) -> Diagnostic:
    return syntax.FOREIGN.error(scene.span(start, end), message, help=help)


def _shown(text: str, instead: str = "…") -> str:
    """A piece of the text as a hint repeats it."""
    return text if text and len(text) <= _LONGEST else instead


def foreign_word(scene: Scene) -> Iterator[Slip]:
    """`return x`, `def f(x)`, `class Net(nn.Module):`, `elif`, `import torch`."""
    for index in (scene.at, scene.at - 1, scene.at - 2):
        word = scene.text(index)
        if scene.kind(index) != "NAME" or word not in _WORDS or scene.kind(index - 1) in (".", "~"):
            continue
        if index < scene.at and not (scene.is_word(index + 1) or scene.opens_line(index) or word in _ELSE_IF):
            continue
        diagnostic = _foreign(
            scene, index, index + 1, f"`{word}` is not a word of this language", _WORDS[word]
        )
        for edits in _instead(scene, index, word):
            yield Slip(diagnostic, edits, sure=False, ahead=0)
        yield Slip(diagnostic)


def _instead(scene: Scene, index: int, word: str) -> Iterator[tuple[Edit, ...]]:
    """What may stand in the place of a foreign word, the best first."""
    line_end = index + 1
    while scene.kind(line_end) != END and not scene.opens_line(line_end):
        line_end += 1
    if word in _REPLACED:
        yield (Edit(index, index + 1, ((_REPLACED[word], _REPLACED[word]),)),)
    if word in _ELSE_IF:
        yield (Edit(index, index + 1, (("else", "else"), ("if", "if"))),)
    if word in _DELETED:
        yield (Edit(index, index + 1),)
    if word in ("import", "from", "break", "continue", "del", "global", "raise"):
        yield (Edit(index, line_end),)
    if word == "print":
        yield (Edit(index, scene.operand_end(index)),)
    if word in ("lambda", "None"):
        yield (Edit(index, scene.value_end(index) if word == "lambda" else index + 1, _UNKNOWN),)
    if word in ("def", "class", "func", "function", "struct"):
        yield from _defined(scene, index)


def _defined(scene: Scene, index: int) -> Iterator[tuple[Edit, ...]]:
    """`def f(x) = …` and `def f(x) { … }` are what they say; of `def f(x):` everything indented below is left
    out.
    """
    name = scene.text(index + 1)
    after = index + 2
    if scene.kind(after) == "(":
        after = scene.group_end(after)
    if scene.kind(after) == "{":
        yield (Edit(index, index + 1, (("block", "block"),)),)
    if scene.kind(after) == "=":
        yield (Edit(index, index + 1, (("fn", "fn"),)),)
    if scene.kind(after) in (":", "->"):
        yield (Edit(index, scene.suite_end(index), ((BROKEN, name if name.isidentifier() else ""),)),)


def augmented(scene: Scene) -> Iterator[Slip]:
    """`x += y`, `n //= 2`, `i++`."""
    at = scene.at
    sign = scene.kind(at)
    if sign not in _ARITHMETIC or not scene.is_word(at - 1) or "=" not in scene.expected:
        return
    name = scene.text(at - 1)
    after = at + 1
    if scene.kind(after) == sign and sign in "+-*" and scene.adjoin(after):
        after += 1
    if scene.kind(after) == "=" and scene.adjoin(after):
        written = scene.source(at, after + 1)
        end = _statement_end(scene, after + 1)
        value = _shown(scene.source(after + 1, end))
        value = value if scene.operand_end(after + 1) == end else f"({value})"
        help = (
            f"write `{name} = {name} {sign} {value}`"
            if "**" not in written
            else f"multiply: `{name} = {name} * {name}`"
        )
        diagnostic = _foreign(scene, at, after + 1, f"there is no `{written}`", help)
        yield Slip(diagnostic, (Edit(at, end, (("=", "="), *_UNKNOWN)),))
    elif after == at + 2 and sign in "+-":
        diagnostic = _foreign(
            scene, at, after, f"there is no `{sign * 2}`", f"write `{name} = {name} {sign} 1`"
        )
        yield Slip(diagnostic, (Edit(at, after, (("=", "="), *_UNKNOWN)),))


def _statement_end(scene: Scene, index: int) -> int:
    """Where the statement that holds this token ends."""
    begun = index
    while scene.kind(index) not in (END, "}") and not (index > begun and scene.begins_statement(index)):
        index = scene.group_end(index) if scene.kind(index) in OPENERS else index + 1
    return index


def power(scene: Scene) -> Iterator[Slip]:
    """`a ** 2`."""
    at = scene.at
    if scene.kind(at) != "*" or scene.kind(at - 1) != "*" or not scene.adjoin(at):
        return
    base, end = scene.text(at - 2), scene.operand_end(at + 1)
    base = base if base.isidentifier() and scene.kind(at - 3) != "." else "x"
    help = f"take a root: `sqrt({base})`" if scene.text(at + 1) == "0.5" else f"multiply: `{base} * {base}`"
    yield Slip(_foreign(scene, at - 1, at + 1, "there is no `**`", help), (Edit(at, end, _UNKNOWN),))


def ternary(scene: Scene) -> Iterator[Slip]:
    """`a if c else b`: refused at `if`, or in a body, where `if` opens a statement, at `else`."""
    at = scene.at
    test = at
    if scene.kind(at) == "else":
        while test > 0 and scene.kind(test) != "if" and scene.kind(test) not in ("{", "}", "="):
            test -= 1
    if (
        scene.kind(test) != "if"
        or scene.opens_line(test)
        or test == 0
        or ("{" in scene.expected and test == at)
    ):
        return
    other = test + 1
    while scene.kind(other) not in ("else", END, "{", "}", ",") and not scene.begins_statement(other):
        other = scene.group_end(other) if scene.kind(other) in OPENERS else other + 1
    start, end = scene.value_start(test), scene.value_end(other)
    if scene.kind(other) != "else" or start == test:
        return
    condition, value, orelse = (
        scene.source(test + 1, other),
        scene.source(start, test),
        scene.source(other + 1, end),
    )
    written = f"if {_shown(condition)} then {_shown(value)} else {_shown(orelse)}"
    diagnostic = _foreign(
        scene, test, test + 1, "a condition stands before both values", f"write `{written}`"
    )
    yield Slip(diagnostic, (Edit(start, end, _UNKNOWN),))


def colon(scene: Scene) -> Iterator[Slip]:
    """`conv(channels: 8)`, `width: int = 8`, `x := 3`."""
    at = scene.at
    if scene.kind(at) != ":" or "=" not in scene.expected or not scene.is_word(at - 1) or _opens_body(scene):
        return
    name = scene.text(at - 1)
    if (
        scene.kind(scene.line_start(at)) == "input"
        and scene.kind(at + 1) == "["
        and scene.kind(at - 2) == ","
        and scene.opener is not None
    ):
        labels = [Label(scene.span(scene.opener), "`[` opened here")]
        diagnostic = syntax.UNCLOSED.error(scene.span(at - 2), "expected `]` before `,`", labels=labels)
        yield Slip(diagnostic, (Edit(at - 2, at - 2, (("]", "]"),)),))
        return
    if scene.kind(scene.line_start(at)) == "input" and scene.kind(at + 1) == "[":
        diagnostic = syntax.MISSING.error(scene.span(at - 1), f"expected `,` before name `{name}`")
        yield Slip(diagnostic, (Edit(at - 1, at - 1, ((",", ","),)),))
        return
    if scene.kind(at + 1) == "=":
        end, written = at + 2, f"{name} = …"
    elif scene.is_word(at + 1) and scene.kind(at + 2) == "=":
        diagnostic = _foreign(scene, at, at + 2, "names have no types", f"write `{name} = …`")
        yield Slip(diagnostic, (Edit(at, at + 2),), again="types")
        return
    else:
        end, written = at + 1, f"{name} = {_shown(scene.source(at + 1, scene.value_end(at + 1)))}"
    message = "`:` gives no value" if scene.bracket != "[" else "`:` gives no size"
    yield Slip(
        _foreign(scene, at, end, message, f"write `{written}`"),
        (Edit(at, end, (("=", "="),)),),
        again="colon",
    )


def default_by_colon(scene: Scene) -> Iterator[Slip]:
    """`space s(width: 8)`: the word behind `:` would be a kind."""
    at = scene.at
    if (
        scene.kind(at - 1) != ":"
        or scene.bracket != "("
        or not scene.is_word(at - 2)
        or "INT" in scene.expected
    ):
        return
    name, value = scene.text(at - 2), _shown(scene.source(at, scene.value_end(at)))
    diagnostic = _foreign(scene, at - 1, at, "`:` gives no value", f"write `{name} = {value}`")
    yield Slip(diagnostic, (Edit(at - 1, at, (("=", "="),)),), again="colon")


def colon_body(scene: Scene) -> Iterator[Slip]:
    """`for i in range(3):`."""
    at = scene.at
    if (
        scene.kind(at) != ":"
        or "{" not in scene.expected
        or (not _opens_body(scene) and "=" in scene.expected)
    ):
        return
    diagnostic = syntax.COLON_BODY.error(
        scene.span(at), "a body opens with `{`, not with `:`", help="write `{ … }` around the body"
    )
    if scene.kind(at + 1) == "{":
        yield Slip(diagnostic, (Edit(at, at + 1),))
        return
    line = scene.line_start(at)
    known = (
        scene.kind(line) == "else" and scene.kind(line - 1) != "}"
    )  # the `if` of this `else` has been told
    yield Slip(diagnostic, (Edit(at, at + 1, (("{", ":"),)),), known=known)


def _opens_body(scene: Scene) -> bool:
    """Does a body follow this `:`, rather than a value?"""
    following = scene.at + 1
    return "{" in scene.expected and (
        scene.opens_line(following) or scene.kind(following) in ("{", *STATEMENTS)
    )


def no_shape(scene: Scene) -> Iterator[Slip]:
    """`input x = [b, c = 3]`, `input [b, c = 3]`."""
    at = scene.at
    if scene.kind(at) == "=" and scene.kind(at - 2) in ("input", "param"):
        value = _shown(scene.source(at + 1, scene.value_end(at + 1)))
        diagnostic = _foreign(
            scene,
            at,
            at + 1,
            "`=` gives no shape",
            f"write `{scene.kind(at - 2)} {scene.text(at - 1)}: {value}`",
        )
        yield Slip(diagnostic, (Edit(at, at + 1, ((":", ":"),)),))
    if scene.kind(at) == "[" and scene.kind(at - 1) == "input":
        value = _shown(scene.source(at, scene.group_end(at)))
        diagnostic = _foreign(scene, at, at + 1, "an input has a name", f"write `input x: {value}`")
        yield Slip(diagnostic, (Edit(at, at, (("NAME", "x"), (":", ":"))),))


def then_body(scene: Scene) -> Iterator[Slip]:
    """`if a then { … }`."""
    if scene.kind(scene.at) in ("then", "do") and "{" in scene.expected:
        diagnostic = _foreign(
            scene,
            scene.at,
            scene.at + 1,
            "`then` stands between values",
            "remove it: statements stand in `{ … }`",
        )
        yield Slip(diagnostic, (Edit(scene.at, scene.at + 1),))


def shape(scene: Scene) -> Iterator[Slip]:
    """`input x: [b, 3, 32, 32]`, `input x: (3, 32, 32)`."""
    at = scene.at
    start = at if scene.kind(at) == "(" and scene.kind(at - 1) == ":" else scene.opener
    if (
        start is None
        or scene.kind(start) not in ("(", "[")
        or scene.kind(start - 1) != ":"
        or "{" in scene.expected
    ):
        return
    line = scene.line_start(start)
    if (scene.kind(start) == "(" and "[" not in scene.expected) or not {"input", "param"} & {
        scene.kind(i) for i in range(line, start)
    }:
        return
    end = scene.group_end(start)
    named = _named_sizes(scene, start + 1, end - 1)
    if named is None:
        return
    written = f"[b, {', '.join(f'{name} = {scene.source(*place)}' for name, place in named)}]"
    put: list[tuple[str, str]] = [("[", "["), ("NAME", "b")]
    for name, (first, last) in named:
        put += [(",", ","), ("NAME", name), ("=", "=")]
        put += [(scene.kind(i), scene.text(i)) for i in range(first, last)]
    message = "the sizes of a shape have names"
    bad = at if scene.kind(start) == "[" else start
    yield Slip(
        _foreign(scene, bad, bad + 1, message, f"write `{written}`"), (Edit(start, end, (*put, ("]", "]"))),)
    )


def _named_sizes(scene: Scene, start: int, end: int) -> list[tuple[str, tuple[int, int]]] | None:
    """The sizes of a shape, each with its letter and its place: the batch is left out. None where that cannot
    be told.
    """
    parts: list[tuple[int, int]] = []
    while start < end:
        last = scene.value_end(start)
        if last == start:
            return None
        parts.append((start, last))
        start = last + 1
    sizes = [
        part
        for part in parts
        if not (scene.is_word(part[0]) and part[1] - part[0] == 1 and len(scene.text(part[0])) == 1)
    ]
    if sizes and scene.source(*sizes[0]) in ("-1", "None", "batch", "batch_size"):
        sizes = sizes[1:]
    letters: tuple[str, ...] = _SHAPES.get(len(sizes), ())
    if (
        len(sizes) == 3
        and scene.text(sizes[2][0]) in ("1", "3")
        and scene.text(sizes[0][0]) not in ("1", "3")
    ):
        letters = ("h", "w", "c")
    if not letters or any(scene.kind(first + 1) == "=" for first, _ in sizes):
        return None
    return list(zip(letters, sizes, strict=True))


def step(scene: Scene) -> Iterator[Slip]:
    """`8..16 step 4`, and `8..16:4`."""
    for index in (scene.at, scene.at - 1):
        if scene.text(index) not in ("step", "stride", "every") or scene.opens_line(index):
            continue
        if ".." in [scene.kind(i) for i in range(scene.line_start(index), index)]:
            value = _shown(scene.source(index + 1, scene.operand_end(index + 1)))
            diagnostic = _foreign(
                scene, index, index + 1, f"a range has no `{scene.text(index)}`", f"write `by {value}`"
            )
            yield Slip(diagnostic, (Edit(index, index + 1, (("by", "by"),)),))


def own(scene: Scene) -> Iterator[Slip]:
    """`self.conv = …`, at the start of a statement."""
    at = scene.at
    if scene.kind(at) == "." and scene.text(at - 1) in ("self", "this") and scene.is_word(at + 1):
        name = scene.text(at + 1)
        help = f"names stand by themselves: write `{name}`"
        yield Slip(
            _foreign(scene, at - 1, at + 1, f"there is no `{scene.text(at - 1)}`", help),
            (Edit(at - 1, at + 1),),
        )


def domain(scene: Scene) -> Iterator[Slip]:
    """`kernel in [1, 3]`, `kernel ∈ …`, `x <- 3`, `x == 3` as a statement."""
    at = scene.at
    if (
        not scene.is_word(at - 1)
        or "=" not in scene.expected
        or (scene.opener is not None and scene.bracket != "{")
    ):
        return
    name, value = scene.text(at - 1), _shown(scene.source(at + 1, _statement_end(scene, at + 1)))
    if scene.kind(at) == "in":
        diagnostic = _foreign(scene, at, at + 1, "`in` declares no choice", f"write `{name} ~ {value}`")
        yield Slip(diagnostic, (Edit(at, at + 1, (("~", "~"),)),))
    if scene.kind(at) == "==":
        diagnostic = syntax.ASSIGNED.error(
            scene.span(at), "`==` gives no value", help=f"write `{name} = {value}`"
        )
        yield Slip(diagnostic, (Edit(at, at + 1, (("=", "="),)),))
    if scene.kind(at) == "<" and scene.kind(at + 1) == "-" and scene.adjoin(at + 1):
        value = _shown(scene.source(at + 2, _statement_end(scene, at + 2)))
        diagnostic = _foreign(scene, at, at + 2, "there is no `<-`", f"write `{name} = {value}`")
        yield Slip(diagnostic, (Edit(at, at + 2, (("=", "="),)),))


def arrows(scene: Scene) -> Iterator[Slip]:
    """`x => conv(8)`, `x - > conv(8)`, `x >> conv(8)`."""
    for first in (scene.at - 1, scene.at):
        if scene.kind(first) + scene.kind(first + 1) not in ("=>", "->", ">>", "~>", "<>"):
            continue
        written, name = scene.source(first, first + 2), scene.text(first - 1)
        alone = scene.is_word(first - 1) and scene.opens_line(first - 1)
        help = f"write `{name} = {name} -> …`" if alone else "write `->`"
        put = (("=", "="), ("NAME", name), ("->", "->")) if alone else (("->", "->"),)
        yield Slip(
            _foreign(scene, first, first + 2, f"`{written}` is no arrow", help),
            (Edit(first, first + 2, put),),
            sure=False,
        )


def chained_assignment(scene: Scene) -> Iterator[Slip]:
    """`a = b = 3`, outside of conditions."""
    at = scene.at
    if (
        scene.kind(at) != "="
        or scene.kind(at - 2) != "="
        or not scene.is_word(at - 1)
        or not scene.is_word(at - 3)
    ):
        return
    first, second = scene.text(at - 3), scene.text(at - 1)
    if scene.bracket == "(":
        diagnostic = _foreign(scene, at, at + 1, "a parameter is set once", f"write `{first} = …`")
    else:
        value = _shown(scene.source(at + 1, _statement_end(scene, at + 1)))
        diagnostic = _foreign(
            scene,
            at,
            at + 1,
            "a statement assigns once",
            f"write `{second} = {value}`, then `{first} = {second}`",
        )
    yield Slip(diagnostic, (Edit(at - 1, at + 1),))


def loop_pattern(scene: Scene) -> Iterator[Slip]:
    """`for i, x in rows`, `for (i in rows)`, `for i = 1..3`, `for i of rows`."""
    at = scene.at
    header = scene.line_start(at)
    while header < at and scene.kind(header) != "for":
        header += 1
    if scene.kind(header) != "for":
        return
    if scene.kind(at) == "," and header == at - 2:
        end = at
        while scene.kind(end) not in ("in", END, "{", "}"):
            end += 1
        names = scene.source(header + 1, end)
        diagnostic = _foreign(
            scene,
            header + 1,
            end,
            "several names of a loop stand in parentheses",
            f"write `for ({_shown(names)}) in …`",
        )
        yield Slip(diagnostic, (Edit(header + 1, header + 1, (("(", "("),)), Edit(end, end, ((")", ")"),))))
    if scene.kind(at) == "in" and scene.kind(header + 1) == "(" and scene.bracket == "(":
        end = scene.group_end(header + 1)
        diagnostic = _foreign(
            scene, header + 1, header + 2, "a loop has no parentheses", "write `for x in xs { … }`"
        )
        yield Slip(diagnostic, (Edit(header + 1, header + 2), Edit(end - 1, end)))
    if scene.kind(at) in ("=", "of", ":", "~") and "in" in scene.expected and scene.is_word(at - 1):
        diagnostic = _foreign(
            scene, at, at + 1, f"`{scene.text(at)}` leads no loop", f"write `for {scene.text(at - 1)} in …`"
        )
        yield Slip(
            diagnostic, (Edit(at, at + 1, (("in", "in"),)),), sure=False, known=scene.span(at).text == "∈"
        )


def comma_too_many(scene: Scene) -> Iterator[Slip]:
    """`output x,` and `a, = 3`: a comma behind the last of several values, outside of brackets."""
    for index in (scene.at - 1, scene.at - 2):
        if (
            scene.bracket in ("(", "[")
            or scene.kind(index) != ","
            or (index == scene.at - 2 and scene.kind(scene.at) not in ("=", "~", "{"))
        ):
            continue
        diagnostic = _foreign(
            scene,
            index,
            index + 1,
            "a comma too many",
            "remove it: only inside brackets may a list end in `,`",
        )
        yield Slip(diagnostic, (Edit(index, index + 1),), sure=False)


def record(scene: Scene) -> Iterator[Slip]:
    """`(width = 8, deep = true)`, `[small = conv(8)]`: labels of a record or a list."""
    at = scene.at
    if (
        scene.kind(at) != "="
        or scene.opener is None
        or scene.kind(at - 2) not in ("(", "[", ",")
        or not scene.is_word(at - 1)
    ):
        return
    before = scene.opener - 1
    called = (
        scene.bracket == "("
        and not scene.opens_line(scene.opener)
        and (scene.is_word(before) or scene.kind(before) in (")", "]"))
    )
    if not called and scene.kind(before) != ":" and scene.kind(before) not in ("if", "require"):
        help = f"write `{scene.text(at - 1)}: {_shown(scene.source(at + 1, scene.value_end(at + 1)))}`"
        diagnostic = _foreign(scene, at, at + 1, "parts of a record or a list have labels", help)
        yield Slip(diagnostic, (Edit(at, at + 1, ((":", ":"),)),), again="record", sure=False)
        yield Slip(
            diagnostic,
            (Edit(scene.opener, scene.group_end(scene.opener), _UNKNOWN),),
            again="record",
            sure=False,
        )


def twice(scene: Scene) -> Iterator[Slip]:
    """`model model m`, `x -> -> relu`: a word or an arrow that stands twice."""
    for index in (scene.at, scene.at - 1):
        text = scene.text(index)
        if (
            text == scene.text(index - 1)
            and (scene.is_word(index) or text == "->")
            and not scene.opens_line(index)
        ):
            diagnostic = syntax.UNEXPECTED.error(
                scene.span(index), f"`{text}` stands twice", help="remove one"
            )
            yield Slip(diagnostic, (Edit(index, index + 1),), sure=False)


def braces(scene: Scene) -> Iterator[Slip]:
    """`x = {a: 3}`: a dictionary or a set."""
    at = scene.at
    if scene.kind(at) != "{" or "INT" not in scene.expected:
        return
    end = scene.group_end(at)
    record = scene.kind(at + 2) == ":"
    help = "a record is `(width: 8, deep: true)`" if record else "a list is `[a, b]`"
    yield Slip(
        _foreign(scene, at, at + 1, "braces hold statements, not values", help), (Edit(at, end, _UNKNOWN),)
    )


def nameless(scene: Scene) -> Iterator[Slip]:
    """`x -> conv(8)` and `conv(8)` as statements."""
    at = scene.at
    first = scene.line_start(at)
    if not (
        first == at - 1 and scene.is_word(first) and "=" in scene.expected and scene.bracket in ("", "{")
    ):
        return
    name = scene.text(first)
    if scene.kind(at) == "->":
        rest = _shown(scene.source(at + 1, _statement_end(scene, at + 1)))
        diagnostic = syntax.MISSING.error(
            scene.span(first),
            "this statement gives its value no name",
            help=f"write `{name} = {name} -> {rest}`",
        )
        yield Slip(diagnostic, (Edit(first, first, (("NAME", name), ("=", "="))),))
    if scene.kind(at) == "(":
        end = _statement_end(scene, at)
        written = _shown(scene.source(first, scene.group_end(at)), f"{name}(…)")
        diagnostic = syntax.MISSING.error(
            scene.span(first), "this statement gives its value no name", help=f"write `x = x -> {written}`"
        )
        yield Slip(diagnostic, (Edit(first, end, _UNKNOWN),))


def comment(scene: Scene) -> Iterator[Slip]:
    """`// a comment`, `/* a comment */`, and texts that stand alone."""
    at = scene.at
    if not scene.opens_line(at) or not (
        scene.kind(at) in ("//", "STRING") or (scene.kind(at) == "/" and scene.kind(at + 1) == "*")
    ):
        return
    end = at + 1
    if scene.kind(at) == "/":
        while scene.kind(end) != END and (scene.kind(end - 1), scene.kind(end)) != ("*", "/"):
            end += 1
        end += scene.kind(end) != END
    while scene.kind(end) != END and not scene.opens_line(end):
        end += 1
    yield Slip(
        _foreign(scene, at, at + 1, "this is no comment", "a comment begins with `#` and ends with its line"),
        (Edit(at, end),),
        sure=False,
    )


def negated(scene: Scene) -> Iterator[Slip]:
    """`x not in xs`, `x is y`, `x is not y`, `x <> y`."""
    at = scene.at
    if "+" not in scene.expected and "=" not in scene.expected:
        return
    if scene.kind(at) == "not" and scene.kind(at + 1) == "in":
        value = _shown(scene.source(scene.value_start(at), at), "x")
        xs = _shown(scene.source(at + 2, scene.operand_end(at + 2)), "xs")
        diagnostic = _foreign(scene, at, at + 2, "there is no `not in`", f"write `not {value} in {xs}`")
        yield Slip(diagnostic, (Edit(at, scene.operand_end(at + 2), (("==", "=="), *_UNKNOWN)),))
    for index in (at, at - 1):
        if scene.text(index) == "is" and not scene.opens_line(index):
            end = index + 1 + (scene.kind(index + 1) == "not")
            sign = "!=" if end > index + 1 else "=="
            diagnostic = _foreign(
                scene, index, end, f"there is no `{scene.source(index, end)}`", f"write `{sign}`"
            )
            yield Slip(diagnostic, (Edit(index, end, ((sign, sign),)),), sure=False)


def formatted(scene: Scene) -> Iterator[Slip]:
    """`f"{width}"`, `r"same"`: a text with a letter before it."""
    at = scene.at
    if (
        scene.kind(at) == "STRING"
        and scene.is_word(at - 1)
        and len(scene.text(at - 1)) <= 2
        and scene.adjoin(at)
    ):
        known = not scene.tokens.span(at).text.startswith('"')  # its quotes have been told
        diagnostic = _foreign(
            scene,
            at - 1,
            at + 1,
            "a text has no letters before it and no holes in it",
            'texts name modes: `"same"`',
        )
        yield Slip(diagnostic, (Edit(at - 1, at + 1, _UNKNOWN),), known=known)


def typed(scene: Scene) -> Iterator[Slip]:
    """`int width = 8`."""
    at = scene.at
    if scene.is_word(at) and scene.text(at - 1) in _TYPES and scene.kind(at + 1) == "=":
        diagnostic = _foreign(scene, at - 1, at, "names have no types", f"write `{scene.text(at)} = …`")
        yield Slip(diagnostic, (Edit(at - 1, at),))


def point(scene: Scene) -> Iterator[Slip]:
    """`.5`, `1.`, `8...16`, `xs[1:]`."""
    at = scene.at
    if scene.kind(at) == "." and scene.kind(at - 1) == ".." and scene.adjoin(at):
        diagnostic = _foreign(
            scene, at - 1, at + 1, "there is no `...`", "a range is `low..high`, both ends included"
        )
        yield Slip(diagnostic, (Edit(at, at + 1),))
        return
    if scene.kind(at) == "." and scene.kind(at + 1) == "INT" and "INT" in scene.expected:
        help = f"write `0.{scene.text(at + 1)}`"
        diagnostic = syntax.BAD_NUMBER.error(
            scene.span(at, at + 2), "a number begins with a digit", help=help
        )
        yield Slip(diagnostic, (Edit(at, at + 2, (("FLOAT", f"0.{scene.text(at + 1)}"),)),))
    if scene.kind(at - 1) == "." and scene.kind(at - 2) == "INT" and scene.adjoin(at - 1):
        help = f"write `{scene.text(at - 2)}.0`"
        diagnostic = syntax.BAD_NUMBER.error(scene.span(at - 2, at), "a number ends with a digit", help=help)
        yield Slip(diagnostic, (Edit(at - 2, at, (("FLOAT", f"{scene.text(at - 2)}.0"),)),), sure=False)
    if scene.kind(at) == ":" and scene.bracket == "[" and scene.opener is not None:
        end = scene.group_end(scene.opener)
        help = "of a list: `xs[1..2]`, both ends included; of a tensor: `x -> take(n = 0..3)`"
        diagnostic = _foreign(scene, at, at + 1, "`:` cuts no slice", help)
        yield Slip(diagnostic, (Edit(scene.opener + 1, end - 1, _UNKNOWN),), sure=False)


def matrix_product(scene: Scene) -> Iterator[Slip]:
    """`x @ y` reads as a set of dimensions behind a value; at the start of a line it is a decorator."""
    at = scene.at
    if scene.kind(at) != "AXES":
        return
    if scene.opens_line(at):
        end = at + 1
        while scene.kind(end) != END and not scene.opens_line(end):
            end += 1
        yield Slip(
            _foreign(scene, at, end, "there are no decorators", "remove the line"),
            (Edit(at, end),),
            sure=False,
        )
    elif "+" in scene.expected:
        end = at + 1 if scene.adjoin(at + 1) or len(scene.text(at)) > 1 else scene.operand_end(at + 1)
        help = "a product over a dimension: `(x, y) -> dot(@c)`"
        diagnostic = _foreign(scene, at, at + 1, "there is no matrix product `@`", help)
        known = scene.text(at) == "@"  # told when it was read
        yield Slip(diagnostic, (Edit(at, end, (("+", "+"), *_UNKNOWN)),), sure=False, known=known)


HABITS: tuple[Habit, ...] = (
    foreign_word,
    twice,
    record,
    augmented,
    power,
    ternary,
    formatted,
    colon_body,
    loop_pattern,
    colon,
    default_by_colon,
    shape,
    no_shape,
    then_body,
    step,
    own,
    arrows,
    domain,
    chained_assignment,
    braces,
    negated,
    typed,
    point,
    matrix_product,
    comment,
    nameless,
    comma_too_many,
)

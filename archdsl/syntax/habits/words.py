"""Words and names of other languages: `return x`, `self.conv`, `int width = 8`."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import syntax
from archdsl.syntax.slips import UNKNOWN, Edit, Scene, Slip, mended, put
from archdsl.syntax.table import BROKEN, END

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
    {
        "int",
        "float",
        "bool",
        "str",
        "string",
        "tensor",
        "Tensor",
        "list",
        "tuple",
        "number",
        "double",
    }
)


def foreign_word(scene: Scene) -> Iterator[Slip]:
    """`return x`, `def f(x)`, `class Net(nn.Module):`, `elif`, `import torch`."""
    for index in (scene.at, scene.at - 1, scene.at - 2):
        word = scene.text(index)
        if (
            scene.kind(index) != "NAME"
            or word not in _WORDS
            or scene.kind(index - 1) in (".", "~")
        ):
            continue
        if index < scene.at and not (
            scene.is_word(index + 1) or scene.opens_line(index) or word in _ELSE_IF
        ):
            continue
        diagnostic = scene.foreign(
            index, index + 1, f"`{word}` is not a word of this language", _WORDS[word]
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
        yield (put(index, index + 1, _REPLACED[word]),)
    if word in _ELSE_IF:
        yield (put(index, index + 1, "else", "if"),)
    if word in _DELETED:
        yield (put(index, index + 1),)
    if word in ("import", "from", "break", "continue", "del", "global", "raise"):
        yield (put(index, line_end),)
    if word == "print":
        yield (put(index, scene.operand_end(index)),)
    if word in ("lambda", "None"):
        yield (
            put(index, scene.value_end(index) if word == "lambda" else index + 1, UNKNOWN),
        )
    if word in ("def", "class", "func", "function", "struct"):
        yield from _defined(scene, index)


def _defined(scene: Scene, index: int) -> Iterator[tuple[Edit, ...]]:
    """`def f(x) = …` and `def f(x) { … }` are what they say; of `def f(x):` everything indented below is left
    out.
    """
    kind = scene.kind
    name = scene.text(index + 1)
    after = index + 2
    if kind(after) == "(":
        after = scene.group_end(after)
    if kind(after) == "{":
        yield (put(index, index + 1, "block"),)
    if kind(after) == "=":
        yield (put(index, index + 1, "fn"),)
    if kind(after) in (":", "->"):
        yield (
            put(
                index, scene.suite_end(index), (BROKEN, name if name.isidentifier() else "")
            ),
        )


def own(scene: Scene) -> Iterator[Slip]:
    """`self.conv = …`, at the start of a statement."""
    at = scene.at
    if (
        scene.kind(at) == "."
        and scene.text(at - 1) in ("self", "this")
        and scene.is_word(at + 1)
    ):
        name = scene.text(at + 1)
        help = f"names stand by themselves: write `{name}`"
        yield mended(
            scene.foreign(at - 1, at + 1, f"there is no `{scene.text(at - 1)}`", help),
            put(at - 1, at + 1),
        )


def typed(scene: Scene) -> Iterator[Slip]:
    """`int width = 8`."""
    at = scene.at
    if scene.is_word(at) and scene.text(at - 1) in _TYPES and scene.kind(at + 1) == "=":
        diagnostic = scene.foreign(
            at - 1, at, "names have no types", f"write `{scene.text(at)} = …`"
        )
        yield mended(diagnostic, put(at - 1, at))


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
            yield mended(diagnostic, put(index, index + 1), sure=False)


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
        diagnostic = scene.foreign(
            at - 1,
            at + 1,
            "a text has no letters before it and no holes in it",
            'texts name modes: `"same"`',
        )
        yield mended(diagnostic, put(at - 1, at + 1, UNKNOWN), known=known)

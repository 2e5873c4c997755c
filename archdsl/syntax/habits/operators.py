"""Signs between values: `x += y`, `a ** 2`, `a if c else b`, `x >> conv(8)`."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import syntax
from archdsl.syntax.slips import OPENERS, UNKNOWN, Scene, Slip, mended, put
from archdsl.syntax.table import END

_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%"})


def augmented(scene: Scene) -> Iterator[Slip]:
    """`x += y`, `n //= 2`, `i++`."""
    at, kind = scene.at, scene.kind
    sign = kind(at)
    if sign not in _ARITHMETIC or not scene.is_word(at - 1) or "=" not in scene.expected:
        return
    name = scene.text(at - 1)
    after = at + 1
    if kind(after) == sign and sign in "+-*" and scene.adjoin(after):
        after += 1
    if kind(after) == "=" and scene.adjoin(after):
        written = scene.source(at, after + 1)
        end = scene.statement_end(after + 1)
        value = scene.shown(after + 1, end)
        value = value if scene.operand_end(after + 1) == end else f"({value})"
        help = f"write `{name} = {name} {sign} {value}`"
        if "**" in written:
            help = f"multiply: `{name} = {name} * {name}`"
        diagnostic = scene.foreign(at, after + 1, f"there is no `{written}`", help)
        yield mended(diagnostic, put(at, end, "=", UNKNOWN))
    elif after == at + 2 and sign in "+-":
        diagnostic = scene.foreign(
            at, after, f"there is no `{sign * 2}`", f"write `{name} = {name} {sign} 1`"
        )
        yield mended(diagnostic, put(at, after, "=", UNKNOWN))


def power(scene: Scene) -> Iterator[Slip]:
    """`a ** 2`."""
    at, kind = scene.at, scene.kind
    if kind(at) != "*" or kind(at - 1) != "*" or not scene.adjoin(at):
        return
    base, end = scene.text(at - 2), scene.operand_end(at + 1)
    base = base if base.isidentifier() and kind(at - 3) != "." else "x"
    help = (
        f"take a root: `sqrt({base})`"
        if scene.text(at + 1) == "0.5"
        else f"multiply: `{base} * {base}`"
    )
    yield mended(
        scene.foreign(at - 1, at + 1, "there is no `**`", help), put(at, end, UNKNOWN)
    )


def ternary(scene: Scene) -> Iterator[Slip]:
    """`a if c else b`: refused at `if`, or in a body, where `if` opens a statement, at `else`."""
    at, kind = scene.at, scene.kind
    test = at
    if kind(at) == "else":
        while test > 0 and kind(test) != "if" and kind(test) not in ("{", "}", "="):
            test -= 1
    if (
        kind(test) != "if"
        or scene.opens_line(test)
        or test == 0
        or ("{" in scene.expected and test == at)
    ):
        return
    other = test + 1
    while kind(other) not in ("else", END, "{", "}", ",") and not scene.begins_statement(
        other
    ):
        other = scene.group_end(other) if kind(other) in OPENERS else other + 1
    start, end = scene.value_start(test), scene.value_end(other)
    if kind(other) != "else" or start == test:
        return
    condition, value = scene.shown(test + 1, other), scene.shown(start, test)
    help = f"write `if {condition} then {value} else {scene.shown(other + 1, end)}`"
    diagnostic = scene.foreign(
        test, test + 1, "a condition stands before both values", help
    )
    yield mended(diagnostic, put(start, end, UNKNOWN))


def arrows(scene: Scene) -> Iterator[Slip]:
    """`x => conv(8)`, `x - > conv(8)`, `x >> conv(8)`."""
    for first in (scene.at - 1, scene.at):
        if scene.kind(first) + scene.kind(first + 1) not in ("=>", "->", ">>", "~>", "<>"):
            continue
        written, name = scene.source(first, first + 2), scene.text(first - 1)
        alone = scene.is_word(first - 1) and scene.opens_line(first - 1)
        help = f"write `{name} = {name} -> …`" if alone else "write `->`"
        arrow = ("=", ("NAME", name), "->") if alone else ("->",)
        yield mended(
            scene.foreign(first, first + 2, f"`{written}` is no arrow", help),
            put(first, first + 2, *arrow),
            sure=False,
        )


def negated(scene: Scene) -> Iterator[Slip]:
    """`x not in xs`, `x is y`, `x is not y`, `x <> y`."""
    at, kind = scene.at, scene.kind
    if "+" not in scene.expected and "=" not in scene.expected:
        return
    if kind(at) == "not" and kind(at + 1) == "in":
        value = scene.shown(scene.value_start(at), at, "x")
        xs = scene.shown(at + 2, scene.operand_end(at + 2), "xs")
        diagnostic = scene.foreign(
            at, at + 2, "there is no `not in`", f"write `not {value} in {xs}`"
        )
        yield mended(diagnostic, put(at, scene.operand_end(at + 2), "==", UNKNOWN))
    for index in (at, at - 1):
        if scene.text(index) == "is" and not scene.opens_line(index):
            end = index + 1 + (kind(index + 1) == "not")
            sign = "!=" if end > index + 1 else "=="
            diagnostic = scene.foreign(
                index, end, f"there is no `{scene.source(index, end)}`", f"write `{sign}`"
            )
            yield mended(diagnostic, put(index, end, sign), sure=False)


def matrix_product(scene: Scene) -> Iterator[Slip]:
    """`x @ y` reads as a set of dimensions behind a value; at the start of a line it is a decorator."""
    at = scene.at
    if scene.kind(at) != "AXES":
        return
    if scene.opens_line(at):
        end = at + 1
        while scene.kind(end) != END and not scene.opens_line(end):
            end += 1
        yield mended(
            scene.foreign(at, end, "there are no decorators", "remove the line"),
            put(at, end),
            sure=False,
        )
    elif "+" in scene.expected:
        end = (
            at + 1
            if scene.adjoin(at + 1) or len(scene.text(at)) > 1
            else scene.operand_end(at + 1)
        )
        help = "a product over a dimension: `(x, y) -> dot(@c)`"
        diagnostic = scene.foreign(at, at + 1, "there is no matrix product `@`", help)
        known = scene.text(at) == "@"  # told when it was read
        yield mended(diagnostic, put(at, end, "+", UNKNOWN), sure=False, known=known)


def step(scene: Scene) -> Iterator[Slip]:
    """`8..16 step 4`, and `8..16:4`."""
    for index in (scene.at, scene.at - 1):
        if scene.text(index) not in ("step", "stride", "every") or scene.opens_line(index):
            continue
        if ".." in [scene.kind(i) for i in range(scene.line_start(index), index)]:
            value = scene.shown(index + 1, scene.operand_end(index + 1))
            diagnostic = scene.foreign(
                index,
                index + 1,
                f"a range has no `{scene.text(index)}`",
                f"write `by {value}`",
            )
            yield mended(diagnostic, put(index, index + 1, "by"))


def point(scene: Scene) -> Iterator[Slip]:
    """`.5`, `1.`, `8...16`, `xs[1:]`."""
    at, kind = scene.at, scene.kind
    if kind(at) == "." and kind(at - 1) == ".." and scene.adjoin(at):
        diagnostic = scene.foreign(
            at - 1,
            at + 1,
            "there is no `...`",
            "a range is `low..high`, both ends included",
        )
        yield mended(diagnostic, put(at, at + 1))
        return
    if kind(at) == "." and kind(at + 1) == "INT" and "INT" in scene.expected:
        help = f"write `0.{scene.text(at + 1)}`"
        diagnostic = syntax.BAD_NUMBER.error(
            scene.span(at, at + 2), "a number begins with a digit", help=help
        )
        yield mended(diagnostic, put(at, at + 2, ("FLOAT", f"0.{scene.text(at + 1)}")))
    if kind(at - 1) == "." and kind(at - 2) == "INT" and scene.adjoin(at - 1):
        help = f"write `{scene.text(at - 2)}.0`"
        diagnostic = syntax.BAD_NUMBER.error(
            scene.span(at - 2, at), "a number ends with a digit", help=help
        )
        yield mended(
            diagnostic, put(at - 2, at, ("FLOAT", f"{scene.text(at - 2)}.0")), sure=False
        )
    if kind(at) == ":" and scene.bracket == "[" and scene.opener is not None:
        end = scene.group_end(scene.opener)
        help = (
            "of a list: `xs[1..2]`, both ends included; of a tensor: `x -> take(n = 0..3)`"
        )
        diagnostic = scene.foreign(at, at + 1, "`:` cuts no slice", help)
        yield mended(diagnostic, put(scene.opener + 1, end - 1, UNKNOWN), sure=False)

"""What opens bodies and stands between statements: `for i in range(3):`, `// a comment`."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import syntax
from archdsl.syntax.slips import STATEMENTS, UNKNOWN, Scene, Slip, mended, put
from archdsl.syntax.table import END


def colon_body(scene: Scene) -> Iterator[Slip]:
    """`for i in range(3):`."""
    at, kind = scene.at, scene.kind
    if (
        kind(at) != ":"
        or "{" not in scene.expected
        or (not opens_body(scene) and "=" in scene.expected)
    ):
        return
    diagnostic = syntax.COLON_BODY.error(
        scene.span(at),
        "a body opens with `{`, not with `:`",
        help="write `{ … }` around the body",
    )
    if kind(at + 1) == "{":
        yield mended(diagnostic, put(at, at + 1))
        return
    line = scene.line_start(at)
    known = (
        kind(line) == "else" and kind(line - 1) != "}"
    )  # the `if` of this `else` has been told
    yield mended(diagnostic, put(at, at + 1, ("{", ":")), known=known)


def opens_body(scene: Scene) -> bool:
    """Does a body follow this `:`, rather than a value?"""
    following = scene.at + 1
    return "{" in scene.expected and (
        scene.opens_line(following) or scene.kind(following) in ("{", *STATEMENTS)
    )


def then_body(scene: Scene) -> Iterator[Slip]:
    """`if a then { … }`."""
    if scene.kind(scene.at) in ("then", "do") and "{" in scene.expected:
        diagnostic = scene.foreign(
            scene.at,
            scene.at + 1,
            "`then` stands between values",
            "remove it: statements stand in `{ … }`",
        )
        yield mended(diagnostic, put(scene.at, scene.at + 1))


def loop_pattern(scene: Scene) -> Iterator[Slip]:
    """`for i, x in rows`, `for (i in rows)`, `for i = 1..3`, `for i of rows`."""
    at, kind = scene.at, scene.kind
    header = scene.line_start(at)
    while header < at and kind(header) != "for":
        header += 1
    if kind(header) != "for":
        return
    if kind(at) == "," and header == at - 2:
        end = at
        while kind(end) not in ("in", END, "{", "}"):
            end += 1
        help = f"write `for ({scene.shown(header + 1, end)}) in …`"
        message = "several names of a loop stand in parentheses"
        diagnostic = scene.foreign(header + 1, end, message, help)
        yield mended(diagnostic, put(header + 1, header + 1, "("), put(end, end, ")"))
    if kind(at) == "in" and kind(header + 1) == "(" and scene.bracket == "(":
        end = scene.group_end(header + 1)
        help = "write `for x in xs { … }`"
        diagnostic = scene.foreign(
            header + 1, header + 2, "a loop has no parentheses", help
        )
        yield mended(diagnostic, put(header + 1, header + 2), put(end - 1, end))
    if (
        kind(at) in ("=", "of", ":", "~")
        and "in" in scene.expected
        and scene.is_word(at - 1)
    ):
        message = f"`{scene.text(at)}` leads no loop"
        diagnostic = scene.foreign(
            at, at + 1, message, f"write `for {scene.text(at - 1)} in …`"
        )
        yield mended(
            diagnostic, put(at, at + 1, "in"), sure=False, known=scene.span(at).text == "∈"
        )


def braces(scene: Scene) -> Iterator[Slip]:
    """`x = {a: 3}`: a dictionary or a set."""
    at = scene.at
    if scene.kind(at) != "{" or "INT" not in scene.expected:
        return
    end = scene.group_end(at)
    record = scene.kind(at + 2) == ":"
    help = "a record is `(width: 8, deep: true)`" if record else "a list is `[a, b]`"
    yield mended(
        scene.foreign(at, at + 1, "braces hold statements, not values", help),
        put(at, end, UNKNOWN),
    )


def comment(scene: Scene) -> Iterator[Slip]:
    """`// a comment`, `/* a comment */`, and texts that stand alone."""
    at, kind = scene.at, scene.kind
    if not scene.opens_line(at) or not (
        kind(at) in ("//", "STRING") or (kind(at) == "/" and kind(at + 1) == "*")
    ):
        return
    end = at + 1
    if kind(at) == "/":
        while kind(end) != END and (kind(end - 1), kind(end)) != ("*", "/"):
            end += 1
        end += kind(end) != END
    while kind(end) != END and not scene.opens_line(end):
        end += 1
    yield mended(
        scene.foreign(
            at,
            at + 1,
            "this is no comment",
            "a comment begins with `#` and ends with its line",
        ),
        put(at, end),
        sure=False,
    )

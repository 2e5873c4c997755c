"""How values get names: `conv(channels: 8)`, `kernel in [1, 3]`, `a = b = 3`."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Label
from archdsl.syntax.habits.bodies import opens_body
from archdsl.syntax.slips import UNKNOWN, Scene, Slip, mended, put


def colon(scene: Scene) -> Iterator[Slip]:
    """`conv(channels: 8)`, `width: int = 8`, `x := 3`."""
    at, kind = scene.at, scene.kind
    if (
        kind(at) != ":"
        or "=" not in scene.expected
        or not scene.is_word(at - 1)
        or opens_body(scene)
    ):
        return
    name = scene.text(at - 1)
    if (
        kind(scene.line_start(at)) == "input"
        and kind(at + 1) == "["
        and kind(at - 2) == ","
        and scene.opener is not None
    ):
        labels = [Label(scene.span(scene.opener), "`[` opened here")]
        diagnostic = syntax.UNCLOSED.error(
            scene.span(at - 2), "expected `]` before `,`", labels=labels
        )
        yield mended(diagnostic, put(at - 2, at - 2, "]"))
        return
    if kind(scene.line_start(at)) == "input" and kind(at + 1) == "[":
        diagnostic = syntax.MISSING.error(
            scene.span(at - 1), f"expected `,` before name `{name}`"
        )
        yield mended(diagnostic, put(at - 1, at - 1, ","))
        return
    if kind(at + 1) == "=":
        end, written = at + 2, f"{name} = …"
    elif scene.is_word(at + 1) and kind(at + 2) == "=":
        diagnostic = scene.foreign(at, at + 2, "names have no types", f"write `{name} = …`")
        yield mended(diagnostic, put(at, at + 2), again="types")
        return
    else:
        end, written = at + 1, f"{name} = {scene.shown(at + 1, scene.value_end(at + 1))}"
    message = "`:` gives no value" if scene.bracket != "[" else "`:` gives no size"
    yield mended(
        scene.foreign(at, end, message, f"write `{written}`"),
        put(at, end, "="),
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
    name, value = scene.text(at - 2), scene.shown(at, scene.value_end(at))
    diagnostic = scene.foreign(
        at - 1, at, "`:` gives no value", f"write `{name} = {value}`"
    )
    yield mended(diagnostic, put(at - 1, at, "="), again="colon")


def domain(scene: Scene) -> Iterator[Slip]:
    """`kernel in [1, 3]`, `kernel ∈ …`, `x <- 3`, `x == 3` as a statement."""
    at, kind = scene.at, scene.kind
    if (
        not scene.is_word(at - 1)
        or "=" not in scene.expected
        or (scene.opener is not None and scene.bracket != "{")
    ):
        return
    name, value = scene.text(at - 1), scene.shown(at + 1, scene.statement_end(at + 1))
    if kind(at) == "in":
        diagnostic = scene.foreign(
            at, at + 1, "`in` declares no choice", f"write `{name} ~ {value}`"
        )
        yield mended(diagnostic, put(at, at + 1, "~"))
    if kind(at) == "==":
        diagnostic = syntax.ASSIGNED.error(
            scene.span(at), "`==` gives no value", help=f"write `{name} = {value}`"
        )
        yield mended(diagnostic, put(at, at + 1, "="))
    if kind(at) == "<" and kind(at + 1) == "-" and scene.adjoin(at + 1):
        value = scene.shown(at + 2, scene.statement_end(at + 2))
        diagnostic = scene.foreign(
            at, at + 2, "there is no `<-`", f"write `{name} = {value}`"
        )
        yield mended(diagnostic, put(at, at + 2, "="))


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
        diagnostic = scene.foreign(
            at, at + 1, "a parameter is set once", f"write `{first} = …`"
        )
    else:
        value = scene.shown(at + 1, scene.statement_end(at + 1))
        diagnostic = scene.foreign(
            at,
            at + 1,
            "a statement assigns once",
            f"write `{second} = {value}`, then `{first} = {second}`",
        )
    yield mended(diagnostic, put(at - 1, at + 1))


def record(scene: Scene) -> Iterator[Slip]:
    """`(width = 8, deep = true)`, `[small = conv(8)]`: labels of a record or a list."""
    at, kind = scene.at, scene.kind
    if (
        kind(at) != "="
        or scene.opener is None
        or kind(at - 2) not in ("(", "[", ",")
        or not scene.is_word(at - 1)
    ):
        return
    before = scene.opener - 1
    called = (
        scene.bracket == "("
        and not scene.opens_line(scene.opener)
        and (scene.is_word(before) or kind(before) in (")", "]"))
    )
    if not called and kind(before) != ":" and kind(before) not in ("if", "require"):
        help = (
            f"write `{scene.text(at - 1)}: {scene.shown(at + 1, scene.value_end(at + 1))}`"
        )
        diagnostic = scene.foreign(
            at, at + 1, "parts of a record or a list have labels", help
        )
        yield mended(diagnostic, put(at, at + 1, ":"), again="record", sure=False)
        yield mended(
            diagnostic,
            put(scene.opener, scene.group_end(scene.opener), UNKNOWN),
            again="record",
            sure=False,
        )


def nameless(scene: Scene) -> Iterator[Slip]:
    """`x -> conv(8)` and `conv(8)` as statements."""
    at = scene.at
    first = scene.line_start(at)
    if not (
        first == at - 1
        and scene.is_word(first)
        and "=" in scene.expected
        and scene.bracket in ("", "{")
    ):
        return
    name = scene.text(first)
    if scene.kind(at) == "->":
        rest = scene.shown(at + 1, scene.statement_end(at + 1))
        diagnostic = syntax.MISSING.error(
            scene.span(first),
            "this statement gives its value no name",
            help=f"write `{name} = {name} -> {rest}`",
        )
        yield mended(diagnostic, put(first, first, ("NAME", name), "="))
    if scene.kind(at) == "(":
        end = scene.statement_end(at)
        written = scene.shown(first, scene.group_end(at), f"{name}(…)")
        diagnostic = syntax.MISSING.error(
            scene.span(first),
            "this statement gives its value no name",
            help=f"write `x = x -> {written}`",
        )
        yield mended(diagnostic, put(first, end, UNKNOWN))


def comma_too_many(scene: Scene) -> Iterator[Slip]:
    """`output x,` and `a, = 3`: a comma behind the last of several values, outside of brackets."""
    for index in (scene.at - 1, scene.at - 2):
        if (
            scene.bracket in ("(", "[")
            or scene.kind(index) != ","
            or (index == scene.at - 2 and scene.kind(scene.at) not in ("=", "~", "{"))
        ):
            continue
        diagnostic = scene.foreign(
            index,
            index + 1,
            "a comma too many",
            "remove it: only inside brackets may a list end in `,`",
        )
        yield mended(diagnostic, put(index, index + 1), sure=False)

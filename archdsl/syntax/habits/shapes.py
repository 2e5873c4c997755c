"""Shapes of inputs: `input x: [b, 3, 32, 32]`, `input x = [b, c = 3]`."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.syntax.slips import Scene, Slip, mended, put

_SHAPES = {1: ("c",), 2: ("n", "c"), 3: ("c", "h", "w"), 4: ("c", "t", "h", "w")}


def no_shape(scene: Scene) -> Iterator[Slip]:
    """`input x = [b, c = 3]`, `input [b, c = 3]`."""
    at, kind = scene.at, scene.kind
    if kind(at) == "=" and kind(at - 2) in ("input", "param"):
        value = scene.shown(at + 1, scene.value_end(at + 1))
        diagnostic = scene.foreign(
            at,
            at + 1,
            "`=` gives no shape",
            f"write `{kind(at - 2)} {scene.text(at - 1)}: {value}`",
        )
        yield mended(diagnostic, put(at, at + 1, ":"))
    if kind(at) == "[" and kind(at - 1) == "input":
        value = scene.shown(at, scene.group_end(at))
        diagnostic = scene.foreign(
            at, at + 1, "an input has a name", f"write `input x: {value}`"
        )
        yield mended(diagnostic, put(at, at, ("NAME", "x"), ":"))


def shape(scene: Scene) -> Iterator[Slip]:
    """`input x: [b, 3, 32, 32]`, `input x: (3, 32, 32)`."""
    at, kind = scene.at, scene.kind
    start = at if kind(at) == "(" and kind(at - 1) == ":" else scene.opener
    if (
        start is None
        or kind(start) not in ("(", "[")
        or kind(start - 1) != ":"
        or "{" in scene.expected
    ):
        return
    line = scene.line_start(start)
    if (kind(start) == "(" and "[" not in scene.expected) or not {"input", "param"} & {
        kind(i) for i in range(line, start)
    }:
        return
    end = scene.group_end(start)
    named = _named_sizes(scene, start + 1, end - 1)
    if named is None:
        return
    written = (
        f"[b, {', '.join(f'{name} = {scene.source(*place)}' for name, place in named)}]"
    )
    tokens: list[str | tuple[str, str]] = ["[", ("NAME", "b")]
    for name, (first, last) in named:
        tokens += [",", ("NAME", name), "="]
        tokens += [(kind(i), scene.text(i)) for i in range(first, last)]
    message = "the sizes of a shape have names"
    bad = at if kind(start) == "[" else start
    yield mended(
        scene.foreign(bad, bad + 1, message, f"write `{written}`"),
        put(start, end, *tokens, "]"),
    )


def _named_sizes(
    scene: Scene, start: int, end: int
) -> list[tuple[str, tuple[int, int]]] | None:
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
        if not (
            scene.is_word(part[0])
            and part[1] - part[0] == 1
            and len(scene.text(part[0])) == 1
        )
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

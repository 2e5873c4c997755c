"""Rearrangements: shapes, like, and what they refuse."""

from __future__ import annotations

import pytest
from primitive_calls import call, choice, tensor

from archdsl.ops.rearrange import PRIMITIVES

CLIP = tensor(b=1, c=8, t=4, h=14, w=14)

GOOD = [
    ("merge", CLIP, {"over": "hw", "into": "n"}, {"b": 1, "c": 8, "t": 4, "n": 196}),
    ("merge", tensor(a=2, c=8), {"over": "ac", "into": "c"}, {"c": 16}),
    (
        "split",
        CLIP,
        {"over": "t", "into": "ta", "a": 2},
        {"b": 1, "c": 8, "t": 2, "a": 2, "h": 14, "w": 14},
    ),
    (
        "split",
        CLIP,
        {"over": "t", "into": "gt", "t": 4},
        {"b": 1, "c": 8, "g": 1, "t": 4, "h": 14, "w": 14},
    ),
    (
        "split",
        tensor(n=196),
        {"over": "n", "into": "hw", "h": 14, "w": 14},
        {"h": 14, "w": 14},
    ),
    (
        "rename",
        CLIP,
        {"over": "c", "into": "s"},
        {"b": 1, "s": 8, "t": 4, "h": 14, "w": 14},
    ),
    ("rename", tensor(h=2, w=3), {"over": "hw", "into": "wh"}, {"w": 2, "h": 3}),
    ("take", CLIP, {"t": 0}, {"b": 1, "c": 8, "h": 14, "w": 14}),
    ("take", CLIP, {"t": range(0, 4, 2)}, {"b": 1, "c": 8, "t": 2, "h": 14, "w": 14}),
    ("take", CLIP, {"h": 13, "w": range(1, 14)}, {"b": 1, "c": 8, "t": 4, "w": 13}),
    ("chunk", tensor(n=5, c=24), {"c": 3, "index": 2}, {"n": 5, "c": 8}),
    ("expand", tensor(b=1, c=8), {"t": 4}, {"b": 1, "c": 8, "t": 4}),
    ("pad", CLIP, {"t": (0, 2), "h": (1, 1)}, {"b": 1, "c": 8, "t": 6, "h": 16, "w": 14}),
    ("resize", CLIP, {"h": 7, "w": 28}, {"b": 1, "c": 8, "t": 4, "h": 7, "w": 28}),
    (
        "shift",
        CLIP,
        {"over": "t", "offset": -1, "channels": range(2, 4)},
        {"b": 1, "c": 8, "t": 4, "h": 14, "w": 14},
    ),
    (
        "shift",
        CLIP,
        {"over": "t", "offset": 1, "channels": range(0)},
        {"b": 1, "c": 8, "t": 4, "h": 14, "w": 14},
    ),
]


@pytest.mark.parametrize(("name", "shape", "given", "expected"), GOOD)
def test_shapes(
    name: str, shape: dict[str, object], given: dict[str, object], expected: dict[str, int]
) -> None:
    out = call(name, shape, **given)
    assert out.sizes == expected
    assert not out.problems and not out.weights and out.macs.value == 0


def test_every_rearrangement_has_a_case() -> None:
    assert {name for name, *_ in GOOD} == {p.name for p in PRIMITIVES}


BAD = [
    (
        "merge",
        {"over": "hv", "into": "n"},
        "E0401",
        "dimension `v` is missing; the tensor has [b, c, t, h, w]",
    ),
    (
        "merge",
        {"over": "hw", "into": "c"},
        "E0405",
        "dimension `c` exists already; the tensor has [b, c, t]",
    ),
    (
        "merge",
        {"over": "hw", "into": "nm"},
        "E0407",
        "`into` names one dimension, not 2 (@nm)",
    ),
    (
        "merge",
        {"over": "bt", "into": "n"},
        "E0406",
        "`b` is the batch and cannot be named in an operation",
    ),
    (
        "split",
        {"over": "t", "into": "ta", "a": 3},
        "E0404",
        "t = 4 cannot be divided into 3 parts",
    ),
    (
        "split",
        {"over": "t", "into": "ta", "a": 3, "t": 2},
        "E0404",
        "t = 4 cannot be split into t = 2, a = 3, which make 6",
    ),
    (
        "split",
        {"over": "t", "into": "ta"},
        "E0414",
        "the sizes of t and a are open; all but one of @ta must be given",
    ),
    (
        "split",
        {"over": "t", "into": "ta", "g": 2, "a": 2},
        "E0407",
        "`g` is given a size, but the split is into @ta",
    ),
    (
        "split",
        {"over": "t", "into": "tc", "t": 2},
        "E0405",
        "dimension `c` exists already; the tensor has [b, c, h, w]",
    ),
    (
        "split",
        {"over": "t", "into": "ta", "a": 2.0},
        "E0408",
        "a is 2.0, which is not a whole number but the result of arithmetic with fractions",
    ),
    (
        "rename",
        {"over": "t", "into": "c"},
        "E0405",
        "dimension `c` exists already; the tensor has [b, c, h, w]",
    ),
    (
        "rename",
        {"over": "tc", "into": "n"},
        "E0407",
        "@tc and @n name differently many dimensions; they are renamed in pairs",
    ),
    (
        "rename",
        {"over": "n", "into": "s"},
        "E0401",
        "dimension `n` is missing; the tensor has [b, c, t, h, w]",
    ),
    ("take", {}, "E0414", "take names no dimension"),
    ("take", {"n": 0}, "E0401", "dimension `n` is missing; the tensor has [b, c, t, h, w]"),
    ("take", {"b": 0}, "E0406", "`b` is the batch and cannot be named in an operation"),
    ("take", {"t": 4}, "E0410", "position 4 lies outside t = 4, whose positions are 0..3"),
    (
        "take",
        {"t": -1},
        "E0410",
        "position -1 lies outside t = 4, whose positions are 0..3",
    ),
    ("take", {"t": 1.0}, "E0410", "`t` is 1.0, neither a position nor a range"),
    (
        "take",
        {"t": range(5)},
        "E0410",
        "position 4 of 0..4 lies outside t = 4, whose positions are 0..3",
    ),
    ("take", {"t": range(0)}, "E0410", "0..-1 is empty, so nothing would be left of `t`"),
    ("chunk", {"c": 3}, "E0404", "8 channels cannot be divided into 3 equal parts"),
    ("chunk", {"c": 2, "index": 2}, "E0410", "part 2 of 2 does not exist"),
    ("chunk", {}, "E0414", "chunk cuts one dimension"),
    (
        "expand",
        {"t": 4},
        "E0405",
        "dimension `t` exists already; the tensor has [b, c, t, h, w]",
    ),
    ("expand", {"n": 0}, "E0407", "n is 0; it must be at least 1"),
    ("expand", {}, "E0414", "expand names no dimension"),
    ("pad", {"t": (0, -1)}, "E0407", "padding of `t` is -1; it must be at least 0"),
    ("pad", {"t": 2}, "E0407", "`t` is 2; padding is a pair, (before, after)"),
    ("pad", {"t": (0, 1.5)}, "E0408", "padding of `t` is 1.5, which is not a whole number"),
    (
        "pad",
        {"n": (0, 1)},
        "E0401",
        "dimension `n` is missing; the tensor has [b, c, t, h, w]",
    ),
    (
        "resize",
        {"c": 4},
        "E0407",
        "`c` cannot be resized: only t, h and w have a resolution",
    ),
    ("resize", {"h": 0}, "E0407", "h is 0; it must be at least 1"),
    ("resize", {}, "E0414", "resize names no dimension"),
    (
        "shift",
        {"over": "n", "offset": 1, "channels": range(2)},
        "E0401",
        "dimension `n` is missing; the tensor has [b, c, t, h, w]",
    ),
    (
        "shift",
        {"over": "c", "offset": 1, "channels": range(2)},
        "E0407",
        "`over` is what channels are shifted along, so it cannot be c",
    ),
    (
        "shift",
        {"over": "t", "offset": 0.5, "channels": range(2)},
        "E0407",
        "`offset` is 0.5, not a whole number",
    ),
    (
        "shift",
        {"over": "t", "offset": 1, "channels": 3},
        "E0407",
        "`channels` is 3, not a range",
    ),
    (
        "shift",
        {"over": "t", "offset": 1, "channels": range(7, 9)},
        "E0410",
        "position 8 of 7..8 lies outside c = 8, whose positions are 0..7",
    ),
    (
        "shift",
        {"over": "th", "offset": 1, "channels": range(2)},
        "E0407",
        "`over` names one dimension, not 2 (@th)",
    ),
]


@pytest.mark.parametrize(("name", "given", "code", "message"), BAD)
def test_refused(name: str, given: dict[str, object], code: str, message: str) -> None:
    out = call(name, CLIP, **given)
    assert (out.codes, out.messages) == ([code], [message])
    assert all(n.value >= 1 for n in out.shape.values()), "the best guess is a sound shape"


def test_over_choices() -> None:
    first, c = choice(0, 24, 48)
    second, parts = choice(1, 2, 5)
    merged = call("merge", tensor(c=c, a=parts), over="ac", into="c")
    assert [
        merged.shape["c"].at({first: i, second: j}) for i in (0, 1) for j in (0, 1)
    ] == [48, 120, 96, 240]
    out = call("split", tensor(t=8), over="t", into="ta", a=parts)
    assert out.messages == ["t = 8 cannot be divided into 5 parts"]
    assert [out.shape["t"].at({second: i}) for i in (0, 1)] == [4, 1]
    out = call("take", tensor(t=8), t=choice(2, range(0, 8, 2), range(0, 8, 4))[1])
    assert out.shape["t"].distinct() == (4, 2)
    out = call("take", tensor(t=8), t=choice(2, 0, range(0, 8, 4))[1])
    assert out.codes == ["E0412"]
    out = call("resize", tensor(h=8, w=8), h=parts, w=parts)
    assert out.shape["h"] == parts and not out.problems


def test_like() -> None:
    out = call(
        "split", tensor(b=1, k=12), over="k", into="hw", like=tensor(b=1, c=8, h=3, w=4)
    )
    assert out.sizes == {"b": 1, "h": 3, "w": 4} and not out.problems
    assert call("split", tensor(b=1, k=4), over="k", into="t", like=CLIP).sizes == {
        "b": 1,
        "t": 4,
    }
    out = call("split", tensor(b=1, k=12), over="k", into="hw", like=tensor(b=1, c=8))
    assert (
        out.codes[0] == "E0401"
        and out.messages[0] == "dimension `h` is missing from `like`, which has [b, c]"
    )
    assert call("resize", CLIP, like=tensor(h=7, w=7, c=3)).sizes == {
        "b": 1,
        "c": 8,
        "t": 4,
        "h": 7,
        "w": 7,
    }
    assert (
        call("resize", CLIP, like=tensor(c=3))
        .messages[0]
        .startswith("`like` [c] shares none of t, h, w")
    )

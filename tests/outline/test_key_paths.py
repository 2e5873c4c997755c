"""Paths as a type: parsed once, compared by segments, and gathered into one text that spells out to the
same.
"""

from __future__ import annotations

import pytest

from archdsl.outline.paths import KeyPath, gather, spelled_out

P = KeyPath.parse


def test_segments() -> None:
    path = P("group[3].block[0].kernel")
    assert (
        path.segments == ("group[3]", "block[0]", "kernel")
        and str(path) == "group[3].block[0].kernel"
    )
    assert path.parent == P("group[3].block[0]") and path.parent.child("kernel") == path
    assert (path.parent.name, path.parent.base, path.parent.index) == (
        "block[0]",
        "block",
        "0",
    )
    assert (path.base, path.index) == ("kernel", None)
    assert path.plain == "group.block.kernel" and path.starred == "group[*].block[*].kernel"
    assert not P("") and P("").parent == P("") and str(P("")) == ""


@pytest.mark.parametrize(
    ("path", "outer", "holds"),
    [
        ("group[3].kernel", "group[3]", True),
        ("group[3].kernel", "group", True),
        ("group[3]", "group[3]", True),
        ("group[3].kernel", "", True),
        ("groups.kernel", "group", False),
        ("group[31].kernel", "group[3]", False),
        ("group", "group[3]", False),
        ("group[3]", "group[3].kernel", False),
    ],
)
def test_what_lies_in_what(path: str, outer: str, holds: bool) -> None:
    assert P(path).startswith(P(outer)) == holds


def test_paths_as_said_from_elsewhere() -> None:
    assert P("a.b[1].c").below(P("a")) == P("b[1].c") and P("a.b").below(P("c")) == P("a.b")
    assert P("a.b.c").beside(P("a.d")) == P("b.c") and P("a.b").beside(P("a.b")) == P("b")
    assert P("a[2].b.c").moved(P("a[2].b"), P("x")) == P("x.c") and P("a[2].b").moved(
        P("a"), P("x")
    ) == P("x[2].b")
    assert P("a[0].b[1]").with_indices(["[2]", "[3]"]) == P("a[2].b[3]")


def test_numbers_are_ordered_as_numbers() -> None:
    assert sorted(map(P, ("g[10].a", "g[2].b", "g[2].a")), key=lambda p: p.order) == [
        P("g[2].a"),
        P("g[2].b"),
        P("g[10].a"),
    ]


def test_gathered() -> None:
    paths = [P(f"g[{i}].k[{j}]") for i in (0, 1, 2) for j in (0, 2)]
    ((together, members),) = gather(paths, lambda p: p, lambda p: None)
    assert str(together) == "g[0..2].k[0, 2]" and together.segments == (
        "g[0..2]",
        "k[0, 2]",
    )
    assert set(spelled_out(str(together))) == set(members) == set(paths)
    assert spelled_out("a.norm, b[0, 1].norm") == [
        P("a.norm"),
        P("b[0].norm"),
        P("b[1].norm"),
    ]

"""Rename tables: what a line means, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.questions.rename import Inflate, Resize, change, read

HELP = "\nhelp: parts are names and numbers; text that is no number keeps `{s}_{i}` apart"


def renamed(table: str, *keys: str) -> list[str | None]:
    """Our keys in their order; None for a key that no line fits."""
    rules = read(Source("table", table))
    found = [rules.find(key) for key in keys]
    ours: list[str | None] = []
    for each in found:
        ours.extend([None] if each is None else each.names)
    return ours


def errors(table: str, *keys: str) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        renamed(table, *keys)
    return [render(d) for d in caught.value.diagnostics]


def test_a_line_renames_whole_parts_and_keeps_the_rest() -> None:
    assert renamed("a.b -> x", "a.b.weight", "a.b") == ["x.weight", "x"]
    assert renamed("a.b -> x", "a.bc.weight") == [None]


def test_numbers_are_kept_and_may_be_moved() -> None:
    table = "l.{i}.{j} -> stage.{j}.block.{i-1}  # turned round\n"
    assert renamed(table, "l.3.0.bias") == ["stage.0.block.2.bias"]
    assert renamed("l.{i}.{i} -> d.{i+1}", "l.2.2") == ["d.3"]


def test_a_number_may_stand_within_a_part() -> None:
    table = (
        "s{s}.path_res{i} -> stage.{s-2}.block.{i}\nB{i}_extra -> unit.{i-1}\nB{i} -> block.{i-1}\na{i}a "
        "-> x.{i}"
    )
    assert renamed(table, "s2.path_res10.w", "B03.w", "B03_extra.w") == [
        "stage.0.block.10.w",
        "block.2.w",
        "unit.2.w",
    ]
    for key in (
        "s1.path_res0.w",
        "s2.path_res.w",
        "s2.path_resx.w",
        "s2.path_res1x.w",
        "a",
        "aa",
        "a1",
    ):
        assert renamed(table, key) == [None]


def test_the_first_line_that_fits_decides() -> None:
    assert renamed("a.0 -> first\na.{i} -> rest.{i}", "a.0.w", "a.1.w") == [
        "first.w",
        "rest.1.w",
    ]
    assert renamed("l.{i}.{i} -> d.{i}\nl -> m", "l.1.2") == ["m.1.2"]


def test_a_key_can_be_left_out() -> None:
    assert renamed("a.{i} -> -\na -> x", "a.0.w", "a.w") == ["x.w"]
    assert errors("- -> a") == [
        "table:1:1: error[E0980]: `-` on the left says that a weight of ours starts anew: `- -> head  anew`\n"
        "1 | - -> a\n  | ^^^^^^"
    ]


@pytest.mark.parametrize("key", ["a.x", "a.0", "b", "a", "a.-1", "a.²", "a." + "9" * 5000])
def test_a_key_without_a_line_is_an_error(key: str) -> None:
    assert renamed("a.{i} -> x.{i-1}", key) == [None]


def test_a_key_may_have_several_places() -> None:
    table = "b.{i}.attn -> block.{i}.space, block.{i+1}.time\nnorm -> norm"
    assert renamed(table, "b.0.attn.qkv.weight", "norm.bias") == [
        "block.0.space.qkv.weight",
        "block.1.time.qkv.weight",
        "norm.bias",
    ]


def test_several_numbers_in_a_part() -> None:
    table = "res{s}_{i}_branch2{i}a -> res.{s-2}.block.{i}\nt_res{s} -> {s}x"
    assert renamed(table, "res4_05_branch25a.w", "res4_5_branch26a", "t_res3") == [
        "res.2.block.5.w",
        None,
        "3x",
    ]


def test_ends_of_keys_are_spelled_before() -> None:
    table = "*_bn_rm -> *_bn.running_mean\n*_w -> *.weight\n*_w_momentum -> -\nconv{i} -> stem.{i}"
    table += "\nconv{i}_bn -> norm.{i}"
    assert renamed(table, "conv1_w", "conv1_bn_rm", "conv1_w_momentum", "conv1_riv") == [
        "stem.1.weight",
        "norm.1.running_mean",
        None,
    ]
    assert errors("*_w -> weight\n*a.{i} -> *b") == [
        "table:1:1: error[E0980]: an end of keys is `*theirs -> *ours`, or `*theirs -> -`\n"
        "1 | *_w -> weight\n  | ^^^^^^^^^^^^^",
        "table:2:1: error[E0980]: an end of keys is `*theirs -> *ours`, or `*theirs -> -`\n"
        "2 | *a.{i} -> *b\n  | ^^^^^^^^^^^^",
    ]


def test_lines_that_no_key_came_to_are_told_with_who_took_their_keys() -> None:
    rules = read(
        Source("table", "a -> x\na.{i} -> y.{i}\nb -> z\n*_w -> *.weight\n- -> c anew")
    )
    keys = ["a.0.weight", "a.weight"]
    used = {found.line for key in keys if (found := rules.find(key)) and found.line}
    said = [(u.span.text, u.taken_by and u.taken_by.text) for u in rules.unused(used, keys)]
    assert said == [
        ("*_w -> *.weight", None),
        ("a.{i} -> y.{i}", "a -> x"),
        ("b -> z", None),
    ]


def test_every_bad_line_is_reported() -> None:
    assert errors(
        "a\n  a -> b -> c\na.{i} -> b.{j}\na.{i+1} -> b\na.{i}{j} -> b\n-> b\n\na -> b # fine"
    ) == [
        "table:1:1: error[E0980]: a rule is `theirs -> ours`\n1 | a\n  | ^",
        "table:2:3: error[E0980]: a rule is `theirs -> ours`\n2 |   a -> b -> c\n  |   ^^^^^^^^^^^",
        "table:3:1: error[E0980]: `{j}` is not on the left\n3 | a.{i} -> b.{j}\n  | ^^^^^^^^^^^^^^",
        "table:4:1: error[E0980]: a number is moved on the right only\n4 | a.{i+1} -> b\n  | ^^^^^^^^^^^^",
        "table:5:1: error[E0980]: `{i}{j}` is no part of a key\n5 | a.{i}{j} -> b\n  | ^^^^^^^^^^^^^"
        + HELP,
        "table:6:1: error[E0980]: `` is no part of a key\n6 | -> b\n  | ^^^^" + HELP,
    ]


def test_what_happens_where_sizes_differ() -> None:
    rules = read(
        Source(
            "table",
            "a -> b resize nearest row\nc.{i} -> d.{i-1}   resize cubic grid  after 12 # why\ne -> f "
            "anew\ng -> h\ni -> j, k resize repeat after 1\nl -> m inflate centre\n- -> n anew",
        )
    )
    assert [str(r.change) if r.change else r.is_anew for r in rules.rules] == [
        "nearest row",
        "cubic grid after 12",
        True,
        False,
        "repeat after 1",
        "centre",
        True,
    ]
    assert change("inflate mean") == Inflate("mean") and change("resize repeat") == Resize(
        "repeat"
    )
    assert [rules.rules[6].starts(name) for name in ("n", "n.weight", "no")] == [
        True,
        True,
        False,
    ]
    assert errors("a -> b resize cubic row\na -> b resize 2\na -> b again") == [
        "table:1:1: error[E0980]: a row cannot be resized by `cubic`\n1 | a -> b resize cubic row\n  | ^^^^^^^^^^^^^^^^^^^^^^^\n"
        "help: known modes: nearest, linear",
        "table:2:1: error[E0980]: `resize 2` does not say what happens where shapes differ\n2 | a -> b resize 2\n  | ^^^^^^^^^^^^^^^\n"
        "help: `anew`, `inflate mean`, or `resize nearest row`, `resize cubic grid after 1`, `resize repeat`",
        "table:3:1: error[E0980]: `again` does not say what happens where shapes differ\n3 | a -> b again\n  | ^^^^^^^^^^^^\n"
        "help: `anew`, `inflate mean`, or `resize nearest row`, `resize cubic grid after 1`, `resize repeat`",
    ]


_TABLES = st.lists(
    st.sampled_from(
        [
            *"ab.{}i0-+# >\n",
            " -> ",
            "{i}",
            "{i-1}",
            " resize ",
            "nearest ",
            "row ",
            "grid ",
            "after 1",
            " anew\n",
            "*",
            ", ",
            "repeat ",
            " inflate mean",
        ]
    ),
    max_size=40,
).map("".join)


@given(_TABLES | st.text(max_size=60), st.lists(st.text("ab.01i", max_size=12), max_size=4))
def test_any_text_is_a_table_or_says_why_not(text: str, keys: list[str]) -> None:
    try:
        renamed(text, *keys)
    except DiagnosticError as error:
        assert {d.code for d in error.diagnostics} <= {"E0980"}

"""How diagnostics look, which names are suggested, and what a command's exit code goes by."""

from __future__ import annotations

import pytest

from archdsl.cli.report import FINE, NO, UNASKABLE, exit_code
from archdsl.diagnostics.diagnostic import Code, Diagnostic, Label
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.suggestions import closest, did_you_mean, few
from archdsl.syntax.parser import parse


def rendered(text: str) -> str:
    return "\n".join(map(render, parse(Source("a.arch", text))[1]))


def test_carets_lie_under_the_span() -> None:
    assert rendered("arch 1\nx = a ** 2").splitlines() == [
        "a.arch:2:7: error[E0112]: there is no `**`",
        "2 | x = a ** 2",
        "  |       ^^",
        "help: multiply: `a * a`",
    ]


def test_labels_are_shown_with_their_lines() -> None:
    assert rendered("arch 1\n" + "\n" * 7 + "rows = [1, 2\nwidth = 8").splitlines() == [
        "a.arch:10:1: error[E0108]: expected `]` before name `width`",
        "10 | width = 8",
        "   | ^^^^^",
        " 9 | rows = [1, 2",
        "   |        - `[` opened here",
    ]


def test_tabs_and_wide_characters() -> None:
    source = Source("a.arch", "\t漢 = é\u0301 + x")
    at = source.text.index("x")
    assert render(Diagnostic("E0000", "here", Span(source, at, at + 1))).splitlines()[
        1:
    ] == [
        "1 |     漢 = é\u0301 + x",
        "  |              ^",
    ]


def test_spans_of_several_lines_and_other_files() -> None:
    source, other = Source("a.arch", "one\n  two\n  three\nfour"), Source("b.arch", "x = 1")
    labels = (Label(Span(other, 0, 1), "declared here"),)
    text = render(
        Diagnostic("E0000", "here", Span(source, 2, 17), "warning", labels, "look")
    )
    assert text.splitlines() == [
        "a.arch:1:3: warning[E0000]: here",
        "1 | one",
        "  |   ^",
        "  | …",
        "3 |   three",
        "  |   ^^^^^",
        "  --> b.arch:1:1",
        "1 | x = 1",
        "  | - declared here",
        "help: look",
    ]


def test_without_a_place() -> None:
    assert render(Diagnostic("E0000", "nowhere")) == "error[E0000]: nowhere"


def test_long_lines_are_cut_around_the_span() -> None:
    source = Source("a.arch", "x" * 1000 + "!" + "y" * 1000)
    lines = render(Diagnostic("E0000", "here", Span(source, 1000, 1001))).splitlines()
    assert len(lines[1]) < 170
    assert lines[1][lines[2].index("^")] == "!"


def test_color_adds_nothing_but_color() -> None:
    diagnostic = parse(Source("a.arch", "arch 1\nx = [1 2"))[1][0]
    plain = render(diagnostic, color=True)
    for sequence in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        plain = plain.replace(sequence, "")
    assert plain == render(diagnostic)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("conv3", ["conv", "relu", "Conv3", "cnov3", "conv1"], ["Conv3", "cnov3", "conv"]),
        ("x", ["y", "zz", "X"], ["X"]),
        ("batchnorm", ["batch_norm", "layer_norm"], ["batch_norm"]),
        ("gelu", [], []),
        ("gelu", ["gelu"], []),
    ],
)
def test_suggestions(name: str, candidates: list[str], expected: list[str]) -> None:
    assert closest(name, candidates) == closest(name, reversed(candidates)) == expected


def test_what_was_probably_meant() -> None:
    assert did_you_mean("Conv", ["conv", "conv3"]) == "did you mean `conv`?"
    assert (
        did_you_mean("kernels", ["kernel", "kernel_s", "act"], most=2)
        == "did you mean `kernel` or `kernel_s`?"
    )
    assert did_you_mean("width", ["act"]) is None
    assert did_you_mean("width", ["act"], "there is only `act`") == "there is only `act`"


def test_lists_are_cut_short() -> None:
    assert [few(list("abcd")[:n], 2) for n in range(5)] == [
        "",
        "a",
        "a, b",
        "a, b and 1 more",
        "a, b and 2 more",
    ]


def test_exit_codes_follow_what_a_code_is_about_and_not_its_number() -> None:
    assert exit_code([Code("E0901", "", "").error(None, "")]) == NO
    assert exit_code([Code("E0101", "", "", about="question").error(None, "")]) == UNASKABLE
    assert exit_code([Code("E0101", "", "", about="question").warning(None, "")]) == FINE

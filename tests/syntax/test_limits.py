"""Every limit is a coded diagnostic, reached in bounded time; what stays below it passes through every
part.
"""

from __future__ import annotations

import pytest

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.syntax.decoding import decode
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.syntax.yaml_form import from_yaml, to_yaml


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in parse(Source("test.arch", text))[1]]


DEEP = {
    "parentheses": "x = " + "(" * 20_000 + "1" + ")" * 20_000,
    "minuses": "x = " + "-" * 20_000 + "1",
    "nots": "x = " + "not " * 20_000 + "a",
    "sums": "x = " + "1 + " * 20_000 + "1",
    "calls": "x = f" + "()" * 20_000,
    "lists": "x = " + "[" * 20_000 + "]" * 20_000,
    "conditionals": "x = " + "if a then b else " * 10_000 + "c",
    "else if": "block b { " + "if a { } else " * 10_000 + "{ } }",
    "bodies": "block b { " + "for i in xs { " * 10_000 + "}" * 10_001,
    "patterns": "block b { for " + "(" * 10_000 + "i" + ")" * 10_000 + " in xs { } }",
    "edits": "genotype g of s { " + "a { " * 10_000 + "}" * 10_001,
    "steps": "search g of s { " + "step a { " * 10_000 + "}" * 10_001,
}


@pytest.mark.parametrize("case", DEEP)
def test_depth(case: str) -> None:
    assert "E0802" in codes("arch 1\n" + DEEP[case])


NEARLY = {
    "sums": "x = " + "1 + " * 140 + "1",
    "powers": "x = " + "-" * 140 + "1",
    "lists": "x = " + "[" * 70 + "]" * 70,
    "calls": "x = " + "f(" * 70 + ")" * 70,
    "right": "x = " + "1 + (" * 70 + "1" + ")" * 70,
    "conditionals": "x = " + "if a then b else " * 140 + "c",
    "else if": "block b { " + "if a { } else " * 140 + "{ } }",
    "bodies": "block b {\n" + "for i in xs {\n" * 140 + "}\n" * 141,
    "one line": "block b {" + "for i in xs {" * 140 + "}" * 141,
    "edits": "genotype g of s { " + "a { " * 140 + "}" * 141,
    "steps": "search g of s { " + "step a { " * 140 + "}" * 141,
}


@pytest.mark.parametrize("case", NEARLY)
def test_trees_below_the_limit_pass_through_every_part(case: str) -> None:
    file, diagnostics = parse(Source("test.arch", "arch 1\n" + NEARLY[case]))
    assert diagnostics == []
    text = format(file)
    assert parse(Source("test.arch", text)) == (file, [])
    assert format(parse(Source("test.arch", text))[0]) == text
    assert from_yaml(Source("test.yaml", to_yaml(file))) == (file, [])
    assert hash(file) and repr(file)


def test_sizes() -> None:
    assert codes("arch 1\n" + "#" * (1 << 20)) == ["E0801"]
    assert "E0804" in codes("arch 1\nx = [" + "1," * 110_000 + "]")
    assert codes("arch 1\n" + "x = = 1\n" * 1000)[-1] == "E0806"
    assert codes("arch 1\n" + "$ % $\n" * 1000).count("E0104") <= 50


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"arch 1\nx = \xff", "E0805"),
        (b"arch 1\0", "E0805"),
        (b"#" * (1 << 20) + b"#", "E0801"),
        (b"\xed\xa0\x80", "E0805"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, code: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        decode("test.arch", data)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_byte_order_marks_and_line_ends() -> None:
    plain = parse(decode("a", b"arch 1\nx = 1 # c\ny = 2\n"))
    assert parse(decode("a", b"\xef\xbb\xbfarch 1\r\nx = 1 # c\r\ny = 2\r\n")) == plain
    assert (
        format(parse(decode("a", b"arch 1\r\n\r\nx = 1 # c\r\n"))[0])
        == "arch 1\n\nx = 1  # c\n"
    )


def test_every_code_says_what_it_means() -> None:
    assert all(
        code.id == key and code.title and code.explanation.strip()
        for key, code in CODES.items()
    )

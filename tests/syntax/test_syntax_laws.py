"""Laws 1, 2 and 9 of the design, over generated trees, the corpus and what ships in specs/."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.syntax import ast
from archdsl.syntax.decoding import decode
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse, parse_expression, parse_path
from archdsl.syntax.shipped import shipped
from archdsl.syntax.spelling import flat, path
from archdsl.syntax.yaml_form import from_yaml, to_yaml
from tests.strategies.syntax import expressions, files, paths

CORPUS = sorted(
    [*Path(__file__).parent.glob("corpus/*.arch"), *shipped("specs").rglob("*.arch")]
)


def read(text: str) -> ast.File:
    file, diagnostics = parse(Source("test.arch", text))
    assert diagnostics == [], "\n".join(map(render, diagnostics)) + "\n" + text
    return file


def comments(file: ast.File) -> list[str]:
    return sorted(comment.text.rstrip() for comment in file.comments)


def check_formatting(file: ast.File) -> None:
    once = format(file)
    again = read(once)
    assert again == file, once
    assert comments(again) == comments(file)
    assert format(again) == once


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.stem)
def test_formatting_the_corpus_keeps_tree_and_comments(case: Path) -> None:
    check_formatting(read(case.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.stem)
def test_the_corpus_survives_yaml(case: Path) -> None:
    check_yaml(read(case.read_text(encoding="utf-8")))


@given(files)
@settings(deadline=None)
def test_formatting_keeps_the_tree(file: ast.File) -> None:
    check_formatting(file)


def check_yaml(file: ast.File) -> None:
    text = to_yaml(file)
    back, diagnostics = from_yaml(Source("test.yaml", text))
    assert diagnostics == [], "\n".join(map(render, diagnostics)) + "\n" + text
    assert back == file, text
    assert to_yaml(back) == text
    check_spans(back, len(text))


@given(files)
@settings(deadline=None)
def test_yaml_keeps_the_tree(file: ast.File) -> None:
    check_yaml(file)


@given(expressions)
def test_an_expression_on_one_line_reads_back(node: ast.Expr) -> None:
    assert parse_expression(Source("<value>", flat(node))) == (node, [])


@given(paths)
def test_a_path_reads_back(node: ast.Path) -> None:
    assert parse_path(Source("<path>", path(node))) == (node, [])


def check_spans(node: object, size: int) -> None:
    """Every span lies in a text of this size."""
    pending = [node]
    while pending:
        this = pending.pop()
        if isinstance(this, tuple):
            pending += this
        elif isinstance(this, ast.Node):
            assert 0 <= this.span.start <= this.span.end <= size, this
            pending += [getattr(this, name) for name in this.__dataclass_fields__]


def check_diagnostics(diagnostics: list[Diagnostic], size: int) -> None:
    for diagnostic in diagnostics:
        assert (
            diagnostic.span is not None
            and 0 <= diagnostic.span.start <= diagnostic.span.end <= size
        )
        assert all(
            0 <= label.span.start <= label.span.end <= size for label in diagnostic.labels
        )
        assert render(diagnostic) == render(diagnostic)
        diagnostic.facts()


def check_any_text(text: str) -> None:
    for reader in (parse, from_yaml, parse_expression, parse_path):
        result, diagnostics = reader(Source("any", text))
        check_diagnostics(diagnostics, len(text))
        check_spans(result, len(text))
        if isinstance(result, ast.File) and not diagnostics and reader is parse:
            check_formatting(result)


@given(st.text())
@settings(deadline=None)
def test_any_text_yields_a_tree_or_diagnostics(text: str) -> None:
    check_any_text(text)


@given(st.binary())
def test_any_bytes_yield_a_text_or_a_diagnostic(data: bytes) -> None:
    try:
        check_any_text(decode("any", data).text)
    except DiagnosticError as error:
        assert len(error.diagnostics) == 1
        assert all(render(diagnostic) for diagnostic in error.diagnostics)


_WORDS = '( ) [ ] { } , = ~ -> : .. . * - == < in of if then else for as with by input output block space fn use 1 2.0G x name " # \n @hw'.split(
    " "
)


@given(st.lists(st.sampled_from(_WORDS), max_size=40))
@settings(deadline=None)
def test_any_tokens_yield_a_tree_or_diagnostics(words: list[str]) -> None:
    check_any_text("arch 1 " + " ".join(words))


@given(st.sampled_from(CORPUS), st.data())
@settings(deadline=None)
def test_a_mutated_file_yields_a_tree_or_diagnostics(
    case: Path, data: st.DataObject
) -> None:
    text = case.read_text(encoding="utf-8")[:3000]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.sampled_from(["", *_WORDS])) + text[at + gone :]
    check_any_text(text)


@given(st.sampled_from(CORPUS), st.data())
@settings(deadline=None)
def test_comments_anywhere_are_kept(case: Path, data: st.DataObject) -> None:
    text = case.read_text(encoding="utf-8")[:2000]
    spaces = [at for at, char in enumerate(text) if char in " \n"]
    for at in sorted(
        data.draw(st.lists(st.sampled_from(spaces), max_size=4, unique=True)), reverse=True
    ):
        text = text[:at] + " # a comment\n" + text[at + 1 :]
    file, diagnostics = parse(Source("test.arch", text))
    if not diagnostics:
        check_formatting(file)

"""The saved table is that of the grammar, and reads as lark does."""

from __future__ import annotations

import json
from pathlib import Path

import lark
import pytest

from archdsl.diagnostics.source import Source
from archdsl.syntax import ast, lark_parser, machine, table
from archdsl.syntax.nodes import ACTIONS
from archdsl.syntax.reading import read
from archdsl.syntax.shipped import shipped
from archdsl.syntax.tokens import tokenize
from archdsl.syntax.trees import node
from tests.syntax.test_syntax_laws import CORPUS

GRAMMAR = (shipped("grammar") / "arch.lark").read_text(encoding="utf-8")


def test_the_saved_table_is_current() -> None:
    saved = (shipped("grammar") / "arch.table.json").read_text(encoding="utf-8")
    assert saved == lark_parser.text(GRAMMAR), "run python -m archdsl.syntax.table"


def test_the_saved_parser_is_the_one_that_was_built() -> None:
    built, loaded = (
        lark_parser.build(GRAMMAR),
        lark_parser.load(json.loads(lark_parser.text(GRAMMAR))),
    )
    for case in CORPUS:
        text = case.read_text(encoding="utf-8")
        assert loaded.parse(text, start="file") == built.parse(text, start="file"), case


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.stem)
def test_the_table_reads_what_lark_reads(case: Path) -> None:
    source = Source(case.name, case.read_text(encoding="utf-8"))
    tree = machine.parser().parse(source.text, start="file")
    nodes = list(ast.walk(read(tokenize(source), "file")))
    expected = list(ast.walk(node(tree, source)))
    assert nodes[0] == expected[0]
    assert [each.span for each in nodes] == [each.span for each in expected]


def test_a_table_of_another_grammar_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "grammar", lambda: GRAMMAR.replace('"freeze"', '"frost"'))
    assert table.table.__wrapped__()["terminals"]["frost"]


def test_another_version_of_lark_builds_its_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lark, "__version__", "another")
    monkeypatch.setattr(
        lark_parser, "load", lambda saved: pytest.fail("the saved parser does not fit")
    )
    assert machine.parser.__wrapped__().parse("a.b[1]", start="path").data == "path"


def test_every_rule_has_an_action_and_every_action_a_rule() -> None:
    rules = set()
    for rule in machine.parser().rules:
        parts = [
            symbol
            for symbol in rule.expansion
            if not (symbol.is_term and symbol.filter_out)
        ]
        stands_for_its_part = rule.options.expand1 and not rule.alias and len(parts) == 1
        if not rule.origin.name.startswith("_") and not stands_for_its_part:
            rules.add(rule.alias or rule.origin.name)
    assert rules == set(ACTIONS)


def test_the_grammar_has_no_collisions() -> None:
    lark.Lark(
        GRAMMAR, parser="lalr", lexer="basic", start=list(lark_parser.STARTS), strict=True
    )

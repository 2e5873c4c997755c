"""The saved parser is that of the grammar, and the one that runs."""

from __future__ import annotations

import json

import lark
import pytest

from archdsl.syntax import table as tables
from archdsl.syntax.nodes import ACTIONS
from archdsl.syntax.shipped import shipped
from tests.syntax.test_syntax_laws import CORPUS

GRAMMAR = (shipped("grammar") / "arch.lark").read_text(encoding="utf-8")


def test_the_saved_table_is_current() -> None:
    saved = (shipped("grammar") / "arch.table.json").read_text(encoding="utf-8")
    assert saved == tables.text(GRAMMAR), "run python -m archdsl.syntax.table"


def test_the_saved_parser_is_the_one_that_was_built() -> None:
    built, loaded = tables.build(GRAMMAR), tables.load(json.loads(tables.text(GRAMMAR)))
    for case in CORPUS:
        text = case.read_text(encoding="utf-8")
        assert loaded.parse(text, start="file") == built.parse(text, start="file"), case


@pytest.mark.parametrize("other", ["lark", "grammar"])
def test_another_version_of_lark_or_of_the_grammar_builds_the_parser(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if other == "lark":
        monkeypatch.setattr(lark, "__version__", "another")
    else:
        monkeypatch.setattr(tables, "_grammar", lambda: GRAMMAR + "\n// another\n")
    monkeypatch.setattr(tables, "load", lambda saved: pytest.fail("the saved parser does not fit"))
    assert tables.parser.__wrapped__().parse("a.b[1]", start="path").data == "path"


def test_every_rule_has_an_action_and_every_action_a_rule() -> None:
    rules = set()
    for rule in tables.parser().rules:
        parts = [symbol for symbol in rule.expansion if not (symbol.is_term and symbol.filter_out)]
        stands_for_its_part = rule.options.expand1 and not rule.alias and len(parts) == 1
        if not rule.origin.name.startswith("_") and not stands_for_its_part:
            rules.add(rule.alias or rule.origin.name)
    assert rules == set(ACTIONS)


def test_the_grammar_has_no_collisions() -> None:
    pytest.importorskip("interegular")
    lark.Lark(GRAMMAR, parser="lalr", lexer="basic", start=list(tables.STARTS), strict=True)

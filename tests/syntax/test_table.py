"""The saved table is that of the grammar, and lark agrees with the machine that runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Lark

from archdsl.syntax import table as tables
from archdsl.syntax.nodes import ACTIONS
from archdsl.syntax.shipped import shipped
from tests.syntax.test_syntax_laws import CORPUS

GRAMMAR = (shipped("grammar") / "arch.lark").read_text(encoding="utf-8")


def test_the_saved_table_is_current() -> None:
    saved = (shipped("grammar") / "arch.table.json").read_text(encoding="utf-8")
    assert saved == tables.text(GRAMMAR), "run python -m archdsl.syntax.table"


def test_every_rule_has_an_action_and_every_action_a_rule() -> None:
    rules = {production.action for production in tables.table().productions if production.kind == tables.ACTION}
    assert rules == set(ACTIONS)


def test_the_grammar_has_no_collisions() -> None:
    pytest.importorskip("interegular")
    Lark(GRAMMAR, parser="lalr", lexer="basic", start=list(tables.STARTS), strict=True)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.stem)
def test_lark_reads_the_corpus(case: Path) -> None:
    Lark(GRAMMAR, parser="lalr", lexer="basic", start="file").parse(case.read_text(encoding="utf-8"))

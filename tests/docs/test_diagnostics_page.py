"""The page of diagnostics is what the codes say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archdsl.syntax.codes import CODES
from archdsl.syntax.codes.reference import reference


def test_the_page_is_what_the_codes_say(golden: Callable[[Path, str], None]) -> None:
    golden(Path(__file__).parents[2] / "docs" / "diagnostics.md", reference())


def test_every_code_is_explained() -> None:
    for number, code in CODES.items():
        assert number == code.id and len(number) == 5
        assert code.title and len(code.explanation) > 80

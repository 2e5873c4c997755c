"""The page of diagnostics is what the codes say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from archdsl.diagnostics import codes
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.codes.reference import reference


def test_the_page_is_what_the_codes_say(golden: Callable[[Path, str], None]) -> None:
    golden(Path(__file__).parents[2] / "docs" / "diagnostics.md", reference())


def test_every_code_is_explained() -> None:
    for number, code in CODES.items():
        assert number == code.id and len(number) == 5
        assert code.title and len(code.explanation) > 80


def test_no_two_diagnostics_share_a_code() -> None:
    families = Path(codes.__file__).parent.glob("*.py")
    numbers = [
        number
        for family in families
        for number in re.findall(r'Code\(\s*"(E\d{4})"', family.read_text(encoding="utf-8"))
    ]
    assert len(numbers) == len(set(numbers)) == len(CODES)

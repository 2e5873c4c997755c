"""The formatter's output beside its input: x.arch and x.formatted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.syntax.source import Source
from tests.syntax.test_syntax_laws import check_formatting, read

CASES = sorted(Path(__file__).parent.glob("format/*.arch"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_layout(case: Path, golden: Callable[[Path, str], None]) -> None:
    file = read(case.read_text(encoding="utf-8"))
    check_formatting(file)
    golden(case.with_suffix(".formatted"), format(file))


def test_nothing_but_the_edition() -> None:
    assert format(parse(Source("a", "arch   1"))[0]) == "arch 1\n"
    assert format(parse(Source("a", "# a\narch # b\n 1 # c\n# d"))[0]) == "# a\n# b\narch 1  # c\n# d\n"

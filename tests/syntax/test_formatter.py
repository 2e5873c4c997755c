"""The formatter's output beside its input: x.arch and x.formatted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.diagnostics.source import Source
from archdsl.syntax import formatter
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped
from tests.syntax.test_syntax_laws import CORPUS, check_formatting, read

CASES = sorted(Path(__file__).parent.glob("format/*.arch"))
SHIPPED = sorted(shipped("specs").rglob("*.arch"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_layout(case: Path, golden: Callable[[Path, str], None]) -> None:
    file = read(case.read_text(encoding="utf-8"))
    check_formatting(file)
    golden(case.with_suffix(".formatted"), format(file))


def test_nothing_but_the_edition() -> None:
    assert format(parse(Source("a", "arch   1"))[0]) == "arch 1\n"
    assert (
        format(parse(Source("a", "# a\narch # b\n 1 # c\n# d"))[0])
        == "# a\n# b\narch 1  # c\n# d\n"
    )


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case.stem)
def test_what_ships_is_formatted(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    assert format(read(text)) == text, f"run archdsl fmt {case}"


@pytest.mark.parametrize("width", [20, 40, 80])
def test_narrow_lines_keep_tree_and_comments(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formatter, "WIDTH", width)
    monkeypatch.setattr(formatter, "_LIST_WIDTH", width * 5 // 6)
    for case in [*CASES, *CORPUS]:
        check_formatting(read(case.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", [*CASES, *SHIPPED], ids=lambda case: case.stem)
def test_columns_only_add_spaces(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = read(case.read_text(encoding="utf-8"))
    columns = format(file).splitlines()
    monkeypatch.setattr(
        formatter,
        "aligned",
        lambda rows, width: [f"{row.text}  {row.comment}".rstrip() for row in rows],
    )
    plain = format(file).splitlines()
    assert [line.replace(" ", "") for line in columns] == [
        line.replace(" ", "") for line in plain
    ]
    assert all(
        len(line) <= formatter.WIDTH or line == before
        for line, before in zip(columns, plain, strict=True)
    )

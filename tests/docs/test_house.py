"""The pages about the house: every package opens with a docstring, and what the pages name is there."""

from __future__ import annotations

import ast
import io
import re
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(
    [*ROOT.glob("archdsl/**/__init__.py"), *ROOT.glob("backends/**/__init__.py")]
)
PAGES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
STEP = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)")  # without the part of a page
TOP = "archdsl|backends|benchmarks|docs|grammar|specs|tests"
NAMED = re.compile(rf"(?<![\w/.])((?:{TOP})/[\w./-]*\w)(?![\w/*])")


@pytest.mark.parametrize(
    "path", PACKAGES, ids=lambda path: path.parent.relative_to(ROOT).as_posix()
)
def test_every_package_says_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert len(said) > 40


def test_the_worked_example_is_real(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[Path, str], None],
) -> None:
    page = ROOT / "docs" / "architecture.md"
    text = page.read_text(encoding="utf-8")
    spec = re.search(r"```arch\n(.*?)```", text, re.DOTALL)
    assert spec is not None
    (tmp_path / "tiny.arch").write_text(spec[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    def run(match: re.Match[str]) -> str:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(match[1], names)
        return f"```python\n{match[1]}```\n\n```text\n{printed.getvalue().rstrip()}\n```"

    golden(page, STEP.sub(run, text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = [page.parent / link for link in LINK.findall(text) if "://" not in link]
    named = [ROOT / name for name in NAMED.findall(text)]
    assert linked and len(named) > 20
    assert [path for path in (*linked, *named) if not path.exists()] == []


def test_test_files_have_names_of_their_own() -> None:
    """pytest imports them by their last names, and refuses a second one."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []

"""docs/training.md: its tables are those that data are checked against, its dataset trains."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli.main import cli
from archdsl.elaborate.plans.reference import table
from archdsl.search.data.reference import SOURCES
from archdsl.search.data.transforms import TRANSFORMS

PAGE = Path(__file__).parents[2] / "docs" / "training.md"


def test_tables(golden: Callable[[Path, str], None]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    sources = [(f"`{name}`", option) for name, own in SOURCES.items() for option in own]
    tables = {
        "sources": table("of", sources),
        "transforms": table("of", [("any", option) for option in TRANSFORMS]),
    }
    for name, rows in tables.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda m, t=rows: f"{m[1]}{t}\n{m[2]}",
            text,
            flags=re.DOTALL,
        )
    golden(PAGE, text)


def test_its_dataset_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (line,) = (c for c in re.findall(r"```sh\narchdsl (.*)\n```", text) if "python:" in c)
    (tmp_path / "walks.py").write_text(example, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    done = CliRunner().invoke(cli, line.split(), catch_exceptions=False)
    sys.modules.pop("walks", None)
    assert done.exit_code == 0 and re.search(r"accuracy \d\.\d{4}, loss", done.output), (
        done.output
    )
    assert (tmp_path / "runs" / "walks" / "weights.safetensors").is_file()

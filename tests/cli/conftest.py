"""Commands run in this process, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli.main import cli
from tests.cli.tiny_space import TINY, Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("check", "x.arch")` in an empty folder; its exit code, stdout and stderr. No command may raise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHDSL_TRACEBACK", "1")  # a mistake of our own fails the test

    def invoke(*args: str) -> Result:
        result = CliRunner().invoke(cli, args, prog_name="archdsl")
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A file with a space of two architectures and a genotype of each."""
    path = tmp_path / "tiny.arch"
    path.write_text(TINY, encoding="utf-8")
    return path

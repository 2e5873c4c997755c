"""Files of another git revision, and git's own diff."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tiny_space import Run

BLOCKS = "arch 1\nblock unit(n) = conv(n, 3x3) -> batch_norm -> relu\n"
NET = """arch 1
use blocks: unit

space net {
  input x: [b, c = 3, h = 8, w = 8]
  kernel ~ [1, 3x3]
  output x -> conv(8, kernel) as stem -> unit(16) as one
}

genotype found of net { kernel = 1 }
"""


def git(*arguments: str) -> str:
    identity = (
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "init.defaultBranch=main",
    )
    return subprocess.run(
        ["git", *identity, *arguments], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, and another kernel in the working tree: in what the file uses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    Path("blocks.arch").write_text(BLOCKS, encoding="utf-8")
    Path("net.arch").write_text(NET, encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    Path("blocks.arch").write_text(BLOCKS.replace("3x3", "5x5"), encoding="utf-8")
    return tmp_path


def test_a_revision_brings_what_it_uses(run: Run, repository: Path) -> None:
    result = run("diff", "HEAD:net.arch:net", "net.arch:net")
    assert result.exit_code == 1 and "one.conv.kernel  3x3 → 5x5" in result.stdout
    assert run("diff", "HEAD:net.arch:net", "HEAD:net.arch:net").exit_code == 0
    assert "one.conv.kernel" in run("diff", "HEAD:net.arch:found", "net.arch:found").stdout
    whole = run("diff", "HEAD:net.arch", "net.arch").stdout
    assert whole.startswith("net:\n") and "\nfound:\n" in whole


def test_no_such_file_or_revision(run: Run, repository: Path) -> None:
    missing = run("diff", "HEAD:nets.arch", "net.arch")
    assert missing.exit_code == 2 and "in the revision HEAD" in missing.output
    unknown = run("diff", "nothing:net.arch", "net.arch")
    assert unknown.exit_code == 2 and "E0901" in unknown.output
    Path("gone.arch").write_text("arch 1\nuse missing: unit\n", encoding="utf-8")
    git("add", "gone.arch")
    git("commit", "-q", "-m", "second")
    Path("missing.arch").write_text(BLOCKS, encoding="utf-8")
    assert "E0204" in run("diff", "HEAD:gone.arch:x", "net.arch:net").output, (
        "a file beside it now was not there then"
    )


def test_git_shows_architectures(run: Run, repository: Path) -> None:
    assert run("diff", "--install-git").exit_code == 0
    assert Path(".gitattributes").read_text(encoding="utf-8") == "*.arch diff=archdsl\n"
    assert run("diff", "--install-git").exit_code == 0
    assert Path(".gitattributes").read_text(encoding="utf-8") == "*.arch diff=archdsl\n", (
        "once is enough"
    )
    assert git("config", "diff.archdsl.command").strip() == "archdsl git-diff"
    git("config", "diff.archdsl.command", f"{sys.executable} -m archdsl git-diff")
    Path("net.arch").write_text(NET.replace("[1, 3x3]", "[1, 3x3, 5x5]"), encoding="utf-8")
    shown = git("diff")
    assert "archdsl diff net.arch" in shown and "kernel  {1, 3x3} → {1, 3x3, 5x5}" in shown
    Path("net.arch").write_text(NET.replace("  kernel ~", "  kernel   ~"), encoding="utf-8")
    assert "the same architectures; by lines:" in git("diff", "net.arch")
    Path("net.arch").write_text(NET.replace("conv(8", "conv(("), encoding="utf-8")
    assert "by lines:" in git("diff", "net.arch") and "+  output x -> conv((" in git(
        "diff", "net.arch"
    )
    git("rm", "-q", "--cached", "net.arch")
    assert "removed" in git("diff", "HEAD", "--", "net.arch")


def test_outside_a_repository(run: Run) -> None:
    result = run("diff", "--install-git")
    assert result.exit_code == 2 and "no git repository" in result.output

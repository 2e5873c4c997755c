"""`.ci/run`: it installs what tests need where it may, and runs the tests whatever came of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"


def ran(
    folder: Path, user: int, apt_works: bool, *there: str
) -> tuple[int, str, list[str]]:
    """Exit code, output and calls of apt-get, on a machine that has nothing but the programs `there`."""
    tools = folder / "bin"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(shutil.which(name) or name)
    calls = folder / "calls"
    fakes = {
        "id": f"echo {user}",
        "make": 'echo "made $*"; exit 3',
        "apt-get": f'echo "$*" >> {calls}; echo noise; exit {0 if apt_works else 1}',
        **dict.fromkeys(there, "true"),
    }
    for name, script in fakes.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        [RUN],
        env={"PATH": str(tools)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return (
        done.returncode,
        done.stdout,
        calls.read_text().splitlines() if calls.exists() else [],
    )


INSTALL = "install --yes --no-install-recommends"


@pytest.mark.parametrize(
    ("there", "installed"),
    [
        ((), "graphviz chromium chromium-driver"),
        (("dot",), "chromium chromium-driver"),
        (("google-chrome", "chromedriver"), "graphviz"),
    ],
)
def test_what_is_missing_is_installed(
    tmp_path: Path, there: tuple[str, ...], installed: str
) -> None:
    assert ran(tmp_path, 0, True, *there) == (
        3,
        "made test\n",
        ["update", f"{INSTALL} {installed}"],
    )


def test_nothing_is_installed_where_all_is_there_or_it_may_not(tmp_path: Path) -> None:
    assert ran(tmp_path, 0, True, "dot", "chromium", "chromedriver") == (
        3,
        "made test\n",
        [],
    )
    (tmp_path / "user").mkdir()
    assert ran(tmp_path / "user", 1000, True) == (3, "made test\n", [])


def test_it_goes_on_where_that_fails(tmp_path: Path) -> None:
    code, output, calls = ran(tmp_path, 0, False)
    assert (code, calls) == (3, ["update"])
    missing = "graphviz chromium chromium-driver"
    assert (
        output
        == f"could not be installed, so that tests are skipped: {missing}\nmade test\n"
    )

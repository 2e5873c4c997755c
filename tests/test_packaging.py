"""What `pip install .` installs: the core, the backends, and the language as data inside the package."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

from archdsl.version import __version__

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    built = list(
        WheelBuilder(str(ROOT)).build(
            directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]
        )
    )
    assert f"archdsl-{__version__}-" in built[0]
    return ZipFile(built[0])


def test_every_module_and_every_datum_is_inside(wheel: ZipFile) -> None:
    inside = set(wheel.namelist())
    for folder, pattern, prefix in (
        ("archdsl", "*.py", "archdsl"),
        ("grammar", "*.*", "archdsl/grammar"),
        ("specs", "*.arch", "archdsl/specs"),
        ("backends/archdsl_lowering", "*.py", "archdsl_lowering"),
        ("backends/archdsl_torch", "*.py", "archdsl_torch"),
        ("backends/archdsl_python", "*.py", "archdsl_python"),
        ("backends/archdsl_draw", "*.py", "archdsl_draw"),
        ("backends/archdsl_draw/html", "*.*", "archdsl_draw/html"),
    ):
        names = {
            f"{prefix}/{path.relative_to(ROOT / folder).as_posix()}"
            for path in (ROOT / folder).rglob(pattern)
        }
        assert names and names <= inside
    assert "archdsl/py.typed" in inside


def test_nothing_else_is_inside(wheel: ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {
        "archdsl",
        "archdsl_lowering",
        "archdsl_torch",
        "archdsl_python",
        "archdsl_draw",
        f"archdsl-{__version__}.dist-info",
    }


def test_commands_and_backends_are_registered(wheel: ZipFile) -> None:
    entries = wheel.read(f"archdsl-{__version__}.dist-info/entry_points.txt").decode()
    assert "archdsl = archdsl.cli.main:main" in entries
    assert "[archdsl.backends]" in entries and "torch = archdsl_torch" in entries

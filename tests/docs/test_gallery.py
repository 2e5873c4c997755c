"""The gallery lists all that ships, and its pictures are what is drawn. `make docs` writes both, `--update`
all that is compared here.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from archdsl.cli.commands.list import command

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
QUICK = (
    "x3d_s",
    "i3d",
    "s3d_g",
    "slowfast_8x8_r50",
    "timesformer_divided",
    "xvit_b16",
    "mobilenet_v2",
    "example_s",
)


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


def test_every_entry_that_ships_is_listed() -> None:
    shipped = json.loads(CliRunner().invoke(command, ["--json"]).output)
    assert len(shipped) > 100
    sections = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}
    for entry in shipped:
        listed = (
            f"`{entry['name']}`"
            if entry["kind"] in ("block", "search")
            else f"`{entry['file']}:{entry['name']}`"
        )
        assert listed in sections[entry["file"]], (
            f"{entry['file']}:{entry['name']} is missing: `make docs`"
        )


def test_every_picture_is_there_and_shown() -> None:
    shown = re.findall(r"^!\[[^]]*\]\((gallery/[\w.]+\.svg)\)$", PAGE, re.MULTILINE)
    assert len(shown) == len(set(shown)) == PAGE.count("![")
    assert {DOCS / name for name in shown} == set((DOCS / "gallery").iterdir())
    assert sum(path.stat().st_size for path in (DOCS / "gallery").iterdir()) < 6_000_000


def test_the_page_is_what_the_files_say(
    gallery: ModuleType, golden: Callable[[Path, str], None]
) -> None:
    facts = {
        e.picture: re.search(
            r"<desc>(.*)</desc>", (DOCS / e.picture).read_text(encoding="utf-8")
        )[1]
        for e in _drawn(gallery)
    }
    golden(DOCS / "gallery.md", gallery.page(list(gallery.entries()), facts))


@pytest.mark.parametrize("name", QUICK)
def test_pictures_are_what_is_drawn(
    gallery: ModuleType, name: str, golden: Callable[[Path, str], None]
) -> None:
    entry = next(entry for entry in _drawn(gallery) if entry.name == name)
    golden(DOCS / entry.picture, gallery.draw(entry).svg())


def test_a_difference_is_what_is_drawn(
    gallery: ModuleType, golden: Callable[[Path, str], None]
) -> None:
    golden(DOCS / "gallery" / "figure_diff.svg", gallery.FIGURES["figure_diff"][1]().svg())


@pytest.mark.skipif(
    shutil.which("dot") is None, reason="the cell view needs the program dot"
)
def test_a_cell_says_what_is_drawn(gallery: ModuleType) -> None:
    """Where the boxes stand is up to the version of dot."""
    drawn = gallery.FIGURES["figure_attention_cell"][1]().svg()
    assert _words(drawn) == _words(
        (DOCS / "gallery" / "figure_attention_cell.svg").read_text(encoding="utf-8")
    ), "`make docs` draws it anew"


def _drawn(gallery: ModuleType) -> list:
    return [entry for entry in gallery.entries() if entry.is_drawn]


def _words(svg: str) -> list[str]:
    return sorted(re.findall(r">([^<>]+)</text>", svg))

"""The page of the zoo is what docs/zoo.py writes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_zoo_counts(golden: Callable[[Path, str], None]) -> None:
    """All but the costs of models, which tests/zoo/test_reference.py proves to be those of the facts."""
    spec = importlib.util.spec_from_file_location("zoo_page", DOCS / "zoo.py")
    assert spec is not None and spec.loader is not None
    zoo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(zoo)
    golden(
        DOCS / "zoo.md",
        zoo.page(
            lambda fact: (
                (fact["params"], fact["macs"]) if "macs" in fact else zoo.measured(fact)
            ),
            zoo.counted,
        ),
    )

"""Rename tables say pairs of keys in few lines, and read back as the same pairs."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.source import Source
from archdsl.importing.renaming import rename_table
from archdsl.questions import rename


def dense() -> dict[str, str]:
    """Layers that begin at 2 in each of two blocks of unequal length."""
    found = {}
    for block in (1, 2):
        for layer in range(2, 5 + block):
            for leaf in ("a", "b"):
                ours = f"d.block{block}.layer.{layer - 2}.{leaf}.weight"
                found[f"d.block{block}.layer{layer}.{leaf}.weight"] = ours
    return found


DENSE = dense()
PAIRS = {
    "one": {"head.1.weight": "head.linear.weight", "head.1.bias": "head.linear.bias"},
    "moved": DENSE,
    "some stay": {"a.1.w": "a.conv.w", "a.b.w": "a.b.w", "c.w": "c.w"},
    "an exception": {
        **{f"f.{i}.0.w": f"f_{i}.conv.w" for i in range(4)},
        "f.4.0.w": "last.conv.w",
    },
}


def renamed(text: str, key: str) -> str | None:
    found = rename.read(Source("t", text)).find(key)
    return None if found is None else found.names[0]


@pytest.mark.parametrize("name", PAIRS)
def test_the_table_gives_each_pair(name: str) -> None:
    text = rename_table(PAIRS[name], "net")
    assert {key: renamed(text, key) for key in PAIRS[name]} == PAIRS[name]


def test_numbers_that_count_alike_are_one_line() -> None:
    lines = [line for line in rename_table(DENSE, "net").splitlines() if "->" in line]
    assert lines == ["d.block{i}.layer{j} -> d.block{i}.layer.{j-2}"]

"""docs/supergraphs.md: its Python runs from top to bottom, and what it says of methods and codes is there."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from archdsl.diagnostics.codes import CODES, supergraphs
from archdsl_torch.supergraph.base import Supergraph

PAGE = Path(__file__).parents[2] / "docs" / "supergraphs.md"


def test_its_examples_run() -> None:
    torch.manual_seed(0)
    text = PAGE.read_text(encoding="utf-8")
    exec(
        compile(
            "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)),
            str(PAGE),
            "exec",
        ),
        {},
    )


def test_its_methods_and_codes_exist() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))
    methods = re.findall(r"`(\w+)\(", rows)
    assert len(methods) == 10 and all(hasattr(Supergraph, name) for name in methods)
    own = {code.id for code in vars(supergraphs).values() if hasattr(code, "id")}
    named = set(re.findall(r"E10\d\d", text))
    assert len(named) == 3 and named <= own & set(CODES)

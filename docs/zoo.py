"""The page of the zoo: `python docs/zoo.py > docs/zoo.md`.

Its figures are counted from the text of the zoo as the page is written; what stands beside them is in
docs/zoo.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import archdsl
from archdsl.diagnostics.source import Source
from archdsl.questions.cost import cost
from archdsl.syntax import ast
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped

Fact = Mapping[str, Any]
FACTS: dict[str, list[Fact]] = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
)

HEAD = """# The zoo

The networks and spaces of the papers, as they ship: `archdsl list zoo` has them all, `archdsl summary` prints
each as its paper's table. This page is written by `make docs`; the figures of other people's code are in
[zoo.yaml](zoo.yaml).
"""
MODELS = """
## Models

Parameters, and multiply–accumulates of convolutions, linear maps and attention products for one clip: what
papers call FLOPs. *Ours* is counted from the text, and tests count the compiled module too; the public code's
were measured by running it. Where the paper prints something else, the code is followed, and the last column
says what differs.

| model | our params | the code's | our MACs | the code's | printed | where they differ |
|---|---:|---:|---:|---:|---|---|
"""
SPACES = """
## Spaces

The exact number of architectures, inactive choices not counted, and what the paper prints. Each reading is
explained in the file.

| space | exact | paper | reading |
|---|---:|---|---|
"""
LINES = """
## Lines

Lines of text for lines of Python, without blank lines, comments and docstrings. *With its blocks* adds what a
file uses of other shipped files, which several papers share.

| file | lines | with its blocks | public code | counted there |
|---|---:|---:|---:|---|
"""


def page(measure: Callable[[Fact], tuple[int, int]], size: Callable[[str], int]) -> str:
    """The page, with the costs of a model and the size of a space from these."""
    models = (model_row(fact, *measure(fact)) for fact in FACTS["models"])
    spaces = (
        f"| {f['what']} ({_code(f['ours'])}) | {size(f['ours']):,} | {f.get('paper', '–')} | {f['note']} |\n"
        for f in FACTS["spaces"]
    )
    return "".join([HEAD, MODELS, *models, SPACES, *spaces, LINES, *lines_rows()])


def model_row(fact: Fact, params: int, macs: int) -> str:
    """One line of the table of models."""
    sizes = "".join(f", {name} = {value}" for name, value in fact.get("set", {}).items())
    sizes += (
        ", clip " + "x".join(str(fact["clip"][dim]) for dim in "thw")
        if "clip" in fact
        else ""
    )
    theirs = (
        (f"{fact.get('code_params', fact['params']):,}", f"{fact['macs']:,}")
        if "macs" in fact
        else ("no code", "no code")
    )
    note = fact.get("note", "they agree" if "paper" in fact else "")
    cells = (
        f"{fact['name']} ({_code(fact['ours'])}{sizes})",
        f"{params:,}",
        theirs[0],
        f"{macs:,}",
        theirs[1],
        fact.get("paper", "–"),
        note,
    )
    return f"| {' | '.join(cells)} |\n"


def measured(fact: Fact) -> tuple[int, int]:
    """Params and MACs of a model of the zoo at the fact's input."""
    inputs = {"clip": fact["clip"]} if "clip" in fact else None
    totals = cost(
        archdsl.load(fact["ours"], settings=fact.get("set", {}), inputs=inputs).graph, {}
    )
    return totals.params, totals.macs


def counted(reference: str) -> int:
    """The size of a space of the zoo."""
    found = archdsl.load(reference).count()
    assert isinstance(found, int), "the papers' spaces have no bounds on cost"
    return found


def lines_rows() -> Iterator[str]:
    """The lines of the table of lines."""
    for fact in FACTS["lines"]:
        own, used = code_lines(fact["ours"])
        theirs = f"{fact['public']} | {fact['code']}: {fact['files']}"
        yield f"| {_code(fact['ours'])} | {own} | {own + used} | {theirs} |\n"


def code_lines(file: str) -> tuple[int, int]:
    """The lines of code of a shipped file, and those of what it uses of other files, and they in turn."""
    own = _count((shipped("specs") / file).read_text(encoding="utf-8"))
    used: dict[tuple[str, str], int] = {}
    waiting = list(_uses(file))
    while waiting:
        home, name = waiting.pop()
        if (home, name) in used:
            continue
        tree, _ = parse(_source(home))
        declared = {d.name: d for d in tree.declarations if not isinstance(d, ast.Use)}
        text = declared[name].span.text
        used[home, name] = _count(text)
        words = set(re.findall(r"[A-Za-z_]\w*", text))
        waiting += [(home, other) for other in declared if other in words and other != name]
        waiting += [(away, other) for away, other in _uses(home) if other in words]
    return own, sum(used.values())


def _uses(file: str) -> Iterator[tuple[str, str]]:
    """The file and name of everything that a file uses."""
    tree, _ = parse(_source(file))
    for use in tree.declarations:
        if isinstance(use, ast.Use):
            path = "/".join(use.module) + ".arch"
            beside = (Path(file).parent / path).as_posix()
            home = beside if (shipped("specs") / beside).is_file() else path
            yield from ((home, alias.name) for alias in use.names)


def _source(file: str) -> Source:
    return Source(file, (shipped("specs") / file).read_text(encoding="utf-8"))


def _count(text: str) -> int:
    return sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for line in text.splitlines()
    )


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    print(page(measured, counted), end="")

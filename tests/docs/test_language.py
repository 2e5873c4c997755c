"""The language reference is real: its examples hold, and what it says that they give is what they give.
`--update` writes that anew.

An `arch` block is a file if it begins with its edition, else statements of a body; with a name it is a file
that later ones `use`; with `fails` it has errors or warnings. After it, `keys` are the names of the weights
of its last network, `choices` the choices with their alternatives, `text` the diagnostics, and `yaml` the
other form of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.architecture import Architecture, load
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.sequences import LENGTH_LIMIT
from archdsl.elaborate.evaluation.state import DEPTH_LIMIT
from archdsl.elaborate.files.project import Project
from archdsl.ir.decision import STEP_LIMIT
from archdsl.ir.expr import TABLE_LIMIT
from archdsl.ir.instance import key
from archdsl.ir.work import WORK_LIMIT
from archdsl.syntax import ast
from archdsl.syntax.decoding import MAX_BYTES
from archdsl.syntax.depth import MAX_DEPTH
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.syntax.tokens import MAX_DIGITS, MAX_TOKENS
from archdsl.syntax.yaml_form import to_yaml

PAGE = Path(__file__).parents[2] / "docs/language.md"
BLOCK = re.compile(r"^```(\w+) ?([\w.]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = "example.arch"


def test_the_examples_hold_and_give_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    written = [NAME]

    def block(match: re.Match[str]) -> str:
        kind, info, text = match.groups()
        if kind == "arch":
            path = info if info.endswith(".arch") else NAME
            whole = text if text.startswith("arch 1") else body(text)
            Path(path).write_text(whole, encoding="utf-8")
            written[:] = [path]
            found = diagnostics(path)
            assert bool(found) == (info == "fails"), "\n".join([whole, *found])
            if whole is text:
                assert format(parse(Source(path, text))[0]) == text
            return match[0]
        return f"```{kind}\n{FACTS[kind](written[0])}\n```"

    golden(PAGE, BLOCK.sub(block, PAGE.read_text(encoding="utf-8")))


def test_the_limits_are_those_of_the_code() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Limits")[2].partition("## ")[0]
    limits = [
        int(number.replace(",", "")) for number in re.findall(r"\| ([\d,]+) \|", table)
    ]
    ours = [MAX_BYTES, MAX_TOKENS, MAX_DIGITS, MAX_DEPTH, DEPTH_LIMIT, LENGTH_LIMIT]
    assert limits == [*ours, WORK_LIMIT, STEP_LIMIT, TABLE_LIMIT]


def test_the_reserved_words_are_those_of_the_grammar() -> None:
    text = PAGE.read_text(encoding="utf-8")
    reserved = re.search(r"Reserved are `([a-z ]+)`", text)
    assert reserved is not None
    for word in reserved[1].split():
        assert parse(Source(NAME, f"arch 1\n{word} = 1\n"))[1], word
    for word in "arch use fn block space model genotype search after before insert replace remove step open fix freeze budget".split():
        assert not parse(Source(NAME, f"arch 1\nother = 1 {word} = 2\n"))[1], word


def body(statements: str) -> str:
    return f"arch 1\nspace example {{\ninput x: [b, c = 16, t = 8, h = 28, w = 28]\n{statements}output x\n}}\n"


def network(path: str) -> Architecture:
    """The last space or model of a file."""
    names = [
        d.name for d in Project().module(path).file.declarations if isinstance(d, ast.Net)
    ]
    return load(f"{path}:{names[-1]}")


def diagnostics(path: str) -> list[str]:
    return [render(d) for d in Project().check(path)]


def keys(path: str) -> str:
    return "\n".join(
        key(weight.full_name) for weight in network(path).graph.weights().values()
    )


def choices(path: str) -> str:
    space = network(path)
    lines = [
        f"{choice.path}: {', '.join(choice.labels())}" for choice in space.graph.choices
    ]
    return "\n".join([*lines, f"{space.count()} architectures"])


def yaml(path: str) -> str:
    return to_yaml(parse(Source(path, Path(path).read_text(encoding="utf-8")))[0]).rstrip()


FACTS: dict[str, Callable[[str], str]] = {
    "keys": keys,
    "choices": choices,
    "text": lambda path: "\n\n".join(diagnostics(path)),
    "yaml": yaml,
}

"""The YAML form: its layout, its schema, and what is refused where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings

from archdsl.diagnostics.source import Source
from archdsl.syntax import ast, yaml_form
from archdsl.syntax.shipped import shipped
from archdsl.syntax.yaml_form import from_yaml, to_yaml
from tests.strategies.syntax import files
from tests.syntax.test_syntax_laws import CORPUS, read

SCHEMA = jsonschema.Draft202012Validator(json.loads((shipped("grammar") / "document.schema.json").read_text(encoding="utf-8")))


def valid(text: str) -> bool:
    """By the schema; every scalar is read as text."""
    return bool(SCHEMA.is_valid(yaml.load(text, Loader=yaml.BaseLoader)))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.stem)
def test_the_schema_knows_the_corpus(case: Path) -> None:
    assert valid(to_yaml(read(case.read_text(encoding="utf-8"))))


@given(files)
@settings(deadline=None, max_examples=50)
def test_the_schema_knows_every_tree(file: ast.File) -> None:
    assert valid(to_yaml(file))


def test_the_documented_layout_is_read() -> None:
    shown = re.search(r"    arch: 1\n.*?\n\n", yaml_form.__doc__ or "", re.DOTALL)
    assert shown is not None
    text = re.sub("^    ", "", shown[0], flags=re.MULTILINE)
    file, diagnostics = from_yaml(Source("doc.yaml", text))
    assert diagnostics == [] and len(file.declarations) == 8
    assert valid(text)


@pytest.mark.parametrize("case", [Path(__file__).parent / "corpus" / "declarations.arch"], ids=lambda case: case.stem)
def test_layout(case: Path, golden: Callable[[Path, str], None]) -> None:
    golden(case.with_suffix(".yaml"), to_yaml(read(case.read_text(encoding="utf-8"))))


def test_a_genotype_is_pleasant() -> None:
    text = "arch: 1\ngenotype: found\nof: s\nset:\n  group[0]: {kernel: 3x3x3, channels: 24, gate: false}\n  node[1]: {source: [1, 2]}\n"
    file, diagnostics = from_yaml(Source("found.yaml", text))
    assert diagnostics == []
    expected = "arch 1 genotype found of s { group[0] { kernel = 3x3x3 channels = 24 gate = false } node[1] { source = [1, 2] } }"
    assert file == read(expected)


def test_spans_lie_in_the_yaml() -> None:
    text = 'arch: 1\ndeclarations:\n  - block: b\n    body:\n      - x: "clip -> conv(24)"\n      - output: x -> relu\n'
    block = from_yaml(Source("b.yaml", text))[0].declarations[0]
    assert isinstance(block, ast.Block) and block.body is not None
    bind, output = block.body
    assert isinstance(bind, ast.Bind) and isinstance(output, ast.Output)
    assert bind.values[0].span.text == "clip -> conv(24)"
    assert output.values[0].span.text == "x -> relu"


REFUSED = {
    "": ("E0121", ""),
    "- 1": ("E0121", "- 1"),
    "arch: 2": ("E0103", "2"),
    "genotype: g": ("E0121", "genotype"),
    "arch: 1\nfoo: 1": ("E0121", "foo: 1"),
    "arch: 1\narch: 1": ("E0120", "arch"),
    "arch: 1\nconst: &a x\nvalue: 1": ("E0120", "&a x"),
    "arch: 1\nconst: *a\nvalue: 1": ("E0120", "*a"),
    "arch: 1\nconst: !!str x\nvalue: 1": ("E0120", "!!str x"),
    "arch: 1\n---\narch: 1": ("E0120", "---"),
    "arch: [": ("E0120", ""),
    "arch: 1\nconst: x\nvalue: 1 2": ("E0101", "2"),
    "arch: 1\nconst: x y\nvalue: 1": ("E0101", "y"),
    "arch: 1\nconst: if\nvalue: 1": ("E0101", ""),
    "arch: 1\nconst: x\nvalue: 1\nmore: 2": ("E0121", "more"),
    "arch: 1\nconst: x": ("E0121", "const: x"),
    "arch: 1\nfn: f\nparams: [\"a) = 1 fn g(b\"]\nvalue: 1": ("E0101", "a) = 1 fn g(b"),
    "arch: 1\nblock: b\nbody: [{input: a b = 3}]": ("E0101", "a b = 3"),
    "arch: 1\nblock: b\nbody: [{for: 1, in: x, do: []}]": ("E0101", "1"),
    "arch: 1\nblock: b\nbody: [{x: 1, y: 2}]": ("E0121", "{x: 1, y: 2}"),
    "arch: 1\nblock: b\nbody: 3": ("E0121", "3"),
    "arch: 1\nblock: b\nbody: [{\"x, if\": 3}]": ("E0111", "x, if"),
    "arch: 1\ngenotype: g\nof: s\nset: {a..b: 1}": ("E0101", ".."),
    "arch: 1\ngenotype: g\nof: s\nset: {a: 1 } b}": ("E0120", ""),
    "arch: 1\nsearch: p\nof: s\nplan: [{step: x}]": ("E0121", "{step: x}"),
    "a: \x07": ("E0120", "\x07"),
    '"\\UFFFFFFFF": 1': ("E0120", ""),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_and_where(text: str) -> None:
    file, diagnostics = from_yaml(Source("bad.yaml", text))
    code, place = REFUSED[text]
    assert file.declarations == ()
    assert [(diagnostic.code, diagnostic.span and diagnostic.span.text) for diagnostic in diagnostics][:1] == [(code, place)]


def test_all_errors_are_reported() -> None:
    text = "arch: 1\ndeclarations:\n" + "  - {const: x, value: 1 2}\n" * 3 + "  - {fn: f}\n" + "  - 3\n"
    assert len(from_yaml(Source("bad.yaml", text))[1]) == 3 + 1 + 1
    assert len(from_yaml(Source("bad.yaml", "arch: 1\ndeclarations: [" + "3, " * 1000 + "]"))[1]) == 51


def test_hostile_yaml_ends_soon() -> None:
    for text in ("[" * 500_000, "{a: " * 200_000, "- " * 300_000, "? " * 100_000, "a: &a [*a]", "%TAG ! tag:x,2000:\n--- !a b"):
        assert len(from_yaml(Source("bad.yaml", text))[1]) == 1

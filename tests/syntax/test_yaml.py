"""The YAML form: its layout, its schema, and what is refused where."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis.strategies import randoms

from archdsl.diagnostics.source import Source
from archdsl.syntax import ast, yaml_form
from archdsl.syntax.forms import DECLARATIONS, EDITS, ENTRIES, STATEMENTS, Form, Forms
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped
from archdsl.syntax.yaml_form import from_yaml, to_yaml
from archdsl.syntax.yaml_shape import slips
from archdsl.syntax.yaml_tree import tree
from tests.strategies.syntax import files
from tests.syntax.test_syntax_laws import CORPUS, read

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((shipped("grammar") / "document.schema.json").read_text(encoding="utf-8"))
)


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


@pytest.mark.parametrize(
    "case",
    [Path(__file__).parent / "corpus" / "declarations.arch"],
    ids=lambda case: case.stem,
)
def test_layout(case: Path, golden: Callable[[Path, str], None]) -> None:
    golden(case.with_suffix(".yaml"), to_yaml(read(case.read_text(encoding="utf-8"))))


def test_a_genotype_is_pleasant() -> None:
    text = (
        "arch: 1\ngenotype: found\nof: s\nset:\n  group[0]: {kernel: 3x3x3, channels: 24, gate: false}\n  "
        "node[1]: {source: [1, 2]}\n"
    )
    file, diagnostics = from_yaml(Source("found.yaml", text))
    assert diagnostics == []
    expected = (
        "arch 1 genotype found of s { group[0] { kernel = 3x3x3 channels = 24 gate = false } node[1] { "
        "source = [1, 2] } }"
    )
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
    "arch: 1\nfoo: 1": ("E0121", "foo"),
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
    "arch: 1\nconst: x": ("E0121", "const"),
    "arch: 1\nfn: f\nparams: [\"a) = 1 fn g(b\"]\nvalue: 1": ("E0101", "a) = 1 fn g(b"),
    "arch: 1\nblock: b\nbody: [{input: a b = 3}]": ("E0101", "a b = 3"),
    "arch: 1\nblock: b\nbody: [{for: 1, in: x, do: []}]": ("E0101", "1"),
    "arch: 1\nblock: b\nbody: [{x: 1, y: 2}]": ("E0121", "y"),
    "arch: 1\nblock: b\nbody: 3": ("E0121", "3"),
    "arch: 1\nblock: b\nbody: [{\"x, if\": 3}]": ("E0111", "x, if"),
    "arch: 1\ngenotype: g\nof: s\nset: {a..b: 1}": ("E0101", ".."),
    "arch: 1\ngenotype: g\nof: s\nset: {a: 1 } b}": ("E0120", ""),
    "arch: 1\nsearch: p\nof: s\nplan: [{step: x}]": ("E0121", "step"),
    "a: \x07": ("E0120", "\x07"),
    '"\\UFFFFFFFF": 1': ("E0120", ""),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_and_where(text: str) -> None:
    file, diagnostics = from_yaml(Source("bad.yaml", text))
    code, place = REFUSED[text]
    assert file.declarations == ()
    assert [
        (diagnostic.code, diagnostic.span and diagnostic.span.text)
        for diagnostic in diagnostics
    ][:1] == [(code, place)]


# One slip, one error, at the key or the part that is wrong, with what was probably meant.
SLIPS = {
    "arch: 1\ngenotyp: g\nof: s\nset: {}": (
        "genotyp",
        "a genotype has no key `genotyp`",
        "did you mean `genotype`?",
    ),
    "arch: 1\ngenotype: g\noff: s\nset: {}": (
        "off",
        "a genotype has no key `off`",
        "did you mean `of`?",
    ),
    "arch: 1\ndeclaration: []": (
        "declaration",
        "a document has no key `declaration`",
        "did you mean `declarations`?",
    ),
    "arch: 1\nspace: s\nbdoy: []": (
        "bdoy",
        "a space has no key `bdoy`",
        "did you mean `body`?",
    ),
    "arch: 1\nspace: s\nvalue: t\nwiht: []": (
        "wiht",
        "a space has no key `wiht`",
        "did you mean `with`?",
    ),
    "arch: 1\nblock: b\nbody: []\nvalue: 1": (
        "value",
        "a block has no key `value`",
        "its keys: arch, block, body, params",
    ),
    "arch: 1\ngenotype: g": ("genotype", "a genotype needs the keys `of` and `set`", None),
    "arch: 1\nfn: f\nparams: x\nvalue: 1": ("x", "`params` is a list", None),
    "arch: 1\nuse: std\nnames: []": ("[]", "`names` has at least one item", None),
    "arch: 1\nconst: c\nvalue: {a: 1}": (
        "{a: 1}",
        "an expression is a text or a list",
        "put it in quotes",
    ),
    "arch: 1\nconst: c\nvalue: [a, [b, {c: d}]]": (
        "{c: d}",
        "an expression is a text or a list",
        "put it in quotes",
    ),
    "arch: 1\nblock: b\nbody: [{fro: i, in: xs, do: []}]": (
        "fro",
        "a for has no key `fro`",
        "did you mean `for`?",
    ),
    "arch: 1\nblock: b\nbody: [{if: a, then: [{for: i, in: xs, od: []}]}]": (
        "od",
        "a for has no key `od`",
        "did you mean `do`?",
    ),
    "arch: 1\nblock: b\nbody: [{x: 1, y: 2}]": (
        "y",
        "a choice `name ~` or an assignment `a, b` has one key",
        "begin another item of the list with `- `",
    ),
    "arch: 1\nblock: b\nbody: [{a-b: 1}]": (
        "a-b",
        "a statement has one of the keys input, output, require, for, if, param, const, or is a choice `name ~` "
        "or an assignment `a, b`",
        None,
    ),
    "arch: 1\ngenotype: g\nof: s\nset: {a: {b: [{set: c, too: 1}]}}": (
        "too",
        "a set has no key `too`",
        "did you mean `to`?",
    ),
    "arch: 1\ngenotype: g\nof: s\nset: 3": (
        "3",
        "a list of edits is a mapping or a list",
        None,
    ),
    "arch: 1\nsearch: p\nof: s\nplan: [{step: one, plan: [{open: {}}]}]": (
        "{}",
        "`open` is a text or a list",
        "put it in quotes",
    ),
}


@pytest.mark.parametrize("text", SLIPS, ids=range(len(SLIPS)))
def test_one_slip_is_one_error(text: str) -> None:
    (found,) = from_yaml(Source("bad.yaml", text))[1]
    assert found.code == "E0121" and found.span is not None
    assert (found.span.text, found.message, found.help) == SLIPS[text]
    assert not valid(text)


def test_lists_need_no_quotes() -> None:
    text = (
        "arch: 1\ndeclarations:\n- {const: a, value: [[1, 2], [x, f(3)]]}\n- const: b\n  value:\n  - 1\n  "
        "- [x, 2 * y]\n"
    )
    assert from_yaml(Source("a.yaml", text)) == (
        read("arch 1 a = [[1, 2], [x, f(3)]] b = [1, [x, 2 * y]]"),
        [],
    )
    assert valid(text)


def test_a_list_in_a_plan_is_one_value() -> None:
    text = "arch: 1\nsearch: p\nof: s\nplan: [{widths: [8, 16]}, {set: open, to: [1]}]"
    assert from_yaml(Source("a.yaml", text)) == (
        read("arch 1 search p of s { widths = [8, 16] open = [1] }"),
        [],
    )


def _parts(node: Any) -> Iterator[Any]:
    """Every list and dictionary in a document."""
    if isinstance(node, dict | list):
        yield node
        for part in node.values() if isinstance(node, dict) else node:
            yield from _parts(part)


def _mutated(data: Any, draw: random.Random) -> None:
    """Makes one slip in a document."""
    part = draw.choice(list(_parts(data)))
    strays = ["stray", [], {}, ["1", {}], {"set": "a", "to": "1"}, {"for": "i"}, {"x": "1"}]
    keys = ["open", "set", "to", "value", "kernel ~", "x, y", "arch", "body", "a-b"]
    keyed = isinstance(part, dict)
    place = draw.choice(list(part) if keyed else range(len(part))) if part else None
    match draw.choice(["add", "remove", "replace", "rename"]):
        case "add" if keyed:
            part[draw.choice(keys)] = draw.choice(strays)
        case "add":
            part.append(draw.choice(strays))
        case "rename" if keyed and place is not None:
            part[draw.choice([*keys, place[:-1] or "k"])] = part.pop(place)
        case "replace" if place is not None:
            part[place] = draw.choice(strays)
        case _ if place is not None:
            del part[place]


@given(files, randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_what_the_schema_refuses_is_refused(file: ast.File, draw: random.Random) -> None:
    data = yaml.load(to_yaml(file), Loader=yaml.BaseLoader)
    _mutated(data, draw)
    text = yaml.dump(data, sort_keys=False, width=10_000)
    assert bool(list(slips(tree(Source("bad.yaml", text))))) != SCHEMA.is_valid(data)


def _shape(form: Form) -> dict[str, str]:
    """The keys of a form and what they hold, as the schema names it; it takes an iterable for an expression
    like another.
    """
    kinds = {
        part.key: "expression" if part.kind == "iterable" else part.kind
        for part in form.parts
    }
    return {key: f"#/$defs/{kind}" for key, kind in kinds.items()}


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("declaration", DECLARATIONS),
        ("statement", STATEMENTS),
        ("edit", EDITS),
        ("entry", ENTRIES),
    ],
)
def test_the_forms_are_those_of_the_schema(name: str, forms: Forms) -> None:
    defs = SCHEMA.schema["$defs"]
    stated: dict[str, dict[str, str]] = {}
    for each in defs[name]["oneOf"]:
        schema = defs[each["$ref"].removeprefix("#/$defs/")] if "$ref" in each else each
        for leaf in schema.get("oneOf", [schema]):
            if "required" in leaf:
                shape = {key: value["$ref"] for key, value in leaf["properties"].items()}
                stated.setdefault(leaf["required"][0], {}).update(shape)
    assert stated == {word: _shape(form) for word, form in forms.items()}


def test_one_declaration_stands_alone_as_in_the_list() -> None:
    defs = SCHEMA.schema["$defs"]
    alone = json.loads(
        json.dumps(SCHEMA.schema["oneOf"][1:-1]).replace('"arch": true, ', "")
    )
    assert alone == [
        defs[each["$ref"].removeprefix("#/$defs/")] for each in defs["declaration"]["oneOf"]
    ]


def test_all_errors_are_reported() -> None:
    text = (
        "arch: 1\ndeclarations:\n"
        + "  - {const: x, value: 1 2}\n" * 3
        + "  - {fn: f}\n"
        + "  - 3\n"
    )
    assert len(from_yaml(Source("bad.yaml", text))[1]) == 3 + 1 + 1
    assert (
        len(
            from_yaml(Source("bad.yaml", "arch: 1\ndeclarations: [" + "3, " * 1000 + "]"))[
                1
            ]
        )
        == 51
    )


def test_hostile_yaml_ends_soon() -> None:
    for text in (
        "[" * 500_000,
        "{a: " * 200_000,
        "- " * 300_000,
        "? " * 100_000,
        "a: &a [*a]",
        "%TAG ! tag:x,2000:\n--- !a b",
    ):
        assert len(from_yaml(Source("bad.yaml", text))[1]) == 1


@pytest.mark.parametrize(
    "text", ["3", "{}", "[[]]", "\n  block: b", "\n  -:\n  - block: b"]
)
def test_declarations_that_are_no_list(text: str) -> None:
    """One error with a place; whatever stands in their stead."""
    _, found = from_yaml(Source("x.yaml", f"arch: 1\ndeclarations: {text}\n"))
    assert [d.code for d in found] == ["E0121"] and found[0].span is not None


def test_names_longer_than_yaml_takes_for_a_simple_key() -> None:
    name = "n" * 2_000
    text = f"arch 1\nmodel m {{ input x: [b, c = 1]  {name} = x -> relu  output {name} }}\n"
    file, _ = parse(Source("x.arch", text))
    again, found = from_yaml(Source("x.yaml", to_yaml(file)))
    assert found == [] and again == file

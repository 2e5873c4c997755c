"""What the campaign has found, each as its kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from archdsl.cli.commands.git_diff import _lines
from archdsl.cli.options import parse_quantity
from archdsl.compare import diff
from archdsl.diagnostics.codes import names
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.ir.graph import Graph, Value
from archdsl.outline.tree import read_of
from archdsl.syntax.parser import parse_expression
from archdsl.syntax.shipped import shipped
from archdsl.syntax.yaml_form import from_yaml
from archdsl_draw import read_probabilities


@pytest.mark.parametrize("half", ["\ud800", "\udfff", "\udc80"])
def test_halves_of_characters_are_no_text(half: str) -> None:
    """YAML can write them, and arguments that are not UTF-8 become them; no file could be written with
    one.
    """
    node, errors = parse_expression(Source("--set w", f'"{half}"'))
    assert node is None and [error.code for error in errors] == ["E0105"]
    text = f'arch: 1\nspace: s\nbody:\n  - input: "x: [b]"\n  - w ~: "[\\"a\\u{ord(half):04x}\\", \\"b\\"]"\n'
    assert "E0105" in [error.code for error in from_yaml(Source("x.yaml", text))[1]]


@pytest.mark.parametrize("value", [10**400, -1, 2, float("nan"), None, [], {}, "x"])
def test_probabilities_of_every_value_but_a_share(tmp_path: Path, value: object) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        json.dumps({"probabilities": {"w": {"a": value}}}) + "\n", encoding="utf-8"
    )
    with pytest.raises(DiagnosticError, match="E0967"):
        read_probabilities(path)


@pytest.mark.parametrize(
    "line", ["[" * 100_000, '{"probabilities": []}', "3", '{"probabilities": {"w": 3}}']
)
def test_lines_that_are_no_record(tmp_path: Path, line: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(DiagnosticError, match="E0967"):
        read_probabilities(path)


def test_costs_beyond_every_number() -> None:
    for text in ("9" * 400, "9" * 300 + "T"):
        with pytest.raises(DiagnosticError, match="E0909"):
            parse_quantity(text)
    assert parse_quantity("2.0G") == 2e9


def test_lines_are_compared_up_to_a_number_of_them() -> None:
    """Comparing lines takes the square of their number, and a pull may bring any."""
    old = ["# the same"] * 5_000 + [f"# {number % 150}" for number in range(4_000)]
    new = old[:5_000] + old[:4_999:-1]
    assert (
        _lines(Source("a", "\n".join(old)), Source("a", "\n".join(new)))
        == "-9,000 lines\n+9,000 lines\n"
    )
    assert "-# 0" in _lines(
        Source("a", "\n".join(old)), Source("a", "\n".join(old[:5_000] + old[5_001:]))
    )


def test_a_message_that_repeats_a_file_is_cut() -> None:
    said = render(names.UNKNOWN_NAME.error(None, "x" * 1_000_000))
    assert len(said) < 5_000 and said.endswith("…")


def test_a_long_row_that_changed_is_compared_in_steps_that_grow_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten thousand `relu` that become `gelu` took the square of their number: 40 s."""
    asked = 0

    def counted(values: Sequence[Value]) -> Sequence[Value]:
        nonlocal asked
        asked += 1
        return read_of(values)

    monkeypatch.setattr("archdsl.compare.matching.read_of", counted)
    a, b = (_row(word, 500) for word in ("relu", "gelu"))
    assert len(diff(a, b).edits) == 3
    assert asked < 20 * 500


def _row(word: str, length: int) -> Graph:
    text = f"arch 1\nmodel m {{ input x: [b, c = 4]  for i in range({length}) {{ x = x -> {word} }}  output x }}\n"
    importer = Importer(shipped("specs"))
    module = importer.load_text(Source("m.arch", text), Path())
    return Project(importer).elaborate(module, "m").graph


def test_a_module_whose_name_no_file_can_have() -> None:
    importer = Importer(shipped("specs"))
    importer.load_text(Source("x.arch", f"arch 1\nuse {'n' * 3_000}: a\n"), Path("/tmp"))
    codes = [d.code for found in importer.diagnostics.values() for d in found]
    assert codes == ["E0204"]

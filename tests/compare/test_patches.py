"""Law 7 for genotypes: apply(patch(a, b), a) == b, and a patch holds differences only."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.compare import apply, as_text, diff, patch, read_patch
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.outline.paths import KeyPath, gather, spelled_out
from archdsl.questions.genotype import Genotype

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "grammar" / "patch.schema.json").read_text(
        encoding="utf-8"
    )
)

_names = st.sampled_from(
    [
        "kernel",
        "channels",
        "group[0].kernel",
        "group[1].kernel",
        "group[2].kernel",
        "group[10].expand",
        "a.b[1].c[0]",
        "a.b[1].c[1]",
    ]
)
_answers = st.dictionaries(
    _names, st.sampled_from(["1x3x3", "3x3x3", "24", "identity"]), max_size=8
)


@given(_answers, _answers)
def test_a_patch_leads_from_one_to_the_other(a: dict[str, str], b: dict[str, str]) -> None:
    change = patch(a, b)
    assert apply(change, a) == b
    assert apply(change.inverse(), b) == a
    assert change.inverse() == patch(b, a)


@given(_answers, _answers)
def test_a_patch_is_canonical_and_holds_differences_only(
    a: dict[str, str], b: dict[str, str]
) -> None:
    facts = patch(a, b).facts()
    jsonschema.validate(facts, SCHEMA)
    assert {c["path"] for c in facts["changes"]} == {
        p for p in {*a, *b} if a.get(p) != b.get(p)
    }
    shuffled = patch(dict(reversed(a.items())), dict(reversed(b.items())))
    assert json.dumps(shuffled.facts()) == json.dumps(facts)
    assert read_patch(json.loads(json.dumps(facts))) == patch(a, b)


@given(_answers, _answers)
def test_the_difference_is_empty_exactly_for_equals(
    a: dict[str, str], b: dict[str, str]
) -> None:
    assert bool(diff(a, b)) == (a != b)
    assert not diff(a, dict(reversed(a.items())))


@given(_answers)
def test_gathered_paths_spell_out_to_the_same(a: dict[str, str]) -> None:
    for path, members in gather(list(a), KeyPath.parse, lambda p: a[p]):
        assert sorted(map(str, spelled_out(str(path)))) == sorted(members)


def test_as_edits() -> None:
    a = Genotype(
        (
            ("width", "8"),
            ("group[0].kernel", "1x3x3"),
            ("group[1].kernel", "1x3x3"),
            ("head.gate", "se"),
        )
    )
    b = Genotype(
        (
            ("width", "8"),
            ("group[0].kernel", "3x3x3"),
            ("group[1].kernel", "3x3x3"),
            ("group[1].channels", "24"),
        )
    )
    assert patch(a, b).edits() == (
        "group[0, 1].kernel = 3x3x3\ngroup[1].channels = 24\nhead {\n  # gate is open again (it was se)\n}\n"
    )
    assert as_text(diff(a, b)) == (
        "~ group[0, 1].kernel  1x3x3 → 3x3x3\n"
        "+ group[1].channels   24             space\n"
        "- head.gate           se             space\n"
        "  1 answer unchanged\n"
    )


def test_a_patch_for_another_genotype_is_refused() -> None:
    with pytest.raises(
        DiagnosticError, match="E0961: `kernel` is 5x5x5, and the patch starts from 1x3x3"
    ):
        apply(patch({"kernel": "1x3x3"}, {"kernel": "3x3x3"}), {"kernel": "5x5x5"})


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"format_version": 2, "kind": "genotype", "changes": []},
        {"format_version": 1, "kind": "genotype"},
        {"format_version": 1, "kind": "genotype", "changes": "x"},
        {"format_version": 1, "kind": "genotype", "changes": [{"path": "a"}]},
        {
            "format_version": 1,
            "kind": "genotype",
            "changes": [{"path": "a", "before": 1, "after": "b"}],
        },
        {
            "format_version": 1,
            "kind": "genotype",
            "changes": [{"path": "a", "before": "b", "after": "b"}],
        },
        {
            "format_version": 1,
            "kind": "genotype",
            "changes": [{"path": "a", "before": None, "after": "b"}] * 2,
        },
    ],
)
def test_what_is_not_a_patch_is_refused(document: object) -> None:
    with pytest.raises(DiagnosticError, match="E0962"):
        read_patch(document)

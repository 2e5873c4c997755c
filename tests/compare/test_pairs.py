"""What `archdsl diff` says of pairs that differ in one thing, as goldens; and what holds of every
difference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings

from archdsl.compare import Difference, as_facts, as_markdown, as_text, diff
from archdsl.compare.edits import Added, Changed, ChoiceChanged, Moved, Removed
from tests.compare.pairs import BASE, PAIRS, SHIPPED_PAIRS, network, pair
from tests.laws.subjects import SHIPPED, SPECS, graph_of, shipped_graph
from tests.strategies.specs import Spec, elaborate, specs

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "grammar" / "diff.schema.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", PAIRS)
def test_texts(name: str, golden: Callable[[Path, str], None]) -> None:
    a, b = pair(name)
    golden(
        GOLDEN / f"{name}.txt", f"{as_text(diff(a, b))}\nand back\n{as_text(diff(b, a))}"
    )


@pytest.mark.parametrize("name", SHIPPED_PAIRS)
def test_texts_of_what_ships(name: str, golden: Callable[[Path, str], None]) -> None:
    a, b = map(shipped_graph, SHIPPED_PAIRS[name])
    golden(GOLDEN / f"{name}.txt", as_text(diff(a, b)))
    jsonschema.validate(as_facts(diff(a, b)), SCHEMA)


def test_full_shows_what_is_unchanged() -> None:
    difference = diff(*pair("kernel_changed"))
    lines = as_text(difference, full=True).splitlines()
    assert sum(line.startswith("  stage[0]") for line in lines) > 10
    assert [line for line in lines if line[0] in "+-~>*"] and len(
        difference.kept
    ) == difference.unchanged


def test_costs_roll_up() -> None:
    """A part's cost is the sum of those inside it, and the parts of the top level sum to the totals."""
    difference = diff(*pair("stage_deepened"))
    assert difference.before is not None and difference.after is not None
    top = [c for c in difference.costs if "." not in c.path]
    for metric in ("params", "macs"):
        before, after = (
            getattr(difference.before, metric)[0],
            getattr(difference.after, metric)[0],
        )
        assert after - before == sum(
            getattr(c, metric)[1] - getattr(c, metric)[0] for c in top
        )
    stage = next(c for c in difference.costs if c.path == "stage[0]")
    inside = [
        c
        for c in difference.costs
        if c.path.startswith("stage[0].") and c.path.count(".") == 1
    ]
    assert stage.macs[1] - stage.macs[0] == sum(c.macs[1] - c.macs[0] for c in inside)


def test_markdown(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "choice_widened.md", as_markdown(diff(*pair("choice_widened"))))


@pytest.mark.parametrize("name", PAIRS)
def test_facts_follow_the_schema(name: str) -> None:
    jsonschema.validate(as_facts(diff(*pair(name))), SCHEMA)


@pytest.mark.parametrize("reference", SHIPPED)
def test_nothing_differs_from_itself(reference: str) -> None:
    graph = shipped_graph(reference)
    assert not diff(graph, graph)


@pytest.mark.parametrize("feature", SPECS)
def test_elaborated_twice_is_no_difference(feature: str) -> None:
    _is_empty(diff(graph_of(feature), elaborate(SPECS[feature])))


@given(specs())
@settings(max_examples=40)
def test_random_specs_do_not_differ_from_themselves(spec: Spec) -> None:
    _is_empty(diff(elaborate(spec), elaborate(spec)))


@given(specs(), specs())
@settings(max_examples=30)
def test_any_two_networks_compare(one: Spec, other: Spec) -> None:
    """Unlike as they are: an answer, in every form, and none when they have the same text."""
    difference = diff(elaborate(one), elaborate(other))
    assert as_text(difference) and as_markdown(difference)
    jsonschema.validate(as_facts(difference), SCHEMA)


def test_the_inverse_mirrors() -> None:
    """What is added one way is removed the other, and moves and changes go back."""
    for name in PAIRS:
        there, back = (diff(*sides) for sides in (pair(name), pair(name)[::-1]))
        assert {e.path for e in there.edits if isinstance(e, Added)} == {
            e.path for e in back.edits if isinstance(e, Removed)
        }
        assert {(e.path, e.to) for e in there.edits if isinstance(e, Moved)} == {
            (e.to, e.path) for e in back.edits if isinstance(e, Moved)
        }
        changed = {
            (e.field, e.before, e.after) for e in there.edits if isinstance(e, Changed)
        }
        assert changed == {
            (e.field, e.after, e.before) for e in back.edits if isinstance(e, Changed)
        }


def test_a_wider_choice_is_one_edit() -> None:
    (edit,) = diff(*pair("choice_widened")).edits
    assert isinstance(edit, ChoiceChanged)
    assert (edit.path, edit.before, edit.places) == (
        "stage[0, 1].kernel",
        ("1x3x3", "3x3x3"),
        2,
    )
    assert edit.after == ("1x3x3", "3x3x3", "5x3x3")
    assert "space" in edit.effects


def test_a_rename_keeps_the_weights() -> None:
    difference = diff(*pair("loop_renamed"))
    (edit,) = difference.edits
    assert (
        isinstance(edit, Moved)
        and edit.renamed
        and (edit.path, edit.to) == ("stage[0, 1]", "group[0, 1]")
    )
    assert difference.inherits is not None and difference.inherits.share == 1


def test_another_depth_is_one_edit() -> None:
    (edit,) = diff(*pair("stage_deepened")).edits
    assert isinstance(edit, Changed)
    assert (edit.path, edit.field, edit.before, edit.after) == (
        "stage[0, 1].block",
        "repeats",
        "2",
        "3",
    )


def test_totals_are_those_of_the_networks() -> None:
    difference = diff(
        shipped_graph("zoo/x3d.arch:x3d_s"), shipped_graph("zoo/x3d.arch:x3d_m")
    )
    assert difference.before is not None and difference.after is not None
    assert difference.before.params == difference.after.params == (3_794_274, 3_794_274)
    assert (difference.before.macs, difference.after.macs) == (
        (1_962_892_112,) * 2,
        (4_732_468_736,) * 2,
    )


def test_a_genotype_and_an_architecture_do_not_compare() -> None:
    with pytest.raises(TypeError, match="a genotype compares with a genotype"):
        diff(network(BASE, "base"), {"stage[0].kernel": "1x3x3"})


def _is_empty(difference: Difference) -> None:
    assert difference.edits == (), as_text(difference)

"""Law 7: diff(a, a) is empty, a patch holds differences only, and applied it gives b, as elaborated IR."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.compare import GraphPatch, apply, diff, patch, read_patch
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.codec import to_json
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.named import to_names
from archdsl.ir.printer import print_graph
from archdsl.questions.genotype import Genotype, assignment
from tests.laws.subjects import SPACES, SPECS, architectures_of, examples, graph_of
from tests.strategies.specs import Spec, elaborate, specs


def printed(graph: Graph) -> str:
    return print_graph(replace(graph, name="", kind="space"))


def written(graph: Graph) -> tuple[str, str]:
    """Both forms of the IR, of which every byte counts."""
    return print_graph(graph), json.dumps(to_json(graph))


def check(spec: Spec, graph: Graph, data: st.DataObject) -> None:
    a, b = (data.draw(st.sampled_from(list(architectures_of(graph)))) for _ in range(2))
    assert not diff(a, a) and not patch(a, a)
    change = patch(a, b)
    assert bool(diff(a, b)) == bool(change) == (a != b)
    assert all(
        c.before != c.after and a.get(c.path) == c.before and b.get(c.path) == c.after
        for c in change.changes
    )
    assert {c.path for c in change.changes} == {p for p in {*a, *b} if a.get(p) != b.get(p)}
    assert apply(change, a) == dict(b) and apply(change.inverse(), b) == dict(a)
    text = json.dumps(change.facts())
    assert (
        read_patch(json.loads(text)) == change
        and json.dumps(read_patch(json.loads(text)).facts()) == text
    )
    wanted = printed(fix(graph, assignment(graph, b)))
    assert printed(fix(graph, assignment(graph, apply(change, a)))) == wanted
    _as_edits(spec, a, b, change.edits(), wanted)


def _as_edits(spec: Spec, a: Genotype, b: Genotype, edits: str, wanted: str) -> None:
    """The readable form is text of the language that leads from one to the other."""
    both = f"{a.to_text('first', 'base')}{b.to_text('second', 'base')}"
    text = (
        f"{spec.text}{both}space patched = base() with first with {{\n{edits}}}\nspace wanted = base() "
        "with second\n"
    )
    written = replace(spec, text=text)
    assert printed(elaborate(written, "wanted")) == wanted
    assert printed(elaborate(written, "patched")) == wanted


def check_graphs(a: Graph, b: Graph) -> None:
    """Of two architectures, whatever they are."""
    change = patch(a, b)
    assert isinstance(change, GraphPatch) and not patch(a, a)
    assert all(e.before != e.after for e in change.entries)
    text = json.dumps(change.facts())
    assert (
        read_patch(json.loads(text)) == change
        and json.dumps(read_patch(json.loads(text)).facts()) == text
    )
    assert written(apply(change, a)) == written(b)
    assert written(apply(change.inverse(), b)) == written(a) and change.inverse() == patch(
        b, a
    )
    assert len(change.entries) <= _differing(to_names(a), to_names(b)), (
        "bounded by the differences"
    )


def _differing(a: Any, b: Any) -> int:
    """Entries, counted without the patch's own walk: what stands on one side only, and leaves with two
    values.
    """
    if not isinstance(a, dict) or not isinstance(b, dict):
        return int(a != b)
    return len(a.keys() ^ b.keys()) + sum(
        _differing(a[k], b[k]) for k in a.keys() & b.keys()
    )


@pytest.mark.parametrize("feature", SPECS)
def test_architectures_of_every_feature(feature: str) -> None:
    graph = graph_of(feature)
    other = graph_of(sorted(SPECS)[sorted(SPECS).index(feature) - 1])
    check_graphs(graph, other)
    if graph.choices:
        first, *_, last = architectures_of(graph)
        models = [fix(graph, assignment(graph, g)) for g in (first, last)]
        check_graphs(*models)
        check_graphs(graph, models[0])


@given(specs(), specs(choices=True))
@examples(30)
def test_architectures_of_random_specs(one: Spec, other: Spec) -> None:
    check_graphs(elaborate(one), elaborate(other))


@given(specs(), st.data())
@examples(60)
def test_a_broken_patch_makes_no_graph(spec: Spec, data: st.DataObject) -> None:
    """Whatever one leaf of a patch is replaced by: a graph that follows the rules, or a coded refusal."""
    graph = elaborate(spec)
    facts = patch(elaborate(next(iter(SPECS.values()))), graph).facts()
    row = data.draw(st.sampled_from(facts["changes"]))
    row["after"] = data.draw(_JSON)
    try:
        read = read_patch(facts)
        assert isinstance(read, GraphPatch)
        print_graph(apply(read, elaborate(next(iter(SPECS.values())))))
    except DiagnosticError as error:
        assert {d.code for d in error.diagnostics} <= {"E0961", "E0962"}


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 5)
    | st.sampled_from(["", "b", "relu", "x: input"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "op", "at", "scope", "table", "shape"]), inner
        )
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("feature", SPACES)
@given(data=st.data())
@examples(2)
def test_of_every_feature(feature: str, data: st.DataObject) -> None:
    check(SPECS[feature], graph_of(feature), data)


@given(specs(choices=True), st.data())
@examples(40)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    check(spec, elaborate(spec), data)

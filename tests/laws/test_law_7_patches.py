"""Law 7, of genotypes: diff(a, a) is empty, a patch holds differences only, and applied it gives b, as elaborated IR."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.compare import apply, diff, patch, read_patch
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.questions.genotype import Genotype, assignment
from tests.laws.subjects import SPACES, SPECS, architectures_of, examples, graph_of
from tests.strategies.specs import Spec, elaborate, specs


def printed(graph: Graph) -> str:
    return print_graph(replace(graph, name="", kind="space"))


def check(spec: Spec, graph: Graph, data: st.DataObject) -> None:
    a, b = (data.draw(st.sampled_from(list(architectures_of(graph)))) for _ in range(2))
    assert not diff(a, a) and not patch(a, a)
    change = patch(a, b)
    assert bool(diff(a, b)) == bool(change) == (a != b)
    assert all(c.before != c.after and a.get(c.path) == c.before and b.get(c.path) == c.after for c in change.changes)
    assert {c.path for c in change.changes} == {p for p in {*a, *b} if a.get(p) != b.get(p)}
    assert apply(change, a) == dict(b) and apply(change.inverse(), b) == dict(a)
    text = json.dumps(change.facts())
    assert read_patch(json.loads(text)) == change and json.dumps(read_patch(json.loads(text)).facts()) == text
    wanted = printed(fix(graph, assignment(graph, b)))
    assert printed(fix(graph, assignment(graph, apply(change, a)))) == wanted
    _as_edits(spec, a, b, change.edits(), wanted)


def _as_edits(spec: Spec, a: Genotype, b: Genotype, edits: str, wanted: str) -> None:
    """The readable form is text of the language that leads from one to the other."""
    both = f"{a.to_text('first', 'base')}{b.to_text('second', 'base')}"
    text = f"{spec.text}{both}space patched = base() with first with {{\n{edits}}}\nspace wanted = base() with second\n"
    written = replace(spec, text=text)
    assert printed(elaborate(written, "wanted")) == wanted
    assert printed(elaborate(written, "patched")) == wanted


@pytest.mark.parametrize("feature", SPACES)
@given(data=st.data())
@examples(2)
def test_of_every_feature(feature: str, data: st.DataObject) -> None:
    check(SPECS[feature], graph_of(feature), data)


@given(specs(choices=True), st.data())
@examples(40)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    check(spec, elaborate(spec), data)

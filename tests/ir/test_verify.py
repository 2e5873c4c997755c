"""The verifier finds what it says it finds; the JSON form is complete and valid."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.codec import to_json
from archdsl.ir.expr import constant, index_of, lift, of_choice
from archdsl.ir.fix import simplify
from archdsl.ir.graph import CostBound, Graph, in_order
from archdsl.ir.verify import InternalError, verify
from tests.questions.spaces import Builder, attention_cell, autox3d, supergraph

SCHEMA = json.loads((Path(__file__).parents[2] / "grammar" / "ir.schema.json").read_text())


def branches(first_at: str = "a", second_at: str = "b") -> Graph:
    b = Builder("s", b=1, c=4, t=1, h=2, w=2)
    kind = b.choice("kind", "ab")
    x = b.select(
        index_of(kind), b.conv(b.input, 8, at=first_at), b.conv(b.input, 16, at=second_at)
    )
    return b.graph(b.op("out", x))


def test_sound_graphs() -> None:
    for graph in (branches(), autox3d(), attention_cell(), supergraph()):
        verify(simplify(graph))


def violations(graph: Graph) -> str:
    with pytest.raises(InternalError) as caught:
        verify(graph)
    return str(caught.value)


def test_violations() -> None:
    graph = branches()
    kind = graph.choices[0]
    assert "not defined before" in violations(replace(graph, values=graph.values[::-1]))
    assert "no choice of the graph" in violations(replace(graph, choices=()))
    assert "never active" in violations(
        replace(graph, choices=(kind, Choice("idle", kind.alternatives, "list", 9)))
    )
    twice = Choice("kind", (Alternative("a", 0),), "list", 9)
    assert "two choices have the path `kind`" in violations(
        replace(graph, choices=(kind, twice))
    )
    assert "not those under the outputs" in violations(
        replace(graph, values=graph.values[:-1])
    )
    assert "has two shapes" in violations(branches("same", "same"))
    select = graph.values[-2]
    beyond = replace(select, index=lift(lambda i: i + 1, index_of(kind)))  # type: ignore[call-arg]
    broken = replace(graph, outputs=(beyond,), values=in_order((beyond,)))
    with pytest.raises((InternalError, IndexError)):
        verify(broken)


def test_variants_never_live_together() -> None:
    graph = branches("same", "same")
    out = graph.outputs[0]
    first, second = (v for v in graph.values if getattr(v, "name", "") == "conv")

    def marked(op, label):  # type: ignore[no-untyped-def]
        return replace(op, weights=(replace(op.weights[0], variant=(("kind", label),)),))

    a, b = marked(first, "a"), marked(second, "b")
    chosen = replace(graph.values[-2], operands=(a, b))  # type: ignore[call-arg]
    fine = (replace(out, inputs=(chosen,)),)  # type: ignore[call-arg]
    verify(replace(graph, outputs=fine, values=in_order(fine)))
    both = (replace(out, inputs=(a, b)),)  # type: ignore[call-arg]
    assert "live together" in violations(
        replace(graph, outputs=both, values=in_order(both), choices=())
    )


@pytest.mark.parametrize(
    "graph", [branches(), autox3d(), attention_cell(), supergraph()], ids=lambda g: g.name
)
def test_json_is_valid_and_complete(graph: Graph) -> None:
    graph = replace(
        graph,
        bounds=(CostBound("macs", "<=", 2e9),),
        settings={"size": 160, "kernel": (1, 3, 3)},
    )
    document = json.loads(json.dumps(to_json(graph)))
    jsonschema.validate(document, SCHEMA)
    assert len(document["values"]) == len(graph.values) and len(document["choices"]) == len(
        graph.choices
    )
    assert document["settings"]["kernel"] == {"tuple": [1, 3, 3]}


def test_json_keeps_whole_tables_and_diagrams() -> None:
    choices = [
        Choice(f"c[{i}]", tuple(Alternative(str(v), v) for v in (1, 2)), "list", i)
        for i in range(16)
    ]
    size = constant(0)
    for choice in choices:
        size = lift(lambda n, s: n + s, size, of_choice(choice))
    b = Builder("s", b=1, c=4)
    b.choices = choices
    document = to_json(b.graph(b.op("out", b.input, attrs={"n": size})))
    jsonschema.validate(document, SCHEMA)
    (whole,) = [e for e in document["expressions"] if "nodes" in e]
    assert sorted(whole["values"]) == list(range(16, 33)) and len(whole["scope"]) == 16

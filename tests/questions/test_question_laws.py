"""Counting, costing, drawing and partial evaluation against enumeration, on random conditional spaces."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archdsl.ir.activity import activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.costs import METRICS
from archdsl.ir.expr import lift
from archdsl.ir.fix import fix, simplify
from archdsl.ir.graph import CostBound, Graph, Op, Pick, Select, Value, in_order
from archdsl.ir.printer import print_graph
from archdsl.questions.cost import cost, costs, extremes
from archdsl.questions.count import architectures
from archdsl.questions.genotype import Genotype, assignment, complete, genotype_of
from archdsl.questions.sample import sample
from tests.questions.spaces import assignments, graphs


def enumerate_genotypes(graph: Graph) -> dict[Genotype, dict[Choice, int]]:
    live = activity(graph.outputs)
    required = [binding(r, live) for r in graph.requirements]
    return {
        genotype_of(graph, a, live): a
        for a in assignments(graph)
        if all(r.at(a) for r in required)
    }


@settings(max_examples=150, deadline=None)
@given(graphs(requirements=True))
def test_count_is_the_number_of_distinct_genotypes(graph: Graph) -> None:
    count, small = architectures(graph), simplify(graph)
    assert count == len(enumerate_genotypes(graph))
    assert architectures(small) == len(enumerate_genotypes(small))
    assert architectures(small) == count or asks_otherwise(graph, small)


def asks_otherwise(graph: Graph, small: Graph) -> bool:
    """Whether simplifying left out a choice, or made it active elsewhere: no longer between equal operands,
    say.
    """
    before, after = activity(graph.outputs), activity(small.outputs)
    return small.choices != graph.choices or any(
        before.guard(c).at(a) != after.guard(c).at(a)
        for c in graph.choices
        for a in assignments(graph)
    )


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_a_complete_genotype_leaves_no_choice(graph: Graph, data: st.DataObject) -> None:
    graph = simplify(graph)
    whole = data.draw(st.sampled_from(assignments(graph)))
    genotype = genotype_of(graph, whole)
    settled = assignment(graph, genotype)
    model = fix(graph, settled)
    assert model.choices == () and model.kind == "model"
    assert print_graph(model) == print_graph(fix(graph, whole))
    live = activity(graph.outputs)
    for choice in graph.choices:  # guards read active choices only
        assert live.guard(choice).at(whole) == live.guard(choice).at(
            complete(graph, genotype)
        )


@settings(max_examples=150, deadline=None)
@given(graphs(requirements=True), st.data())
def test_fixing_in_two_steps_is_fixing_at_once(graph: Graph, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(assignments(graph)))
    first = data.draw(st.sets(st.sampled_from(graph.choices)))
    second = data.draw(st.sets(st.sampled_from(graph.choices)))
    one, both = {c: whole[c] for c in first}, {c: whole[c] for c in first | second}
    assert ordered(fix(fix(graph, one), {c: whole[c] for c in second})) == ordered(
        fix(graph, both)
    )


def ordered(graph: Graph) -> str:
    """The printed graph with the operands of every selection in an order of their own: which of equal ones is
    kept may differ.
    """
    texts: dict[Value, str] = {}
    new: dict[Value, Value] = {}
    for value in graph.values:
        made = value
        if isinstance(value, Select):
            order = sorted(
                range(len(value.operands)), key=lambda i: texts[value.operands[i]]
            )
            index = lift(order.index, value.index)
            made = replace(
                value, index=index, operands=tuple(new[value.operands[i]] for i in order)
            )
        elif isinstance(value, Op):
            made = replace(value, inputs=tuple(new[v] for v in value.inputs))
        elif isinstance(value, Pick):
            made = replace(value, operands=tuple(new[v] for v in value.operands))
        new[value] = made
        texts[value] = print_graph(
            replace(graph, outputs=(made,), values=in_order((made,)), choices=graph.choices)
        )
    outputs = tuple(new[v] for v in graph.outputs)
    return print_graph(replace(graph, outputs=outputs, values=in_order(outputs)))


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_cost_is_that_of_the_fixed_graph(graph: Graph) -> None:
    found = enumerate_genotypes(graph)
    many = costs(graph, list(found))
    for metric in METRICS:
        assert extremes(graph, metric) == (many[metric].min(), many[metric].max())
    for place, genotype in list(enumerate(found))[:: len(found) // 8 + 1]:
        model = fix(graph, found[genotype])
        total = cost(graph, genotype)
        assert total.macs == many["macs"][place] == sum(op.macs.value for op in model.ops())
        assert (
            total.params
            == many["params"][place]
            == sum(math.prod(e.value for e in w.shape) for w in model.weights().values())
        )


@settings(max_examples=80, deadline=None)
@given(
    graphs(requirements=True), st.integers(0, 20), st.sampled_from(["<=", "<", ">=", ">"])
)
def test_count_within_a_bound(graph: Graph, limit: int, op: str) -> None:
    from dataclasses import replace

    bounded = replace(graph, bounds=(CostBound("macs", op, limit),))
    holds = {"<=": int.__le__, "<": int.__lt__, ">=": int.__ge__, ">": int.__gt__}[op]
    right = [g for g in enumerate_genotypes(graph) if holds(cost(graph, g).macs, limit)]
    assert architectures(bounded) == len(right)
    assume(right)
    assert set(sample(bounded, 40, seed=1)) <= set(right)

"""The question engine against enumeration, and on the spaces whose size is known."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import activity
from archdsl.ir.budget import Draws, count_at_most
from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import FALSE, TRUE, Expr, constant, index_of, lift, of_choice
from archdsl.ir.frontier import frontier, witness
from archdsl.ir.graph import Graph
from tests.questions.spaces import attention_cell, autox3d, supergraph


def choice(order: int, size: int) -> Choice:
    return Choice(
        f"c{order}", tuple(Alternative(str(v), v) for v in range(size)), "list", order
    )


CHOICES = [choice(i, 2 + i % 3) for i in range(6)]
POINTS = [
    dict(zip(CHOICES, row, strict=True))
    for row in itertools.product(*(range(c.size) for c in CHOICES))
]
GUARDS = dict.fromkeys(CHOICES, TRUE)


@st.composite
def exprs(draw: st.DrawFn, top: int = 7) -> Expr:
    scope = draw(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=3, unique=True))
    factors = [draw(st.integers(0, 5)) for _ in scope]
    shift = draw(st.integers(0, 5))
    return lift(
        lambda *v: (sum(f * i * i for f, i in zip(factors, v, strict=True)) + shift) % top,
        *map(of_choice, scope),
    )


conditions = exprs().map(lambda e: lift(lambda v: v < 5, e))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(conditions, max_size=4),
    st.lists(exprs(top=50), max_size=5),
    st.integers(0, 200),
)
def test_against_enumeration(required: list[Expr], terms: list[Expr], limit: int) -> None:
    found = frontier(CHOICES, GUARDS, required, terms)
    costs = [sum(t.at(a) for t in terms) for a in POINTS if all(r.at(a) for r in required)]
    assert found.count() == len(costs)
    assert found.extremes() == ((min(costs), max(costs)) if costs else None)
    assert found.possible == bool(costs)
    assert (found.first() is None) == (not costs)
    right = sum(c <= limit for c in costs)
    assert count_at_most(found, limit) == (right, right)
    if costs:
        drawn = found.sample(Random(0), found.completions())
        assert all(r.at(drawn) for r in required)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(conditions, max_size=2),
    st.lists(exprs(top=1000), min_size=1, max_size=4),
    st.integers(0, 3000),
)
def test_an_interval_holds_the_count(
    required: list[Expr], terms: list[Expr], limit: int
) -> None:
    found = frontier(CHOICES, GUARDS, required, terms)
    right = sum(
        sum(t.at(a) for t in terms) <= limit
        for a in POINTS
        if all(r.at(a) for r in required)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archdsl.ir.budget._EXACT_STEPS", 0)
        patch.setattr("archdsl.ir.budget.BINS", 64)
        low, high = count_at_most(found, limit)
    assert low <= right <= high


@settings(max_examples=100, deadline=None)
@given(conditions, st.lists(conditions, max_size=2))
def test_witness(condition: Expr, required: list[Expr]) -> None:
    found = witness(condition, required)
    right = [a for a in POINTS if condition.at(a) and all(r.at(a) for r in required)]
    assert (found is None) == (not right)
    if found is not None:
        assert any(all(a[c] == i for c, i in found.items()) for a in right)
        assert all(condition.at(a | found) for a in POINTS)


def test_inactive_choices_are_counted_once() -> None:
    a, b = CHOICES[1], CHOICES[2]
    guard = lift(lambda i: i == 0, index_of(a))
    assert frontier([a, b], {a: TRUE, b: guard}).count() == 4 + 2
    assert frontier([a, b], {a: TRUE}).count() == 3
    assert frontier([a, b], {a: TRUE, b: FALSE}, [FALSE]).count() == 0
    assert frontier([], {}, (), [constant(3), constant(4)]).extremes() == (7, 7)


@pytest.mark.parametrize(
    ("graph", "count"),
    [
        (attention_cell(), 214_990_848),
        (supergraph(), 89_120),
        (supergraph(activations=4), 2_583_182_720),
        (supergraph(activations=4, gates=2), 686_951_234_560),
        (autox3d(), 2_772_966_130_520_300_167_135_179_571_200),
    ],
    ids=["cell", "supergraph", "activations", "gates", "autox3d"],
)
def test_known_sizes(graph: Graph, count: int) -> None:
    assert frontier(graph.choices, activity(graph.outputs).choices).count() == count


def test_too_large_is_refused() -> None:
    choices = [choice(i, 8) for i in range(12)]
    pairs = itertools.combinations(choices, 2)
    terms = [
        lift(lambda i, j, k=k: hash((i, j, k)) % 997, of_choice(a), of_choice(b))
        for k, (a, b) in enumerate(pairs)
    ]
    with pytest.raises(DiagnosticError, match="E0509"):
        frontier(choices, dict.fromkeys(choices, TRUE), (), terms, limit=20_000)


def test_draws_are_repeatable_and_a_longer_list_begins_with_the_shorter() -> None:
    terms = [lift(lambda i: 10 * i, of_choice(c)) for c in CHOICES]
    space = frontier(CHOICES, GUARDS, (), terms)
    first, again = (list(itertools.islice(Draws(space, 55, "seed"), n)) for n in (700, 30))
    assert first[:30] == again
    assert all(sum(t.at(a) for t in terms) <= 55 for a in first)
    assert list(itertools.islice(Draws(space, 55, "other"), 30)) != again


def test_components_that_differ_in_names_only_answer_for_their_own_choices() -> None:
    """The second of two equal components has the first one's layers, with its own choices; a third with other
    costs does not.
    """
    asked = [
        Choice(f"c{i}", tuple(Alternative(str(v), v) for v in range(3)), "list", i)
        for i in range(6)
    ]
    pairs = [(asked[i], asked[i + 1]) for i in range(0, 6, 2)]
    constraints = [lift(lambda a, b: a <= b, of_choice(a), of_choice(b)) for a, b in pairs]
    costs = [
        lift(lambda a, b, k=k: (k // 2 + 1) * (a + 3 * b), of_choice(a), of_choice(b))
        for k, (a, b) in enumerate(pairs)
    ]
    diagram = frontier(asked, dict.fromkeys(asked, TRUE), constraints, costs)
    assert {layer.choice for layer in diagram.layers} == set(asked)
    assert (diagram.count(), diagram.extremes()) == (6**3, (0, 8 + 8 + 16))

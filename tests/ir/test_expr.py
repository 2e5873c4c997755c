"""Expressions against pointwise evaluation, as tables and, by a small limit, as decision diagrams."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ir import expr as module
from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import (
    FALSE,
    TRUE,
    Expr,
    TooWide,
    Undefined,
    both,
    constant,
    each,
    either,
    index_of,
    lift,
    mend,
    negate,
    of_choice,
    of_diagram,
    of_table,
    product,
    restrict,
    select,
    somewhere,
    varies,
    where,
)


def choice(order: int, values: Any) -> Choice:
    return Choice(f"c{order}", tuple(Alternative(str(v), v) for v in values), "list", order)


CHOICES = [choice(i, range(2 + i % 2)) for i in range(5)]
POINTS = [
    dict(zip(CHOICES, row, strict=True))
    for row in itertools.product(*(range(c.size) for c in CHOICES))
]
Pair = tuple[Expr, Callable[[dict[Choice, int]], Any]]


@pytest.fixture(params=[1_024, 3], ids=["tables", "diagrams"], autouse=True)
def kept_as(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Every test once with tables and once with diagrams for everything over more than one choice."""
    monkeypatch.setattr(module, "TABLED", request.param)
    yield


@st.composite
def programs(draw: st.DrawFn, depth: int = 4) -> Any:
    """A recipe that builds an expression and, independently, a function of an assignment."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return (
            draw(st.sampled_from(CHOICES))
            if draw(st.booleans())
            else draw(st.integers(0, 3))
        )
    kind = draw(st.sampled_from(["add", "mul", "less", "where", "select"]))
    return (
        kind,
        *(
            draw(programs(depth=depth - 1))
            for _ in range({"where": 3, "select": 3}.get(kind, 2))
        ),
    )


def build(recipe: Any) -> Pair:
    if isinstance(recipe, Choice):
        return of_choice(recipe), lambda a: recipe.values()[a[recipe]]
    if isinstance(recipe, int):
        return constant(recipe), lambda a: recipe
    kind, *parts = recipe
    (x, f), (y, g), *rest = map(build, parts)
    if kind == "add":
        return lift(lambda i, j: (i + j) % 5, x, y), lambda a: (f(a) + g(a)) % 5
    if kind == "mul":
        return lift(lambda i, j: i * j % 4, x, y), lambda a: f(a) * g(a) % 4
    if kind == "less":
        return lift(lambda i, j: int(i < j), x, y), lambda a: int(f(a) < g(a))
    z, h = rest[0]
    if kind == "where":
        return where(lift(bool, x), y, z), lambda a: g(a) if f(a) else h(a)
    return select(lift(lambda i: i % 2, x), [y, z]), lambda a: (g(a), h(a))[f(a) % 2]


@settings(max_examples=80, deadline=None)
@given(recipe=programs())
def test_pointwise(recipe: Any) -> None:
    expr, value = build(recipe)
    assert [expr.at(a) for a in POINTS] == [value(a) for a in POINTS]
    assert set(expr.distinct()) == {value(a) for a in POINTS}
    assert of_table(expr.scope, expr.table) == of_diagram(expr.root) == expr
    assert expr.first == value(dict.fromkeys(CHOICES, 0))


@settings(max_examples=80, deadline=None)
@given(recipe=programs(), data=st.data())
def test_restrict(recipe: Any, data: st.DataObject) -> None:
    expr, value = build(recipe)
    settled = {
        c: data.draw(st.integers(0, c.size - 1))
        for c in data.draw(st.sets(st.sampled_from(CHOICES)))
    }
    narrow = restrict(expr, settled)
    assert not set(narrow.choices()) & set(settled)
    assert [narrow.at(a) for a in POINTS] == [value(a | settled) for a in POINTS]


@settings(max_examples=80, deadline=None)
@given(left=programs(), right=programs())
def test_equality_is_semantic(left: Any, right: Any) -> None:
    (x, f), (y, g) = build(left), build(right)
    assert (x == y) == all(f(a) == g(a) for a in POINTS)


@settings(max_examples=40, deadline=None)
@given(recipe=programs(), choice=st.sampled_from(CHOICES))
def test_varies_with_a_choice_where_its_answers_differ(recipe: Any, choice: Choice) -> None:
    expr, value = build(recipe)
    found = varies(expr, choice)
    for a in POINTS:
        assert found.at(a) == (
            len({value(a | {choice: i}) for i in range(choice.size)}) > 1
        )


@settings(max_examples=40, deadline=None)
@given(recipe=programs(), choices=st.sets(st.sampled_from(CHOICES)))
def test_somewhere_tries_all_answers(recipe: Any, choices: set[Choice]) -> None:
    expr, value = build(recipe)
    found = somewhere(lift(bool, expr), choices)
    answers = [
        dict(zip(choices, row, strict=True))
        for row in itertools.product(*(range(c.size) for c in choices))
    ]
    for a in POINTS:
        assert found.at(a) == any(value(a | tried) for tried in answers)


def test_booleans() -> None:
    a, b = (lift(bool, of_choice(c)) for c in CHOICES[:2])
    assert (
        both(a, TRUE) is a
        and both(a, FALSE) is FALSE
        and either(a, TRUE) is TRUE
        and either(FALSE, b) is b
    )
    assert both(a, negate(a)) == FALSE and either(a, negate(a)) == TRUE
    assert product([2, constant(3), of_choice(CHOICES[1])]).table == (0, 6, 12)


def test_equal_values_need_no_choice() -> None:
    a, b = of_choice(CHOICES[0]), of_choice(CHOICES[1])
    same = lift(lambda i, j: i == j, a, b)
    assert where(same, a, b) == b
    assert index_of(CHOICES[0]) == a


def test_undefined_on_the_right_of_and_is_not_asked_for() -> None:
    divisor = of_choice(CHOICES[1])
    large = lift(lambda i: 6 // i > 3, divisor)
    other = lift(bool, of_choice(CHOICES[3]))
    guarded = both(lift(lambda i: i > 0, divisor), both(large, other))
    assert not guarded.is_partial and guarded.at({CHOICES[1]: 1, CHOICES[3]: 1}) is True
    unguarded = both(both(large, other), lift(lambda i: i > 0, divisor))
    assert each(lambda v: isinstance(v, Undefined), unguarded) == lift(
        lambda i: i == 0, divisor
    )
    assert mend(either(other, large), False).at({CHOICES[1]: 0, CHOICES[3]: 0}) is False


def test_undefined_stays_where_it_is() -> None:
    quotient = lift(lambda i: 6 // i, of_choice(CHOICES[1]))
    assert quotient.table == (Undefined("division by zero"), 6, 3)
    assert lift(lambda v: v + 1, quotient).table[0] == Undefined("division by zero")
    assert restrict(quotient, {CHOICES[1]: 0}).value == Undefined("division by zero")


def test_a_chain_of_strides_stays_small() -> None:
    size = constant(224)
    for order in range(24):
        stride = of_choice(choice(order, (1, 2)))
        size = lift(lambda s, k: -(-s // k), size, stride)
    assert set(size.distinct()) == {224, 112, 56, 28, 14, 7, 4, 2, 1}
    assert len(size.choices()) == 24


def test_a_sum_of_many_choices_stays_small() -> None:
    total = constant(0)
    for order in range(16):
        total = lift(lambda n, k: n + k, total, of_choice(choice(order, range(16))))
    assert sorted(total.distinct()) == list(range(241))
    assert total.weight < 16 * 241  # where a table would have 16 ** 16 entries


def test_too_wide() -> None:
    wide = [of_choice(choice(order, range(40))) for order in range(4)]
    with pytest.raises(TooWide, match="choices or more"):
        lift(lambda *values: hash(values), *wide)


def test_equal_functions_of_many_choices_are_one_object() -> None:
    several = [of_choice(choice(order, range(4))) for order in range(8)]
    left = right = constant(0)
    for part in several:
        left = lift(lambda n, k: (n + k) % 7, left, part)
    for part in reversed(several):
        right = lift(lambda n, k: (n + k) % 7, right, part)
    assert left == right and left.root is right.root

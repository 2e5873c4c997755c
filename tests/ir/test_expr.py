"""Expressions against pointwise evaluation, with derived variables forced by a small limit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ir import expr as module
from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import (
    FALSE,
    TRUE,
    Derived,
    Expr,
    TooWide,
    Undefined,
    both,
    constant,
    depends,
    derive,
    either,
    index_of,
    lift,
    matters_given,
    negate,
    of_choice,
    opened,
    product,
    restrict,
    select,
    where,
)


def choice(order: int, values: Any) -> Choice:
    return Choice(f"c{order}", tuple(Alternative(str(v), v) for v in values), "list", order)


CHOICES = [choice(i, range(2 + i % 2)) for i in range(5)]
POINTS = [dict(zip(CHOICES, row, strict=True)) for row in itertools.product(*(range(c.size) for c in CHOICES))]
Pair = tuple[Expr, Callable[[dict[Choice, int]], Any]]


@pytest.fixture(params=[4_096, 6], ids=["tables", "derived"], autouse=True)
def promotion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test once with plain tables and once with derived variables wherever they help."""
    monkeypatch.setattr(module, "_PROMOTE_ABOVE", request.param)
    yield


@st.composite
def programs(draw: st.DrawFn, depth: int = 4) -> Any:
    """A recipe that builds an expression and, independently, a function of an assignment."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(CHOICES)) if draw(st.booleans()) else draw(st.integers(0, 3))
    kind = draw(st.sampled_from(["add", "mul", "less", "where", "select"]))
    return (kind, *(draw(programs(depth=depth - 1)) for _ in range({"where": 3, "select": 3}.get(kind, 2))))


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
    assert [opened(expr).at(a) for a in POINTS] == [value(a) for a in POINTS]
    assert set(opened(expr).distinct()) == {value(a) for a in POINTS}


@settings(max_examples=80, deadline=None)
@given(recipe=programs(), data=st.data())
def test_restrict(recipe: Any, data: st.DataObject) -> None:
    expr, value = build(recipe)
    settled = {c: data.draw(st.integers(0, c.size - 1)) for c in data.draw(st.sets(st.sampled_from(CHOICES)))}
    narrow = restrict(expr, settled)
    assert not set(narrow.choices()) & set(settled)
    assert [narrow.at(a) for a in POINTS] == [value(a | settled) for a in POINTS]


@settings(max_examples=80, deadline=None)
@given(left=programs(), right=programs())
def test_equality_is_semantic(left: Any, right: Any) -> None:
    (x, f), (y, g) = build(left), build(right)
    assert (opened(x) == opened(y)) == all(f(a) == g(a) for a in POINTS)


@settings(max_examples=25, deadline=None)
@given(recipe=programs(), data=st.data())
def test_depends_asks_in_order(recipe: Any, data: st.DataObject) -> None:
    expr, value = build(recipe)
    expr = opened(expr)
    order = data.draw(st.permutations(expr.scope))
    found = depends(expr, order)
    for place, variable in enumerate(order):
        before = order[:place]
        for a in POINTS:
            same = [b for b in POINTS if all(b[c] == a[c] for c in before)]
            rest = order[place + 1 :]
            groups: dict[Any, set[Any]] = {}
            for b in same:
                groups.setdefault(tuple(b[c] for c in rest), set()).add(value(b))
            assert found[variable].at(a) == any(len(g) > 1 for g in groups.values())


@settings(max_examples=100, deadline=None)
@given(recipe=programs())
def test_what_is_asked_settles_the_value(recipe: Any) -> None:
    expr, value = build(recipe)
    asked = depends(expr)
    for a in POINTS[::7]:
        known = {c: i for c, i in a.items() if asked.get(c, FALSE).at(a)}
        assert restrict(expr, known) == constant(value(a))


def test_booleans() -> None:
    a, b = (lift(bool, of_choice(c)) for c in CHOICES[:2])
    assert both(a, TRUE) is a and both(a, FALSE) is FALSE and either(a, TRUE) is TRUE and either(FALSE, b) is b
    assert both(a, negate(a)) == FALSE and either(a, negate(a)) == TRUE
    assert product([2, constant(3), of_choice(CHOICES[1])]).table == (0, 6, 12)


def test_equal_values_need_no_choice() -> None:
    a, b = of_choice(CHOICES[0]), of_choice(CHOICES[1])
    same = lift(lambda i, j: i == j, a, b)
    assert where(same, a, b) == b
    assert index_of(CHOICES[0]) == a


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


def test_too_wide() -> None:
    wide = [of_choice(choice(order, range(40))) for order in range(4)]
    with pytest.raises(TooWide, match="4 choices"):
        lift(lambda *values: hash(values), *wide)


def test_equal_expressions_share_a_derived_variable() -> None:
    a, b = of_choice(CHOICES[1]), of_choice(CHOICES[3])
    one, other = (derive(lift(lambda i, j: i + j, a, b)) for _ in range(2))
    assert one == other and isinstance(one.scope[0], Derived) and one.scope[0].size == 5
    assert derive(a) is a


def test_matters_given_others() -> None:
    kind, width = CHOICES[0], CHOICES[1]
    expr = where(lift(bool, of_choice(kind)), of_choice(width), constant(0))
    assert matters_given(expr, width, [kind]).table == (False, True)
    assert matters_given(expr, kind, [width]).table == (False, True, True)
    assert prod(v.size for v in expr.scope) == 6

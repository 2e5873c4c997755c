"""Extremes by elimination and by diagrams against trying every assignment, with wide guards and
conditions.
"""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir import extremes as by_elimination
from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import Expr, lift, of_choice
from archdsl.ir.extremes import extremes, extremes_of


def choices(sizes: list[int]) -> list[Choice]:
    return [
        Choice(f"c{i}", tuple(Alternative(str(v), v) for v in range(n)), "list", i)
        for i, n in enumerate(sizes)
    ]


def random_terms(asked: list[Choice], random: Random) -> tuple[list[Expr], list[Expr]]:
    """Terms and conditions over a few choices each."""

    def table(values: int) -> Expr:
        some = random.sample(asked, min(len(asked), random.randint(1, 3)))
        inner = lift(
            lambda *v: (sum((i + 1) * x for i, x in enumerate(v)) * 7) % 5,
            *(of_choice(c) for c in some),
        )
        numbers = [random.randint(0, values) for _ in range(5)]
        return lift(lambda i: numbers[i], inner)

    terms = [table(100) for _ in range(random.randint(1, 5))]
    return terms, [lift(bool, table(1)) for _ in range(random.randint(0, 2))]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 2**32))
def test_as_trying_all(sizes: list[int], seed: int) -> None:
    asked = choices(sizes)
    terms, conditions = random_terms(asked, Random(seed))
    all_of_them = [
        dict(zip(asked, indices, strict=True))
        for indices in product(*(range(c.size) for c in asked))
    ]
    costs = [
        sum(t.at(a) for t in terms) for a in all_of_them if all(c.at(a) for c in conditions)
    ]
    assert extremes(terms, conditions) == ((min(costs), max(costs)) if costs else None)


@pytest.mark.parametrize("limit", [0, 8, 64])
def test_both_ways_agree(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tables may not grow, one diagram answers for several sums, of numbers below zero too, what
    elimination does.
    """
    random = Random(limit)
    for _ in range(20):
        asked = choices([3, 4, 2, 3, 3])
        several = [random_terms(asked, random)[0] for _ in range(3)]
        several.append([lift(lambda v: 40 - v, term) for term in several[0]])
        conditions = random_terms(asked, random)[1]
        expected = extremes_of(several, conditions)
        assert expected == (
            None
            if extremes([], conditions) is None
            else [extremes(terms, conditions) for terms in several]
        )
        with monkeypatch.context() as patch:
            patch.setattr(by_elimination, "TABLE_LIMIT", limit)
            assert extremes_of(several, conditions) == expected

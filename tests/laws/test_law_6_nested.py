"""Law 6 where choices decide of each other whether they matter: counted, drawn and walked through, one set
comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.count import architectures
from archdsl.questions.genotype import Genotype
from archdsl.questions.sample import sample
from tests.elaborate.texts import graph_of
from tests.laws.subjects import examples
from tests.strategies.nested import nested_space

WALKED = 400  # architectures that are walked through
DRAWN = 4_000

_BLOCKS = """block wide { input x  kernel ~ [5, 7]  output x -> conv(x.c, kernel) }
block mb {
  input x
  kernel ~ [3, 5, 7]
  e ~ [3, 6]
  y = x -> conv(x.c * e, 1) as up -> relu -> conv(x.c * e, kernel, groups = x.c * e) as dw -> relu
  output x + (y -> conv(x.c, 1) as down)
}
block inner { input x  depth ~ 0..1  for i in range(depth) { op ~ [plain: conv(8), deep: wide]  x = x -> op }  output x }
"""
# By hand: layers of 1 + 3 * 2 answers, one to three of them; 1 + 3 + 9; 1 + 2 + 4; nothing, or one of a
# convolution and a depth of nothing, a convolution or two widths; three vertices, of which those that the
# last one reaches are there.
COUNTED = {
    "for i in range(depth) { op ~ [skip: identity, mb]  x = x -> op }": (
        ("1..3", 399),
        ("0..0", 1),
    ),
    "for i in range(depth) { op ~ [identity, wide]  x = x -> op }": (("0..2", 13),),
    "for i in range(depth) { op ~ [skip: identity, plain: conv(8)]  x = x -> op }": (
        ("0..2", 7),
        ("2..2", 4),
    ),
    "for i in range(depth) { op ~ [plain: conv(8), deep: inner]  x = x -> op }": (
        ("0..1", 6),
    ),
    "a ~ 1..2 of [x, x -> conv(8) as p]  k = len(a)  y = a -> add -> conv(8) as q  "
    "last ~ 1..3 of [x, y, x -> conv(8, 3) as r]  x = last -> add": (("0..0", 15),),
}


@pytest.mark.parametrize("body", COUNTED)
def test_counts_by_hand(body: str) -> None:
    for domain, count in COUNTED[body]:
        depth = f"depth ~ {domain}" if "depth" in body else ""
        text = f"{_BLOCKS}space net {{ input x: [b, c = 8, h = 8, w = 8]  {depth}  {body}  output x }}"
        assert architectures(graph_of(text)) == count


def walked(graph: Graph) -> Iterator[frozenset[tuple[str, str]]]:
    """Every genotype, by answering one choice, fixing it, and asking what is then left."""
    live = activity(graph.outputs)
    if not live.asked:
        yield frozenset()
        return
    choice: Choice = live.asked[0]
    for index, alternative in enumerate(choice.alternatives):
        for rest in walked(fix(graph, {choice: index})):
            yield rest | {(choice.path, alternative.label)}


def as_set(genotype: Genotype) -> frozenset[tuple[str, str]]:
    return frozenset(genotype.answers)


def check_walk(graph: Graph) -> None:
    """The count, what is drawn, and how often, against the walk."""
    found = list(walked(graph))
    assert architectures(graph) == len(set(found)) == len(found)
    drawn = Counter(map(as_set, sample(graph, 200, seed=1)))
    assert set(drawn) <= set(found)


def chi_squared(graph: Graph) -> float:
    """How far draws are from uniform, in standard deviations of the statistic."""
    found = list(walked(graph))
    drawn = Counter(map(as_set, sample(graph, DRAWN, seed=2)))
    expected = DRAWN / len(found)
    statistic = sum((drawn[g] - expected) ** 2 / expected for g in found)
    freedom = len(found) - 1
    return (statistic - freedom) / (2 * freedom) ** 0.5


@given(st.integers(0, 1 << 32))
@examples(100)
def test_of_nested_spaces(seed: int) -> None:
    graph = graph_of(nested_space(seed))
    count = architectures(graph)
    assert isinstance(count, int)
    if count <= WALKED:
        check_walk(graph)


@pytest.mark.parametrize("seed", range(8))
def test_draws_are_uniform(seed: int) -> None:
    graph = graph_of(nested_space(seed))
    count = architectures(graph)
    assert isinstance(count, int)
    if 2 <= count <= WALKED:
        assert abs(chi_squared(graph)) < 6

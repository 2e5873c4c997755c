"""Law 3 on text: elaborating with a genotype's answers is `fix` of the elaborated space, as printed IR."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.ir.verify import verify
from archdsl.questions.sample import sample
from tests.elaborate.test_choices import ATTENTION
from tests.elaborate.test_edits import HOST
from tests.elaborate.texts import graph_of

CONDITIONAL = """
block unit(channels) {
  input x
  kernel ~ [1, 3]
  depth ~ 1..2
  for i in range(depth) { x = x -> conv(channels, kernel) as layer }
  output x
}
space net {
  input x: [b, c = 4, h = 8, w = 8]
  width ~ 4..12 by 4
  op ~ [skip: identity, unit: unit(8), wide: conv(16) -> unit(8)]
  x = x -> conv(width) as stem -> op
  gate ~ [false, true]
  if gate { strength ~ [relu, gelu]  x = x -> strength }
  maps = [x -> conv(4) as one, x -> conv(4) as two, x -> conv(4) as three]
  pick ~ 1..2 of maps
  output pick -> add
}
"""
TIED = """
block unit { input x  kernel ~ [1, 3]  act ~ [relu, none: identity]  output x -> conv(4, kernel) as conv -> act }
space net {
  input x: [b, c = 4, h = 8, w = 8]
  one = tied unit
  same = shared tied unit
  for i in range(2) { x = x -> one as first -> same as second }
  output x
}
"""
STRUCTURAL = (
    ATTENTION
    + """
space net {
  input x: [b, c = 4, t = 4, h = 6, w = 6]
  for i in range(2) { x = x -> attention as attention }
  output x
}
"""
)
SPACES = {"host": HOST, "conditional": CONDITIONAL, "tied": TIED, "structural": STRUCTURAL}


def answers(graph: Graph, chosen: dict[Choice, int]) -> str:
    return "  ".join(
        f"{c.path} = {c.alternatives[i].label}"
        for c, i in sorted(chosen.items(), key=lambda pair: pair[0].order)
    )


def agree(text: str, graph: Graph, chosen: dict[Choice, int]) -> None:
    given = f"{text}\ngenotype given of net {{ {answers(graph, chosen)} }}\n"
    elaborated = graph_of(given, "net", genotypes=["given"])
    verify(elaborated)
    assert print_graph(elaborated) == print_graph(fix(graph, chosen)), answers(
        graph, chosen
    )


@pytest.mark.parametrize("name", SPACES)
def test_of_complete_genotypes(name: str) -> None:
    graph = graph_of(SPACES[name])
    by_path = {c.path: c for c in graph.choices}
    for genotype in sample(graph, 4, 7, None):
        agree(
            SPACES[name],
            graph,
            {by_path[p]: by_path[p].labels().index(label) for p, label in genotype.items()},
        )


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("seed", range(4))
def test_of_partial_genotypes(name: str, seed: int) -> None:
    graph, random = graph_of(SPACES[name]), Random(seed)
    chosen = {c: random.randrange(c.size) for c in graph.choices if random.random() < 0.5}
    agree(SPACES[name], graph, chosen)


@pytest.mark.parametrize("name", SPACES)
def test_of_every_single_answer(name: str) -> None:
    graph = graph_of(SPACES[name])
    assert set(graph.choices) == set(activity(graph.outputs).choices)
    for choice in graph.choices[:6]:
        for i in range(choice.size):
            agree(SPACES[name], graph, {choice: i})

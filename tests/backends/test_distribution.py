"""Distributions over architectures, against enumeration of all of them, finite differences and statements of
their own.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

import archdsl
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.expr import lift, of_choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.cost import cost, costs
from archdsl.questions.genotype import Genotype, assignment
from archdsl_torch.distribution import Distribution
from archdsl_torch.expectation import Expectation
from tests.laws.subjects import SPACES, architectures_of, graph_of
from tests.strategies.specs import Spec, elaborate

FREE = [f for f in SPACES if not graph_of(f).requirements and not graph_of(f).bounds]


def space(text: str, name: str = "s") -> Graph:
    return elaborate(Spec("arch 1\n" + text, (name,), frozenset()))


def drawn(graph: Graph, seed: int = 0, **options: object) -> Distribution:
    """A distribution with random logits."""
    made = Distribution(graph, **options)  # type: ignore[arg-type]
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=random))
    return made


def macs_of(graph: Graph, genotypes: list[Mapping[str, str]]) -> Any:
    at = [assignment(graph, g) for g in genotypes]
    return costs(graph, np.array([[a.get(c, 0) for c in graph.choices] for a in at]))[
        "macs"
    ]


@pytest.mark.parametrize("feature", FREE)
def test_against_enumeration(feature: str) -> None:
    """Probabilities sum to 1; entropy and expected costs are those of the listed architectures."""
    graph = graph_of(feature)
    made = drawn(graph)
    genotypes = list(architectures_of(graph))
    logs = torch.stack([made.log_prob(g) for g in genotypes])
    p = logs.exp()
    costs = [cost(graph, g) for g in genotypes]
    assert p.sum().item() == pytest.approx(1, abs=1e-12)
    assert made.entropy().item() == pytest.approx(-(p * logs).sum().item(), abs=1e-10)
    for found, each in (
        (made.expected_macs(), [c.macs for c in costs]),
        (made.expected_params(), [c.params for c in costs]),
    ):
        assert found.item() == pytest.approx(
            (p * torch.tensor(each, dtype=torch.float64)).sum().item(), rel=1e-12
        )


@pytest.mark.parametrize("feature", FREE[::4])
def test_what_is_settled_is_conditioned_on(feature: str) -> None:
    graph = graph_of(feature)
    made = drawn(graph, 1)
    settled = dict(itertools.islice(list(architectures_of(graph))[-1].items(), 1))
    inside = [
        g
        for g in architectures_of(graph)
        if all(g.get(path, label) == label for path, label in settled.items())
    ]
    rest = Distribution(fix(graph, assignment(graph, settled)))
    rest.load_state_dict(
        {k: v for k, v in made.state_dict().items() if k in rest.state_dict()}
    )
    p = torch.stack([made.log_prob(g, settled) for g in inside]).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-12)
    assert made.entropy(settled).item() == pytest.approx(rest.entropy().item(), abs=1e-10)
    assert made.expected_macs(settled).item() == pytest.approx(
        rest.expected_macs().item(), rel=1e-12
    )
    assert made.sample(torch.Generator().manual_seed(0), settled) in inside
    assert made.genotype(settled) in inside


SMALL = """
space s {
  input x: [b, c = 4, h = 4, w = 4]
  depth ~ 1..2
  for i in range(depth) {
    width ~ 4..8 by 4
    kernel ~ [1, 3]
    x = x -> conv(width, kernel) as layer
  }
  maps = [x -> conv(4) as one, x -> conv(4, 3) as two, x -> relu -> conv(4) as three]
  keep ~ 1..2 of maps
  output keep -> add
}
"""


def test_expected_macs_by_finite_differences() -> None:
    made = drawn(space(SMALL)).double()
    made.expected_macs().backward()
    for p in made.parameters():
        for i in range(len(p)):
            with torch.no_grad():
                p[i] += 1e-5
                above = made.expected_macs().item()
                p[i] -= 2e-5
                below = made.expected_macs().item()
                p[i] += 1e-5
            assert p.grad is not None
            assert p.grad[i].item() == pytest.approx(
                (above - below) / 2e-5, rel=1e-5, abs=1e-2
            )


def test_the_product_of_expectations_is_another_number() -> None:
    graph = space(
        "space s { input x: [b, c = 1, h = 1, w = 1] w ~ 1..3 output x -> conv(w) as a -> conv(w) as b }"
    )
    assert Distribution(graph).expected_macs().item() == pytest.approx(2 + 14 / 3)


def test_frequencies_are_probabilities() -> None:
    made = drawn(space(SMALL), 2)
    random = torch.Generator().manual_seed(3)
    count = 2000
    found = Counter(made.sample(random) for _ in range(count))
    chi = 0.0
    for genotype in architectures_of(made.space):
        p = made.log_prob(genotype).exp().item()
        chi += (found[genotype] - count * p) ** 2 / (count * p)
    freedom = len(architectures_of(made.space)) - 1
    assert sum(found.values()) == count and abs(chi - freedom) < 6 * math.sqrt(2 * freedom)


def test_draws_repeat_and_do_not_depend_on_what_is_settled() -> None:
    made = drawn(space(SMALL), 4)
    one, other = (made.sample(torch.Generator().manual_seed(5)) for _ in range(2))
    settled = made.sample(torch.Generator().manual_seed(5), {"depth": one["depth"]})
    assert one == other == settled
    assert set(one) == {
        c for c in one if not c.startswith("width[1]") or one["depth"] == "2"
    }


def test_subsets_weigh_as_the_sum_of_their_members() -> None:
    graph = space(
        "space s { input x: [b, c = 2] m = [x -> linear(2) as a, x -> linear(2) as f, x -> linear(2) as "
        "d, x -> relu] k ~ 1..3 of m"
        " output k -> add }"
    )
    made = Distribution(graph)
    assert list(made.probabilities()["k"].values()) == pytest.approx([1 / 14] * 14)
    alpha = torch.tensor([0.3, -1.0, 2.0, 0.5])
    with torch.no_grad():
        made.logits_of(graph.choices[0]).copy_(alpha)
    weight = {
        s: math.exp(sum(alpha[i].item() for i in s))
        for n in (1, 2, 3)
        for s in itertools.combinations(range(4), n)
    }
    for subset, w in weight.items():
        label = f"[{', '.join(map(str, subset))}]"
        assert made.probabilities()["k"][label] == pytest.approx(
            w / sum(weight.values()), rel=1e-6
        )
    assert made.genotype() == Genotype((("k", "[0, 2, 3]"),))  # the top 3


def test_the_logits_are_named_by_the_paths_of_the_choices() -> None:
    graph = archdsl.load("zoo/autox3d.arch:autox3d").graph
    assert sorted(dict(Distribution(graph).logits.named_parameters())) == sorted(
        c.path.replace("[", ".").replace("]", "") for c in graph.choices
    )


EDGES = """
block cell {
  input a, b
  states = [a, b]
  edges = []
  for (j, state) in enumerate(states + [a + b]) {
    op ~ [one: linear(2, bias = false), two: linear(2), skip: identity]
    edges = edges + [state -> op]
  }
  keep ~ 2 of edges
  output keep -> add
}
space s { input x: [b, c = 2] output (x, x -> relu) -> cell }
"""


def test_edges_by_their_strongest_layer_with_a_competitor() -> None:
    made = Distribution(space(EDGES), zero=True, edges="by_op")
    ops = {c.path: c for c in made.space.choices if c.kind == "list"}
    keep = next(c for c in made.space.choices if c.kind == "subset")
    assert set(dict(made.logits.named_parameters())) == {
        "cell.op.0",
        "cell.op.1",
        "cell.op.2",
    } and not made.has_logits(keep)
    alphas = {
        "cell.op[0]": [1.0, 0.0, 0.0, 9.0],
        "cell.op[1]": [0.0, 1.0, 0.0, 0.0],
        "cell.op[2]": [0.0, 0.0, 0.5, 0.0],
    }
    with torch.no_grad():
        for path, alpha in alphas.items():
            made.logits_of(ops[path]).copy_(torch.tensor(alpha))
    # The greatest logit of the first edge is as great as that of the second, but `none` takes nearly all of
    # its weight.
    assert dict(made.genotype()) == {
        "cell.op[1]": "two",
        "cell.op[2]": "skip",
        "cell.keep": "[1, 2]",
    }
    assert made.strength(ops["cell.op[1]"]) == pytest.approx(math.e / (math.e + 3))
    assert made.probabilities()["cell.op[0]"]["one"] == pytest.approx(math.e / (math.e + 2))
    own = Distribution(made.space)
    assert own.has_logits(keep) and own.logits_of(ops["cell.op[0]"]).shape == (3,)


def test_requirements_hold_for_draws_and_for_the_favourite() -> None:
    graph = space(
        "space s { input x: [b, c = 1] first ~ 1..4 second ~ 1..4 require first <= second"
        " output x -> linear(first) as a -> linear(second) as b }"
    )
    made = Distribution(graph)
    first, second = graph.choices
    with torch.no_grad():
        made.logits_of(first).copy_(torch.tensor([0.0, 0.0, 1.0, 3.0]))
        made.logits_of(second).copy_(torch.tensor([0.0, 4.0, 3.5, 0.0]))
    assert made.genotype() == Genotype((("first", "3"), ("second", "3")))
    random = torch.Generator().manual_seed(0)
    assert all(
        int(g["first"]) <= int(g["second"])
        for g in (made.sample(random) for _ in range(200))
    )
    with pytest.raises(DiagnosticError, match="E1002"):
        made.sample(random, {"first": "4", "second": "1"})


def test_bounds_on_cost_hold_for_draws() -> None:
    graph = space(
        "space s { input x: [b, c = 1] w ~ 1..8 require macs <= 3 output x -> linear(w) as a }"
    )
    made = Distribution(graph)
    random = torch.Generator().manual_seed(0)
    assert {made.sample(random)["w"] for _ in range(100)} == {"1", "2", "3"}
    with torch.no_grad():
        made.logits_of(graph.choices[0])[7] = 1.0
    with pytest.raises(DiagnosticError, match="E1002"):
        made.genotype()


def test_a_contradiction_has_no_probability() -> None:
    made = Distribution(space(SMALL))
    genotype = made.sample(torch.Generator().manual_seed(0), {"depth": "1"})
    assert (
        made.log_prob(genotype, {"depth": "2"}).item() == -math.inf
        if "depth" in genotype
        else False
    )


def test_structures_of_attention_cells() -> None:
    """Guards over 7 choices that share the sink: exact, against the architectures of a cell with its sources
    settled but one.
    """
    graph = archdsl.load("zoo/attentionnas.arch:attention_structures").graph
    made = drawn(graph)
    random = torch.Generator().manual_seed(1)
    whole = made.sample(random)
    sources = [c for c in graph.choices if "source" in c.path]
    settled = {c.path: whole.get(c.path, c.labels()[3]) for c in sources}
    sink = next(c for c in graph.choices if "sink" in c.path)
    logs = made.log_marginals()[sink]
    each = macs_of(
        graph, [{**settled, sink.path: label} for label in sink.labels()]
    ).tolist()
    assert made.expected_macs(settled).item() == pytest.approx(
        (logs.exp() * torch.tensor(each, dtype=torch.float64)).sum().item(), rel=1e-12
    )
    macs = torch.tensor(macs_of(graph, [made.sample(random) for _ in range(400)])).double()
    assert abs(
        made.expected_macs().item() - macs.mean().item()
    ) < 5 * macs.std().item() / math.sqrt(400)


def test_expectation_of_a_diagram() -> None:
    """What hangs on many choices is contracted along its diagram: it agrees with enumeration."""
    graph = space(
        "space s { input x: [b, c = 1] a ~ 1..7 d ~ 1..8 e ~ 1..5 f ~ 1..6 output x -> linear(a * d * e * "
        "f) as l }"
    )
    a, d, e, f = map(of_choice, graph.choices)
    left = lift(lambda p, q, r: (p + q + r) % 3, a, d, f)
    right = lift(lambda q, r: (q * r) % 4, d, e)
    term = lift(lambda p, q: p * 10 + q, left, right)
    assert not term.is_tabled
    marginals = {
        c: torch.softmax(torch.arange(c.size, dtype=torch.float64) / 3, 0)
        for c in graph.choices
    }
    wanted = 0.0
    for at in itertools.product(*(range(c.size) for c in graph.choices)):
        chosen = dict(zip(graph.choices, at, strict=True))
        wanted += term.at(chosen) * math.prod(
            marginals[c][i].item() for c, i in chosen.items()
        )
    assert Expectation([term])(marginals).item() == pytest.approx(wanted, rel=1e-12)
    assert Expectation([term, term, left])(marginals).item() == pytest.approx(
        2 * wanted + Expectation([left])(marginals).item(), rel=1e-12
    )

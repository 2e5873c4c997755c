"""Genotypes, costs and draws: their text, their errors, their bounds, and that draws are uniform."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import activity
from archdsl.ir.expr import constant, index_of, lift, of_choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import CostBound, Graph
from archdsl.questions.cost import cost, costs, extremes
from archdsl.questions.count import architectures
from archdsl.questions.genotype import Genotype, assignment, complete, genotype_of, idle
from archdsl.questions.sample import sample
from tests.questions.spaces import Builder, assignments, autox3d


def conditional() -> Graph:
    """A cost that depends on a choice which is there in half of the space only."""
    b = Builder("conditional", b=1, c=4, t=1, h=2, w=2)
    kind = b.choice("body.kind", ["wide", "none"])
    width = b.choice("body.wide.width", range(8, 25, 4), "range")
    depth = b.choice("depth", [1, 2, 3])
    x = b.select(index_of(kind), b.conv(b.input, of_choice(width), at="wide"), b.input)
    rest = b.op(
        "rest",
        x,
        macs=lift(lambda d: 97 * d * d, of_choice(depth)),
        attrs={"depth": of_choice(depth)},
    )
    return b.graph(rest)


def test_text() -> None:
    graph = conditional()
    genotype = genotype_of(graph, {graph.choices[0]: 0, graph.choices[1]: 2})
    assert dict(genotype) == {"body.kind": "wide", "body.wide.width": "16", "depth": "1"}
    assert genotype.to_text("best", "conditional") == (
        "genotype best of conditional {\n  body { kind = wide }\n  body.wide { width = 16 }\n  depth = 1\n}\n"
    )
    assert hash(genotype) == hash(
        Genotype(genotype.answers, "other")
    ) and genotype == Genotype(genotype.answers, "other")
    assert "body.wide.width" not in genotype_of(graph, {graph.choices[0]: 1})
    with pytest.raises(KeyError):
        genotype["no"]


@pytest.mark.parametrize(
    ("answers", "code", "text"),
    [
        ({"depht": "1"}, "E0601", "has no choice `depht`"),
        ({"depth": "4"}, "E0602", "`4` is not an alternative of `depth`"),
        ({"body.kind": "wide", "depth": "1"}, "E0603", "does not answer `body.wide.width`"),
        ({}, "E0603", "does not answer `body.kind`"),
    ],
)
def test_a_genotype_that_does_not_fit(
    answers: dict[str, str], code: str, text: str
) -> None:
    with pytest.raises(DiagnosticError, match=text) as caught:
        complete(conditional(), answers)
    assert caught.value.diagnostics[0].code == code


def test_help_of_a_genotype_that_does_not_fit() -> None:
    for answers, text in [
        ({"depht": "1"}, "did you mean `depth`?"),
        ({"depth": "4"}, "its alternatives are 1, 2, 3"),
    ]:
        with pytest.raises(DiagnosticError) as caught:
            assignment(conditional(), answers)
        assert caught.value.diagnostics[0].help == text


def test_idle_answers_are_warned_of() -> None:
    found = idle(conditional(), {"body.kind": "none", "body.wide.width": "8", "depth": "1"})
    assert [(d.code, d.severity) for d in found] == [("E0604", "warning")]
    assert idle(conditional(), {"body.wide.width": "8"}) == []


def test_values_answer_as_well_as_labels() -> None:
    graph = conditional()
    assert assignment(graph, {"depth": 2}) == assignment(graph, {"depth": "2"})  # type: ignore[dict-item]


def test_costs_of_a_model_and_of_arrays() -> None:
    graph = conditional()
    rows = [[a[c] for c in graph.choices] for a in assignments(graph)]
    many = costs(graph, __import__("numpy").array(rows))
    singles = [cost(graph, genotype_of(graph, a)) for a in assignments(graph)]
    assert many["macs"].tolist() == [s.macs for s in singles] and many[
        "params"
    ].tolist() == [s.params for s in singles]
    assert extremes(graph, "macs") == (97, 4 * 4 * 24 + 9 * 97)
    with pytest.raises(ValueError, match=r"\[n, 3\]"):
        costs(graph, __import__("numpy").zeros((5, 2), int))
    with pytest.raises(ValueError, match="outside"):
        costs(graph, __import__("numpy").full((1, 3), 9))


def test_a_shared_weight_counts_once() -> None:
    b = Builder("shared", b=1, c=4, t=1, h=2, w=2)
    x = b.conv(b.conv(b.input, 4, at="one"), 4, at="one")
    assert cost(b.graph(x), {}).params == 16 and cost(b.graph(x), {}).macs == 2 * 64


@pytest.mark.parametrize("limit", [None, 500.0])
def test_draws_are_uniform_where_choices_are_conditional(limit: float | None) -> None:
    graph = conditional()
    live = activity(graph.outputs)
    right = {genotype_of(graph, a, live) for a in assignments(graph)}
    if limit is not None:
        right = {g for g in right if cost(graph, g).macs <= limit}
    n = 6_000
    found = Counter(sample(graph, n, seed=3, max_macs=limit))
    assert set(found) == right
    expected = n / len(right)
    chi_square = sum((found[g] - expected) ** 2 / expected for g in right)
    freedom = len(right) - 1
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5  # four standard deviations


def test_bounds_of_both_metrics() -> None:
    graph = conditional()
    bounds = (
        CostBound("macs", ">=", 300),
        CostBound("params", "<", 64),
        CostBound("params", ">", 0),
    )
    bounded = replace(graph, bounds=bounds)
    live = activity(graph.outputs)
    totals = {
        g: cost(graph, g) for g in {genotype_of(graph, a, live) for a in assignments(graph)}
    }
    right = {g for g, t in totals.items() if t.macs >= 300 and 0 < t.params < 64}
    assert set(sample(bounded, 200)) == right
    count = architectures(bounded)
    assert count == len(right) or (
        isinstance(count, tuple) and count[0] <= len(right) <= count[1]
    )


def test_a_bound_that_nothing_meets() -> None:
    with pytest.raises(DiagnosticError, match="the least is 97") as caught:
        sample(conditional(), 1, max_macs=96)
    assert caught.value.diagnostics[0].code == "E0504"
    assert architectures(replace(conditional(), bounds=(CostBound("macs", "<", 97),))) == 0


def test_a_bound_just_above_the_least() -> None:
    assert {g["depth"] for g in sample(conditional(), 20, max_macs=97)} == {"1"}
    assert {
        g["depth"]
        for g in sample(replace(conditional(), bounds=(CostBound("macs", ">", 1200),)), 20)
    } == {"3"}


def test_autox3d_within_two_giga() -> None:
    graph = autox3d()
    drawn = sample(graph, 200, seed=0, max_macs=2.0e9)
    assert costs(graph, drawn)["macs"].max() <= 2.0e9
    assert (
        drawn[:5]
        == sample(graph, 5, seed=0, max_macs=2.0e9)
        != sample(graph, 5, seed=1, max_macs=2.0e9)
    )
    interval = architectures(replace(graph, bounds=(CostBound("macs", "<=", 2.0e9),)))
    assert isinstance(interval, tuple) and 1 < interval[1] / interval[0] < 1.03
    assert fix(graph, complete(graph, drawn[0])).kind == "model"


def test_draws_do_not_depend_on_hash_seeds() -> None:
    program = (
        "from tests.questions.spaces import supergraph\nfrom archdsl.questions.sample import sample\n"
        "from archdsl.ir.printer import print_graph\ng = supergraph(4)\n"
        "print(*sample(g, 3), *sample(g, 3, max_macs=1e9), print_graph(g))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and b"genotype sample of supergraph" in runs[0]


def test_a_model_has_one_architecture_and_one_cost() -> None:
    b = Builder("model", b=1, c=4, t=1, h=2, w=2)
    graph = b.graph(b.conv(b.input, constant(8), at="only"))
    assert architectures(graph) == 1 and extremes(graph, "macs") == (128, 128)
    assert len(sample(graph, 2)[0]) == 0 and costs(graph, sample(graph, 2))[
        "params"
    ].tolist() == [32, 32]

"""Requirements are hard everywhere, and what has no value is an error where it is needed and nowhere else."""

from __future__ import annotations

import pytest

from archdsl.architecture import Architecture
from archdsl.diagnostics.diagnostic import DiagnosticError
from tests.elaborate.texts import elaborated, errors, graph_of

INPUT = "input x: [b, c = 4, h = 8, w = 8]"
BOUND = f"space net {{ {INPUT}  k ~ 8..16 by 8  require params <= 40  output x -> conv(k) as a }}\n"
BIG = "genotype big of net { k = 16 }\n"
SMALL = "genotype small of net { k = 8 }\n"


def test_a_bound_on_cost_refuses_a_genotype_and_a_model() -> None:
    assert errors(BOUND) == []
    assert errors(BOUND + BIG, genotypes=["big"]) == ["E0504"]
    assert errors(BOUND + SMALL, genotypes=["small"]) == []
    assert errors(f"{BOUND}{BIG}model m = net with big\n", "m") == ["E0504"]


def test_a_bound_on_cost_refuses_what_is_fixed_and_what_a_supergraph_is_set_to() -> None:
    from archdsl_torch.supergraph import supergraph

    architecture = Architecture(graph_of(BOUND))
    assert architecture.fix({"k": "8"}).kind == "model"
    with pytest.raises(DiagnosticError, match="E0504"):
        architecture.fix({"k": "16"})
    above = supergraph(architecture.graph, "sampled")
    above.set({"k": "8"})
    with pytest.raises(DiagnosticError, match="64 params"):
        above.set({"k": "16"})
    assert above.settled == {"k": "8"}


@pytest.mark.parametrize(
    "requirements",
    [
        "require macs <= 1",
        "require params > 1.0G",
        "require params <= 40 require params >= 33",
        "require k > 8 require params <= 40",
    ],
)
def test_a_space_in_which_nothing_is_left_is_an_error(requirements: str) -> None:
    text = f"space net {{ {INPUT}  k ~ 8..16 by 8  {requirements}  output x -> conv(k) as a }}\n"
    assert errors(text) == ["E0504"]


NEEDED = {
    "k ~ [0, 2]  x = x -> conv(4 // k) as q": ["E0310"],
    "k ~ [0, 2]  z = x -> conv(4 // k) as q": [],
    "k ~ [0, 2]  if k > 0 { x = x -> conv(4 // k) as q }": [],
    "k ~ [0, 2]  require k > 0  x = x -> conv(4 // k) as q": [],
    "k ~ [0, 2]  require 4 // k > 1": [],
    "k ~ [0, 2]  require 4 // k > 1  x = x -> conv(k + 1) as q": ["E0310"],
    "k ~ [0, 2]  n = if k > 0 then 4 // k else 1  x = x -> conv(n) as q": [],
    "k ~ 1..3  x = x -> conv(1 + int(sqrt(k - 2))) as q": ["E0310"],
    "k ~ 0..3  x = x -> conv([1, 2, 4][k]) as q": ["E0311"],
    "k ~ [1, 3x3]  if k > 1 { x = x -> relu }": ["E0308"],
    "k ~ [0, 2]  for i in range(4 // k) { x = x -> relu }": ["E0310"],
    "p ~ 1..2 of [x, x -> mean(@hw)]  x = p -> add": ["E0402"],
    "p ~ 1 of [x, x -> relu -> mean(@h)]  x = p -> weighted_sum": ["E0402"],
    "p ~ 1 of [x -> conv(8) as q, x -> conv(16) as r]  x = p -> add": [],
}


@pytest.mark.parametrize("body", NEEDED)
def test_what_has_no_value_is_an_error_where_it_is_needed(body: str) -> None:
    assert (
        errors(f"space net {{ {INPUT}  {body}  output x -> conv(4, 3) as out }}\n")
        == NEEDED[body]
    )


def test_the_witness_names_the_answer() -> None:
    with pytest.raises(DiagnosticError) as caught:
        elaborated(f"space net {{ {INPUT}  k ~ [0, 2]  output x -> conv(4 // k) as q }}\n")
    (found,) = caught.value.diagnostics
    assert found.message == "division by zero, with k = 0 (1 of 2 combinations)"

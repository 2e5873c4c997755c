"""Law 5, sampled: the supergraph set to an architecture is the compiled architecture with the extracted
weights, bitwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archdsl_torch
from archdsl.architecture import load
from archdsl.ir.complete import complete
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.questions.genotype import assignment, genotype_of
from archdsl_torch.export import examples as inputs_of
from archdsl_torch.supergraph import supergraph
from archdsl_torch.supergraph.base import Supergraph
from tests.laws.small_spaces import SMALL
from tests.laws.subjects import (
    SPECS,
    Assignment,
    allowed,
    answers,
    examples,
    graph_of,
    some_answers,
)
from tests.strategies.specs import Spec, elaborate, specs

SEED = 7


def check(
    graph: Graph,
    wholes: Iterable[Assignment],
    *,
    channels: str = "fair",
    kernels: str = "separate",
) -> None:
    """Both computed from the same numbers, in training mode, so that batch norms take the statistics of the
    batch.
    """
    above = supergraph(graph, "sampled", channels=channels, kernels=kernels, seed=SEED)
    for whole in [allowed(graph, one) for one in wholes]:
        genotype = genotype_of(graph, whole)
        above.set(genotype)
        model = fix(graph, assignment(graph, genotype))
        alone = archdsl_torch.compile(model, weights=above.extract(genotype))
        inputs = [
            torch.randn(x.shape, generator=torch.Generator().manual_seed(SEED))
            for x in inputs_of(model)
        ]
        for one, other in zip(outputs(above, inputs), outputs(alone, inputs), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)
        same_gradients(above, alone, whole)
        above.zero_grad(set_to_none=True)


def outputs(module: torch.nn.Module, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """The outputs, after a backward pass through a loss that weights every element of them differently."""
    torch.manual_seed(SEED)
    found = module(*inputs)
    found = list(found) if isinstance(found, tuple) else [found]
    loss = sum(
        (y * torch.randn(y.shape, generator=torch.Generator().manual_seed(SEED + 1))).sum()
        for y in found
    )
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.backward()
    return found


def same_gradients(above: Supergraph, alone: torch.nn.Module, whole: Assignment) -> None:
    """At the positions that the architecture takes, bitwise; elsewhere zero; None for super-weights that it
    does not touch.
    """
    shares = above.child(above.assignment(genotype_of(above.space, whole))).shares
    touched = set()
    parameters = dict(alone.named_parameters())
    assert set(parameters) == set(shares)
    for name, parameter in parameters.items():
        share = shares[name]
        whole_weight = above.bank.parameter(share.weight, share.given)
        touched.add(id(whole_weight))
        if parameter.grad is None:
            assert whole_weight.grad is None
            continue
        assert whole_weight.grad is not None
        positions = [
            range(n) if p is None else p
            for p, n in zip(share.taken, whole_weight.shape, strict=True)
        ]
        at = torch.meshgrid(*(torch.tensor(list(p)) for p in positions), indexing="ij")
        torch.testing.assert_close(
            whole_weight.grad[at], parameter.grad, rtol=0, atol=0, equal_nan=True
        )
        rest = whole_weight.grad.clone()
        rest[at] = 0
        assert not rest.any()
    assert all(p.grad is None for p in above.weight_parameters() if id(p) not in touched)


@pytest.mark.parametrize("feature", SPECS)
def test_of_every_feature(feature: str) -> None:
    graph = graph_of(feature)
    seeds = ("a", "b", "c")[: 3 if graph.choices else 1]
    check(graph, [some_answers(graph, seed + feature) for seed in seeds])


@given(
    st.one_of(specs(choices=True), specs(choices=True, must={"wide"})),
    st.data(),
    st.sampled_from(["fair", "naive"]),
    st.sampled_from(["separate", "centre"]),
)
@examples(60)
def test_of_random_specs(
    spec: Spec, data: st.DataObject, channels: str, kernels: str
) -> None:
    graph = elaborate(spec, data.draw(st.sampled_from(spec.names)))
    check(
        graph,
        [data.draw(answers(graph)) for _ in range(2)],
        channels=channels,
        kernels=kernels,
    )


@pytest.mark.parametrize(("reference", "settings"), SMALL)
def test_of_what_ships(reference: str, settings: dict[str, str]) -> None:
    architecture = load(reference, settings=settings)
    graph = architecture.graph
    genotypes = architecture.samples(2, seed=SEED)
    check(
        graph,
        [
            {c: a.get(c, 0) for c in graph.choices}
            for a in (assignment(graph, g) for g in genotypes)
        ],
    )


@pytest.mark.parametrize("feature", SPECS)
def test_a_complete_assignment_gives_what_fix_gives(feature: str) -> None:
    graph = graph_of(feature)
    for seed in "ab":
        whole = some_answers(graph, seed + feature)
        fast, source = complete(graph, whole)
        slow = replace(fix(graph, whole), requirements=(), bounds=())
        assert print_graph(fast) == print_graph(slow)
        assert set(source) == set(fast.values)

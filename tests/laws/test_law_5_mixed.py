"""Law 5, mixed: the supergraph at an architecture is the compiled architecture with the extracted weights, to 1e-9 in float64."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archdsl_torch
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph, Pick
from archdsl.ir.instance import key
from archdsl.questions.genotype import assignment, genotype_of
from archdsl.syntax.diagnostics import DiagnosticError
from archdsl_torch.export import examples as inputs_of
from archdsl_torch.supergraph import supergraph
from archdsl_torch.supergraph.base import Supergraph
from tests.laws.subjects import SPACES, Assignment, answers, examples, graph_of, some_answers
from tests.strategies.specs import Spec, elaborate, specs

SEED = 7


def mixed_of(graph: Graph) -> Supergraph | None:
    """None where the space cannot be mixed, which is then said with one of the codes for that."""
    try:
        made = supergraph(graph, "mixed", seed=SEED).double()
    except DiagnosticError as error:
        assert {d.code for d in error.diagnostics} <= {"E1001", "E1003", "E1004", "E1005"}, error
        return None
    random = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for p in made.logit_parameters():
            p.copy_(torch.randn(p.shape, generator=random))
    return made


def check(graph: Graph, wholes: Iterable[Assignment]) -> bool:
    """Batch norms take the statistics of the batch; nothing is dropped."""
    above = mixed_of(graph)
    if above is None:
        return False
    for whole in wholes:
        genotype = genotype_of(graph, whole)
        above.set(genotype)
        model = fix(graph, assignment(graph, genotype))
        alone = archdsl_torch.compile(model).double()
        alone.load_state_dict(above.extract(genotype))
        inputs = [torch.randn(x.shape, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64) for x in inputs_of(model)]
        for one, other in zip(outputs(above, inputs), outputs(alone, inputs), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
        same_gradients(above, alone, whole)
        above.zero_grad(set_to_none=True)
    return True


def outputs(module: torch.nn.Module, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """The outputs, after a backward pass through a loss that weights every element of them differently."""
    module.eval()
    for part in module.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            part.train()
    found = module(*inputs)
    found = list(found) if isinstance(found, tuple) else [found]
    loss = sum((y * torch.randn(y.shape, generator=torch.Generator().manual_seed(SEED + 1), dtype=y.dtype)).sum() for y in found)
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.backward()
    return found


def same_gradients(above: Supergraph, alone: torch.nn.Module, whole: Assignment) -> None:
    """At the positions that the architecture takes; elsewhere zero. Combining weights of what is picked are left out."""
    shares = above.child(above.assignment(genotype_of(above.space, whole))).shares
    combining = {key(w.full_name) for v in above.space.values if isinstance(v, Pick) for w in v.weights}
    touched = set()
    for name, parameter in alone.named_parameters():
        if name in combining:
            continue
        share = shares[name]
        whole_weight = above.bank.parameter(share.weight, share.given)
        touched.add(id(whole_weight))
        if parameter.grad is None:
            assert whole_weight.grad is None or not whole_weight.grad.any()
            continue
        assert whole_weight.grad is not None, name
        positions = [range(n) if p is None else p for p, n in zip(share.taken, whole_weight.shape, strict=True)]
        at = torch.meshgrid(*(torch.tensor(list(p)) for p in positions), indexing="ij")
        torch.testing.assert_close(whole_weight.grad[at], parameter.grad, rtol=1e-9, atol=1e-9)
        rest = whole_weight.grad.clone()
        rest[at] = 0
        assert not rest.any(), name
    assert all(p.grad is None or not p.grad.any() for p in above.weight_parameters() if id(p) not in touched)


@pytest.mark.parametrize("feature", SPACES)
def test_of_every_feature(feature: str) -> None:
    graph = graph_of(feature)
    if not check(graph, [some_answers(graph, seed + feature) for seed in "abc"]):
        pytest.skip("cannot be mixed")


@given(specs(choices=True), st.data())
@examples(40)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    graph = elaborate(spec, data.draw(st.sampled_from(spec.names)))
    check(graph, [data.draw(answers(graph)) for _ in range(2)])

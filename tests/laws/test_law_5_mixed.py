"""Law 5, mixed: the supergraph at an architecture is the compiled architecture with the extracted weights, to
1e-9 in float64.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archdsl
import archdsl_torch
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph, Pick
from archdsl.ir.instance import key
from archdsl.questions.genotype import assignment, genotype_of
from archdsl_torch.export import examples as inputs_of
from archdsl_torch.supergraph import supergraph
from archdsl_torch.supergraph.base import Supergraph
from tests.laws.subjects import (
    SPACES,
    Assignment,
    allowed,
    examples,
    graph_of,
    some_answers,
)
from tests.strategies.specs import Spec, elaborate, spec_of, specs

SEED = 7


def mixable(graph: Graph, seed: str) -> tuple[Graph, Supergraph, int]:
    """The space with those choices settled that the diagnostics name, until it can be mixed; and how many
    these are.
    """
    settled = 0
    while True:
        try:
            made = supergraph(graph, "mixed", seed=SEED).double()
        except DiagnosticError as error:
            (found,) = error.diagnostics
            assert found.code in ("E1001", "E1003", "E1004", "E1005"), error
            named = next(c for c in graph.choices if f"`{c.path}`" in found.message)
            graph = fix(graph, {named: Random(seed).randrange(named.size)})
            settled += 1
            continue
        random = torch.Generator().manual_seed(SEED)
        with torch.no_grad():
            for p in made.logit_parameters():
                p.copy_(torch.randn(p.shape, generator=random))
        return graph, made, settled


def check(graph: Graph, seeds: Iterable[str]) -> int:
    """Batch norms take the statistics of the batch; nothing is dropped. Returns how many choices could not be
    mixed.
    """
    seeds = list(seeds)
    graph, above, settled = mixable(graph, seeds[0])
    for seed in seeds:
        whole = allowed(graph, some_answers(graph, seed))
        genotype = genotype_of(graph, whole)
        above.set(genotype)
        model = fix(graph, assignment(graph, genotype))
        alone = archdsl_torch.compile(model).double()
        alone.load_state_dict(above.extract(genotype))
        inputs = [
            torch.randn(
                x.shape, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64
            )
            for x in inputs_of(model)
        ]
        for one, other in zip(outputs(above, inputs), outputs(alone, inputs), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
        same_gradients(above, alone, whole)
        above.zero_grad(set_to_none=True)
    return settled


def outputs(module: torch.nn.Module, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """The outputs, after a backward pass through a loss that weights every element of them differently."""
    module.eval()
    for part in module.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            part.train()
    found = module(*inputs)
    found = list(found) if isinstance(found, tuple) else [found]
    loss = sum(
        (
            y
            * torch.randn(
                y.shape, generator=torch.Generator().manual_seed(SEED + 1), dtype=y.dtype
            )
        ).sum()
        for y in found
    )
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.backward()
    return found


def same_gradients(above: Supergraph, alone: torch.nn.Module, whole: Assignment) -> None:
    """At the positions that the architecture takes; elsewhere zero. Combining weights of what is picked are
    left out.
    """
    shares = above.child(above.assignment(genotype_of(above.space, whole))).shares
    combining = {
        key(w.full_name)
        for v in above.space.values
        if isinstance(v, Pick)
        for w in v.weights
    }
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
        positions = [
            range(n) if p is None else p
            for p, n in zip(share.taken, whole_weight.shape, strict=True)
        ]
        at = torch.meshgrid(*(torch.tensor(list(p)) for p in positions), indexing="ij")
        torch.testing.assert_close(
            whole_weight.grad[at], parameter.grad, rtol=1e-9, atol=1e-9
        )
        rest = whole_weight.grad.clone()
        rest[at] = 0
        assert not rest.any(), name
    assert all(
        p.grad is None or not p.grad.any()
        for p in above.weight_parameters()
        if id(p) not in touched
    )


@pytest.mark.parametrize("feature", SPACES)
def test_of_every_feature(feature: str) -> None:
    check(graph_of(feature), [seed + feature for seed in "abc"])


def test_most_features_are_mixed_as_they_are() -> None:
    """Or the law would be about little: what is settled first are widths that reach an output or statistics
    over them.
    """
    whole = [f for f in SPACES if mixable(graph_of(f), f)[2] == 0]
    assert len(whole) > len(SPACES) / 2


@pytest.mark.parametrize(
    "feature",
    "kernel_list layer_list depth of_concat of_weighted expansion tied size_list attend".split(),
)
def test_some_spec_with_a_feature_is_mixed_as_it_is(feature: str) -> None:
    tried = (
        elaborate(spec_of(f"mixed:{feature}:{i}", choices=True, must={feature}))
        for i in range(8)
    )
    assert any(mixable(graph, feature)[2] == 0 for graph in tried)


@given(specs(choices=True), st.data())
@examples(40)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    graph = elaborate(spec, data.draw(st.sampled_from(spec.names)))
    check(graph, [str(data.draw(st.integers(0, 999))) for _ in range(2)])


# The papers' spaces at small sizes.
ACTIVATIONS = "[none: identity, relu: relu, sigmoid: sigmoid, softmax: softmax(@k)]"
ZOO = {
    "zoo/attentionnas.arch:attention_structures": {
        "channels": "6",
        "frames": "3",
        "size": "5",
        "act": ACTIVATIONS,
        "gate": "[false, true]",
    },
    "zoo/attentionnas.arch:attention_cell_gpb": {
        "channels": "6",
        "frames": "3",
        "size": "5",
        "k": "2",
    },
    "zoo/nas.arch:darts": {"layers": "3", "channels": "4", "size": "8"},
    "zoo/timesformer.arch:timesformer_mixed": {
        "frames": "2",
        "size": "4",
        "patch": "2",
        "width": "8",
        "depth": "2",
        "heads": "2",
        "classes": "3",
    },
    "zoo/xvit.arch:xvit_ablation": {
        "frames": "3",
        "size": "4",
        "patch": "2",
        "width": "8",
        "depth": "2",
        "heads": "2",
        "classes": "3",
    },
}


@pytest.mark.parametrize("reference", ZOO)
def test_of_the_zoo(reference: str) -> None:
    graph = archdsl.load(reference, settings=ZOO[reference]).graph
    assert check(graph, "ab") == 0


GROUPS = """arch 1
use std: glore, mbconv3d, project, x3d_head

space groups() {
  input clip: [b, c = 3, t = 3, h = 8, w = 8]
  x = clip -> conv(6, 1x3x3, 1x2x2) as stem -> batch_norm as stem_norm -> relu
  for (width, blocks, stride) in [(8..16 by 4, 2, 1), (12..20 by 4, 2, 2)] as group {
    kernel    ~ [1x3x3, 3x3x3]
    channels  ~ width
    expand    ~ 1.5..3.0 by 0.75
    attention ~ [identity, glore]
    for i in range(blocks) {
      step, shortcut = if i == 0 then ((1, stride, stride), project(channels, (1, stride, stride))) else (1, identity)
      x = x -> mbconv3d(channels, kernel, expand, step, shortcut = shortcut) as block
    }
    x = x -> attention
  }
  output x -> x3d_head(12, (3, 2, 2), 4) as head
}
"""


def test_of_autox3d_in_two_groups() -> None:
    assert check(elaborate(Spec(GROUPS, ("groups",), frozenset())), "abc") == 0

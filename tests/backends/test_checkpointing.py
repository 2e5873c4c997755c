"""Gradient checkpointing: the same numbers, and a fraction of what the backward pass keeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

import archdsl
from archdsl.architecture import load
from archdsl_torch import compile
from archdsl_torch.checkpointing import Checkpointed


class Kept:
    """Counts the numbers that the backward pass keeps, other than weights."""

    def __init__(self, network: nn.Module) -> None:
        self._weights = {p.data_ptr() for p in network.parameters()}
        self._seen: set[int] = set()
        self.numbers = 0

    def pack(self, tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in self._weights | self._seen:
            self._seen.add(tensor.data_ptr())
            self.numbers += tensor.numel()
        return tensor


def measured(
    network: nn.Module, run: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, dict[str, Tensor | None], int]:
    """The loss, the gradients, and how many numbers were kept when the backward pass began."""
    kept = Kept(network)
    torch.manual_seed(0)
    with saved_tensors_hooks(kept.pack, lambda t: t):
        loss = nn.functional.cross_entropy(run(x), torch.tensor([1, 3]))
        numbers = kept.numbers
    loss.backward()
    return loss.detach(), {name: p.grad for name, p in network.named_parameters()}, numbers


def check(
    plain: tuple[Tensor, dict[str, Tensor | None], int],
    saving: tuple[Tensor, dict[str, Tensor | None], int],
    share: float,
) -> None:
    assert torch.equal(plain[0], saving[0])
    for name, gradient in plain[1].items():
        other = saving[1][name]
        assert (gradient is None and other is None) or torch.equal(gradient, other), name  # type: ignore[arg-type]
    assert saving[2] < share * plain[2]


def test_a_model_with_dropout_and_batch_norms() -> None:
    graph = load(
        "zoo/x3d.arch:x3d_s", settings={"size": "32", "frames": "2", "classes": "4"}
    ).graph
    x = torch.randn(2, 3, 2, 32, 32)
    plain, saving = compile(graph, seed=3).train(), compile(graph, seed=3).train()
    check(measured(plain, plain, x), measured(saving, Checkpointed(saving).train(), x), 0.3)
    assert all(
        torch.equal(t, saving.state_dict()[name]) for name, t in plain.state_dict().items()
    ), "statistics follow once"


@pytest.mark.parametrize("mode", ["sampled", "mixed"])
def test_supergraphs(mode: str) -> None:
    space = archdsl.load("zoo/motion.arch:cells_specific")
    found = []
    for checkpointing in (False, True):
        supergraph = archdsl.supergraph(space, mode=mode, seed=1).train()  # type: ignore[arg-type]
        supergraph.checkpointing = checkpointing
        if mode == "sampled":
            supergraph.sample(torch.Generator().manual_seed(0))
        torch.manual_seed(3)
        found.append(
            measured(supergraph, partial(supergraph), torch.randn(2, 3, 8, 16, 16))
        )
    check(*found, 0.6)

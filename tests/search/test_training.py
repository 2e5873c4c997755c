"""Training a model: what its options may change, and what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from archdsl.architecture import load
from archdsl.search.runs import Stopped
from archdsl_torch import compile
from archdsl_torch.checkpointing import Checkpointed
from tests.search.tiny import learn


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("training")
    return folder / "run", learn(folder, "run")


def weights(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "weights.safetensors")


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(t, b[name]) for name, t in a.items())


def test_it_learns_and_leaves_weights_that_load(plain: tuple[Path, dict[str, Any]]) -> None:
    folder, record = plain
    assert record["epoch"] == 3 and record["accuracy"] == 1.0 and record["validation_loss"] < 0.3
    graph = load(f"{folder.parent / 'tiny.arch'}:fixed").graph
    trained = compile(graph, weights=folder / "weights.safetensors")
    assert same(dict(trained.state_dict()), weights(folder))
    assert not same(dict(compile(graph, seed=5).state_dict()), weights(folder))


def test_workers_and_checkpointing_change_nothing(plain: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    assert learn(tmp_path, "workers", workers=2) == plain[1]
    assert same(weights(tmp_path / "workers"), weights(plain[0]))
    assert learn(tmp_path, "checkpointing", checkpointing=True) == plain[1]
    assert same(weights(tmp_path / "checkpointing"), weights(plain[0]))


def test_precision_takes_effect(plain: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    wide = learn(tmp_path, "wide", precision="float64")
    half = learn(tmp_path, "half", precision="bfloat16")
    assert next(t for t in weights(tmp_path / "wide").values() if t.is_floating_point()).dtype == torch.float64
    assert 0 < abs(wide["loss"] - plain[1]["loss"]) < 1e-4 < abs(half["loss"] - plain[1]["loss"]) < 0.05


@pytest.mark.parametrize("after", [1, 4, 6])
def test_asked_to_stop(after: int, plain: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    rounds = iter(range(100))
    with pytest.raises(Stopped):
        learn(tmp_path, "run", stop=lambda: next(rounds) == after)
    assert not (tmp_path / "run" / "weights.safetensors").exists()
    assert learn(tmp_path, "run") == plain[1]
    assert same(weights(tmp_path / "run"), weights(plain[0]))


class Kept:
    """Counts the numbers that the backward pass keeps, other than weights."""

    def __init__(self, network: nn.Module) -> None:
        self._weights = {p.data_ptr() for p in network.parameters()}
        self.numbers = 0

    def pack(self, tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in self._weights:
            self.numbers += tensor.numel()
        return tensor


def test_checkpointing_keeps_less() -> None:
    """A residual network with dropout and batch norms: same gradients, same statistics, a fraction of the memory."""
    graph = load("zoo/x3d.arch:x3d_s", settings={"size": "32", "frames": "2", "classes": "4"}).graph
    x, y = torch.randn(2, 3, 2, 32, 32), torch.tensor([1, 3])
    found = []
    for wrap in (lambda m: m, Checkpointed):
        network = compile(graph, seed=3)
        computing, kept = wrap(network).train(), Kept(network)
        torch.manual_seed(0)
        with saved_tensors_hooks(kept.pack, lambda t: t):
            loss = nn.functional.cross_entropy(computing(x), y)
            numbers = kept.numbers  # before the backward pass, which computes again
        loss.backward()
        found.append((loss.detach(), [p.grad for p in network.parameters()], dict(network.state_dict()), numbers))
    (one, grads, state, most), (other, again, after, least) = found
    assert torch.equal(one, other) and same(state, after)
    assert all(torch.equal(a, b) for a, b in zip(grads, again, strict=True))
    assert least < 0.3 * most

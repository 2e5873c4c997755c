"""Training a model, and searching: what their options may change, and what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from archdsl.architecture import load
from archdsl.search import batches
from archdsl.search.runs import Stopped
from archdsl_torch import compile
from archdsl_torch.supergraph.calls import Calls
from tests.search.tiny import find, learn


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
    assert (
        record["epoch"] == 3
        and record["accuracy"] == 1.0
        and record["validation_loss"] < 0.3
    )
    graph = load(f"{folder.parent / 'tiny.arch'}:fixed").graph
    trained = compile(graph, weights=folder / "weights.safetensors")
    assert same(dict(trained.state_dict()), weights(folder))
    assert not same(dict(compile(graph, seed=5).state_dict()), weights(folder))


def test_an_epoch_is_shuffled_once(
    plain: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    batches._permutation.cache_clear()
    assert learn(tmp_path, "run") == plain[1]
    assert batches._permutation.cache_info().misses == 3


def test_workers_and_checkpointing_change_nothing(
    plain: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    assert learn(tmp_path, "workers", workers=2) == plain[1]
    assert same(weights(tmp_path / "workers"), weights(plain[0]))
    assert learn(tmp_path, "checkpointing", checkpointing=True) == plain[1]
    assert same(weights(tmp_path / "checkpointing"), weights(plain[0]))


def test_checkpointing_of_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = []
    cut = Calls._cut
    monkeypatch.setattr(
        Calls, "_cut", lambda self, count: segments.append(count) or cut(self, count)
    )  # type: ignore[func-returns-value]
    plain, saving = find(tmp_path, "joint", "joint"), find(tmp_path, "saving", "saving")
    assert plain == saving
    for file in ("genotype.arch", "metrics.jsonl"):
        ours, theirs = ((tmp_path / run / file).read_text() for run in ("joint", "saving"))
        assert ours == theirs
    assert segments and min(segments) > 1


def test_precision_takes_effect(plain: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    wide = learn(tmp_path, "wide", precision="float64")
    half = learn(tmp_path, "half", precision="bfloat16")
    assert (
        next(t for t in weights(tmp_path / "wide").values() if t.is_floating_point()).dtype
        == torch.float64
    )
    assert (
        0
        < abs(wide["loss"] - plain[1]["loss"])
        < 1e-4
        < abs(half["loss"] - plain[1]["loss"])
        < 0.05
    )


@pytest.mark.parametrize("after", [1, 4, 6])
def test_asked_to_stop(
    after: int, plain: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    rounds = iter(range(100))
    with pytest.raises(Stopped):
        learn(tmp_path, "run", stop=lambda: next(rounds) == after)
    assert not (tmp_path / "run" / "weights.safetensors").exists()
    assert learn(tmp_path, "run") == plain[1]
    assert same(weights(tmp_path / "run"), weights(plain[0]))

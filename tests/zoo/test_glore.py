"""GloRe: the counts of its public code, and the function of its equations."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from agreement import assert_same
from plain_glore import GloRe
from totals import counted, static

import archdsl
from archdsl.architecture import Architecture

SPEC = """arch 1
use std: glore
model unit(channels = 512, t = 8, side = 28, normalize = false) {
  input x: [b, c = channels, t = t, h = side, w = side]
  output x -> glore(normalize = normalize)
}
"""


def unit(folder: Path, **settings: int | str) -> Architecture:
    path = folder / "unit.arch"
    path.write_text(SPEC)
    return archdsl.load(f"{path}:unit", settings={k: str(v) for k, v in settings.items()})


@pytest.mark.parametrize(("channels", "params"), [(512, 411_136), (1024, 1_641_472)])
def test_the_public_counts(tmp_path: Path, channels: int, params: int) -> None:
    model = unit(tmp_path, channels=channels)
    with torch.device("meta"):
        plain = GloRe(channels, channels // 4)
    assert static(model) == counted(plain, 1, channels, 8, 28, 28)
    assert static(model)[0] == params


@pytest.mark.parametrize("normalize", ["false", "true"])
@pytest.mark.parametrize("training", [False, True])
def test_it_is_the_function_of_its_equations(tmp_path: Path, normalize: str, training: bool) -> None:
    net = archdsl.compile(unit(tmp_path, channels=16, t=2, side=3, normalize=normalize))
    plain = GloRe(16, 4, normalize == "true")
    keys = {key: f"glore.{key}" for key in plain.state_dict()}
    x = torch.randn(2, 16, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    assert_same(net, plain, keys, x, training)


def test_it_starts_as_the_identity(tmp_path: Path) -> None:
    """Its last norm starts at 0, so a unit may be put into a trained network."""
    x = torch.randn(1, 16, 2, 3, 3)
    assert torch.equal(archdsl.compile(unit(tmp_path, channels=16, t=2, side=3)).eval()(x), x)

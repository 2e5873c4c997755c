"""GloRe: the counts of its public code, and the function of its equations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from agreement import assert_same
from networks import assert_agrees, assert_counts, load
from plain_glore import GloRe
from plain_r50_lite import Lite
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
def test_it_is_the_function_of_its_equations(
    tmp_path: Path, normalize: str, training: bool
) -> None:
    net = archdsl.compile(unit(tmp_path, channels=16, t=2, side=3, normalize=normalize))
    plain = GloRe(16, 4, normalize == "true")
    keys = {key: f"glore.{key}" for key in plain.state_dict()}
    x = torch.randn(2, 16, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    assert_same(net, plain, keys, x, training)


def test_it_starts_as_the_identity(tmp_path: Path) -> None:
    """Its last norm starts at 0, so a unit may be put into a trained network."""
    x = torch.randn(1, 16, 2, 3, 3)
    assert torch.equal(
        archdsl.compile(unit(tmp_path, channels=16, t=2, side=3)).eval()(x), x
    )


HOSTS: dict[str, dict[str, Any]] = {
    "r50_lite": {},
    "glore_r50": {"units": [(1, 0), (1, 2), (2, 0), (2, 2), (2, 4)]},
    "glore_r101": {
        "depths": (3, 4, 23, 3),
        "units": [(1, 0), (1, 2), (2, 5), (2, 11), (2, 17)],
    },
}


@pytest.mark.parametrize("name", ["r50_lite", "glore_r50"])
def test_the_hosts_are_the_functions_of_the_plain_statement(name: str) -> None:
    settings: dict[str, Any] = {"frames": 5, "size": 40, "classes": 5, "width": 8}
    assert_agrees(
        load(f"glore.arch:{name}", **settings),
        Lite(**settings, **HOSTS[name]),
        (3, 5, 40, 40),
    )


def test_the_host_classifies_a_larger_clip_at_every_position() -> None:
    settings: dict[str, Any] = {"frames": 4, "size": 32, "classes": 5, "width": 8}
    larger = (7, 40, 70)
    with torch.device("meta"):
        plain = Lite(**settings, **HOSTS["glore_r50"])
    model = load("glore.arch:glore_r50", larger, **settings)
    assert_counts(model, plain, (3, *larger))
    assert_agrees(
        model, Lite(**settings, **HOSTS["glore_r50"]), (3, *larger), training=False
    )


@pytest.mark.parametrize(
    "settings",
    [{"frames": 8, "size": 224}, {"frames": 11, "size": 150, "classes": 7, "width": 24}],
)
@pytest.mark.parametrize("name", HOSTS)
def test_other_sizes_of_the_hosts_count_as_the_plain_statement(
    name: str, settings: dict[str, Any]
) -> None:
    with torch.device("meta"):
        plain = Lite(**settings, **HOSTS[name])
    assert_counts(
        load(f"glore.arch:{name}", **settings),
        plain,
        (3, settings["frames"], settings["size"], settings["size"]),
    )


@pytest.mark.parametrize("name", ["r50_lite", "glore_r50"])
def test_a_deeper_host_counts_as_the_plain_statement(name: str) -> None:
    temporals = [[3, 3], [3, 1, 3], [3, 1, 3, 1, 3, 1, 3, 1], [1, 3]]
    with torch.device("meta"):
        plain = Lite(16, 112, depths=[len(stage) for stage in temporals], **HOSTS[name])
    assert_counts(
        load(f"glore.arch:{name}", frames=16, size=112, temporals=temporals),
        plain,
        (3, 16, 112, 112),
    )

"""The image networks, MobileNetV2, EfficientNet and DARTS's, against plain statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from networks import assert_agrees, assert_counts, load
from plain_darts import DARTS_V2, Cell, Darts, Design
from plain_mobile import Mobile, efficientnet, mobilenet_v2
from torch import nn
from totals import counted, static


def on_meta(build: Callable[..., nn.Module], *args: Any, **settings: Any) -> nn.Module:
    with torch.device("meta"):
        return build(*args, **settings)


@pytest.mark.parametrize(
    ("name", "build", "settings"),
    [
        ("mobilenet_v2", mobilenet_v2, {"width": 0.35, "size": 40, "classes": 7}),
        (
            "efficientnet",
            efficientnet,
            {"width": 0.3, "depth": 0.6, "size": 45, "classes": 7},
        ),
    ],
)
def test_mobile_networks_are_the_functions_of_the_plain_statement(
    name: str, build: Callable[..., Mobile], settings: dict[str, Any]
) -> None:
    plain = build(**{key: value for key, value in settings.items() if key != "size"})
    drops_branches = "depth" in settings
    assert_agrees(
        load(f"nas.arch:{name}", **settings),
        plain,
        (3, settings["size"], settings["size"]),
        training=not drops_branches,
    )


@pytest.mark.parametrize(
    "settings", [{}, {"width": 1.4}, {"width": 0.75, "size": 160, "classes": 20}]
)
def test_mobilenet_counts_as_the_plain_statement(settings: dict[str, Any]) -> None:
    plain = on_meta(
        mobilenet_v2, **{key: value for key, value in settings.items() if key != "size"}
    )
    size = settings.get("size", 224)
    assert_counts(load("nas.arch:mobilenet_v2", **settings), plain, (3, size, size))


def test_mobilenet_has_the_published_counts() -> None:
    assert (
        counted(on_meta(mobilenet_v2), 1, 3, 224, 224)
        == static(load("nas.arch:mobilenet_v2"))
        == (3_504_872, 300_774_272)
    )


# Width, depth and size of the paper's scaled models, and torchvision's parameters.
@pytest.mark.parametrize(
    ("width", "depth", "size", "params"),
    [
        (1.0, 1.0, 224, 5_288_548),
        (1.0, 1.1, 240, 7_794_184),
        (1.1, 1.2, 260, 9_109_994),
        (1.4, 1.8, 380, 19_341_616),
    ],
    ids=["b0", "b1", "b2", "b4"],
)
def test_efficientnet_counts_as_the_plain_statement(
    width: float, depth: float, size: int, params: int
) -> None:
    model = load("nas.arch:efficientnet", width=width, depth=depth, size=size)
    assert_counts(model, on_meta(efficientnet, width, depth), (3, size, size))
    assert static(model)[0] == params


def test_the_published_cells_have_the_published_counts() -> None:
    model = load("nas.arch:darts_v2_cifar")
    assert_counts(model, on_meta(Darts, DARTS_V2), (3, 32, 32))
    params, macs = static(model)
    assert (params, round(macs / 1e6)) == (3_349_342, 528)


@pytest.mark.parametrize(
    "settings",
    [
        {"layers": 8, "channels": 16, "size": 40, "classes": 100},
        {"layers": 11, "channels": 48},
    ],
)
def test_the_published_cells_at_other_sizes_count_as_the_plain_statement(
    settings: dict[str, Any],
) -> None:
    plain = on_meta(
        Darts, DARTS_V2, **{key: value for key, value in settings.items() if key != "size"}
    )
    size = settings.get("size", 32)
    assert_counts(load("nas.arch:darts_v2_cifar", **settings), plain, (3, size, size))


def test_the_published_cells_are_the_function_of_the_plain_statement() -> None:
    settings: dict[str, Any] = {"layers": 5, "channels": 4, "classes": 7}
    assert_agrees(
        load("nas.arch:darts_v2_cifar", size=16, **settings),
        Darts(DARTS_V2, **settings),
        (3, 16, 16),
    )


def design(genotype: Mapping[str, str]) -> Design:
    """What a genotype of `darts` answers, as the paper's figures read."""
    cells: dict[str, Cell] = {
        "normal": [{} for _ in range(4)],
        "reduction": [{} for _ in range(4)],
    }
    for path, answer in genotype.items():
        if found := re.fullmatch(r"(\w+)\.node\[(\d)\]\.op\[(\d)\]", path):
            cells[found[1]][int(found[2])][int(found[3])] = answer
    return Design(**cells)


def test_other_cells_are_the_functions_of_the_plain_statement() -> None:
    """Two that hold every operation at both strides, skips by whole and by half resolution among them."""
    settings: dict[str, Any] = {"layers": 3, "channels": 4, "classes": 7}
    space = load("nas.arch:darts", size=16, pool_norm="identity", **settings)
    at_stride: dict[int, set[str]] = {1: set(), 2: set()}
    for seed in (2, 5):
        genotype = space.sample(seed=seed)
        cells = design(genotype)
        at_stride[1] |= {kind for node in cells.normal for kind in node.values()}
        at_stride[2] |= {
            kind for node in cells.reduction for j, kind in node.items() if j < 2
        }
        assert_agrees(space.fix(genotype), Darts(cells, **settings), (3, 16, 16))
    assert (
        at_stride[1]
        == at_stride[2]
        == {"max3", "avg3", "skip", "sep3", "sep5", "dil3", "dil5"}
    )

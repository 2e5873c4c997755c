"""I3D, S3D and I3D on ResNet-50 against plain statements, as functions and as counts, at sizes of all
kinds.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from networks import assert_agrees, assert_counts, load
from plain_i3d_r50 import I3DR50
from plain_inception import Inception, Lineage
from torch import nn

INCEPTIONS: list[tuple[str, Lineage]] = [
    ("i3d.arch:i3d", "i3d"),
    ("s3d.arch:s3d", "s3d"),
    ("s3d.arch:s3d_slim", "slim"),
    ("s3d.arch:s3d_g", "gated"),
]
# Odd at every halving, so that TensorFlow's padding is uneven now before, now behind.
ODD: dict[str, Any] = {"frames": 13, "size": 45, "classes": 5, "width": 0.125}
EVEN: dict[str, Any] = {"frames": 16, "size": 32, "classes": 5, "width": 0.125}
FIVE = [(1, 1), (1, 3), (2, 1), (2, 3), (2, 5)]


def on_meta(kind: type[nn.Module], *args: Any, **settings: Any) -> nn.Module:
    with torch.device("meta"):
        return kind(*args, **settings)


@pytest.mark.parametrize("settings", [ODD, EVEN], ids=["odd", "even"])
@pytest.mark.parametrize(("net", "lineage"), INCEPTIONS)
def test_inception_is_the_function_of_the_plain_statement(
    net: str, lineage: Lineage, settings: dict[str, Any]
) -> None:
    sizes = (3, settings["frames"], settings["size"], settings["size"])
    assert_agrees(load(net, **settings), Inception(lineage, **settings), sizes)


@pytest.mark.parametrize(("net", "lineage"), INCEPTIONS)
def test_inception_classifies_a_larger_clip_at_every_position(
    net: str, lineage: Lineage
) -> None:
    larger = (20, 33, 64)
    model = load(net, larger, **EVEN)
    assert_counts(model, on_meta(Inception, lineage, **EVEN), (3, *larger))
    assert_agrees(model, Inception(lineage, **EVEN), (3, *larger), training=False)


@pytest.mark.parametrize(
    "settings",
    [
        {"frames": 32, "size": 112, "classes": 101},
        {"frames": 20, "size": 200, "width": 0.75},
        {"frames": 8, "size": 90, "width": 1.3},
    ],
)
@pytest.mark.parametrize(("net", "lineage"), INCEPTIONS)
def test_other_sizes_of_inception_count_as_the_plain_statement(
    net: str, lineage: Lineage, settings: dict[str, Any]
) -> None:
    sizes = (3, settings["frames"], settings["size"], settings["size"])
    assert_counts(load(net, **settings), on_meta(Inception, lineage, **settings), sizes)


@pytest.mark.parametrize("temporal_pool", [True, False])
@pytest.mark.parametrize(
    ("net", "settings", "non_local"),
    [
        (
            "i3d_r50",
            {"frames": 5, "size": 40, "temporals": [[3], [3, 1], [1, 3, 1], [1, 3]]},
            [],
        ),
        ("i3d_r50_nl", {"frames": 4, "size": 40, "softmax": True}, FIVE),
        ("i3d_r50_nl", {"frames": 4, "size": 40, "softmax": False}, FIVE),
    ],
    ids=["plain", "softmax", "dot"],
)
def test_r50_is_the_function_of_the_plain_statement(
    net: str,
    settings: dict[str, Any],
    non_local: list[tuple[int, int]],
    temporal_pool: bool,
) -> None:
    settings = {**settings, "classes": 5, "width": 8, "temporal_pool": temporal_pool}
    sizes = (3, settings["frames"], settings["size"], settings["size"])
    scale = 0.1 if settings.get("softmax") else 1.0
    assert_agrees(
        load(f"i3d.arch:{net}", **settings),
        I3DR50(**settings, non_local=non_local),
        sizes,
        scale,
    )


@pytest.mark.parametrize("softmax", [True, False])
def test_r50_with_non_local_blocks_takes_a_larger_clip(softmax: bool) -> None:
    """The positions that attend, and that the dot product is divided by, are those of the clip."""
    settings: dict[str, Any] = {
        "frames": 4,
        "size": 32,
        "classes": 5,
        "width": 8,
        "softmax": softmax,
    }
    larger = (6, 64, 40)
    model = load("i3d.arch:i3d_r50_nl", larger, **settings)
    assert_counts(model, on_meta(I3DR50, **settings, non_local=FIVE), (3, *larger))
    assert_agrees(
        model,
        I3DR50(**settings, non_local=FIVE),
        (3, *larger),
        0.1 if softmax else 1.0,
        training=False,
    )


@pytest.mark.parametrize(
    ("net", "settings", "non_local"),
    [
        ("i3d_r50", {"frames": 64, "size": 256, "temporal_pool": False}, []),
        ("i3d_r50", {"frames": 7, "size": 100, "classes": 9, "width": 40}, []),
        (
            "i3d_r50",
            {
                "frames": 12,
                "size": 128,
                "width": 16,
                "temporals": [[1, 3], [3] * 5, [1] * 9, [3, 3, 3]],
            },
            [],
        ),
        ("i3d_r50_nl", {"frames": 32, "size": 160, "width": 24}, FIVE),
        (
            "i3d_r50_nl",
            {
                "frames": 8,
                "size": 96,
                "width": 16,
                "temporals": [[3], [1, 3] * 3, [3, 1, 1] * 4, [3] * 4],
            },
            FIVE,
        ),
        (
            "i3d_r50_nl",
            {
                "frames": 9,
                "size": 112,
                "width": 48,
                "softmax": False,
                "temporal_pool": False,
            },
            FIVE,
        ),
    ],
)
def test_other_sizes_of_r50_count_as_the_plain_statement(
    net: str, settings: dict[str, Any], non_local: list[tuple[int, int]]
) -> None:
    sizes = (3, settings["frames"], settings["size"], settings["size"])
    assert_counts(
        load(f"i3d.arch:{net}", **settings),
        on_meta(I3DR50, **settings, non_local=non_local),
        sizes,
    )

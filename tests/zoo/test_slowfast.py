"""Slow and SlowFast against plain statements: every fusion, as functions and as counts, at sizes of all
kinds.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from networks import assert_agrees, assert_counts, load
from plain_slowfast import FUSIONS, Slow, SlowFast
from torch import nn

from archdsl.diagnostics.diagnostic import DiagnosticError

SLOWFAST, SLOW = "slowfast.arch:slowfast", "slowfast.arch:slow"
SMALL: dict[str, Any] = {
    "frames": 2,
    "alpha": 4,
    "beta": 4,
    "size": 40,
    "classes": 5,
    "width": 8,
    "blocks": [1, 2, 2, 1],
    "deep": [1, 2, 1, 1],
}
SMALL_SLOW = {
    key: SMALL[key] for key in ("frames", "size", "classes", "width", "blocks", "deep")
}


def on_meta(kind: type[nn.Module], settings: dict[str, Any]) -> nn.Module:
    with torch.device("meta"):
        return kind(**settings)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_is_the_function_of_the_plain_statement(fusion: str) -> None:
    settings = {**SMALL, "fusion": fusion}
    assert_agrees(load(SLOWFAST, **settings), SlowFast(**settings), (3, 8, 40, 40))


def test_the_slow_stream_alone_is_the_function_of_the_plain_statement() -> None:
    assert_agrees(load(SLOW, **SMALL_SLOW), Slow(**SMALL_SLOW), (3, 2, 40, 40))


@pytest.mark.parametrize(
    ("net", "plain", "settings", "larger"),
    [(SLOWFAST, SlowFast, SMALL, (8, 70, 40)), (SLOW, Slow, SMALL_SLOW, (3, 70, 40))],
)
def test_a_larger_clip_is_classified_at_every_position(
    net: str, plain: type[nn.Module], settings: dict[str, Any], larger: tuple[int, int, int]
) -> None:
    model = load(net, larger, **settings)
    assert_counts(model, on_meta(plain, settings), (3, *larger))
    assert_agrees(model, plain(**settings), (3, *larger), training=False)


def test_the_streams_pool_all_their_frames() -> None:
    """Of a longer clip their windows leave different numbers of positions, which cannot be joined; nor in the
    public code.
    """
    with pytest.raises(DiagnosticError, match=r"E0402: sizes of `t` differ: 2 and 5"):
        load(SLOWFAST, (12, 40, 40), **SMALL)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize(
    "settings",
    [
        {"frames": 6, "alpha": 8, "size": 112, "classes": 101, "width": 32},
        {
            "frames": 5,
            "alpha": 4,
            "beta": 4,
            "size": 100,
            "width": 48,
            "blocks": [2, 2, 4, 2],
        },
    ],
    ids=["narrower", "shallower"],
)
def test_other_sizes_count_as_the_plain_statement(
    fusion: str, settings: dict[str, Any]
) -> None:
    settings = {**settings, "fusion": fusion}
    clip = settings["frames"] * settings["alpha"]
    assert_counts(
        load(SLOWFAST, **settings),
        on_meta(SlowFast, settings),
        (3, clip, settings["size"], settings["size"]),
    )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("slowfast_8x8_r50", {"frames": 8, "alpha": 4, "fusion_kernel": 7}),
        ("slowfast_16x8_r101", {"frames": 16, "alpha": 4, "blocks": [3, 4, 23, 3]}),
    ],
)
def test_the_published_sizes_count_as_the_plain_statement(
    name: str, settings: dict[str, Any]
) -> None:
    clip = settings["frames"] * settings["alpha"]
    assert_counts(
        load(f"slowfast.arch:{name}"), on_meta(SlowFast, settings), (3, clip, 224, 224)
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"frames": 4},
        {
            "frames": 3,
            "size": 90,
            "classes": 7,
            "width": 24,
            "blocks": [1, 3, 8, 2],
            "deep": [1, 3, 5, 1],
        },
    ],
)
def test_the_slow_stream_counts_as_the_plain_statement(settings: dict[str, Any]) -> None:
    size = settings.get("size", 224)
    assert_counts(
        load(SLOW, **settings), on_meta(Slow, settings), (3, settings["frames"], size, size)
    )

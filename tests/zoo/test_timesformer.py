"""TimeSformer against a plain statement: every scheme, order and position embedding, as functions and as
counts, at sizes of all kinds.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
import torch
from agreement import assert_same
from networks import assert_agrees, assert_counts, load
from plain_timesformer import SCHEMES, TimeSformer
from totals import static

import archdsl
from archdsl.architecture import Architecture

NET = "timesformer.arch:timesformer"
SMALL: dict[str, Any] = {
    "frames": 4,
    "size": 16,
    "patch": 4,
    "width": 8,
    "depth": 2,
    "heads": 2,
    "classes": 3,
}


def model_of(reference: str = NET, **settings: Any) -> Architecture:
    """A network with these parameters, of which two are texts."""
    return load(
        reference,
        **{
            name: f'"{value}"' if name in ("order", "position") else value
            for name, value in settings.items()
        },
    )


def check(settings: dict[str, Any]) -> None:
    model = model_of(drop=0.0, **settings)
    sizes = (3, settings["frames"], settings["size"], settings["size"])
    assert_agrees(model, TimeSformer(**settings), sizes, scale=0.5)
    assert static(model)[0] == sum(p.numel() for p in TimeSformer(**settings).parameters())


@pytest.mark.parametrize(
    ("scheme", "order"), list(product(SCHEMES, ("time_first", "space_first", "parallel")))
)
def test_every_scheme_in_every_order(scheme: str, order: str) -> None:
    check(
        {
            **SMALL,
            "scheme": scheme,
            "order": order,
            "depth": 1 if order == "parallel" else 2,
        }
    )


@pytest.mark.parametrize("position", ["none", "space"])
@pytest.mark.parametrize("scheme", ["divided", "axial"])
def test_other_position_embeddings(scheme: str, position: str) -> None:
    check({**SMALL, "scheme": scheme, "position": position, "depth": 1})


@pytest.mark.parametrize("position", ["none", "space", "space_time"])
def test_frames_apart(position: str) -> None:
    """The public space-only model: each frame has a class token of its own."""
    check({**SMALL, "scheme": "space", "position": position, "separate": True})


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "change",
    [
        {"frames": 6, "size": 24, "classes": 5},
        {"width": 12, "heads": 3, "depth": 3, "patch": 8},
        {"frames": 2, "size": 8, "heads": 4},
    ],
    ids=["larger", "wider", "smaller"],
)
def test_other_sizes(scheme: str, change: dict[str, Any]) -> None:
    settings = {**SMALL, "scheme": scheme, **change}
    check(settings)
    with torch.device("meta"):
        plain = TimeSformer(**settings)
    assert_counts(
        model_of(**settings),
        plain,
        (3, settings["frames"], settings["size"], settings["size"]),
    )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("timesformer_space", {"scheme": "space", "position": "space", "separate": True}),
        ("timesformer_joint", {"scheme": "joint"}),
        ("timesformer_divided", {}),
        ("timesformer_sparse_local_global", {"scheme": "sparse_local_global"}),
        ("timesformer_axial", {"scheme": "axial"}),
        ("timesformer_hr", {"frames": 16, "size": 448}),
        ("timesformer_l", {"frames": 96}),
    ],
)
def test_the_published_sizes_count_as_the_plain_statement(
    name: str, settings: dict[str, Any]
) -> None:
    with torch.device("meta"):
        plain = TimeSformer(**settings)
    assert static(load(f"timesformer.arch:{name}"))[0] == sum(
        p.numel() for p in plain.parameters()
    )


@pytest.mark.parametrize(
    "schemes", [("axial", "joint", "divided"), ("space", "sparse_local_global", "space")]
)
def test_each_block_chooses(schemes: tuple[str, ...]) -> None:
    """In the space where each block chooses its scheme, a genotype is the chosen ones after each other; a
    chosen one is a level.
    """
    settings = {**SMALL, "depth": 3}
    space = model_of("timesformer.arch:timesformer_mixed", drop=0.0, **settings)
    assert space.count() == 5**3
    model = archdsl.compile(
        space.fix({f"scheme[{i}]": scheme for i, scheme in enumerate(schemes)})
    )
    plain = TimeSformer(**{**settings, "scheme": schemes})
    keys = {
        key: re.sub(
            r"(block\.(\d+))\.transformer", lambda m: f"{m[1]}.{schemes[int(m[2])]}", key
        )
        for key in plain.state_dict()
    }
    assert_same(model, plain, keys, torch.randn(2, 3, 4, 16, 16), training=True)


def macs(scheme: str, frames: int) -> int:
    return static(
        model_of(scheme=scheme, frames=frames, size=32, patch=8, width=8, depth=2, heads=2)
    )[1]


def test_joint_attention_is_quadratic_in_frames_and_divided_is_not() -> None:
    """Read off the static costs: second differences of joint attention are those of its products over T·H·W
    patches.
    """
    second = {
        s: macs(s, 16) - 2 * macs(s, 12) + macs(s, 8) for s in ("joint", "divided", "space")
    }
    patches, width, depth, step = 16, 8, 2, 4
    assert (
        second["joint"] == depth * 2 * width * 2 * (step * patches) ** 2
    )  # queries by keys, and weights by values
    assert second["divided"] == depth * 2 * width * 2 * step**2 * patches  # over time alone
    assert second["space"] == 0

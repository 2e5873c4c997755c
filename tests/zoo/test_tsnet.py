"""Manual-TSNet and Auto-TSNet against plain statements, and the shares of the streams by the static costs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from networks import assert_agrees, assert_counts, load
from plain_autox3d import Group
from plain_tsnet import AutoTSNet, Fusion, ManualTSNet
from totals import static

MANUAL: dict[int, tuple[list[int], list[int]]] = {
    85: ([40, 80, 160, 328], [4, 8, 20, 40]),
    70: ([40, 72, 144, 288], [8, 12, 28, 52]),
    55: ([32, 64, 128, 248], [8, 20, 36, 72]),
}
X3D_S = [24, 48, 96, 192]
X3D_S_MACS = 1_962_892_112

# Table 1: blocks, spatial stride.
ROWS = [
    (1, 2),
    (2, 1),
    (1, 2),
    (4, 1),
    (1, 2),
    (3, 1),
    (3, 1),
    (4, 1),
    (1, 2),
    (3, 1),
    (3, 1),
]


@pytest.mark.parametrize("percent", MANUAL)
def test_the_sparse_stream_takes_its_share(percent: int) -> None:
    """Of the paper's three shares; all are as costly as X3D-S. The head is the sparse stream's, fusions are
    neither's.
    """
    streams: Counter[str] = Counter()
    for op in load(f"autotsnet.arch:manual_tsnet_{percent}").graph.ops():
        names = set(re.findall(r"[a-z_]+", op.instance.path))
        dense, fuse = names & {"dense", "dense_stem"}, "fuse" in names
        streams["dense" if dense else "fuse" if fuse else "sparse"] += op.macs.value
    assert min(streams.values()) > 0
    assert streams["sparse"] / streams.total() == pytest.approx(percent / 100, abs=0.01)
    assert streams.total() == pytest.approx(X3D_S_MACS, rel=0.025)


@pytest.mark.parametrize(
    ("percent", "wide", "thin"), [(85, 1.7, 0.2), (70, 1.5, 0.28), (55, 1.3, 0.38)]
)
def test_the_widths_are_those_of_x3d_s_times_one_factor_a_stream(
    percent: int, wide: float, thin: float
) -> None:
    sparse, dense = MANUAL[percent]
    assert all(
        abs(width - wide * base) <= 4 and width % 8 == 0
        for width, base in zip(sparse, X3D_S, strict=True)
    )
    assert all(
        abs(width - thin * base) <= 2 and width % 4 == 0
        for width, base in zip(dense, X3D_S, strict=True)
    )


@pytest.mark.parametrize(
    ("percent", "settings"),
    [
        (85, {}),
        (70, {}),
        (55, {}),
        (70, {"frames": 2, "alpha": 4, "size": 112, "classes": 100}),
    ],
)
def test_manual_tsnet_counts_as_the_plain_statement(
    percent: int, settings: dict[str, Any]
) -> None:
    with torch.device("meta"):
        plain = ManualTSNet(*MANUAL[percent], **settings)
    size = settings.get("size", 160)
    clip = settings.get("frames", 4) * settings.get("alpha", 8)
    assert_counts(
        load(f"autotsnet.arch:manual_tsnet_{percent}", **settings),
        plain,
        (3, clip, size, size),
    )


def test_manual_tsnet_is_the_function_of_the_plain_statement() -> None:
    """The block after a fusion projects, for its input is wider."""
    sparse, dense = [8, 8, 16, 24], [4, 4, 8, 8]
    settings: dict[str, Any] = {"frames": 1, "alpha": 4, "size": 40, "classes": 5}
    model = load("autotsnet.arch:manual_tsnet", sparse=sparse, dense=dense, **settings)
    assert_agrees(model, ManualTSNet(sparse, dense, **settings), (3, 4, 40, 40), scale=0.3)


def test_manual_tsnet_classifies_a_larger_picture_at_every_position() -> None:
    sparse, dense = [8, 8, 16, 24], [4, 4, 8, 8]
    settings: dict[str, Any] = {"frames": 1, "alpha": 2, "size": 32, "classes": 5}
    larger = (2, 64, 40)
    model = load(
        "autotsnet.arch:manual_tsnet", larger, sparse=sparse, dense=dense, **settings
    )
    with torch.device("meta"):
        counts = ManualTSNet(sparse, dense, **settings)
    assert_counts(model, counts, (3, *larger))
    assert_agrees(
        model,
        ManualTSNet(sparse, dense, **settings),
        (3, *larger),
        scale=0.3,
        training=False,
    )


def stream(genotype: Mapping[str, str], name: str, deeper: int) -> list[Group]:
    """The rows of Table 1 with a genotype's answers; the first row of the dense stream has one width."""
    groups = []
    for i, (blocks, stride) in enumerate(ROWS):
        answer = {
            key: genotype.get(f"group[{i}].{name}.{key}")
            for key in ("t", "k", "channels", "expand", "attention")
        }
        k = int(answer["k"] or 0)
        groups.append(
            Group(
                (int(answer["t"] or 0), k, k),
                int(answer["channels"] or 8),
                float(answer["expand"] or 0),
                answer["attention"] == "glore",
                blocks * (deeper if stride == 1 else 1),
                stride,
            )
        )
    return groups


def plain_of(genotype: Mapping[str, str], deeper: int = 1, **settings: Any) -> AutoTSNet:
    fusions: list[Fusion] = [genotype[f"group[{i}].fuse"] for i in range(10)]  # type: ignore[misc]
    return AutoTSNet(
        stream(genotype, "sparse", deeper),
        stream(genotype, "dense", deeper),
        fusions,
        **settings,
    )


def test_an_architecture_of_auto_tsnet_is_the_function_of_the_plain_statement() -> None:
    settings: dict[str, Any] = {"frames": 1, "alpha": 2, "size": 32, "classes": 5}
    space = load("autotsnet.arch:auto_tsnet", **settings)
    genotype = space.sample(seed=741)  # a narrow one
    assert {genotype[f"group[{i}].fuse"] for i in range(10)} == {
        "none",
        "to_channel",
        "sample",
        "conv",
    }
    assert {
        genotype[f"group[{i}].{name}.attention"]
        for i in (2, 3, 5)
        for name in ("sparse", "dense")
    } == {
        "identity",
        "glore",
    }
    assert_agrees(
        space.fix(genotype), plain_of(genotype, **settings), (3, 2, 32, 32), scale=0.3
    )


@pytest.mark.parametrize(
    "settings", [{}, {"size": 312, "frames": 2, "deeper": 2, "classes": 7}]
)
def test_architectures_of_auto_tsnet_count_as_the_plain_statement(
    settings: dict[str, Any],
) -> None:
    space = load("autotsnet.arch:auto_tsnet", **settings)
    genotype = space.sample(seed=3)
    with torch.device("meta"):
        plain = plain_of(genotype, **settings)
    size = settings.get("size", 160)
    model = space.fix(genotype)
    assert_counts(model, plain, (3, 8 * settings.get("frames", 4), size, size))
    assert static(model)[0] == space.cost([genotype])["params"][0]

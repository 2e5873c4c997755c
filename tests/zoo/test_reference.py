"""The public models: params and MACs of the text alone, and of the compiled module, are those of their
code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings
from totals import static

import archdsl
from archdsl.architecture import Architecture
from archdsl_torch import count

ROWS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "zoo.yaml").read_text()
)["models"]
DEEP = settings.default.max_examples > 100  # the profile "deep" compiles them all
COMPILED = {
    "TimeSformer divided space-time 8x224",
    "X-ViT B/16 8x224",
    "SlowFast 4x16 R50 (32f fast, 256)",
    "I3D-R50 8x8 224",
    "I3D (piergiaj) 64x224",
    "S3D (torchvision) 16x224",
    "S3D-G slim 16x224",
    "GloRe resnet50_3d_gcn_x5 8x224",
    "Nonlocal block dim=512 inner=256 pool(1,2,2) at 4x28x28",
}


def load(row: dict[str, Any]) -> Architecture:
    return archdsl.load(
        row["ours"],
        settings=row.get("set", {}),
        inputs={"clip": row["clip"]} if "clip" in row else None,
    )


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_text_counts_as_the_public_code(row: dict[str, Any]) -> None:
    params, macs = static(load(row))
    assert (params, macs) == (row["params"], row.get("macs", macs))


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row["name"]) for row in ROWS if row["name"] in COMPILED or DEEP],
)
def test_the_compiled_module_counts_as_the_public_code(row: dict[str, Any]) -> None:
    model = load(row)
    module = archdsl.compile(model, meta=True)
    found = count.params(module), count.macs(module, model.graph)
    assert found == (row["params"], row.get("macs", found[1]))


@pytest.mark.parametrize(
    ("reference", "settings", "clip", "params", "gmacs"),
    [
        ("zoo/i3d.arch:i3d", {}, (250, 256), 12_697_264, 568.13),
        ("zoo/s3d.arch:s3d_slim", {}, (250, 256), 8_306_800, 328.14),
        (
            "zoo/i3d.arch:i3d_r50",
            {"frames": "64", "size": "256", "temporal_pool": "false"},
            None,
            28_043_472,
            469.16,
        ),
        ("zoo/slowfast.arch:slowfast_8x8_r101", {}, (32, 256), 53_774_808, 106.51),
        ("zoo/i3d.arch:i3d_r50_nl", {}, None, 35_401_936, 36.54),
        ("zoo/i3d.arch:i3d_r50_nl_dot", {}, None, 35_401_936, 36.54),
        ("zoo/timesformer.arch:timesformer_axial", {}, None, 157_020_304, None),
        ("zoo/nas.arch:mobilenet_v2", {}, None, 3_504_872, 0.30077),
        ("zoo/nas.arch:efficientnet_b0", {}, None, 5_288_548, 0.38581),
        ("zoo/nas.arch:darts_v2_cifar", {}, None, 3_349_342, 0.52836),
    ],
)
def test_other_figures_that_were_measured(
    reference: str,
    settings: dict[str, str],
    clip: tuple[int, int] | None,
    params: int,
    gmacs: float | None,
) -> None:
    """AttentionNAS prints twice the first three (1136, 656 and 938 G), the SlowFast paper the fourth."""
    inputs = {"clip": {"t": clip[0], "h": clip[1], "w": clip[1]}} if clip else None
    ours = static(archdsl.load(reference, settings=settings, inputs=inputs))
    assert ours[0] == params
    if gmacs is not None:
        assert ours[1] / 1e9 == pytest.approx(gmacs, rel=2e-4)


def macs(reference: str, frames: int, **settings: str) -> int:
    return static(archdsl.load(reference, settings={"frames": str(frames), **settings}))[1]


def test_x_vit_is_linear_in_its_frames() -> None:
    """All but the temporal attention's pairs of frames + 1 class tokens, 2 · 768 MACs a pair."""
    a, b, c = (
        macs("zoo/xvit.arch:xvit", frames) - 2 * 768 * (frames + 1) ** 2
        for frames in (8, 16, 24)
    )
    assert c - b == b - a


def test_joint_attention_is_quadratic_in_its_frames() -> None:
    a, b, c = (
        macs("zoo/timesformer.arch:timesformer", frames, scheme="joint")
        for frames in (8, 16, 24)
    )
    assert c - 2 * b + a == 12 * 2 * 768 * 2 * (8 * 196) ** 2


def test_attention_within_frames_is_linear_in_their_number() -> None:
    a, b, c = (
        macs("zoo/timesformer.arch:timesformer", frames, scheme="space")
        for frames in (8, 16, 24)
    )
    assert c - b == b - a

"""X3D: the public code's weights, params and MACs, and the function of a plain statement of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from agreement import assert_same
from networks import ours_by_theirs
from plain_x3d import X3D
from totals import counted, static

import archdsl
from archdsl.diagnostics.source import Source
from archdsl.questions import rename
from archdsl.syntax.shipped import shipped

RULES = rename.read(
    Source("x3d", (shipped("specs") / "zoo/x3d_pytorchvideo.rename").read_text())
)
PUBLISHED = Path(__file__).with_name("x3d_s_pytorchvideo.tsv")

SIZES = {
    "x3d_xs": (4, 160),
    "x3d_s": (13, 160),
    "x3d_m": (16, 224),
    "x3d_l": (16, 312),
    "x3d_xl": (16, 312),
}
SCALE: dict[str, dict[str, float]] = {
    "x3d_l": {"depth": 5.0},
    "x3d_xl": {"width": 2.9, "depth": 5.0},
}


def load(name: str = "x3d", **settings: Any) -> archdsl.architecture.Architecture:
    return archdsl.load(
        f"zoo/x3d.arch:{name}", settings={k: str(v).lower() for k, v in settings.items()}
    )


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [
        ("x3d_xs", 3_794_274, 605_256_512),
        ("x3d_s", 3_794_274, 1_962_892_112),
        ("x3d_m", 3_794_274, 4_732_468_736),
    ],
)
def test_the_published_counts(name: str, params: int, macs: int) -> None:
    assert static(load(name)) == (params, macs)


@pytest.mark.parametrize("name", SIZES)
def test_every_size_counts_as_the_plain_statement(name: str) -> None:
    frames, size = SIZES[name]
    with torch.device("meta"):
        plain = X3D(frames, size, **SCALE.get(name, {}))
    assert static(load(name)) == counted(plain, 1, 3, frames, size, size)


def test_a_norm_on_the_first_shortcut_is_one_parameter_away() -> None:
    assert static(load(frames=13, size=160, stage1_norm=True)) == (3_794_322, 1_962_892_112)
    with torch.device("meta"):
        plain = X3D(13, 160, stage1_norm=True)
    assert counted(plain, 1, 3, 13, 160, 160) == (3_794_322, 1_962_892_112)


def test_the_published_keys_are_ours_one_to_one() -> None:
    published = [
        line.split("\t")
        for line in PUBLISHED.read_text().splitlines()
        if not line.startswith("#")
    ]
    keys = ours_by_theirs([key for key, _, _ in published], RULES)
    net = archdsl.compile(load("x3d_s"), meta=True)
    ours = {key: tensor.shape for key, tensor in net.state_dict().items()}
    assert {keys[key]: shape for key, _, shape in published} == {
        key: str(tuple(shape)) for key, shape in ours.items()
    }
    assert {keys[key] for key, kind, _ in published if kind == "param"} == {
        key for key, _ in net.named_parameters()
    }


SMALL: list[dict[str, Any]] = [
    {"frames": 4, "size": 32, "width": 0.6, "depth": 0.5, "classes": 7},
    {"frames": 3, "size": 40, "width": 0.8, "depth": 0.6, "expand": 1.5, "classes": 5},
    {"frames": 2, "size": 24, "width": 1.3, "depth": 0.4, "expand": 3.0, "classes": 3},
]


@pytest.mark.parametrize("settings", SMALL)
@pytest.mark.parametrize("training", [False, True])
def test_it_is_the_function_of_the_plain_statement(
    settings: dict[str, Any], training: bool
) -> None:
    model, plain = load(**settings), X3D(**settings)
    clip = torch.randn(
        2,
        3,
        settings["frames"],
        settings["size"],
        settings["size"],
        generator=torch.Generator().manual_seed(1),
    )
    assert_same(
        archdsl.compile(model),
        plain,
        ours_by_theirs(plain.state_dict(), RULES),
        clip,
        training,
    )


def test_a_larger_clip_is_classified_at_every_position() -> None:
    settings = SMALL[0]
    larger = {"t": 5, "h": 40, "w": 70}
    model = archdsl.load(
        "zoo/x3d.arch:x3d",
        settings={k: str(v) for k, v in settings.items()},
        inputs={"clip": larger},
    )
    plain = X3D(**settings)
    clip = torch.randn(2, 3, *larger.values(), generator=torch.Generator().manual_seed(1))
    with torch.device("meta"):
        counts = counted(X3D(**settings), 1, 3, *larger.values())
    assert static(model) == counts
    assert_same(
        archdsl.compile(model), plain, ours_by_theirs(plain.state_dict(), RULES), clip
    )


def test_the_head_of_a_larger_clip_costs_more() -> None:
    """Both have 7 x 7 positions before the window; x3d_s pools by 13x5x5 and classifies the 4 x 3 x 3 that
    are left.
    """
    s = archdsl.load("zoo/x3d.arch:x3d_s", inputs={"clip": {"t": 16, "h": 224, "w": 224}})
    (_, ours), (_, m) = static(s), static(load("x3d_m"))
    assert ours - m == (4 * 3 * 3 - 1) * (432 * 2048 + 2048 * 400)

"""X-ViT against a plain statement: windows, fractions, blocks and what is mixed, both aggregations, the
summary token, sizes.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from networks import SHIPPED, assert_agrees, assert_counts, load
from plain_xvit import MIXES, OFFSETS, XViT
from totals import static

import archdsl
from archdsl.architecture import Architecture
from archdsl.syntax import ast

NET = "xvit.arch:xvit"
SMALL: dict[str, Any] = {
    "frames": 5,
    "size": 16,
    "patch": 8,
    "width": 16,
    "depth": 2,
    "heads": 2,
    "classes": 3,
}
VARIANTS: dict[str, dict[str, Any]] = {
    **{window: {"window": window} for window in OFFSETS},
    **{f"{fraction:.0%}": {"fraction": fraction} for fraction in (0.5, 1.0)},
    **{blocks: {"mixed_blocks": blocks, "depth": 3} for blocks in MIXES if blocks != "all"},
    "nothing": {"key_mixed": False, "value_mixed": False},
    "x": {"x_mixed": True, "key_mixed": False, "value_mixed": False},
    "keys": {"value_mixed": False},
    "values": {"key_mixed": False},
    "everything": {"x_mixed": True, "fraction": 0.5, "window": "window_2"},
    "summary": {"summary": True},
    "mean": {"aggregate": "mean_over_time"},
    "mean_and_summary": {"aggregate": "mean_over_time", "summary": True, "frames": 3},
    "two_layers": {"layers": 2},
    "three_layers": {"layers": 3, "depth": 1},
    "larger": {"frames": 9, "size": 32, "classes": 7},
    "wider": {"width": 24, "heads": 3, "depth": 3, "patch": 4},
    "one_frame": {"frames": 1, "window": "window_2"},
    "segments": {"frames": 6, "segments": 3},
    "segments_of_a_wide_window": {
        "frames": 8,
        "segments": 4,
        "window": "window_2",
        "x_mixed": True,
    },
}


def model_of(**settings: Any) -> Architecture:
    """The network with these parameters, of which one is a text."""
    return load(
        NET,
        **{
            name: f'"{value}"' if name == "mixed_blocks" else value
            for name, value in settings.items()
        },
    )


def plain(settings: dict[str, Any]) -> XViT:
    with torch.device("meta"):
        return XViT(**settings)


def clip_of(settings: dict[str, Any]) -> tuple[int, ...]:
    return (3, settings["frames"], settings["size"], settings["size"])


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_the_function_of_the_plain_statement(name: str) -> None:
    settings = {**SMALL, **VARIANTS[name]}
    model = model_of(**settings)
    assert_agrees(
        model,
        XViT(**settings),
        clip_of(settings),
        scale=0.5,
        training=settings.get("aggregate") == "mean_over_time",
    )
    assert_counts(model, plain(settings), clip_of(settings))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("xvit_b16", {}),
        ("xvit_b16_16x16_k400", {"frames": 16, "segments": 8}),
        ("xvit_b16_16x16_k600", {"frames": 16, "segments": 8, "classes": 600}),
        ("xvit_b16_16x16_ssv2", {"frames": 16, "fraction": 0.5, "classes": 174}),
        ("xvit_t16", {"width": 192, "heads": 3}),
        ("xvit_s16", {"width": 384, "heads": 6}),
        ("xvit_s32", {"width": 384, "heads": 6, "patch": 32}),
        ("xvit_b32", {"patch": 32}),
        ("xvit_l32", {"width": 1024, "depth": 24, "heads": 16, "patch": 32}),
    ],
)
def test_the_published_sizes_count_as_the_plain_statement(
    name: str, settings: dict[str, Any]
) -> None:
    settings = {"frames": 8, "size": 224, **settings}
    assert_counts(load(f"xvit.arch:{name}"), plain(settings), clip_of(settings))


# The rows of Tables 1, 2 and 4, and what each is as settings.
MEAN = {"aggregate": "mean_over_time"}
ROWS: dict[str, dict[str, Any]] = {
    "window_of_0": {**MEAN, "key_mixed": False, "value_mixed": False},
    "window_of_1": MEAN,
    "window_of_2": {**MEAN, "window": "window_2"},
    "window_of_2_bo": {**MEAN, "window": "window_2_bo"},
    "first_half": {**MEAN, "mixed_blocks": "first_half"},
    "second_half": {**MEAN, "mixed_blocks": "second_half"},
    "odd": {**MEAN, "mixed_blocks": "odd"},
    "one_layer": {},
    "two_layers": {"layers": 2},
    "three_layers": {"layers": 3},
    "nothing_mixed": {"key_mixed": False, "value_mixed": False},
    "x_only": {"x_mixed": True, "key_mixed": False, "value_mixed": False},
    "key_only": {"value_mixed": False},
    "value_only": {"key_mixed": False},
    "half_mixed": {"fraction": 0.5},
    "all_mixed": {"fraction": 1.0},
    "summary_alone": {**MEAN, "summary": True},
    "summary_and_attention": {"summary": True},
}


def test_every_row_of_the_tables_is_a_genotype_of_one_space() -> None:
    module = SHIPPED.module("zoo/xvit.arch")
    rows = [d for d in module.file.declarations if isinstance(d, ast.Genotype)]
    assert {d.name for d in rows} == set(ROWS) and {d.of.span.text for d in rows} == {
        "xvit_ablation"
    }


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_the_function_of_the_plain_statement(row: str) -> None:
    settings = {**SMALL, "depth": 3}
    texts = {name: str(value) for name, value in settings.items()}
    model = archdsl.load(
        "zoo/xvit.arch:xvit_ablation", settings=texts, genotype=row, project=SHIPPED
    )
    assert model.kind == "model"
    assert_agrees(
        model, XViT(**settings, **ROWS[row]), clip_of(settings), scale=0.5, training=False
    )


def test_the_cost_is_linear_in_frames() -> None:
    """Read off the static costs: with the mean its second difference is none; temporal attention adds its own
    few products.
    """
    few = {"size": 32, "patch": 8, "width": 16, "depth": 2, "heads": 2}
    second = {}
    for aggregate in ("mean_over_time", "temporal_attention"):
        one, two, three = (
            static(model_of(frames=f, aggregate=aggregate, **few))[1] for f in (8, 12, 16)
        )
        second[aggregate] = three - 2 * two + one
    assert second == {"mean_over_time": 0, "temporal_attention": 2 * 16 * 2 * 4**2}

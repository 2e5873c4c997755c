"""The rename tables: the public checkpoints' keys and ours, one to one, of equal shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import public_keys
import pytest
from networks import load, ours_by_theirs
from public_keys import blobs, keys

import archdsl
from archdsl.cli.rename_tables import table_named
from archdsl.diagnostics.source import Source
from archdsl.questions import rename
from archdsl.syntax.shipped import shipped

TABLES = [
    ("slowfast_slowfast", "slowfast.arch:slowfast_4x16_r50", "slowfast_4x16_r50"),
    ("i3d_r50_slowfast", "i3d.arch:i3d_r50_nl", "i3d_r50_nl"),
    ("i3d_piergiaj", "i3d.arch:i3d", "i3d"),
    ("s3d_torchvision", "s3d.arch:s3d", "s3d"),
    ("glore_facebook", "glore.arch:glore_r50", "glore_r50_lite"),
    (
        "timesformer_divided_facebook",
        "timesformer.arch:timesformer_divided",
        "timesformer_divided",
    ),
    ("xvit_1adrianb", "xvit.arch:xvit_b16", "xvit_8f"),
]


# Tables of cousins, whose published keys are those of another network without some: (table, network, of
# which, without).
COUSINS = [
    (
        "timesformer_one_facebook",
        "timesformer.arch:timesformer_joint",
        "timesformer_divided",
        ("temporal_",),
    ),
    (
        "timesformer_one_facebook",
        "timesformer.arch:timesformer_space",
        "timesformer_divided",
        ("temporal_", "time_embed"),
    ),
    ("slow_slowfast", "slowfast.arch:slow_4x16_r50", "i3d_r50_nl", ("nonlocal",)),
]


def longer_than_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Tokens are saved as 1 x 1 x c, a linear map of nodes as n x n x 1: sizes of 1 carry nothing."""
    return tuple(n for n in shape if n != 1)


@pytest.mark.parametrize(("table", "reference", "published"), TABLES)
def test_the_published_keys_are_ours_one_to_one(
    table: str, reference: str, published: str
) -> None:
    text = Path(__file__).with_name("published").joinpath(f"{published}.tsv").read_text()
    theirs = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    rules = rename.read(
        Source(table, (shipped("specs") / f"zoo/{table}.rename").read_text())
    )
    keys = ours_by_theirs([key for key, *_ in theirs], rules)
    net = archdsl.compile(archdsl.load(f"zoo/{reference}"), meta=True)
    ours = {
        key: longer_than_one(tuple(tensor.shape))
        for key, tensor in net.state_dict().items()
    }
    shapes = {
        key: tuple(int(n) for n in shape.strip("()").split(",") if n.strip())
        for key, _, shape in theirs
    }
    assert {
        keys[key]: longer_than_one(shape) for key, shape in shapes.items() if key in keys
    } == ours
    assert {keys[key] for key, kind, _ in theirs if kind == "param" and key in keys} == {
        key for key, _ in net.named_parameters()
    }
    assert set(shapes) - set(keys) <= {"new_fc.weight", "new_fc.bias"}


@pytest.mark.parametrize(("table", "reference", "published", "without"), COUSINS)
def test_the_keys_of_cousins_are_ours_one_to_one(
    table: str, reference: str, published: str, without: tuple[str, ...]
) -> None:
    text = Path(__file__).with_name("published").joinpath(f"{published}.tsv").read_text()
    theirs = [
        line.partition("\t")[0] for line in text.splitlines() if not line.startswith("#")
    ]
    rules = rename.read(
        Source(table, (shipped("specs") / f"zoo/{table}.rename").read_text())
    )
    keys = ours_by_theirs(
        [key for key in theirs if not any(part in key for part in without)], rules
    )
    assert set(keys.values()) == set(
        archdsl.compile(archdsl.load(f"zoo/{reference}"), meta=True).state_dict()
    )


# Tables whose public keys are regular: (table, keys, network, its settings).
REGULAR: list[tuple[str, list[str], str, dict[str, Any]]] = [
    (
        "slowfast_caffe2",
        blobs(public_keys.caffe2_slowfast()),
        "slowfast.arch:slowfast_4x16_r50",
        {},
    ),
    ("slow_caffe2", blobs(public_keys.caffe2_slow()), "slowfast.arch:slow_4x16_r50", {}),
    ("i3d_r50_caffe2", blobs(public_keys.caffe2_slow()), "i3d.arch:i3d_r50", {}),
    ("i3d_r50_caffe2", blobs(public_keys.caffe2_non_local()), "i3d.arch:i3d_r50_nl", {}),
    (
        "slowfast_pytorchvideo",
        keys(public_keys.pytorchvideo_slowfast()),
        "slowfast.arch:slowfast_8x8_r50",
        {},
    ),
    (
        "slow_pytorchvideo",
        keys(public_keys.pytorchvideo_slow()),
        "slowfast.arch:slow_8x8_r50",
        {},
    ),
    ("i3d_r50_pytorchvideo", keys(public_keys.pytorchvideo_i3d()), "i3d.arch:i3d_r50", {}),
    (
        "x3d_slowfast",
        keys(public_keys.slowfast_x3d()),
        "x3d.arch:x3d_s",
        {"stage1_norm": True},
    ),
    ("s3d_kylemin", keys(public_keys.kylemin_s3d()), "s3d.arch:s3d_kylemin", {}),
    (
        "mobilenet_v2_torchvision",
        keys(public_keys.torchvision_mobilenet_v2()),
        "nas.arch:mobilenet_v2",
        {},
    ),
    (
        "efficientnet_torchvision",
        keys(public_keys.torchvision_efficientnet_b0()),
        "nas.arch:efficientnet_b0",
        {},
    ),
]


@pytest.mark.parametrize(("table", "theirs", "reference", "settings"), REGULAR)
def test_regular_public_keys_are_ours_one_to_one(
    table: str, theirs: list[str], reference: str, settings: dict[str, Any]
) -> None:
    rules = table_named(table).rules
    found = ours_by_theirs(theirs, rules)
    assert len(found) + sum(
        key.endswith("_momentum") or key in ("lr", "model_iter") for key in theirs
    ) == len(theirs)
    net = archdsl.compile(load(reference, **settings), meta=True)
    assert set(found.values()) == {
        key
        for key in net.state_dict()
        if "caffe2" not in table or not key.endswith("num_batches_tracked")
    }
    used = {each.line for key in theirs if (each := rules.find(key)) is not None}
    unused = {line.text for line in rules.unused(used, theirs)}
    assert all("non" in line for line in unused) and (
        not unused or reference == "i3d.arch:i3d_r50"
    )


# From pictures to clips: (table, keys, network, what starts anew, what is left out).
BEGINNINGS = [
    ("i3d_r50_resnet50", "torchvision_resnet50", "i3d.arch:i3d_r50", ("head.",), ("fc.",)),
    (
        "i3d_r50_resnet50",
        "torchvision_resnet50",
        "i3d.arch:i3d_r50_nl",
        ("head.", "non_local"),
        ("fc.",),
    ),
    ("slow_resnet50", "torchvision_resnet50", "slowfast.arch:slow", ("head.",), ("fc.",)),
    (
        "timesformer_divided_vit",
        "timm_vit",
        "timesformer.arch:timesformer_divided",
        ("time_", ".fc."),
        (),
    ),
    (
        "timesformer_one_vit",
        "timm_vit",
        "timesformer.arch:timesformer_joint",
        ("time_",),
        (),
    ),
    ("timesformer_one_vit", "timm_vit", "timesformer.arch:timesformer_space", (), ()),
    ("xvit_vit", "timm_vit", "xvit.arch:xvit_b16", ("time_", "aggregate."), ("head.",)),
]


@pytest.mark.parametrize(("table", "layout", "reference", "anew", "left_out"), BEGINNINGS)
def test_pictures_have_all_but_what_starts_anew(
    table: str,
    layout: str,
    reference: str,
    anew: tuple[str, ...],
    left_out: tuple[str, ...],
) -> None:
    rules = table_named(table).rules
    theirs = keys(getattr(public_keys, layout)())
    found = {key: rules.find(key) for key in theirs}
    assert all(found.values()), [key for key in theirs if not found[key]]
    placed = [name for each in found.values() if each for name in each.names]
    assert len(placed) == len(set(placed))
    ours = set(archdsl.compile(load(reference), meta=True).state_dict())
    assert set(placed) == {name for name in ours if not any(part in name for part in anew)}
    started = {name for name in ours if any(rule.starts(name) for rule in rules.rules)}
    assert started == ours - set(placed)
    assert {key for key in theirs if not found[key].names} == {
        k for k in theirs if k.startswith(left_out or "-")
    }


def test_every_table_of_the_zoo_is_tested() -> None:
    tested = {table for table, *_ in (*TABLES, *COUSINS, *REGULAR, *BEGINNINGS)} | {
        "x3d_pytorchvideo"
    }
    assert {path.stem for path in (shipped("specs") / "zoo").glob("*.rename")} == tested

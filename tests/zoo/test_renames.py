"""The rename tables: the public checkpoints' keys and ours, one to one, of equal shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.diagnostics.source import Source
from archdsl.questions import rename
from archdsl.syntax.shipped import shipped

TABLES = [
    ("slowfast_slowfast", "slowfast.arch:slowfast_4x16_r50", "slowfast_4x16_r50"),
    ("i3d_r50_slowfast", "i3d.arch:i3d_r50_nl", "i3d_r50_nl"),
    ("i3d_piergiaj", "i3d.arch:i3d", "i3d"),
    ("s3d_torchvision", "s3d.arch:s3d", "s3d"),
    ("glore_facebook", "glore.arch:glore_r50", "glore_r50_lite"),
    ("timesformer_divided_facebook", "timesformer.arch:timesformer_divided", "timesformer_divided"),
    ("xvit_1adrianb", "xvit.arch:xvit_b16", "xvit_8f"),
]


# Tables of cousins, whose published keys are those of another network without some: (table, network, of
# which, without).
COUSINS = [
    ("timesformer_one_facebook", "timesformer.arch:timesformer_joint", "timesformer_divided", ("temporal_",)),
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
def test_the_published_keys_are_ours_one_to_one(table: str, reference: str, published: str) -> None:
    text = Path(__file__).with_name("published").joinpath(f"{published}.tsv").read_text()
    theirs = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    rules = rename.read(Source(table, (shipped("specs") / f"zoo/{table}.rename").read_text()))
    keys = rename.rename([key for key, *_ in theirs], rules)
    net = archdsl.compile(archdsl.load(f"zoo/{reference}"), meta=True)
    ours = {key: longer_than_one(tuple(tensor.shape)) for key, tensor in net.state_dict().items()}
    shapes = {
        key: tuple(int(n) for n in shape.strip("()").split(",") if n.strip()) for key, _, shape in theirs
    }
    assert {keys[key]: longer_than_one(shape) for key, shape in shapes.items() if key in keys} == ours
    assert {keys[key] for key, kind, _ in theirs if kind == "param" and key in keys} == {
        key for key, _ in net.named_parameters()
    }
    assert set(shapes) - set(keys) <= {"new_fc.weight", "new_fc.bias"}


@pytest.mark.parametrize(("table", "reference", "published", "without"), COUSINS)
def test_the_keys_of_cousins_are_ours_one_to_one(
    table: str, reference: str, published: str, without: tuple[str, ...]
) -> None:
    text = Path(__file__).with_name("published").joinpath(f"{published}.tsv").read_text()
    theirs = [line.partition("\t")[0] for line in text.splitlines() if not line.startswith("#")]
    rules = rename.read(Source(table, (shipped("specs") / f"zoo/{table}.rename").read_text()))
    keys = rename.rename([key for key in theirs if not any(part in key for part in without)], rules)
    assert set(keys.values()) == set(
        archdsl.compile(archdsl.load(f"zoo/{reference}"), meta=True).state_dict()
    )


def test_every_table_of_the_zoo_is_tested() -> None:
    tested = {table for table, *_ in (*TABLES, *COUSINS)} | {"x3d_pytorchvideo"}
    assert {path.stem for path in (shipped("specs") / "zoo").glob("*.rename")} == tested

"""The rename tables: the public checkpoints' keys and ours, one to one, of equal shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.questions import rename
from archdsl.syntax.shipped import shipped
from archdsl.syntax.source import Source

TABLES = [
    ("slowfast_slowfast", "slowfast.arch:slowfast_4x16_r50", "slowfast_4x16_r50"),
    ("i3d_r50_slowfast", "i3d.arch:i3d_r50_nl", "i3d_r50_nl"),
    ("i3d_piergiaj", "i3d.arch:i3d", "i3d"),
    ("s3d_torchvision", "s3d.arch:s3d", "s3d"),
    ("glore_facebook", "glore.arch:glore_r50", "glore_r50_lite"),
    ("timesformer_divided_facebook", "timesformer.arch:timesformer_divided", "timesformer_divided"),
    ("xvit_1adrianb", "xvit.arch:xvit_b16", "xvit_8f"),
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
    shapes = {key: tuple(int(n) for n in shape.strip("()").split(",") if n.strip()) for key, _, shape in theirs}
    assert {keys[key]: longer_than_one(shape) for key, shape in shapes.items() if key in keys} == ours
    assert {keys[key] for key, kind, _ in theirs if kind == "param" and key in keys} == {key for key, _ in net.named_parameters()}
    assert set(shapes) - set(keys) <= {"new_fc.weight", "new_fc.bias"}


def test_every_table_of_the_zoo_is_tested() -> None:
    tested = {table for table, *_ in TABLES} | {"x3d_pytorchvideo"}
    assert {path.stem for path in (shipped("specs") / "zoo").glob("*.rename")} == tested

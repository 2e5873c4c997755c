"""The rows of the table: what belongs to what, how often, and networks that have hardly any layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import load
from archdsl.ir.notation import macs_word
from archdsl.questions.stages import stages
from archdsl.questions.summary import Amount, Row, Summary, summarise
from tests.compare.pairs import network


def table(body: str, kind: str = "model") -> Summary:
    return summarise(
        network(
            f"arch 1\n{kind} n {{\n  input x: [b, c = 3, h = 8, w = 8]\n  {body}\n}}\n", "n"
        )
    )


def rows(body: str, kind: str = "model") -> dict[str, Row]:
    return {row.stage.name: row for row in table(body, kind).rows}


def test_a_norm_belongs_to_the_layer_that_it_reads() -> None:
    found = rows(
        "a = x -> conv(16, 3) as a\n  c = x -> conv(16, 3) as c\n  d = a -> batch_norm as d\n  output d + c"
    )
    assert {name: row.params.low for name, row in found.items()} == {"a": 464, "c": 432}
    assert found["a"].stage.operators == ("conv 3x3, 16 → batch_norm",)
    assert found["c"].stage.operators == ("conv 3x3, 16 → add",)


def test_an_activation_that_reads_the_input_is_no_part_of_the_layer_before_it() -> None:
    apart = rows("a = x -> conv(3, 3) as a\n  r = x -> relu\n  output a + r")
    assert [row.stage.operators for row in apart.values()] == [
        ("conv 3x3, 3",),
        ("relu → add",),
    ]
    together = rows("a = x -> conv(3, 3) as a\n  r = a -> relu\n  output a + r")
    assert [row.stage.operators for row in together.values()] == [
        ("conv 3x3, 3 → relu → add",)
    ]


def test_a_chain_of_norm_and_activation_behind_a_block_is_one_row() -> None:
    text = """arch 1
block two(width) = conv(width, 3) as a -> conv(width, 3) as b
model n {
  input x: [b, c = 3, h = 8, w = 8]
  output x -> two(4) as two -> batch_norm as tail -> relu -> mean(@hw)
}
"""
    assert [stage.operators for stage in stages(network(text, "n"))] == [
        ("two  3x3, 4 → 3x3, 4",),
        ("batch_norm → relu",),
        ("mean @hw",),
    ]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("output x", []),
        ("output x * 2", ["mul"]),
        ("output x + x", ["add"]),
        ("output x -> mean(@hw)", ["mean"]),
    ],
)
def test_networks_of_no_layers(body: str, names: list[str]) -> None:
    found = table(body)
    assert [row.stage.name for row in found.rows] == names
    assert (found.params, found.macs) == (Amount(0, 0), Amount(0, 0))


LOOP = """arch 1
block pair(width) = conv(width, 3x3) as a -> conv(width, 3x3) as b
block tower(width) {
  input x
  depth ~ 2..4
  for i in range(depth) { x = x -> pair(width) as layer }
  output x
}
space n {
  input x: [b, c = 4, h = 8, w = 8]
  x = x -> tower(4) as tower -> conv(4) as between
  depth ~ 1..3
  for i in range(depth) { x = x -> pair(4) as block }
  output x -> mean(@hw)
}
"""


def test_layers_of_an_open_depth_are_counted_from_the_least_to_the_most() -> None:
    found = {stage.name: stage for stage in stages(network(LOOP, "n"))}
    assert found["tower"].operators == ("2–4 × pair  3x3, 4 → 3x3, 4",)
    block = found["block[0..2]"]
    assert (block.least, block.repeat) == (1, 3)


def test_a_batch_is_named_beside_the_macs(tmp_path: Path) -> None:
    file = tmp_path / "n.arch"
    file.write_text(
        "arch 1\nmodel n { input x: [b, c = 3]  output x -> linear(2) as y }\n",
        encoding="utf-8",
    )
    one = summarise(load(f"{file}:n").graph)
    eight = summarise(load(f"{file}:n", inputs={"x": {"b": 8, "c": 3}}).graph)
    assert (one.batch, one.macs.low, macs_word(one.batch)) == (1, 6, "MACs")
    assert (eight.batch, eight.macs.low, macs_word(eight.batch)) == (
        8,
        48,
        "MACs at batch 8",
    )

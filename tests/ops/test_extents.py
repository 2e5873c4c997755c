"""Extents: how the sizes of a network follow from those of its inputs, and what that asks of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.ir.graph import Graph
from archdsl.ops import extents
from archdsl.ops.extents import Along, Demands, follow
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax.shipped import shipped


def graph_of(
    body: str, inputs: str = "input x: [b, c = 3, t = 8, h = 14, w = 14]"
) -> Graph:
    importer = Importer(shipped("specs"))
    module = importer.load_text(
        Source("test.arch", f"arch 1\nmodel net {{\n  {inputs}\n  {body}\n}}\n"),
        Path("/nowhere"),
    )
    return Project(importer).elaborate(module, "net").graph


def demanded(
    body: str, inputs: str = "input x: [b, c = 3, t = 8, h = 14, w = 14]"
) -> tuple[str, dict[str, int], dict[str, int]]:
    """The fixed dimensions, and of those in space the least sizes and the steps."""
    graph, demands = graph_of(body, inputs), Demands()
    follow(dict.fromkeys((*graph.inputs, *graph.values)), demands)
    fixed = "".join(sorted(d for _, d in demands.fixed | graph.read))
    least = {d: n for (_, d), n in demands.least.items() if n > 1}
    return fixed, least, {d: n for (_, d), n in demands.step.items()}


def test_every_primitive_has_a_rule() -> None:
    """One without is taken to hold every size that it reads."""
    assert extents._RULES.keys() == PRIMITIVES.keys()


@pytest.mark.parametrize(
    ("body", "extent"),
    [
        ("output x -> max_pool(3, 2)", Along(("x", "h"), -1, 2)),
        ("output x -> max_pool(3, 2) -> max_pool(2, 3, 1)", Along(("x", "h"), 5, 6)),
        ('output x -> conv(4, 5, 3, "same") as c', Along(("x", "h"), 2, 3)),
        ("output x -> conv(4, 3, dilation = 2) as c -> relu", Along(("x", "h"), 0, 1)),
        ("output x -> pad(h = (1, 2)) -> conv(4, 1, 2) as c", Along(("x", "h"), 4, 2)),
        ("output [x, x -> take(h = 0..1)] -> concat(@h)", Along(("x", "h"), 2, 1)),
        ("output x -> resize(h = 7)", 7),
    ],
)
def test_windows_one_after_another_are_one_quotient(body: str, extent: object) -> None:
    graph = graph_of(body)
    found = follow(graph.values, Demands())[graph.outputs[0]]["h"]
    assert found == extent
    if isinstance(found, Along):
        assert (14 + found.plus) // found.per == graph.outputs[0].shape["h"].value


@pytest.mark.parametrize(
    ("body", "fixed", "least", "step"),
    [
        ("output x + (x -> max_pool(3, 1, 1))", "", {}, {}),
        ("output x -> max_pool(1x3x3, 1x2x2) -> max_pool(1x3x3)", "", {"h": 7, "w": 7}, {}),
        (
            "output (x -> max_pool(1x2x2, 1x2x2)) + (x -> max_pool(1x3x3, 1x2x2, 0x1x1))",
            "hw",
            {"h": 2, "w": 2},
            {},
        ),
        (
            "output (x -> max_pool(1x3x3, 1x2x2, 0x1x1)) + (x -> max_pool(1, 1x2x2))",
            "",
            {},
            {},
        ),
        ("output x -> take(t = 0..6 by 2)", "", {"t": 7}, {}),
        ("output x -> take(h = 3)", "", {"h": 4}, {}),
        ("output x -> split(@t, @ta, a = 4) -> mean(@a)", "", {}, {"t": 4}),
        ("output x -> split(@t, @ta, a = 4, t = 2) -> mean(@a)", "t", {}, {}),
        ("p, q = x -> chunk(h = 2)\n  output p + q", "h", {}, {}),
        ("param p: [h = 14]\n  output x + p", "h", {}, {}),
        ("output x -> linear(5, dim = @ct) as l", "ct", {}, {}),
        ("output x -> shift(@t, 1, channels = 0..1)", "t", {"c": 2}, {}),
        ("output x / (x.h * x.w)", "hw", {}, {}),
        ("output if x.t > 4 then x else x + x", "t", {}, {}),
        ("many = x.h * x.w\n  output x", "", {}, {}),
        ("many = x.h * x.w\n  more = many + 1\n  output x / more", "hw", {}, {}),
        ("many = (x -> conv(4, x.h) as c).w\n  output x", "hw", {}, {}),
        ("require x.h % 2 == 0\n  output x", "h", {}, {}),
        (
            "y = x -> conv(5, 1x3x3, 1x2x2) as c\n  output y -> linear(y.c) as l -> mean(@thw)",
            "",
            {},
            {},
        ),
    ],
)
def test_what_an_op_demands(
    body: str, fixed: str, least: dict[str, int], step: dict[str, int]
) -> None:
    found, needed, steps = demanded(body)
    channels = {"c"} if "conv" in body else set()
    assert (set(found) - channels, needed, steps) == (set(fixed), least, step)


def test_two_inputs_that_meet_hold_each_other() -> None:
    inputs = "input x: [b, c = 3, h = 8]\n  input y: [b, c = 3, h = 8, w = 4]"
    graph = graph_of("output x * y", inputs)
    demands = Demands()
    follow(dict.fromkeys((*graph.inputs, *graph.values)), demands)
    assert demands.fixed == {("x", "c"), ("y", "c"), ("x", "h"), ("y", "h")}


def test_an_op_of_which_nothing_is_known_holds_what_it_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        extents,
        "_RULES",
        {name: rule for name, rule in extents._RULES.items() if name != "max_pool"},
    )
    assert demanded("output x -> max_pool(3, 1, 1)")[0] == "chtw"


def test_sums_of_sums_take_their_time_once() -> None:
    """Sums of sums of sums: written out, they would be 2^24 parts long, and x and y have the same."""
    body = "\n  ".join(
        [
            "y = x -> max_pool(2, 1, 1)",
            *["x, y = [x, y] -> concat(@t), [x, y] -> concat(@t)"] * 24,
            "output x + y",
        ]
    )
    assert demanded(body, "input x: [b, c = 3, t = 8]")[0] == ""

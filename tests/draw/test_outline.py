"""What the outline knows stands in every picture: what is open, how often, what belongs to what, and what
lies between streams.
"""

from __future__ import annotations

from collections import Counter

import pytest

from archdsl.compare import diff
from archdsl.questions.summary import summarise
from archdsl_draw import Drawing, anatomy, render, render_difference
from archdsl_draw.scene import Box, Label
from tests.compare.pairs import network
from tests.draw.soundness import is_sound
from tests.draw.test_views import needs_dot
from tests.laws.subjects import shipped_graph

OPEN = """arch 1
block pair(width) = conv(width, 3x3) as a -> conv(width, 3x3) as b
space open {
  input x: [b, c = 3, h = 8, w = 8]
  width ~ 8..16 by 4
  kernel ~ [3x3, 5x5]
  y = x -> conv(width, kernel) as first -> batch_norm -> relu
  act ~ [relu, gelu, tanh]
  y = y -> act -> conv(8, 3x3) as second
  depth ~ 2..4
  for i in range(depth) { y = y -> pair(8) as block }
  output y -> mean(@hw) -> linear(5) as head
}
"""
FOLLOWING = """arch 1
model following {
  input x: [b, c = 3, h = 8, w = 8]
  a = x -> conv(16, 3) as a
  c = x -> conv(16, 3) as c
  d = a -> batch_norm as d
  output d + c
}
"""
NOTHING = (
    "arch 1\nmodel same { input x: [b, c = 2, h = 8, w = 8]  output x }\nmodel twice { input x: [b, c = "
    "2]  output x * 2 }\n"
)


def boxes(drawing: Drawing) -> dict[str, Box]:
    return {
        item.name: item
        for item in drawing.scene.items
        if isinstance(item, Box) and item.name
    }


def inside(drawing: Drawing, name: str) -> list[str]:
    """The texts in a box."""
    box = boxes(drawing)[name]
    labels = (item for item in drawing.scene.items if isinstance(item, Label))
    return [
        t.text
        for t in labels
        if box.x <= t.x <= box.x + box.width and box.y <= t.y <= box.y + box.height
    ]


def test_a_part_whose_inside_is_open_is_drawn_as_open() -> None:
    darts = render(shipped_graph("zoo/nas.arch:darts"), view="macro")
    cells = [name for name in boxes(darts) if name.startswith("cell[")]
    assert len(cells) == 8
    for name in cells:
        assert (
            boxes(darts)[name].dashed
            and "17 choices inside" in inside(darts, name)
            and "5×5" not in inside(darts, name)
        )
    assert not boxes(darts)["stem"].dashed
    gpb = render(shipped_graph("zoo/attentionnas.arch:attention_cell_gpb"), view="macro")
    assert {box.dashed for name, box in boxes(gpb).items() if ".op" in name} == {True}


@needs_dot
@pytest.mark.parametrize("view", ["graph", "cell"])
def test_an_open_width_and_kernel_are_dashed_and_list_their_alternatives(view: str) -> None:
    drawing = render(network(OPEN, "open"), view=view)
    is_sound(drawing)
    assert boxes(drawing)["first"].dashed and not boxes(drawing)["second"].dashed
    assert {"width: 8..16 by 4", "kernel: 3×3, 5×5", "BN → ReLU"} <= set(
        inside(drawing, "first")
    )
    assert boxes(drawing)["act"].dashed and "act: relu, gelu, tanh" in inside(
        drawing, "act"
    )
    assert "depends on width, kernel" in boxes(drawing)["first"].note


def test_an_open_width_is_dashed_in_the_macro_view() -> None:
    drawing = render(network(OPEN, "open"), view="macro")
    assert boxes(drawing)["first"].dashed and "8..16" in inside(drawing, "first")
    assert not boxes(drawing)["second"].dashed


def test_the_page_knows_what_decides_a_part() -> None:
    data = anatomy.anatomy([network(OPEN, "open")])
    rows = {data["texts"][row[1]]: row for row in data["graphs"][0]["nodes"]}
    deciders = {
        name: [data["texts"][text] for text in row[9]] for name, row in rows.items()
    }
    assert deciders["first"] == ["width: 8..16 by 4", "kernel: 3×3, 5×5"]
    assert deciders["act"] == ["act: relu, gelu, tanh"] and deciders["block[3]"] == [
        "depth: 2..4"
    ]
    assert deciders["second"] == deciders["head"] == deciders["x"] == []


def test_the_range_of_expansion_stands_on_every_group() -> None:
    drawing = render(shipped_graph("zoo/autox3d.arch:autox3d"), view="macro")
    texts = Counter(item.text for item in drawing.scene.items if isinstance(item, Label))
    assert texts["e 1.5–6"] == 11


@needs_dot
def test_layers_of_an_open_depth_are_one_box_with_their_least_and_most() -> None:
    graph = network(OPEN, "open")
    macro, flow = render(graph, view="macro"), render(graph, view="graph", depth=1)
    assert "×2–4" in inside(macro, "block[0]") and "× 2–4" in inside(flow, "block[0]")
    assert [name for name in boxes(macro) if name.startswith("block")] == ["block[0]"]
    assert boxes(macro)["block[0]"].dashed and boxes(flow)["block[0]"].dashed


@pytest.mark.parametrize(
    ("reference", "between", "slow", "fast", "width"),
    [
        ("zoo/slowfast.arch:slowfast_8x8_r50", "fuse[0]", "slow_stem", "fast_stem", "16"),
        (
            "zoo/autotsnet.arch:manual_tsnet_85",
            "stage[0].fuse",
            "sparse_stem",
            "dense_stem",
            "8",
        ),
    ],
)
def test_a_lateral_convolution_stands_between_the_streams(
    reference: str, between: str, slow: str, fast: str, width: str
) -> None:
    drawing = render(shipped_graph(reference), view="macro")
    found = boxes(drawing)
    name = next(n for n in found if n.startswith(between))
    middle = {n: box.y + box.height / 2 for n, box in found.items()}
    assert middle[slow] < middle[name] < middle[fast]
    assert middle[f"{name}.concat"] == pytest.approx(middle[slow])
    assert width in inside(drawing, name) and found[f"{name}.concat"].x > found[name].x


def test_a_norm_joins_the_layer_that_it_reads() -> None:
    graph = network(FOLLOWING, "following")
    drawing = render(graph, view="macro")
    assert set(boxes(drawing)) == {"x", "a", "c", "add"}
    assert "then BN" in boxes(drawing)["a"].note and "then" not in boxes(drawing)["c"].note
    assert (
        "params 464" in boxes(drawing)["a"].note
        and "params 432" in boxes(drawing)["c"].note
    )


@needs_dot
def test_every_view_rounds_alike() -> None:
    graph = shipped_graph("zoo/nas.arch:darts")
    for view, focus in (
        ("macro", None),
        ("space", None),
        ("cell", "cell[0]"),
        ("graph", None),
    ):
        assert (
            "1.08e18 architectures"
            in render(graph, view=view, focus=focus).scene.description
        ), view
    assert str(summarise(graph).architectures).startswith("10767")


@needs_dot
@pytest.mark.parametrize("view", ["macro", "graph", "cell"])
def test_networks_of_no_layers_are_drawn(view: str) -> None:
    for name in ("same", "twice"):
        is_sound(render(network(NOTHING, name), view=view))


def test_a_choice_that_differs_marks_what_depends_on_it() -> None:
    other = OPEN.replace("width ~ 8..16 by 4", "width ~ 8..24 by 4")
    a, b = network(OPEN, "open"), network(other, "open")
    drawing = render_difference(a, b, diff(a, b))
    marked = {
        item.note.split("\n")[0]
        for item in drawing.scene.items
        if isinstance(item, Box) and item.name and item.stroke == "#1a1a1a"
    }
    assert marked == {"first"}
    assert any(
        isinstance(t, Label) and t.text == "width   8..16 by 4 → 8..24 by 4"
        for t in drawing.scene.items
    )


def test_an_answer_marks_the_layer_that_it_stands_for_and_not_its_neighbours() -> None:
    text = """arch 1
block pair(width) = conv(width, 3x3) as a -> conv(width, 3x3) as b
block extra(width) = conv(width, 1) as mix
space gated {
  input x: [b, c = 8, h = 8, w = 8]
  for i in range(2) as stage {
    x = x -> pair(8) as block
    gate ~ [identity, extra(8)]
    x = x -> gate
  }
  output x -> mean(@hw)
}
genotype open of gated { stage[0].gate = identity  stage[1].gate = extra }
genotype shut of gated { stage[0].gate = extra     stage[1].gate = extra }
model before = gated() with open
model after = gated() with shut
"""
    a, b = network(text, "before"), network(text, "after")
    answers = [
        {"stage[0].gate": one, "stage[1].gate": "extra"} for one in ("identity", "extra")
    ]
    drawing = render_difference(a, b, diff(*answers))
    tagged = [
        item
        for item in drawing.scene.items
        if isinstance(item, Label) and item.text in "~+−" and item.colour == "#ffffff"
    ]
    assert [label.text for label in tagged if label.y > 80] == ["+"], (
        "the gate came, and nothing else is marked"
    )

"""Drawings: nothing overlaps, nothing is clipped, the same bytes each time, whatever the architecture."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from archdsl.cli.commands.render import command
from archdsl.compare import diff
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl_draw import Drawing, engine, render, render_difference
from archdsl_draw.layout import MARGIN
from archdsl_draw.metrics import text_width
from archdsl_draw.palette import INK, LINE, OKABE_ITO, PAPER, SIGNS, ink_on
from archdsl_draw.scene import Arrow, Box, Label, Mark
from archdsl_draw.svg import as_svg
from archdsl_draw.theme import themed
from tests.compare.pairs import BASE, PAIRS, network, pair
from tests.laws.subjects import SHIPPED, SPECS, graph_of, shipped_graph
from tests.strategies.specs import Spec, elaborate, specs

GOLDENS = Path(__file__).parent / "goldens"
STREAMS = """arch 1
model streams {
  input clip: [b, c = 3, t = 8, h = 32, w = 32]
  x = clip -> take(t = 0..4 by 4) -> conv(16, 1x3x3, 1x2x2) as slow_stem
  y = clip -> conv(4, 3x3x3, 1x2x2) as fast_stem
  for i in range(3) as stage {
    x = x -> conv(16, 1x3x3) as slow
    y = y -> conv(4, 3x1x1) as fast
    x = [x, y -> take(t = 0..4 by 4)] -> concat(@c)
  }
  output [x -> mean(@thw), y -> mean(@thw)] -> concat(@c) -> linear(10) as classify
}
"""


def chain(length: int) -> str:
    """A model of so many numbered blocks, with a connection over all of them."""
    return f"""arch 1
block unit(channels) = conv(channels, 3x3) -> batch_norm -> relu
model chain {{
  input image: [b, c = 8, h = 16, w = 16]
  x = image
  for i in range({length}) {{ x = x -> unit(8) as block }}
  output (image + x) -> mean(@hw) -> linear(10) as classify
}}
"""


@pytest.mark.parametrize("reference", SHIPPED)
def test_what_ships_is_drawn_soundly(reference: str) -> None:
    _is_sound(render(shipped_graph(reference), view="macro"))


@pytest.mark.parametrize("feature", SPECS)
def test_every_construct_is_drawn_soundly(feature: str) -> None:
    _is_sound(render(graph_of(feature), view="macro"))


@given(specs())
@settings(max_examples=40)
def test_random_networks_are_drawn_soundly(spec: Spec) -> None:
    _is_sound(render(elaborate(spec), view="macro"))


@pytest.mark.parametrize("length", [1, 2, 40, 500])
def test_any_number_of_boxes(length: int) -> None:
    drawing = render(network(chain(length), "chain"))
    _is_sound(drawing)
    assert sum(box.name.startswith("block[") for box in _boxes(drawing)) == length


def test_streams_are_lanes_and_stages_are_columns() -> None:
    places = {box.name: box for box in _boxes(render(network(STREAMS, "streams")))}
    middle = {name: box.y + box.height / 2 for name, box in places.items()}
    for i in range(3):
        assert middle[f"stage[{i}].slow"] == pytest.approx(middle["stage[0].slow"])
        assert middle[f"stage[{i}].fast"] == pytest.approx(middle["stage[0].fast"])
        assert middle[f"stage[{i}].fast"] > middle[f"stage[{i}].slow"]
        assert middle[f"stage[{i}].concat"] == pytest.approx(middle[f"stage[{i}].slow"])
    assert places["stage[1].slow"].x > places["stage[0].concat"].x
    labels = {
        item.text
        for item in render(network(STREAMS, "streams")).scene.items
        if isinstance(item, Label)
    }
    assert {"slow", "fast", "stage[0]", "2×16×16"} <= labels


def test_what_it_looks_like(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "streams.svg", render(network(STREAMS, "streams"), view="macro").svg())
    a, b = pair("stream_added")
    golden(GOLDENS / "stream_added.svg", render_difference(a, b, diff(a, b)).svg())


TOKENS = """arch 1
block leg(width) = conv(width, 3x3) -> relu
block web(width) {
  input x
  states = [x]
  for i in range(4) as node {
    edges = []
    for state in states as source { edges = edges + [state -> leg(width) as edge] }
    states = states + [edges -> add]
  }
  output states[1..4] -> concat(@c)
}
block mean_of(width) = mean(@hw) -> linear(width)
block last_of(width) { input x  for i in range(2) as layer { x = x -> conv(width, 3x3) as conv }  output x -> mean(@hw) }
space tokens {
  input image: [b, c = 8, h = 16, w = 16]
  param cls: [c = 8] = trunc_normal(0.02)
  x = image -> conv(8, 3x3) as stem -> web(8) as web -> conv(8, 1) as back
  pool ~ [mean_of(10), last_of(10)]
  output (x + cls) -> pool
}
"""


def test_a_web_is_one_box_and_so_is_what_a_choice_is_between() -> None:
    drawing = render(network(TOKENS, "tokens"), view="macro")
    _is_sound(drawing)
    boxes = {box.name: box for box in _boxes(drawing)}
    assert set(boxes) == {"image", "cls", "stem", "web", "back", "add", "pool"}
    assert {"mean_of", "last_of", "+"} <= _texts(drawing)
    assert boxes["cls"].x > boxes["web"].x, "weights stand where they are read"
    assert boxes["cls"].y > boxes["image"].y, "the stream of the input is the first"


def test_streams_that_meet_stand_abreast() -> None:
    drawing = render(shipped_graph("zoo/slowfast.arch:slowfast_8x8_r50"), view="macro")
    middle = {box.name: box.x + box.width / 2 for box in _boxes(drawing)}
    for stage, count in enumerate((3, 4, 6, 3)):
        for i in range(count):
            assert middle[f"slow[{stage}].block[{i}]"] == pytest.approx(
                middle[f"fast[{stage}].block[{i}]"], abs=1
            )
    assert "time_conv" in _texts(drawing), "fusion says its kind"


def test_height_is_true_to_the_expansion() -> None:
    graph = shipped_graph("zoo/autox3d.arch:autox3d_s")
    heights = {box.name: box.height for box in _boxes(render(graph))}
    low, middle, high = (heights[f"group[{i}].block[0]"] for i in (6, 1, 0))  # 1.5, 2.25, 3
    assert high - middle == pytest.approx(middle - low)
    assert high > middle


def test_the_same_bytes_each_time() -> None:
    for form in ("svg", "dot", "html"):
        first, second = (getattr(render(network(BASE, "base")), form)() for _ in range(2))
        assert first == second


def test_the_text_says_what_colour_says() -> None:
    """Every kernel of a space stands in its box; a model's box carries its kernel beside the colour."""
    texts = _texts(render(network(BASE, "base")))
    assert "1×3×3" in texts and "identity" in texts and "se" in texts
    assert "×2" in texts  # two equal blocks as one box
    fixed = render(network(BASE, "fixed"))
    assert {"1×3×3", "3×3×3"} <= _texts(fixed)
    assert {box.fill for box in _boxes(fixed)} & set(OKABE_ITO)


def test_colours_carry_readable_text() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    for colour in OKABE_ITO:
        low, high = sorted((luminance(colour), luminance(ink_on(colour))))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_a_genotype_is_settled_first() -> None:
    graph = network(BASE, "base")
    genotype = {
        "stage[0].kernel": "1x3x3",
        "stage[0].gate": "identity",
        "stage[1].kernel": "3x3x3",
        "stage[1].gate": "se",
    }
    drawing = render(replace(graph, name="a title & more"), genotype)
    assert "a title &amp; more" in drawing.svg()
    assert "stage[0].gate" not in {box.name for box in _boxes(drawing)}
    with pytest.raises(DiagnosticError, match="E0601"):
        render(graph, {"stage[7].kernel": "1x3x3"})
    with pytest.raises(DiagnosticError, match="E0602"):
        render(graph, {"stage[0].kernel": "9x9x9"})


@pytest.mark.parametrize("name", PAIRS)
def test_differences_are_drawn(name: str) -> None:
    a, b = pair(name)
    difference = diff(a, b)
    drawing = render_difference(a, b, difference)
    _is_sound(drawing)
    signs = _tags(drawing)
    if name not in (
        "formatting_only",
        "requirement_added",
        "choice_renamed",
        "activation_replaced",
        "layer_removed",
    ):
        assert signs, "no box is marked"
    if name == "formatting_only":
        assert not signs


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x3d.arch:x3d_s", "x3d.arch:x3d_m"),
        ("i3d.arch:i3d_r50", "i3d.arch:i3d_r50_nl"),
        ("i3d.arch:i3d", "s3d.arch:s3d"),
    ],
)
def test_what_corresponds_stands_in_one_column(a: str, b: str) -> None:
    one, two = shipped_graph(f"zoo/{a}"), shipped_graph(f"zoo/{b}")
    drawing = render_difference(one, two, diff(one, two))
    _is_sound(drawing)
    places: dict[str, list[Box]] = {}
    for box in _boxes(drawing):
        places.setdefault(box.name, []).append(box)
    for name, boxes in places.items():
        above, below = boxes[: len(boxes) // 2], boxes[len(boxes) // 2 :]
        for first, second in zip(above, below, strict=True):
            assert first.x + first.width / 2 == pytest.approx(
                second.x + second.width / 2
            ), name
    strokes = Counter(box.stroke for box in _boxes(drawing))
    assert strokes[LINE] and strokes[INK], "what is the same is pale, what differs is not"


def test_each_side_has_its_sign() -> None:
    slow, slowfast = (
        shipped_graph(f"zoo/slowfast.arch:{n}_4x16_r50") for n in ("slow", "slowfast")
    )
    there, back = (
        render_difference(a, b, diff(a, b)) for a, b in ((slow, slowfast), (slowfast, slow))
    )
    assert set(_tags(there)) == {"~", "+", "−", ">"}
    assert Counter(_tags(back)) == Counter(
        {"+": "−", "−": "+"}.get(sign, sign) for sign in _tags(there)
    )


def _tags(drawing: Drawing) -> list[str]:
    """The signs at the boxes, without those that explain them."""
    return [label.text for label in _tag_labels(drawing) if label.y > 80]


def _tag_labels(drawing: Drawing) -> list[Label]:
    return [
        t
        for t in drawing.scene.items
        if isinstance(t, Label) and t.text in SIGNS and t.size == 10 and t.colour == PAPER
    ]


def test_files(tmp_path: Path) -> None:
    drawing = render(network(BASE, "fixed"))
    for suffix in (".svg", ".html", ".dot"):
        drawing.save(tmp_path / f"a{suffix}")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == drawing.svg()
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert as_svg(themed(drawing.scene)) in page
    assert {p.name for p in tmp_path.iterdir()} == {"a.svg", "a.html", "a.dot"}


def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = render(network(BASE, "fixed"))
    with pytest.raises(DiagnosticError, match="E0904"):
        drawing.save(tmp_path / "a.jpeg")
    with pytest.raises(DiagnosticError, match="E0903"):
        drawing.save(tmp_path / "nowhere" / "a.svg")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DiagnosticError, match="E0960") as caught:
        drawing.save(tmp_path / "a.pdf")
    assert "apt install graphviz" in str(caught.value.diagnostics[0].help)
    with (
        monkeypatch.context() as bare,
        pytest.raises(DiagnosticError, match="E0960") as caught,
    ):
        bare.setattr(engine, "ported", lambda: None)
        drawing.save(tmp_path / "a.png")
    assert "pip install graphviz-pure" in str(caught.value.diagnostics[0].help)
    for suffix in (".svg", ".html", ".dot"):
        drawing.save(tmp_path / f"a{suffix}")
    failing = tmp_path / "dot"
    failing.write_text("#!/bin/sh\necho broken >&2\nexit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    with pytest.raises(DiagnosticError, match="broken"):
        drawing.save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot")
def test_graphviz_writes_pdf(tmp_path: Path) -> None:
    render(network(BASE, "fixed")).save(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("program", ["dot", engine.PORT])
def test_graphviz_draws_the_same_picture(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = {"dot": shutil.which("dot"), engine.PORT: engine.ported()}[program]
    if path is None:
        pytest.skip(f"needs {program}")
    monkeypatch.setattr(engine, "installed", lambda form: path)
    drawing = render(network(BASE, "fixed"))
    drawing.save(tmp_path / "a.png")
    png = (tmp_path / "a.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = (int.from_bytes(png[i : i + 4], "big") for i in (16, 20))
    assert width / height == pytest.approx(
        drawing.scene.width / drawing.scene.height, rel=0.15
    )
    drawing.save(tmp_path / "b.png", scale=4)
    assert int.from_bytes((tmp_path / "b.png").read_bytes()[16:20], "big") == pytest.approx(
        2 * width, abs=2
    )
    out = tmp_path / "d.png"
    done = CliRunner().invoke(
        command, ["zoo/x3d.arch:x3d_s", "--scale", "0.5", "-o", str(out)]
    )
    assert done.exit_code == 0, done.output
    wide = render(shipped_graph("zoo/x3d.arch:x3d_s")).scene.width
    assert int.from_bytes(out.read_bytes()[16:20], "big") == pytest.approx(
        wide / 2, rel=0.05
    )
    with pytest.raises(DiagnosticError, match="E0960") as caught:
        drawing.save(tmp_path / "c.png", scale=100)
    assert (
        "a scale of" in str(caught.value.diagnostics[0].help)
        and not (tmp_path / "c.png").exists()
    )


def _boxes(drawing: Drawing) -> list[Box]:
    """The boxes that stand for parts of the architecture."""
    return [item for item in drawing.scene.items if isinstance(item, Box) and item.name]


def _texts(drawing: Drawing) -> set[str]:
    return {
        word
        for item in drawing.scene.items
        if isinstance(item, Label)
        for word in (item.text, *item.text.split())
    }


def _span(label: Label) -> tuple[float, float]:
    width = text_width(label.text, label.size, label.bold)
    left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
    return left, left + width


def _is_sound(drawing: Drawing) -> None:
    scene = drawing.scene
    ElementTree.fromstring(drawing.svg())
    boxes = sorted(_boxes(drawing), key=lambda b: (b.y, b.x))
    assert boxes, json.dumps(scene.title)
    for a, b in combinations(boxes, 2):
        apart = (
            a.x + a.width <= b.x
            or b.x + b.width <= a.x
            or a.y + a.height <= b.y
            or b.y + b.height <= a.y
        )
        assert apart, f"{a.name} and {b.name} overlap"
    tags = {(item.x, item.y) for item in _tag_labels(drawing)}  # they stand on corners
    labels = [
        item
        for item in scene.items
        if isinstance(item, Label) and item.text and (item.x, item.y) not in tags
    ]
    for x, y in tags:
        near = [
            t
            for t in labels
            if _span(t)[0] < x + 6.5
            and x - 6.5 < _span(t)[1]
            and y - 10 < t.y
            and t.y - 0.72 * t.size < y + 3
        ]
        assert not near, f"a tag covers {near[0].text}"
    for label in labels:
        left, right = _span(label)
        assert left >= MARGIN / 2 and right <= scene.width and 0 < label.y < scene.height, (
            f"{label.text} is cut off"
        )
        for box in boxes:
            if (
                box.y < label.y - label.size / 3 < box.y + box.height
                and left < box.x + box.width
                and box.x < right
            ):
                assert box.x <= left and right <= box.x + box.width, (
                    f"{label.text} leaves the box {box.name}"
                )
    for first, second in combinations(sorted(labels, key=lambda t: (t.y, t.x)), 2):
        if abs(first.y - second.y) < min(first.size, second.size) * 0.7:
            (a0, a1), (b0, b1) = _span(first), _span(second)
            assert a1 <= b0 + 0.5 or b1 <= a0 + 0.5, (
                f"{first.text} and {second.text} overlap"
            )
    for item in scene.items:
        points = (
            item.points
            if isinstance(item, Arrow)
            else ((item.x, item.y),)
            if isinstance(item, Mark)
            else ()
        )
        assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in points)
        if isinstance(item, Arrow) and item.head:
            _avoids_boxes(item, boxes)


def _avoids_boxes(arrow: Arrow, boxes: list[Box]) -> None:
    """No piece of an arrow runs through a box; its ends touch the boxes that it joins."""
    for (x0, y0), (x1, y1) in zip(arrow.points, arrow.points[1:], strict=False):
        left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        for box in boxes:
            inside = (
                left < box.x + box.width - 0.01
                and right > box.x + 0.01
                and top < box.y + box.height - 0.01
                and bottom > box.y + 0.01
            )
            assert not inside, f"an arrow runs through {box.name}"

"""The cell, graph and space views: what they say, and that they say it without overlaps, for the zoo and
random specs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from archdsl.architecture import Architecture
from archdsl.cli.commands.render import command
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl.search import sheet
from archdsl_draw import VIEWS, Drawing, engine, latest, read_probabilities, render
from archdsl_draw.scene import Arrow, Box, Label
from tests.compare.pairs import network
from tests.draw.soundness import is_sound
from tests.laws.subjects import SPECS, graph_of, shipped_graph
from tests.strategies.specs import Spec, elaborate, specs

GOLDENS = Path(__file__).parent / "goldens"
needs_dot = pytest.mark.skipif(
    engine.installed("json") is None,
    reason="the cell view and the graph view need a program of Graphviz",
)
needs_port = pytest.mark.skipif(
    engine.ported() is None, reason="there is no graphviz-pure for this machine"
)

GRAPHS = (
    "zoo/x3d.arch:x3d_s",
    "zoo/slowfast.arch:slowfast_4x16_r50",
    "zoo/i3d.arch:i3d_r50_nl",
    "zoo/glore.arch:glore_r50",
    "zoo/timesformer.arch:timesformer_divided",
    "zoo/xvit.arch:xvit_b16",
    "zoo/autotsnet.arch:auto_tsnet",
    "zoo/nas.arch:darts",
    "zoo/nas.arch:mobilenet_v2",
)
SPACES = (
    "zoo/autox3d.arch:autox3d",
    "zoo/autotsnet.arch:auto_tsnet",
    "zoo/nas.arch:darts",
    "zoo/attentionnas.arch:attention_cell_gpb",
)

CELL = """arch 1
block narrow(width) = conv(width, 3x3) -> relu
block wide(width) = conv(width, 5x5) -> relu
block cell(width = 8) {
  input x
  states = [x -> conv(width) as enter]
  for i in range(2) as node {
    edges = []
    for state in states { op ~ [narrow: narrow(width), wide: wide(width), skip: identity]  edges = edges + [state -> op] }
    keep ~ 1..2 of edges
    states = states + [keep -> add]
  }
  output states[1..2] -> concat(@c)
}
space cells { input x: [b, c = 8, h = 8, w = 8]  output x -> cell as cell }
"""
CHOSEN = {
    "cell.node[0].op[0]": "narrow",
    "cell.node[1].op[0]": "skip",
    "cell.node[1].op[1]": "wide",
    "cell.node[1].keep": "[0, 1]",
}


@needs_dot
@pytest.mark.parametrize("reference", GRAPHS)
def test_graphs_of_the_zoo_are_sound(reference: str) -> None:
    graph = shipped_graph(reference)
    for depth in (1, 2):
        is_sound(render(graph, view="graph", depth=depth))


@needs_dot
def test_constructs_are_drawn_as_graphs() -> None:
    for feature in list(SPECS)[::3]:
        is_sound(render(graph_of(feature), view="graph"))


@needs_dot
@given(specs())
@settings(max_examples=8)
def test_random_networks_are_drawn_in_every_view(spec: Spec) -> None:
    graph = elaborate(spec)
    is_sound(render(graph, view="graph", depth=2))
    is_sound(render(graph, view="cell"))
    if graph.choices:
        is_sound(render(graph, view="space"))


@needs_dot
@pytest.mark.parametrize("length", [1, 40, 500])
def test_any_number_of_boxes(length: int) -> None:
    text = f"""arch 1
block unit(channels) = conv(channels, 3x3) -> batch_norm -> relu
model chain {{
  input image: [b, c = 8, h = 16, w = 16]
  x = image
  for i in range({length}) {{ x = x -> unit(8 + i % 2) as block }}
  output x -> mean(@hw) -> linear(10) as classify
}}
"""
    drawing = render(network(text, "chain"), view="graph", depth=1)
    assert sum(name.startswith("block[") for name in _names(drawing)) == length
    is_sound(drawing)


@pytest.mark.parametrize("reference", SPACES)
def test_spaces_of_the_zoo_are_sound(reference: str) -> None:
    is_sound(render(shipped_graph(reference), view="space"))


# -- what they say ----------------------------------------------------------------------------------


@needs_dot
def test_an_attention_cell_as_the_paper_draws_it() -> None:
    """Dimension, kind and activation stand in each node; levels are columns; what each node reads is an
    edge.
    """
    graph = _fixed(shipped_graph("zoo/attentionnas.arch:attention_structures"), seed=1)
    drawing = render(graph)
    is_sound(drawing)
    nodes = {name: box for name, box in _boxes(drawing).items() if ".node[" in name}
    first = {box.x + box.width / 2 for name, box in nodes.items() if "level[0]" in name}
    second = {box.x + box.width / 2 for name, box in nodes.items() if "level[1]" in name}
    assert max(first) < min(second)
    for name, box in nodes.items():
        dim = graph.answers[f"{name}.op.dim"]
        assert f"{dim} · dot" in _inside(drawing, box) and "softmax" in _inside(
            drawing, box
        )
    sources = [graph.answers[f"{name}.source"] for name in nodes if "level[1]" in name]
    ends = {
        name: _arrows_into(drawing, box)
        for name, box in nodes.items()
        if "level[1]" in name
    }
    assert sorted(ends.values()) == sorted(label.count(",") + 1 for label in sources)


@needs_dot
def test_a_cell_with_operations_on_its_edges() -> None:
    """A skip, which leaves no operation behind, is named as any other answer."""
    graph = network(CELL, "cells")
    drawing = render(graph, CHOSEN)
    is_sound(drawing)
    assert {
        "cell.enter",
        "cell.node[0]",
        "cell.node[1]",
        "cell.concat",
        "x",
        "output",
    } == set(_names(drawing))
    assert {"narrow", "wide", "skip"} <= set(_texts(drawing))
    opened = render(graph)
    is_sound(opened)
    assert "op[0]: narrow, wide, skip" in _texts(opened) and "keep: 1..2 of 2" in _texts(
        opened
    )
    assert any(isinstance(item, Arrow) and item.dashed for item in opened.scene.items)


@needs_dot
def test_darts_cells() -> None:
    graph = shipped_graph("zoo/nas.arch:darts_v2_cifar")
    normal, reduction = (render(graph, focus=f"cell[{i}]") for i in (3, 6))
    for drawing in (normal, reduction):
        is_sound(drawing)
        assert sum(name.endswith("]") and ".node[" in name for name in _names(drawing)) == 4
    assert [_texts(normal).count(op) for op in ("sep3", "skip", "dil3")] == [
        6,
        3,
        2,
    ]  # with the legend's entry for each
    assert [_texts(reduction).count(op) for op in ("max3", "skip")] == [6, 4]
    assert {"cell[1]", "cell[2]"} <= set(_names(normal))


@needs_dot
def test_probabilities_on_the_edges_of_a_cell() -> None:
    chances = {
        "cell.node[1].keep": {"[0]": 0.2, "[1]": 0.1, "[0, 1]": 0.7},
        "cell.node[1].op[1]": {"narrow": 0.2, "wide": 0.5, "skip": 0.3},
    }
    drawing = render(network(CELL, "cells"), view="cell", probabilities=chances)
    assert {"0.90", "0.80", "op[1]: wide, 0.50"} <= set(_texts(drawing))
    thick = {
        item.thickness
        for item in drawing.scene.items
        if isinstance(item, Arrow) and item.curved
    }
    assert {round(0.4 + 2.6 * p, 2) for p in (0.9, 0.8)} <= thick
    settled = render(network(CELL, "cells"), CHOSEN, view="cell", probabilities=chances)
    assert {"0.90", "0.80"} <= set(_texts(settled))


@needs_dot
def test_depth_focus_and_repeats() -> None:
    graph = shipped_graph("zoo/xvit.arch:xvit_b16")
    one = render(graph, depth=1)
    assert {"block[0..11]", "× 12", "7.09M params each", "c768 t8 n197"} <= set(_texts(one))
    two = render(graph, depth=2)
    assert "block[0..11] × 12" in _texts(two) and "block[0].mlp" in _names(two)
    assert "block[1].mlp" not in _names(two)
    inner = render(graph, focus="block[4].mlp", view="graph")
    assert {"block[3]", "output"} & set(_names(inner)) == {
        "output"
    } and "block[4].mlp.fc1" in _names(inner)


@needs_dot
def test_equal_branches_are_drawn_once() -> None:
    text = """arch 1
model branches {
  input image: [b, c = 8, h = 8, w = 8]
  all = []
  for i in range(4) as branch { all = all + [image -> conv(8, 3x3) as reduce -> relu] }
  output all -> concat(@c) -> mean(@hw) -> linear(10) as classify
}
"""
    drawing = render(network(text, "branches"), depth=1)
    assert {"branch[0..3]", "× 4 side by side"} <= set(_texts(drawing))
    is_sound(drawing)


def test_a_space_says_what_is_open_when_and_how_much() -> None:
    texts = _texts(render(network(CELL, "cells"), view="space"))
    assert {
        "narrow",
        "wide",
        "skip",
        "keep",
        "active when keep has 1",
        "3 alternatives",
    } <= set(texts)
    whole = _texts(render(shipped_graph("zoo/autox3d.arch:autox3d"), view="space"))
    assert {
        "group[0..10]",
        "12..28 by 4",
        "6 alternatives, 11 such choices",
        "1.5..6.0 by 0.75",
    } <= set(whole)
    part = render(shipped_graph("zoo/autox3d.arch:autox3d"), view="space", focus="group[3]")
    assert "3 × 3" not in _texts(part) and all(
        name.startswith("group[3].") for name in _names(part)
    )


def test_the_count_at_the_end_is_that_of_the_space() -> None:
    graph = network(CELL, "cells")
    assert f"together {_count(graph):,} architectures" in _texts(
        render(graph, view="space")
    )


def test_probabilities_are_shades_and_numbers() -> None:
    chances = {"cell.node[0].op[0]": {"narrow": 1.0, "wide": 0.0, "skip": 0.0}}
    drawing = render(network(CELL, "cells"), probabilities=chances)
    is_sound(drawing)
    boxes = _boxes(drawing)
    assert (
        boxes["cell.node[0].op[0]=narrow"].fill,
        boxes["cell.node[0].op[0]=wide"].fill,
    ) == (
        "#0072b2",
        "#fafcff",
    )
    assert {"narrow: 1.00", "wide: 0.00"} <= set(_texts(drawing))


def test_the_latest_probabilities_of_every_choice() -> None:
    records = [
        {"probabilities": {"a": {"x": 1}, "b": {"y": 1}}},
        {"probabilities": {"a": {"x": 0.5}}},
        {"loss": 1.0},
    ]
    assert latest(records) == {"a": {"x": 0.5}, "b": {"y": 1.0}}


def test_probabilities_of_a_run(tmp_path: Path) -> None:
    record = json.dumps(
        {
            "round": 1,
            "probabilities": {"cell.node[1].keep": {"[0]": 0.2, "[1]": 0.1, "[0, 1]": 0.7}},
        }
    )
    (tmp_path / "metrics.jsonl").write_text(
        f'{{"round": 0}}\n{record}\n{{"rou', encoding="utf-8"
    )
    found = read_probabilities(tmp_path)
    assert (
        found
        == read_probabilities(tmp_path / "metrics.jsonl")
        == {"cell.node[1].keep": {"[0]": 0.2, "[1]": 0.1, "[0, 1]": 0.7}}
    )
    for text in (
        "",
        '{"round": 0}\n',
        "[]\n{}\n",
        "nothing\n{}\n",
        '{"probabilities": {"a": {"b": []}}}\n{}\n',
    ):
        (tmp_path / "metrics.jsonl").write_text(text, encoding="utf-8")
        with pytest.raises(DiagnosticError, match="E0967"):
            read_probabilities(tmp_path)
    with pytest.raises(DiagnosticError, match="E0967"):
        read_probabilities(tmp_path / "nowhere")
    with pytest.raises(DiagnosticError, match="E0967"):
        render(network(CELL, "cells"), probabilities={"elsewhere": {"a": 1.0}})
    with pytest.raises(DiagnosticError, match="E0967"):
        render(network(CELL, "cells"), probabilities={"cell.node[1].keep": {"[5]": 1.0}})


def test_the_page_of_a_run_shows_what_was_learned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    graph = network(CELL, "cells")
    assert "narrow: 1.00" in sheet.learned(
        graph,
        [
            {
                "probabilities": {
                    "cell.node[0].op[0]": {"narrow": 1.0, "wide": 0.0, "skip": 0.0}
                }
            }
        ],
    )
    assert sheet.learned(graph, [{"loss": 1.0}]) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "<svg" in sheet.drawing(graph), "without dot the page shows the macro view"


# -- what is refused --------------------------------------------------------------------------------


def test_refusals() -> None:
    graph, model = network(CELL, "cells"), shipped_graph("zoo/x3d.arch:x3d_s")
    for options, code in (
        ({"focus": "cell.nod[1]"}, "E0965"),
        ({"view": "space", "depth": 2}, "E0966"),
        ({"view": "macro", "focus": "cell"}, "E0966"),
        ({"view": "graph", "probabilities": {"cell.node[1].keep": {}}}, "E0966"),
        ({"view": "sideways"}, "E0966"),
        ({"view": "space", "focus": "cell.enter"}, "E0966"),
    ):
        with pytest.raises(DiagnosticError, match=code):
            render(graph, **options)  # type: ignore[arg-type]
    with pytest.raises(DiagnosticError, match="E0966"):
        render(model, view="space")
    for wrong, meant in (
        ("cell.nod[1]", "cell.node[1]"),
        ("cell.node", "cell.node[0]"),
        ("elsewhere", "there are `cell`"),
    ):
        with pytest.raises(DiagnosticError) as caught:
            render(graph, focus=wrong)
        assert meant in str(caught.value.diagnostics[0].help)


@needs_port
@pytest.mark.parametrize("view", ["cell", "graph"])
def test_without_dot_the_port_draws(
    view: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same boxes of the same sizes with the same texts, as soundly placed."""
    graph = network(CELL, "cells")
    either = render(graph, view=view)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.installed("json") == engine.ported()
    drawn = render(graph, view=view)
    is_sound(drawn)
    sizes = {name: (box.width, box.height) for name, box in _boxes(drawn).items()}
    assert sizes == {name: (box.width, box.height) for name, box in _boxes(either).items()}
    assert sorted(_texts(drawn)) == sorted(_texts(either))
    assert drawn.svg() == render(graph, view=view).svg()


def test_without_any_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "ported", lambda: None)
    graph = network(CELL, "cells")
    for view in ("cell", "graph"):
        with pytest.raises(DiagnosticError, match="E0960") as caught:
            render(graph, view=view)
        assert "apt install graphviz" in str(caught.value.diagnostics[0].help)
    for view in ("macro", "space"):
        assert "<svg" in render(graph, view=view).svg()


def test_a_program_that_cannot_be_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "dot"
    broken.write_text("#!/nowhere/at/all\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DiagnosticError, match="E0960"):
        render(network(CELL, "cells"), view="graph")


def test_what_takes_too_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "dot"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "_SECONDS", 0.1)
    with pytest.raises(DiagnosticError, match="E0960") as caught:
        render(network(CELL, "cells"), view="graph")
    assert "--depth 1" in str(caught.value.diagnostics[0].help)


# -- the same each time ------------------------------------------------------------------------------


@needs_dot
def test_the_same_bytes_each_time() -> None:
    for options in ({"view": "cell"}, {"view": "graph", "depth": 2}, {"view": "space"}):
        first, second = (render(network(CELL, "cells"), **options) for _ in range(2))  # type: ignore[arg-type]
        assert first.svg() == second.svg() and first.dot() == second.dot()


def test_golden_of_a_space(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDENS / "cells_space.svg", render(network(CELL, "cells"), view="space").svg())


@needs_dot
def test_golden_of_a_cell_and_a_graph(golden: Callable[[Path, str], None]) -> None:
    """Texts and boxes; places are left to the version of dot."""
    for name, drawing in (
        ("cells_cell.txt", render(network(CELL, "cells"), CHOSEN)),
        ("cells_graph.txt", render(network(CELL, "cells"), view="graph", depth=2)),
    ):
        boxes = [
            f"{box.name}: {' | '.join(_inside(drawing, box))}"
            for box in _boxes(drawing).values()
        ]
        golden(GOLDENS / name, "\n".join([*boxes, *sorted(set(_texts(drawing)))]) + "\n")


@needs_dot
def test_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "cell.svg"
    done = CliRunner().invoke(
        command, ["zoo/nas.arch:darts_v2_cifar", "--focus", "cell[3]", "-o", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "sep3" in out.read_text(encoding="utf-8")
    wrong = CliRunner().invoke(
        command, ["zoo/nas.arch:darts_v2_cifar", "--view", "sideways", "-o", str(out)]
    )
    assert wrong.exit_code == 2 and all(view in wrong.output for view in VIEWS)


def _fixed(graph: Graph, seed: int) -> Graph:
    space = Architecture(graph)
    return space.fix(space.sample(seed=seed)).graph


def _count(graph: Graph) -> int:
    from archdsl.questions.count import architectures

    found = architectures(graph)
    assert isinstance(found, int)
    return found


def _boxes(drawing: Drawing) -> Mapping[str, Box]:
    return {
        item.name: item
        for item in drawing.scene.items
        if isinstance(item, Box) and item.name
    }


def _names(drawing: Drawing) -> list[str]:
    return [
        item.name for item in drawing.scene.items if isinstance(item, Box) and item.name
    ]


def _texts(drawing: Drawing) -> list[str]:
    return [item.text for item in drawing.scene.items if isinstance(item, Label)]


def _inside(drawing: Drawing, box: Box) -> list[str]:
    labels = [item for item in drawing.scene.items if isinstance(item, Label)]
    return [
        t.text
        for t in labels
        if box.x < t.x < box.x + box.width and box.y < t.y < box.y + box.height
    ]


def _arrows_into(drawing: Drawing, box: Box) -> int:
    tips = [
        item.points[-1]
        for item in drawing.scene.items
        if isinstance(item, Arrow) and item.curved and item.head
    ]
    near = [
        (x, y)
        for x, y in tips
        if box.x - 2 < x < box.x + box.width + 2 and box.y - 2 < y < box.y + box.height + 2
    ]
    return len(near)

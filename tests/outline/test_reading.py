"""What the outline says of a graph: its body, what follows what, what repeats, what is open and what stands
under a choice.
"""

from __future__ import annotations

from archdsl.outline.asking import conditions, deciding, times
from archdsl.outline.following import followed
from archdsl.outline.reading import Outline, parts_of, read
from archdsl.outline.repeats import Repeats
from archdsl.outline.streams import lateral
from archdsl.outline.tree import Node
from tests.compare.pairs import network

TEXT = """arch 1
block pair(width) = conv(width, 3x3) as a -> conv(width, 3x3) as b
block fuse(width) {
  input x
  input y
  output [x, y -> conv(width, 3x3) as across] -> concat(@c)
}
block net(width) {
  input x
  x = x -> conv(8, 3x3) as stem -> batch_norm -> relu
  depth ~ 1..3
  for i in range(depth) { x = x -> pair(8) as block }
  y = x -> conv(width, 3x3) as side
  z = (x, y) -> fuse(4) as fuse
  heads = []
  for i in range(2) { heads = heads + [z -> mean(@hw) -> linear(5) as head] }
  output heads -> add
}
space s {
  input x: [b, c = 3, h = 8, w = 8]
  width ~ [4, 8]
  output x -> net(width) as net
}
"""


def outline() -> Outline:
    return read(network(TEXT, "s"))


def at(path: str) -> Node:
    return next(node for node in outline().root.walk() if str(node.path) == path)


def test_the_body_is_inside_the_one_block_that_all_of_it_is() -> None:
    assert [str(node.path) for node in outline().body][:3] == [
        "x",
        "net.stem",
        "net.batch_norm",
    ]
    assert outline().core is at("net")


def test_a_norm_follows_what_it_reads() -> None:
    source = followed(at("net.relu"), outline())
    assert source is not None and outline().owner[source] is at("net.batch_norm")
    assert followed(at("net.stem"), outline()) is None


def test_what_repeats_is_counted_from_the_least_to_the_most() -> None:
    runs = list(Repeats(outline()).runs(parts_of(outline().core)))
    several = {
        str(run.nodes[0].path): (len(run.nodes), run.count(outline()))
        for run in runs
        if len(run.nodes) > 1
    }
    assert several["net.block[0]"] == (3, (1, 3))


def test_what_decides_a_part_and_what_stands_under_a_choice() -> None:
    choices = {choice.path: choice for choice in outline().graph.choices}
    assert [c.path for c in deciding(outline().inside[at("net.side")], outline())] == [
        "width"
    ]
    assert [c.path for c in deciding(outline().inside[at("net.block[2]")], outline())] == [
        "net.depth"
    ]
    assert deciding(outline().inside[at("net.stem")], outline()) == ()
    graph = outline()
    beneath = [v for v in graph.graph.ops() if choices["net.depth"] in conditions(v, graph)]
    assert {str(graph.owner[v].path) for v in beneath} == {
        f"net.block[{i}].{leaf}" for i in (1, 2) for leaf in "ab"
    }


def test_a_lateral_connection_is_told_from_a_shortcut() -> None:
    between = lateral(outline().inside[at("net.fuse")], outline())
    assert between is not None and [
        str(outline().owner[v].path) for v in between.branch
    ] == ["net.fuse.across"]
    assert lateral(outline().inside[at("net.block[0]")], outline()) is None


def test_a_turn_is_there_whatever_is_chosen_in_it() -> None:
    text = """arch 1
space s {
  input x: [b, c = 4, h = 8, w = 8]
  depth ~ 1..3
  for i in range(depth) as turn {
    op ~ [identity, wide: conv(4, 3x3)]
    x = x -> op
  }
  output x -> mean(@hw)
}
"""
    graph = read(network(text, "s"))
    turns = [node for node in graph.root.children if node.path.base == "turn"]
    assert len(turns) == 3 and times([graph.inside[node] for node in turns], graph) == (
        1,
        3,
    )


def test_blocks_whose_parameters_differ_are_not_told_as_repeated() -> None:
    text = """arch 1
model m {
  input x: [b, c = 4, t = 8]
  for i in range(2) { x = x -> shift(@t, -1 - i, channels = 0..3) as step }
  for i in range(2) { x = x -> shift(@t, -2, channels = 0..3) as same }
  output x
}
"""
    found = read(network(text, "m"))
    runs = [
        [str(node.path) for node in run.nodes]
        for run in Repeats(found).runs(parts_of(found.core))
    ]
    assert runs == [["step[0]"], ["step[1]"], ["same[0]", "same[1]"]]

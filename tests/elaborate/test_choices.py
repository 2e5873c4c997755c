"""What choices may do: settle, conditions, depth, subsets, structure; and which of them stay."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Pick, Select
from archdsl.questions.count import architectures
from tests.elaborate.texts import choices, errors, graph_of, operations, weights

IMAGE = "input x: [b, c = 3, h = 16, w = 16]"
CLIP = "input x: [b, c = 8, t = 4, h = 6, w = 6]"

# The attention operation of AttentionNAS: which dimensions it is over is a choice, and so are its kind,
# activation and gate.
ATTENTION = """
fn described(dim) = if dim == @t then @chw else @c
block map_attention(dim, act) {
  input f
  positions = f -> linear(4, dim = described(dim)) as g1 -> mean(@c) -> merge(dim, @k)
  weights = positions -> linear(positions.k, dim = @k) as g2 -> act
  output (f -> conv(4) as g3) * (weights -> split(@k, dim, like = f))
}
block dot_attention(dim, act) {
  input f
  query = f -> linear(4, dim = described(dim)) as g1
  key = f -> linear(4, dim = described(dim)) as g2
  output (query, key, f -> conv(4) as g3) -> attend(dim, act = act, scale = 1)
}
block attention(dim = [@t, @hw, @thw], kind = [map: map_attention, dot: dot_attention],
                act = [none: identity, relu, soft: softmax(@k)], gate = [false, true]) {
  input f
  dim ~ dim
  kind ~ kind
  act ~ act
  gate ~ gate
  y = f -> kind(dim, act)
  if gate { y = y * (y -> mean(@thw) -> sigmoid) }
  output y
}
"""


@pytest.mark.parametrize("given", ["8", "[8]", "8..8", "if 1 > 2 then [8, 16] else 8"])
def test_a_single_value_settles_the_question(given: str) -> None:
    graph = graph_of(
        f"space net(width = {given}) {{ {IMAGE}  width ~ width  output x -> conv(width) }}"
    )
    assert graph.kind == "model" and not graph.choices
    assert graph.outputs[0].shape["c"].value == 8


def test_a_list_or_a_range_is_a_domain() -> None:
    text = f"space net {{ {IMAGE}  k ~ [1x1, 3x3]  e ~ 1.5..3.0 by 0.75  n ~ range(1, 4)  output x -> conv(int(8 * e) * n, k) }}"
    assert choices(graph_of(text)) == {
        "k": ["1x1", "3x3"],
        "e": ["1.5", "2.25", "3.0"],
        "n": ["1", "2", "3"],
    }


def test_a_condition_on_a_choice_selects_among_values_and_tensors() -> None:
    text = f"""
    space net {{
      {IMAGE}
      wide ~ [false, true]
      width = if wide then 16 else 8
      x = x -> conv(width)
      if wide {{ x = x -> relu }}
      output x
    }}
    """
    graph = graph_of(text)
    assert graph.outputs[0].shape["c"].table == (8, 16)
    assert isinstance(graph.outputs[0], Select)


def test_searched_depth_unrolls_to_the_most_turns() -> None:
    text = f"space net {{ {IMAGE}  depth ~ 1..3  for i in range(depth) {{ w ~ [1, 3]  x = x -> conv(3, w) as layer }}  output x }}"
    graph = graph_of(text)
    assert weights(graph) == [f"layer[{i}].weight" for i in range(3)]
    assert list(choices(graph)) == ["depth", "w[0]", "w[1]", "w[2]"]
    assert architectures(graph) == 2 + 4 + 8


def test_subsets_pick_tensors_and_the_combination_is_explicit() -> None:
    text = f"""
    space net {{
      {IMAGE}
      maps = [x -> conv(4) as one, x -> conv(4) as two, x -> conv(4) as three]
      pair ~ 2 of maps
      few ~ 1..2 of maps
      all ~ 9 of maps
      output [pair -> add, few -> weighted_sum, all -> add] -> concat(@c)
    }}
    """
    graph = graph_of(text)
    assert choices(graph) == {
        "pair": ["[0, 1]", "[0, 2]", "[1, 2]"],
        "few": ["[0]", "[1]", "[2]", "[0, 1]", "[0, 2]", "[1, 2]"],
    }
    assert sum(isinstance(v, Pick) for v in graph.values) == 2


def test_concatenating_a_subset_has_as_many_channels_as_were_picked() -> None:
    text = f"space net {{ {IMAGE}  maps = [x, x -> conv(4) as two]  some ~ 1..2 of maps  output some -> concat(@c) }}"
    assert graph_of(text).outputs[0].shape["c"].table == (3, 4, 7)


def test_a_choice_of_dimensions_forks_the_block_that_declares_it() -> None:
    graph = graph_of(f"{ATTENTION}\nspace net {{ {CLIP}  output x -> attention }}")
    assert list(choices(graph)) == [
        "attention.dim",
        "attention.kind",
        "attention.act",
        "attention.gate",
    ]
    assert set(graph.outputs[0].shape) == set("bcthw")
    assert architectures(graph) == 3 * 2 * 3 * 2
    variants = {
        w.variant for w in graph.weights().values() if w.full_name.endswith("g1.weight")
    }
    assert variants == {(("attention.dim", label),) for label in ("@t", "@hw", "@thw")}


@pytest.mark.parametrize("dim", ["@t", "@hw", "@thw"])
def test_a_settled_dimension_gives_the_same_as_the_fork(dim: str) -> None:
    text = f"""{ATTENTION}
    space net(dim = [@t, @hw, @thw]) {{ {CLIP}  output x -> attention(dim) }}
    space settled = net with {{ attention.dim = {dim} }}
    space given = net(dim = {dim})
    """
    settled, given = graph_of(text, "settled"), graph_of(text, "given")
    assert choices(settled) == choices(given)
    assert operations(settled) == operations(given)
    assert architectures(settled) == architectures(given) == 2 * 3 * 2


def test_a_list_may_grow_under_a_choice_inside_what_ends_alike() -> None:
    text = f"space net {{ {IMAGE}  depth ~ 1..3  xs = [x]  for i in range(depth) {{ xs = xs + [x -> relu] }}  output xs -> add }}"
    assert architectures(graph_of(text)) == 3


def test_an_inactive_choice_is_neither_counted_nor_kept() -> None:
    text = f"space net {{ {IMAGE}  op ~ [skip: identity, unit: unit]  output x -> op }}"
    block = "block unit { input x  kernel ~ [1, 3, 5]  output x -> conv(3, kernel) }\n"
    assert architectures(graph_of(block + text)) == 1 + 3


def test_requirements_bind_where_they_stand() -> None:
    text = f"""
    space net {{
      {IMAGE}
      deep ~ [false, true]
      width ~ 8..32 by 8
      x = x -> conv(width) as first
      if deep {{ require width <= 16  x = x -> conv(width) as second }}
      output x
    }}
    """
    assert architectures(graph_of(text)) == 4 + 2


def test_what_a_requirement_or_a_guard_excludes_is_no_error() -> None:
    clash = "output (x -> conv(left) as a) + (x -> conv(right) as d)"
    text = f"space net {{ {IMAGE}  left ~ [8, 16]  right ~ [8, 16]  %s  {clash} }}"
    assert errors(text % "") == ["E0402"]
    assert errors(text % "require left == right") == []
    pool = f"space net {{ {IMAGE}  k ~ [1, 3, 99]  if k < %d {{ x = x -> max_pool(k) }}  output x -> conv(8, 3) }}"
    assert errors(pool % 100) == ["E0403"]
    assert errors(pool % 50) == []


def test_both_sides_of_a_branch_may_assign_the_same() -> None:
    """The name then holds that, whatever is chosen, and not what it held before."""
    text = f"""
    space s {{
      {IMAGE}
      deep ~ [true, false]
      z = x -> conv(4, 3) as z
      y = x -> conv(4, 1) as y
      if deep {{ y = z }} else {{ y = z }}
      output y
    }}
    """
    assert weights(graph_of(text, "s")) == ["z.weight"]

"""What instances, weights and choices are called, and where names are looked up."""

from __future__ import annotations

from tests.elaborate.texts import choices, errors, graph_of, operations, weights

IMAGE = "input x: [b, c = 3, h = 16, w = 16]"


def test_an_instance_is_called_as_it_says_else_by_the_word_after_the_arrow() -> None:
    graph = graph_of(
        f"model net {{ {IMAGE}  output x -> conv(8) as stem -> batch_norm -> relu -> conv(8) }}"
    )
    assert weights(graph) == [
        "batch_norm.bias",
        "batch_norm.weight",
        "conv.weight",
        "stem.weight",
    ]


def test_a_parameter_names_the_instance_of_the_layer_that_it_holds() -> None:
    text = f"""
    block unit(norm: layer) {{ input x  output x -> conv(8) as first -> norm }}
    model net {{ {IMAGE}  output x -> unit(batch_norm(eps = 1e-3)) as stem }}
    """
    assert weights(graph_of(text)) == [
        "stem.first.weight",
        "stem.norm.bias",
        "stem.norm.weight",
    ]


def test_a_name_of_the_layer_itself_wins_over_the_word() -> None:
    text = f"model net {{ {IMAGE}  layer = conv(8) as named  output x -> layer }}"
    assert weights(graph_of(text)) == ["named.weight"]


def test_labelled_loops_are_levels_and_unlabelled_ones_index() -> None:
    text = f"""
    model net {{
      {IMAGE}
      for i in range(2) as group {{
        x = x -> conv(8) as first
        for j in range(2) {{ x = x -> conv(8) as second }}
      }}
      for i in range(2) {{ for j in range(2) {{ x = x -> conv(8) as third }} }}
      output x
    }}
    """
    third = [f"third[{i}][{j}].weight" for i in range(2) for j in range(2)]
    groups = [
        f"group[{i}].{rest}.weight"
        for i in range(2)
        for rest in ("first", "second[0]", "second[1]")
    ]
    assert weights(graph_of(text)) == groups + third


def test_an_alternative_is_a_level() -> None:
    text = f"space net {{ {IMAGE}  op ~ [none: identity, wide: conv(8) -> conv(3) as back, relu]  output x -> op as place }}"
    graph = graph_of(text)
    assert choices(graph) == {"op": ["none", "wide", "relu"]}
    assert weights(graph) == ["place.wide.back.weight", "place.wide.conv.weight"]


def test_exclusive_branches_may_use_one_name_only_where_they_are_settled() -> None:
    assert graph_of(
        "model net(deep = true) "
        f"{{ {IMAGE}  if deep {{ x = x -> conv(8) }} else {{ x = x -> conv(16) }}  output x }}"
    )
    text = f"space net {{ {IMAGE}  deep ~ [false, true]  if deep {{ x = x -> conv(8) }} else {{ x = x -> conv(16) }}  output x }}"
    assert errors(text) == ["E0203"]


def test_loops_and_branches_rebind_outer_names_and_keep_their_own() -> None:
    text = f"""
    model net {{
      {IMAGE}
      n = 1
      for i in range(3) {{ n = 2 * n  inner = n }}
      if n == 8 {{ n = n + 1 }}
      output x -> conv(n)
    }}
    """
    assert graph_of(text).outputs[0].shape["c"].value == 9
    assert errors(
        f"model net {{ {IMAGE}  for i in range(3) {{ inner = i }}  output x -> conv(inner) }}"
    ) == ["E0201"]


def test_a_body_sees_declarations_of_its_file_and_no_names_of_its_caller() -> None:
    text = (
        f"width = 8\nblock unit {{ input x  output x -> conv(width) }}\nmodel net "
        f"{{ {IMAGE}  width = 9  output x -> unit }}"
    )
    assert graph_of(text).outputs[0].shape["c"].value == 8
    assert errors(
        f"block unit {{ input x  output x -> conv(local) }}\nmodel net "
        f"{{ {IMAGE}  local = 9  output x -> unit }}"
    ) == ["E0201"]


def test_parameters_are_set_partially_by_position_and_by_name() -> None:
    text = f"""
    block unit(width, kernel, stride = 1) {{ input x  output x -> conv(width, kernel, stride) }}
    model net {{ {IMAGE}  partly = unit(kernel = 3x3)  output x -> partly(8, 2) }}
    """
    shape = graph_of(text).outputs[0].shape
    assert (shape["c"].value, shape["h"].value) == (8, 8)


def test_shared_layers_have_one_set_of_weights_under_the_name_that_holds_them() -> None:
    text = f"model net {{ {IMAGE}  both = shared conv(3)  output x -> both as first -> relu -> both as second }}"
    graph = graph_of(text)
    assert weights(graph) == ["both.weight"]
    assert operations(graph) == ["conv", "relu", "conv"]


def test_tied_layers_answer_one_choice_and_have_weights_of_their_own() -> None:
    text = f"""
    block unit {{ input x  kernel ~ [1, 3]  output x -> conv(3, kernel) }}
    space net {{ {IMAGE}  one = tied unit  output x -> one as first -> one as second }}
    space free {{ {IMAGE}  output x -> unit as first -> unit as second }}
    """
    assert choices(graph_of(text)) == {"one.kernel": ["1", "3"]}
    assert weights(graph_of(text)) == ["first.conv.weight", "second.conv.weight"]
    assert list(choices(graph_of(text, "free"))) == ["first.kernel", "second.kernel"]


def test_a_tied_parameter_of_a_network_ties_every_instance() -> None:
    text = f"""
    block unit {{ input x  kernel ~ [1, 3]  output x -> conv(3, kernel) }}
    space net(cell: layer = unit) {{ {IMAGE}  for i in range(3) {{ x = x -> cell as cell }}  output x }}
    space agnostic = net(cell = tied unit)
    """
    assert list(choices(graph_of(text))) == [f"cell[{i}].kernel" for i in range(3)]
    assert list(choices(graph_of(text, "agnostic"))) == ["cell.kernel"]
    assert weights(graph_of(text)) == weights(graph_of(text, "agnostic"))

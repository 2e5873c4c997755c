"""Edits: every kind, in order, by pattern; and genotypes, whole and partial."""

from __future__ import annotations

import pytest

from tests.elaborate.texts import (
    choices,
    elaborated,
    errors,
    graph_of,
    operations,
    warnings,
    weights,
)

HOST = """
block unit(channels, kernels = [1, 3]) {
  input x
  kernel ~ kernels
  output x -> conv(channels, kernel) as conv -> relu as act
}
space net(depth = 3) {
  input x: [b, c = 3, h = 8, w = 8]
  for i in range(depth) as group {
    width ~ 8..32 by 8
    x = x -> unit(width) as unit
  }
  output x -> mean(@hw) -> linear(10) as head
}
"""


def edited(edits: str) -> str:
    return f"{HOST}space edited = net with {{ {edits} }}\n"


def test_setting_and_narrowing_by_pattern() -> None:
    graph = graph_of(
        edited(
            "group[0].width = 8  group[0, 2].unit.kernel = 3  group[1..2] { width ~ [16, 24] }"
        ),
        "edited",
    )
    assert choices(graph) == {
        "group[1].width": ["16", "24"],
        "group[1].unit.kernel": ["1", "3"],
        "group[2].width": ["16", "24"],
    }


def test_later_answers_win_and_narrowing_adds_up() -> None:
    assert (
        choices(
            graph_of(
                edited("group[*].width = 8  group[*].width = 16  group[*].unit.kernel = 1"),
                "edited",
            )
        )
        == {}
    )
    text = (
        f"{HOST}space edited = net with {{ group[0].width ~ 8..24 by 8 }} with "
        f"{{ group[0].width ~ [24, 32] }}"
    )
    assert "group[0].width" not in choices(graph_of(text, "edited"))


def test_setting_parameters_of_layers() -> None:
    graph = graph_of(
        edited(
            "head.width = 7  group[*].unit.kernels = [1, 5, 7]  group[0].unit.channels = 4"
        ),
        "edited",
    )
    assert graph.outputs[0].shape["c"].value == 7
    assert choices(graph)["group[1].unit.kernel"] == ["1", "5", "7"]
    assert "group[0].width" not in choices(graph), "nothing reads it any more"


def test_inserting_before_and_after() -> None:
    graph = graph_of(
        edited(
            "after group[0].unit.conv, group[2].unit insert gelu  before head insert dropout(0.5)"
        ),
        "edited",
    )
    unit = ["conv", "relu"]
    assert operations(graph) == [
        "conv",
        "gelu",
        "relu",
        *unit,
        *unit,
        "gelu",
        "mean",
        "dropout",
        "linear",
    ]


def test_what_is_inserted_has_a_path_of_its_own() -> None:
    graph = graph_of(edited("after group[0].unit insert unit(4)"), "edited")
    assert [w for w in weights(graph) if w not in weights(graph_of(HOST))] == [
        "group[0].unit.unit.conv.weight"
    ]
    assert "group[0].unit.unit.kernel" in choices(graph)


def test_replacing_and_removing() -> None:
    graph = graph_of(
        edited(
            "replace group[*].unit.act by swish  remove group[1].unit  replace head by linear(5)"
        ),
        "edited",
    )
    assert operations(graph) == ["conv", "swish", "conv", "swish", "mean", "linear"]
    assert weights(graph) == [
        "group[0].unit.conv.weight",
        "group[2].unit.conv.weight",
        "head.bias",
        "head.weight",
    ]


def test_edits_of_alternatives() -> None:
    text = """
    space net { input x: [b, c = 3, h = 8, w = 8]  op ~ [none: identity, wide: conv(8) -> conv(3) as back]  output x -> op }
    space edited = net with { replace op.wide.conv by conv(16)  after op.wide.back insert relu }
    """
    assert operations(graph_of(text, "edited")) == ["conv", "conv", "relu"]


def test_an_edit_of_an_edited_network_sees_the_edits_below() -> None:
    text = (
        f"{edited('after group[0].unit insert unit(4)')}space twice = edited with "
        f"{{ group[0].unit.unit.kernel = 3 }}"
    )
    assert "group[0].unit.unit.kernel" not in choices(graph_of(text, "twice"))


def test_expressions_of_edits_mean_what_they_mean_where_they_stand() -> None:
    text = f"{HOST}\nwide = 24\nspace edited(n = 16) = net with {{ group[0].width = n  group[1].width = wide }}"
    graph = graph_of(text, "edited")
    assert [v.shape["c"].value for v in graph.values if v.shape["c"].is_constant][1:3] == [
        16,
        16,
    ]
    assert "group[0].width" not in choices(graph) and "group[1].width" not in choices(graph)


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ("group[9].width = 8", "E0601"),
        ("group[0].width = 9", "E0602"),
        ("after group[0] insert relu", "E0607"),
        ("remove heed", "E0601"),
        ("replace head by 3", "E0301"),
        ("replace group[0].unit by max_pool(9)", "E0403"),
    ],
)
def test_refused(edits: str, code: str) -> None:
    assert errors(edited(edits), "edited") == [code]


def test_genotypes_whole_and_partial() -> None:
    text = f"""{HOST}
    genotype part of net {{ group[*] {{ width = 8 }} }}
    genotype rest of net {{ group[*] {{ unit.kernel = 3 }} }}
    space smaller = net with part
    model fixed = net with part with rest
    model again = smaller with rest
    """
    assert list(choices(graph_of(text, "smaller"))) == [
        f"group[{i}].unit.kernel" for i in range(3)
    ]
    assert graph_of(text, "fixed").kind == "model"
    assert choices(graph_of(text, "again")) == {}
    assert graph_of(text, "part").kind == "space", "a genotype's name is its space, settled"
    assert choices(graph_of(text, "net", genotypes=["part", "rest"])) == {}


def test_a_genotype_fits_every_instantiation_of_its_definition() -> None:
    text = f"""{HOST}
    genotype small of net {{ group[*] {{ width = 8  unit.kernel = 3 }} }}
    model deeper = net(depth = 5) with small
    """
    assert weights(graph_of(text, "deeper"))[:5] == [
        f"group[{i}].unit.conv.weight" for i in range(5)
    ]
    other = (
        f"{HOST}\nspace other {{ input x: [b, c = 3]  w ~ [1, 2]  output x -> linear(w) }}\ngenotype g of "
        f"other {{ w = 1 }}\n"
    )
    assert errors(other + "space wrong = net with g", "wrong") == ["E0606"]


def test_a_model_answers_every_choice() -> None:
    text = f"{HOST}\nmodel fixed = net with {{ group[*].width = 8  group[0..1].unit.kernel = 1 }}"
    assert errors(text, "fixed") == ["E0603"]


def test_an_answer_to_a_choice_that_the_space_settles_itself_is_accepted() -> None:
    text = """
    space net(wide = true) { input x: [b, c = 3]  width ~ if wide then [8, 16] else 8  output x -> linear(width) }
    genotype small of net { width = 8 }
    model narrow = net(wide = false) with small
    """
    assert graph_of(text, "narrow").outputs[0].shape["c"].value == 8


def test_idle_answers_are_warned_of() -> None:
    text = """
    block unit { input x  kernel ~ [1, 3]  output x -> conv(3, kernel) }
    space net { input x: [b, c = 3, h = 8, w = 8]  op ~ [skip: identity, unit: unit]  output x -> op }
    genotype idle of net { op = skip  op.unit.kernel = 3 }
    genotype fine of net { op = unit  op.unit.kernel = 3 }
    genotype open of net { op.unit.kernel = 3 }
    """
    assert [code for code, _ in warnings(text)] == ["E0604"]
    assert choices(elaborated(text, "open").graph) == {"op": ["skip", "unit"]}

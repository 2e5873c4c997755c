"""`--set` makes another model, `--input` feeds another size to the same one."""

from __future__ import annotations

import pytest

from archdsl.architecture import load
from archdsl.diagnostics.diagnostic import DiagnosticError
from tests.elaborate.texts import choices, elaborated, errors, graph_of

NET = """
space net(width = 8, size = 16, kernels = [1, 3], embed = false) {
  input clip: [b, c = 3, t = 4, h = size, w = size]
  kernel ~ kernels
  x = clip -> conv(width, kernel, 1x2x2, padding = "same")
  if embed {
    param position: [h = x.h, w = x.w] = 0
    x = x + position
  }
  output x
}
"""


def test_settings_are_expressions_of_the_file() -> None:
    graph = graph_of(
        NET, settings={"width": "4 * 4", "kernels": "[1x1x1, 3x3x3, 1x5x5]", "size": "32"}
    )
    assert graph.outputs[0].shape["c"].value == 16
    assert graph.outputs[0].shape["h"].value == 16
    assert choices(graph) == {"kernel": ["1x1x1", "3x3x3", "1x5x5"]}


def test_unknown_and_unreadable_settings() -> None:
    assert errors(NET, settings={"widht": "8"}) == ["E0908"]
    assert errors(NET, settings={"width": "8 +"})[0].startswith("E01")
    assert errors(NET, settings={"width": '"wide"'}) == ["E0301"]


def test_a_text_without_quotes() -> None:
    with pytest.raises(DiagnosticError) as found:
        load("zoo/xvit.arch:xvit", settings={"mixed_blocks": "sometimes"})
    (diagnostic,) = found.value.diagnostics
    assert diagnostic.code == "E0201" and 'mixed_blocks="sometimes"' in (
        diagnostic.help or ""
    )


def test_another_size_of_the_input() -> None:
    graph = graph_of(NET, inputs={"clip": {"t": 8, "h": 20, "w": 24}})
    assert [graph.outputs[0].shape[d].value for d in "cthw"] == [8, 8, 10, 12]


def test_sizes_that_cannot_be_fed() -> None:
    assert errors(NET, inputs={"klip": {"h": 20}}) == ["E0907"]
    assert errors(NET, inputs={"clip": {"z": 20}}) == ["E0907"]
    assert errors(NET, inputs={"clip": {"h": 0}}) == ["E0907"]


def test_a_weight_that_mentions_a_size_pins_it() -> None:
    assert errors(NET, settings={"embed": "true"}, inputs={"clip": {"h": 20}}) == ["E0316"]
    assert errors(NET, settings={"embed": "true"}, inputs={"clip": {"t": 20}}) == []
    assert errors(NET, settings={"embed": "true", "size": "20"}) == []


def test_a_setting_that_breaks_a_shape_is_what_is_wrong() -> None:
    text = "space net(width = 8) {\n  input x: [b, c = 8, h = 4, w = 4]\n  output x + (x -> conv(width))\n}\n"
    with pytest.raises(DiagnosticError) as found:
        elaborated(text, settings={"width": "4 * 4"})
    (diagnostic,) = found.value.diagnostics
    assert diagnostic.code == "E0402" and diagnostic.span is not None
    assert (diagnostic.span.source.name, diagnostic.span.text) == ("--set width", "4 * 4")
    assert diagnostic.labels[0].text == "it fails here"

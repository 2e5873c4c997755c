"""Other sizes for inputs: every form, and what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest
from texts import elaborated, errors

from archdsl.diagnostics.diagnostic import DiagnosticError

NET = """
model net {
  input clip: [b, c = 3, t = 4, h = 8, w = 8]
  input flow: [b, c = 2, t = 4]
  output clip -> mean(@chw) -> mean(@t), flow
}
"""


@pytest.mark.parametrize(
    "inputs",
    [
        "clip=1x3x4x16x8",
        " clip = 1x3x4x16x8 ",
        ["clip=1x3x4x16x8"],
        ("flow=1x2x4", "clip=1x3x4x16x8"),
        {"clip": "1x3x4x16x8"},
        {"clip": (1, 3, 4, 16, 8)},
        {"clip": [1, 3, 4, 16, 8], "flow": {}},
        {"clip": {"h": 16}},
    ],
)
def test_every_form_gives_the_same_network(inputs: Any) -> None:
    given = elaborated(NET, inputs=inputs).graph.inputs
    assert [[one.shape[d].value for d in one.dims] for one in given] == [
        [1, 3, 4, 16, 8],
        [1, 2, 4],
    ]


@pytest.mark.parametrize("inputs", [None, {}, (), "clip=1x3x4x8x8", {"clip": {"h": 8}}])
def test_the_declared_sizes_are_the_network_itself(inputs: Any) -> None:
    assert [
        one.shape["t"].value for one in elaborated(NET, inputs=inputs).graph.inputs
    ] == [4, 4]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ("clip", "is not a name and sizes"),
        ("clip=1x3x0x8x8", "is not a name and sizes"),
        (["clip=1x3x4x8x8", "clip=1x3x4x8x8"], "is given twice"),
        ([7], "is not a name and sizes"),
        (7, "`inputs` is 7"),
        ("klip=1x3x4x8x8", "has no input `klip`"),
        ({"klip": {"h": 16}}, "has no input `klip`"),
        ({3: {"h": 16}}, "has no input `3`"),
        ("clip=1x3x8x8", "but 4 sizes were given"),
        ({"clip": (1, 3, 4, 8)}, "but 4 sizes were given"),
        ({"clip": "1x3xten"}, "'1x3xten', which are no sizes"),
        ({"clip": 224}, "is given 224"),
        ({"clip": None}, "is given None"),
        ({"clip": {"z": 16}}, "has no dimension `z`"),
        ({"clip": {"h": 0}}, "at least 1"),
        ({"clip": {"h": -8}}, "at least 1"),
        ({"clip": {"h": True}}, "`h` of the input `clip` is True"),
        ({"clip": {"h": 16.0}}, "is 16.0, which is not a whole number"),
        ({"clip": {"h": "16"}}, "is '16', which is not a whole number"),
        ({"clip": {"h": None}}, "is None, which is not a whole number"),
        ({"clip": {"h": 2**40}}, "at most 2,147,483,647"),
        ("clip=1x3x4x9999999999x8", "at most 2,147,483,647"),
    ],
)
def test_a_wrong_form_is_an_error(inputs: Any, says: str) -> None:
    assert errors(NET, inputs=inputs) == ["E0907"]
    with pytest.raises(DiagnosticError, match="E0907") as error:
        elaborated(NET, inputs=inputs)
    assert says in error.value.diagnostics[0].message

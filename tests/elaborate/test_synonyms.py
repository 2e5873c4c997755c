"""The table of names of other libraries: what it answers is the language's own, in whatever way the name is
written.
"""

from __future__ import annotations

import pytest

from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.builtin import BUILTIN_NAMES
from archdsl.elaborate.evaluation.synonyms import TABLE, WORDS, Synonym
from archdsl.elaborate.evaluation.unknown import foreign
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax import ast
from archdsl.syntax.parser import parse_expression
from tests.elaborate.texts import errors

BODY = """
model m {{
  input {inputs}
  answer = {here}
  output x
}}
"""
SHAPE = "[b, c = 16, t = 4, h = 8, w = 8]"


def answered(name: str, args: str = "") -> str:
    """What is said of a call of another library's name."""
    node, found = parse_expression(Source("call", f"{name}({args})"))
    assert isinstance(node, ast.Call) and not found
    return foreign(name, node) or ""


def test_the_table_is_large() -> None:
    assert len(TABLE) >= 120


@pytest.mark.parametrize("name", TABLE)
def test_what_the_table_says_elaborates(name: str) -> None:
    synonym = TABLE[name]
    inputs = ", ".join(f"{tensor}: {SHAPE}" for tensor in "xyqkv")
    assert errors(BODY.format(inputs=inputs, here=synonym.here), "m") == []


@pytest.mark.parametrize("name", TABLE)
def test_parameters_are_those_of_the_layer(name: str) -> None:
    synonym = TABLE[name]
    ours = {ours for _, ours in synonym.takes if ours is not None}
    known = (
        {p.name for p in PRIMITIVES[synonym.layer].parameters}
        if synonym.layer in PRIMITIVES
        else set()
    )
    assert ours <= known


def test_words_are_no_names_of_the_language() -> None:
    assert not set(WORDS) & BUILTIN_NAMES


CALLS = {
    ("Conv2d", "3, 16, kernel_size=3, stride=2"): "x -> conv(16, 3x3, 2)",
    (
        "Conv2d",
        "in_channels=3, out_channels=16, kernel_size=1, bias=False",
    ): "x -> conv(16, 1x1, bias = false)",
    ("Conv2d", "3, 16, 5, padding=1"): "x -> conv(16, 5x5, padding = 1)",
    (
        "Conv2d",
        "16, 16, 3, 1, 1, 1, 16",
    ): "x -> conv(16, 3x3, 1, dilation = 1, groups = 16)",
    ("Conv2D", "32, 3"): "x -> conv(32, 3x3)",
    ("Conv3d", "3, 16, (1, 3, 3), stride=(1, 2, 2)"): "x -> conv(16, 1x3x3, 1x2x2)",
    ("conv2d", "16, 3"): "x -> conv(16, 3x3)",
    ("BatchNorm2d", "16"): "x -> batch_norm",
    ("batchnorm_2d", "16"): "x -> batch_norm",
    ("MaxPool2d", "3, 2, 1"): "x -> max_pool(3x3, 2, padding = 1)",
    ("MaxPool2d", "2"): "x -> max_pool(2x2, 2)",
    ("AdaptiveAvgPool2d", "1"): "x -> mean(@hw)",
    ("Linear", "512, 10"): "x -> linear(10)",
    ("Dense", "10, use_bias=False"): "x -> linear(10, bias = false)",
    ("relu", "y"): "y -> relu",
    ("cat", "[y, z], dim=1"): "[y, z] -> concat(@c)",
    ("Sequential", "conv(8), relu"): "conv(8) -> relu",
    ("Dropout", "p=0.2"): "x -> dropout(0.2)",
}


@pytest.mark.parametrize(("name", "args"), CALLS, ids=" ".join)
def test_arguments_are_carried_over(name: str, args: str) -> None:
    assert answered(name, args).partition("`")[2].partition("`")[0] == CALLS[name, args]


def test_rows_without_a_layer_take_nothing() -> None:
    assert all(synonym.layer or not synonym.takes for synonym in TABLE.values())
    assert isinstance(TABLE["conv2d"], Synonym)

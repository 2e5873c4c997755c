"""Laws 1 and 2 on whole specs: formatting and the YAML form keep the tree, and with it what the text
means.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from archdsl.diagnostics.source import Source
from archdsl.ir.printer import print_graph
from archdsl.syntax import ast
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.syntax.yaml_form import from_yaml, to_yaml
from tests.laws.subjects import SPECS, examples
from tests.strategies.specs import Spec, elaborate, specs


def parsed(text: str) -> ast.File:
    file, diagnostics = parse(Source("spec.arch", text))
    assert not diagnostics, diagnostics
    return file


def check_format(spec: Spec) -> None:
    file = parsed(spec.text)
    once = format(file)
    again = parsed(once)
    assert again == file
    assert sorted(c.text for c in again.comments) == sorted(c.text for c in file.comments)
    assert format(again) == once
    for name in spec.names:
        assert print_graph(elaborate(replace(spec, text=once), name)) == print_graph(
            elaborate(spec, name)
        )


def check_yaml(spec: Spec) -> None:
    file = parsed(spec.text)
    text = to_yaml(file)
    back, diagnostics = from_yaml(Source("spec.yaml", text))
    assert not diagnostics, diagnostics
    assert back == file
    assert to_yaml(back) == text


@pytest.mark.parametrize("feature", SPECS)
def test_of_every_feature(feature: str) -> None:
    check_format(SPECS[feature])
    check_yaml(SPECS[feature])


@given(specs(must={"comments"}))
@examples(50)
def test_of_random_specs(spec: Spec) -> None:
    check_format(spec)
    check_yaml(spec)

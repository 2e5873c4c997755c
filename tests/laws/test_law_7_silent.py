"""Law 7, the other way round: where two models compile to the same thing, their diff is silent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given

from archdsl.compare import diff, patch
from archdsl.diagnostics.source import Source
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import assignment
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl_lowering.fixed import lower
from tests.laws.subjects import SPACES, SPECS, architectures_of, examples, graph_of
from tests.strategies.specs import Spec, elaborate, specs


def compiled(model: Graph) -> Any:
    """A model's program and `state_dict`, without where each of them stands in the text."""
    program = lower(model)
    calls = [replace(i, name="", origin=None) for i in program.instructions]
    return calls, program.outputs, dict(program.modules), dict(program.weights)


# -- ways of writing the same model ---------------------------------------------------------------------


def formatted(text: str) -> str:
    return format(parse(Source("spec.arch", text))[0])


def uncommented(text: str) -> str:
    return re.sub(r"\s*#[^\n]*", "", text)


def renamed(text: str) -> str:
    """Another name for the tensor that goes through the network; the output keeps its own, which callers
    see.
    """
    lines, inside = [], False
    for line in text.splitlines():
        opens = re.match(r"(space|model) base\b.*\{", line)
        if inside and line.startswith("}"):
            inside = False
        if not inside or line.lstrip().startswith("input "):
            lines.append(line)
            if inside:
                lines.append("  through = x")
        elif line.lstrip().startswith("output "):
            lines += ["  x = through", line]
        else:
            lines.append(re.sub(r"(?<!\w)(?<![^.]\.)x(?!\w)", "through", line))
        inside = inside or opens is not None
    return "\n".join(lines) + "\n"


def with_more(text: str) -> str:
    """With declarations that nothing uses, and a value that goes nowhere."""
    unused = "block unused(n = 3) { input y  output y -> conv(n) -> relu }\nwidths = [4, 8, 16]\n"
    return re.sub(r"\n(space|model) base\b", rf"\n{unused}\1 base", text, count=1)


WAYS: list[Callable[[str], str]] = [formatted, uncommented, renamed, with_more]


def check(spec: Spec, way: Callable[[str], str]) -> None:
    text = way(spec.text)
    one, other = elaborate(spec), elaborate(replace(spec, text=text))
    if not one.choices:
        assert compiled(one) == compiled(other)
    assert not diff(one, other) and not patch(one, other), text


@pytest.mark.parametrize("way", [formatted, renamed], ids=lambda w: w.__name__)
@pytest.mark.parametrize("feature", SPECS)
def test_other_text_for_the_same(feature: str, way: Callable[[str], str]) -> None:
    check(SPECS[feature], way)


@given(specs())
@examples(15)
def test_other_text_for_random_specs(spec: Spec) -> None:
    for way in WAYS:
        check(spec, way)


@pytest.mark.parametrize("feature", SPACES)
def test_genotypes_of_the_same_model(feature: str) -> None:
    """Of a few architectures of a space: those that compile to the same do not differ, and the others do."""
    graph = graph_of(feature)
    genotypes = list(architectures_of(graph))[:4]
    models = [fix(graph, assignment(graph, g)) for g in genotypes]
    programs = [compiled(m) for m in models]
    for i, j in combinations(range(len(models)), 2):
        if programs[i] == programs[j]:
            assert not diff(models[i], models[j]), (genotypes[i], genotypes[j])
        else:
            assert diff(models[i], models[j]), (genotypes[i], genotypes[j])

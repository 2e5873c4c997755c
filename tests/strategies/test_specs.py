"""The generator of specs keeps what it promises: every spec elaborates, every feature can be demanded and
turns up by itself.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from archdsl.elaborate.files.checking import checked
from archdsl.ir.graph import Graph
from archdsl.questions.count import architectures
from tests.strategies.specs import (
    FEATURES,
    FRAME,
    NEED_CHOICES,
    RARE,
    Spec,
    elaborate,
    read,
    spec_of,
    specs,
)

SIZE = 600  # enough that the rarest feature is missed once in many thousand changes of the generator


def graphs(spec: Spec) -> list[Graph]:
    return [elaborate(spec, name) for name in spec.names]


@pytest.mark.parametrize("feature", sorted(FEATURES))
def test_every_feature_can_be_demanded(feature: str) -> None:
    for seed in range(2):
        spec = spec_of(f"{feature}:{seed}", must={feature})
        assert feature in spec.features, spec.text
        assert graphs(spec)


def test_every_feature_turns_up_by_itself() -> None:
    found = Counter(
        feature for i in range(SIZE) for feature in spec_of(f"statistics:{i}").features
    )
    assert set(found) == FEATURES - set(RARE), FEATURES - set(RARE) - set(found)
    common = {f: n / SIZE for f, n in found.items()}
    assert all(common[f] > 0.2 for f in FRAME), common
    assert (
        sum(n for f, n in found.items() if f in NEED_CHOICES) > SIZE
    )  # more than one kind of choice in a spec, on average


@given(specs(parts=(0, 6)))
@settings(max_examples=60 * settings.default.max_examples // 100)
def test_specs_elaborate(spec: Spec) -> None:
    module, _ = read(spec)
    errors = [d for d in checked(module) if d.severity == "error"]
    assert not errors, errors
    assert graphs(spec)


@given(
    specs(choices=True, must={"concat", "grouped"}, without={"comments", "tied"}, grid=32)
)
@settings(max_examples=15)
def test_dials_hold(spec: Spec) -> None:
    assert {"concat", "grouped"} <= spec.features
    assert not {"comments", "tied"} & spec.features
    graph = elaborate(spec)
    assert graph.kind == "space"
    count = architectures(graph)
    assert isinstance(count, int) and 1 < count <= 32


@given(specs(choices=False))
@settings(max_examples=15)
def test_models_have_no_choices(spec: Spec) -> None:
    assert all(graph.kind == "model" for graph in graphs(spec))


def test_demands_that_nothing_meets() -> None:
    for wrong in (
        {"must": {"flying"}},
        {"choices": False, "must": {"tied"}},
        {"must": {"concat"}, "without": {"concat"}},
        {"must": {"one_dimension", "resize"}},
    ):
        with pytest.raises(ValueError):
            spec_of("wrong", **wrong)

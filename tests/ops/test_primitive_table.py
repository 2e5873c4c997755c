"""The table is complete and consistent, its codes are explained, and the reference page is what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics.codes import shapes
from archdsl.diagnostics.diagnostic import Code
from archdsl.ops.attention import ACTS
from archdsl.ops.initialisers import INITIALISERS, Initialiser
from archdsl.ops.primitive import REQUIRED, Primitive
from archdsl.ops.reference import reference
from archdsl.ops.table import FAMILIES, PRIMITIVES

NAMES = """
conv linear batch_norm layer_norm group_norm weighted_sum max_pool avg_pool mean dot attend identity
relu relu6 swish hardswish sigmoid gelu tanh softmax dropout drop_path concat add sub mul div scalar
chunk merge split rename take expand pad resize shift weight
""".split()
INTERNAL = {"sub", "mul", "div", "scalar", "weight"}


def test_every_primitive_is_there_once() -> None:
    assert sorted(PRIMITIVES) == sorted(NAMES)
    assert sum(len(f) for f in FAMILIES.values()) == len(PRIMITIVES)
    assert {p.name for p in PRIMITIVES.values() if p.internal} == INTERNAL


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=lambda p: p.name)
def test_rows_are_complete(primitive: Primitive) -> None:
    assert "→" in primitive.doc or primitive.arity == 0, "the doc gives the shapes"
    assert primitive.source or primitive.internal
    names = [p.name for p in primitive.parameters]
    assert len(set(names)) == len(names)
    for parameter in primitive.parameters:
        assert parameter.doc, f"{parameter.name} has no doc"
        assert len(parameter.name) > 1 or primitive.dims is None, (
            "a keyword of one letter is a dimension"
        )
    assert (primitive.like is not None) == any(
        p.kind == "like" for p in primitive.parameters
    )
    optional = [p.default is not REQUIRED for p in primitive.parameters]
    assert optional == sorted(optional), "required parameters come first"


def test_pointwise_acts_are_primitives() -> None:
    assert set(ACTS) <= set(PRIMITIVES)


@pytest.mark.parametrize("initialiser", INITIALISERS.values(), ids=lambda i: i.name)
def test_initialisers_are_documented(initialiser: Initialiser) -> None:
    assert initialiser.doc and all(p.doc for p in initialiser.parameters)


def test_codes_are_of_the_family_and_explained() -> None:
    codes = [c for c in vars(shapes).values() if isinstance(c, Code)]
    assert [c.id for c in codes] == [f"E{401 + i:04}" for i in range(len(codes))]
    for code in codes:
        assert "\n    " in code.explanation, "an example"
        assert "Use instead" in code.explanation


def test_the_reference_page_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "primitives.md"
    assert page.read_text() == reference(), (
        "python -m archdsl.ops.reference > docs/primitives.md"
    )

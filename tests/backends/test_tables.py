"""Every table that is kept by primitive, or by what primitives are made of, has a row for each: what lacks
one fails by name.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from archdsl.ir.complete import complete
from archdsl.ops.primitive import Primitive
from archdsl.ops.table import PRIMITIVES
from archdsl_draw.words import FAMILIES
from archdsl_lowering.fixed import program_of
from archdsl_lowering.rows.layers import Module, functional
from archdsl_lowering.rows.pointwise import FUNCTIONS
from archdsl_lowering.rows.table import ROWS
from archdsl_torch.names import resolve
from tests.laws.subjects import SPECS, graph_of, some_answers

OWN_ROW = {"identity", "softmax"}  # activations that are more than a function of the tensor


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_is_lowered(name: str) -> None:
    assert name in ROWS


@pytest.mark.parametrize(
    "primitive",
    [p for p in PRIMITIVES.values() if p.role == "activation"],
    ids=lambda p: p.name,
)
def test_every_activation_is_a_function(primitive: Primitive) -> None:
    assert primitive.name in OWN_ROW or callable(resolve(FUNCTIONS[primitive.name]))


@pytest.mark.parametrize("name", [*ROWS, *FUNCTIONS])
def test_nothing_is_lowered_that_is_no_primitive(name: str) -> None:
    assert name in PRIMITIVES


@pytest.mark.parametrize("family", FAMILIES)
def test_every_colour_stands_for_some_primitive(family: str) -> None:
    assert any(p.role in FAMILIES[family] for p in PRIMITIVES.values())


def modules() -> dict[str, Module]:
    """A module of each class that a spec of some feature needs."""
    found: dict[str, Module] = {}
    for feature in SPECS:
        graph = graph_of(feature)
        for module in program_of(
            complete(graph, some_answers(graph, feature))[0]
        ).modules.values():
            found.setdefault(module.type, module)
    return found


@pytest.mark.parametrize("module", modules().values(), ids=lambda m: m.type)
def test_every_layer_has_names_and_a_function(module: Module) -> None:
    assert len(module.names) == len(module.args), "what source calls the arguments"
    target, arguments = functional(module, None, defaultdict(object), True)
    assert callable(resolve(target)) and arguments

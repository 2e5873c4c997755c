"""What rows say of axes fits the ops that graphs hold: every dimension, place and weight that they name is
there.
"""

from __future__ import annotations

from typing import get_args

import pytest

from archdsl.ir.graph import Op
from archdsl.ops.axes import (
    Ended,
    Factor,
    Made,
    Merged,
    Origin,
    Padded,
    Part,
    Read,
    Same,
    Taken,
    Within,
)
from archdsl.ops.call import call_of
from archdsl.ops.primitive import Primitive, Role
from archdsl.ops.table import PRIMITIVES, done_over, lies_of, origins_of, role_of
from tests.laws.subjects import SPECS, graph_of
from tests.strategies.specs import Spec, elaborate

# What no feature of the generated specs is sure to have.
RARE = """arch 1
model rare {
  input x: [b, c = 4, t = 3]
  y = x -> linear(4) as y
  output [x - y, x / (y * y + 1)] -> weighted_sum as mix
}
"""


def ops(name: str) -> list[Op]:
    """Ops of a primitive in the spec of each feature."""
    graphs = [*map(graph_of, SPECS), elaborate(Spec(RARE, ("rare",), frozenset()))]
    values = [v for graph in graphs for v in graph.values]
    return [v for v in values if isinstance(v, Op) and v.name == name]


def read_by(origin: Origin) -> set[tuple[int, str]]:
    match origin:
        case Same(places=places):
            return set(places)
        case Ended(parts=parts):
            return {part for part in parts if part is not None}
        case Merged(dims=dims):
            return {(0, d) for d in dims}
        case Factor(dim=d) | Taken(dim=d) | Part(dim=d) | Padded(dim=d):
            return {(0, d)}
        case _:
            return set()


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=lambda p: p.name)
def test_a_row_speaks_of_what_is_there(primitive: Primitive) -> None:
    found = ops(primitive.name)
    assert found or primitive.name == "identity", (
        "identity is the tensor itself, and no op; all others occur"
    )
    for op in found:
        places = {(i, d) for i, x in enumerate(op.inputs) for d in x.shape}
        for dim, origin in origins_of(op).items():
            assert dim in op.shape
            assert read_by(origin) <= places
        assert set(done_over(op)) <= places
        sizes = primitive.sizes(call_of(op), op.shape)
        for attribute, (place, dim) in sizes.items():
            assert (
                op.attrs[attribute]
                == (op.shape if place is None else op.inputs[place].shape)[dim]
            )


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=lambda p: p.name)
def test_weights_lie_along_what_has_their_size(primitive: Primitive) -> None:
    for op in ops(primitive.name):
        known = primitive.lies(call_of(op), op.shape)
        for weight in op.weights:
            assert weight.name in known or primitive.role == "join", (
                "only coefficients of operands lie apart"
            )
            for lie, size in zip(lies_of(op, weight), weight.shape, strict=True):
                if isinstance(lie, Made):
                    assert op.shape[lie.dim] == size
                elif isinstance(lie, Read) and len(lie.dims) == 1:
                    assert op.inputs[0].shape[lie.dims] == size
                elif isinstance(lie, Within):
                    assert "kernel" in op.attrs


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=lambda p: p.name)
def test_every_row_has_a_role_and_a_word(primitive: Primitive) -> None:
    assert role_of(primitive.name) in get_args(Role)
    assert primitive.word and "_" not in primitive.word
    for over in primitive.over:
        assert over.words or over.when is None, "the page says when"
        assert (over.deed == "partly") == bool(over.attribute)
        assert not over.attribute or primitive.parameter(over.attribute) is not None


def test_only_what_is_no_primitive_has_no_role() -> None:
    assert role_of("mbconv3d") is None

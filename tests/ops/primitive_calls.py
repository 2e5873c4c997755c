"""How the tests of the table call its rules: plain numbers in, plain numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import Expr, constant, of_choice
from archdsl.ir.graph import Shape
from archdsl.ops.call import Call
from archdsl.ops.primitive import REQUIRED, Problem, WeightRule
from archdsl.ops.table import PRIMITIVES


@dataclass(frozen=True)
class Outcome:
    shape: Shape
    problems: tuple[Problem, ...]
    weights: Mapping[str, WeightRule]
    macs: Expr

    @property
    def sizes(self) -> dict[str, Any]:
        """The shape where no choice reaches it."""
        return {d: n.value for d, n in self.shape.items()}

    @property
    def messages(self) -> list[str]:
        """Every message for some choice, in order."""
        return [m for p in self.problems for m in p.message.distinct() if m is not None]

    @property
    def codes(self) -> list[str]:
        return [p.code.id for p in self.problems]

    def weight(self, name: str) -> tuple[Any, ...]:
        return tuple(n.value for n in self.weights[name].shape)


def tensor(**sizes: Any) -> dict[str, Expr]:
    """A shape: `tensor(b=1, c=24)`."""
    return {d: expr(n) for d, n in sizes.items()}


def expr(value: Any) -> Expr:
    return value if isinstance(value, Expr) else constant(value)


def choice(order: int, *values: Any) -> tuple[Choice, Expr]:
    """A choice between values, and the value that it takes."""
    made = Choice(
        f"choice{order}", tuple(Alternative(str(v), v) for v in values), "list", order
    )
    return made, of_choice(made)


def call(name: str, *inputs: Shape, like: Shape | None = None, **given: Any) -> Outcome:
    """A primitive on inputs; one-letter arguments are dimension keywords."""
    primitive = PRIMITIVES[name]
    attrs = {
        p.name: expr(given.get(p.name, p.default))
        for p in primitive.parameters
        if p.kind != "like"
    }
    assert all(not e.is_constant or e.value is not REQUIRED for e in attrs.values()), (
        "a required parameter is missing"
    )
    dims = {d: expr(v) for d, v in given.items() if primitive.parameter(d) is None}
    assert not dims or primitive.dims is not None, f"{name} takes no dimension keywords"
    before: tuple[Problem, ...] = ()
    if like is not None:
        assert primitive.like is not None
        likeness = primitive.like(Call(inputs, attrs, dims), like)
        attrs, dims, before = (
            {**attrs, **likeness.attrs},
            dict(likeness.dims),
            likeness.problems,
        )
    made = Call(inputs, attrs, dims)
    result = primitive.shape(made)
    weights = {w.name: w for w in primitive.weights(made, result.shape)}
    return Outcome(
        result.shape, before + result.problems, weights, primitive.macs(made, result.shape)
    )

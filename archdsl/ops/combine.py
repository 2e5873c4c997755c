"""Several tensors into one, and arithmetic."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import constant, lift
from archdsl.ir.graph import Init, Shape
from archdsl.ir.notation import value_text
from archdsl.ops import checks
from archdsl.ops.axes import Ended, Origins, Over, named, through
from archdsl.ops.call import Call
from archdsl.ops.checks import Problems
from archdsl.ops.primitive import Parameter, Primitive, Result, WeightRule
from archdsl.ops.sizes import ONE, agree, broadcast

OPERATORS = ("add", "sub", "mul", "div")


def _broadcast(call: Call) -> Result:
    return broadcast(call.inputs)


def _combining(call: Call, out: Shape) -> tuple[WeightRule, ...]:
    n = len(call.inputs)
    return (
        WeightRule("weight", (constant(n),), constant(Init("constant", (1 / max(n, 1),)))),
    )


def _concat_shape(call: Call) -> Result:
    dim, found = checks.settled("dim", call.attrs["dim"])
    found += checks.named(dim) + checks.single("dim", dim)
    if not call.inputs:
        return Result(
            {},
            (
                *found,
                checks.problem(
                    shapes.NOTHING_TO_COMBINE,
                    "there is nothing to concatenate: the list is empty",
                ),
            ),
        )
    d = dim[:1] if dim else "c"
    if d != "b" and not any(d in one for one in call.inputs):
        message = (
            f"dimension `{d}` is missing; the tensors have "
            f"{', '.join(dict.fromkeys(checks.listing(one) for one in call.inputs))}"
        )
        found += (
            checks.problem(
                shapes.MISSING_DIMENSION,
                message,
                f"expand({d} = 1) gives one of them the dimension",
            ),
        )
    shape, clashes = agree(call.inputs, apart=d)
    fixed = sum(
        one[d].value if d in one else 1
        for one in call.inputs
        if d not in one or _is_int(one[d])
    )
    total = constant(fixed)
    for one in call.inputs:
        if d in one and not _is_int(one[d]):
            total = lift(_sum, total, one[d])
    if d == "b":
        total = call.inputs[0].get("b", ONE)
    return Result(shape | {d: total}, found + clashes)


def _ended(call: Call, out: Shape) -> Origins:
    dim: str = call.attrs["dim"].value
    parts = tuple((i, dim) if dim in one else None for i, one in enumerate(call.inputs))
    return {**through(call, out), dim: Ended(parts)}


def _is_int(size: Any) -> bool:
    return size.is_constant and size.value.__class__ is int


def _scalar_shape(call: Call) -> Result:
    op, found = checks.settled("op", call.attrs["op"])
    found += checks.one_of("op", constant(op), OPERATORS)
    found += _divisor(call, op)
    return Result(call.input, found)


def _divisor(call: Call, op: str) -> Problems:
    by = call.attrs["by"]
    if op == "div" and not call.attrs["left"].table[0]:
        return checks.unless(shapes.ATTRIBUTE, _zero_divisor, by)
    return checks.unless(shapes.ATTRIBUTE, _no_number, by)


def _zero_divisor(by: Any) -> str | None:
    return "a tensor cannot be divided by 0" if by == 0 else _no_number(by)


def _no_number(by: Any) -> str | None:
    return (
        None
        if by.__class__ in (int, float)
        else f"a tensor cannot be combined with {value_text(by)}"
    )


def _sum(a: int, b: int) -> int:
    return a + b


_BY_NAME = (
    "One side has all the dimensions of the other, which is repeated along those it lacks; "
    "sizes of common dimensions are equal (1 is never stretched)."
)


def _arithmetic(name: str, sign: str, drawn: str = "") -> Primitive:
    meaning = (
        f"Elementwise y = x {sign} z: the operator `{sign}` between two tensors. {_BY_NAME}"
    )
    doc = f"{meaning}\n\n[…], […] → the dimensions of the larger side."
    return Primitive(
        name,
        (),
        _broadcast,
        "arithmetic",
        doc,
        arity=2,
        internal=True,
        sign=drawn or sign,
        commutes=name == "mul",
    )


PRIMITIVES = (
    Primitive(
        name="concat",
        parameters=(
            Parameter(
                "dim",
                "axes",
                doc="the dimension along which the tensors lie one after the other",
            ),
        ),
        shape=_concat_shape,
        role="join",
        origins=_ended,
        over=(Over("moved", named("dim")),),
        arity="many",
        doc="""Tensors one after the other along a dimension: `[a, b] -> concat(@c)`.

[…, dim = n1], […, dim = n2], … → […, dim = n1 + n2 + …]. The other dimensions are matched by name; a tensor
that lacks one is repeated along it, also along the batch, and one that lacks `dim` counts as one position of
it: `[cls, tokens] -> concat(@n)`.""",
        source="Szegedy et al., Going Deeper with Convolutions (2015)",
    ),
    Primitive(
        name="add",
        parameters=(),
        shape=_broadcast,
        role="join",
        sign="+",
        commutes=True,
        arity="many",
        doc=f"""Elementwise sum of a list, `[a, b, c] -> add`, or of two tensors, `a + b`. {_BY_NAME}

[…], […], … → the dimensions of the largest.""",
        source="He et al., Deep Residual Learning (2015)",
    ),
    _arithmetic("sub", "-", "−"),
    _arithmetic("mul", "*", "×"),
    _arithmetic("div", "/"),
    Primitive(
        name="scalar",
        parameters=(
            Parameter("op", "string", doc=f"one of {', '.join(OPERATORS)}"),
            Parameter("by", "number", doc="the number"),
            Parameter(
                "left",
                "bool",
                False,
                "whether the number stands on the left: number op tensor",
            ),
        ),
        shape=_scalar_shape,
        role="arithmetic",
        internal=True,
        doc="""A tensor and a number: `x * 2`, `1 - x`, `x / (x.h * x.w)`.

y = x op by, or y = by op x with `left`. Any shape → the same.""",
    ),
    Primitive(
        name="weighted_sum",
        parameters=(),
        shape=_broadcast,
        weights=_combining,
        role="join",
        arity="many",
        doc="""The sum of a list of n tensors, each times a learnable number: `source -> weighted_sum`. A list
of one is that tensor, without a weight.

y = Σ_i weight[i] · x_i. […], […], … → the dimensions of the largest, by name as for `add`. Weight (n), every
element starting at 1/n.""",
        source="Wang et al., AttentionNAS (2020), 3.2",
    ),
)

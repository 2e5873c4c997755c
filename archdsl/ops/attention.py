"""Products of tensors: `dot` and `attend`."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import Expr, constant, lift
from archdsl.ir.graph import Shape
from archdsl.ir.notation import value_text
from archdsl.ops import activation, checks
from archdsl.ops.axes import Origins, Over, Same, letters, named, through
from archdsl.ops.call import Call
from archdsl.ops.checks import Problems
from archdsl.ops.primitive import Parameter, Primitive, Result
from archdsl.ops.sizes import ONE, agree, volume

ACTS = tuple(p.name for p in activation.PRIMITIVES if p.role == "activation")


def _dot_shape(call: Call) -> Result:
    over, found = checks.settled("over", call.attrs["over"])
    for one in call.inputs:
        for missing in checks.present(one, over):
            if missing not in found:
                found += (missing,)
    union, clashes = agree(call.inputs)
    return Result({d: n for d, n in union.items() if d not in over}, found + clashes)


def _dot_macs(call: Call, out: Shape) -> Expr:
    return volume(agree(call.inputs)[0].values())


def _attend_shape(call: Call) -> Result:
    q, k, v = call.inputs
    over, found = checks.settled("over", call.attrs["over"])
    for name, one in (("query", q), ("key", k), ("value", v)):
        found += _joins(name, one, over)
    if "c" in over:
        found += (
            checks.problem(
                shapes.ATTRIBUTE, "`over` names positions; c is what describes each of them"
            ),
        )
    found += tuple(
        checks.problem(
            shapes.DIMENSIONS_DIFFER,
            f"the key has a dimension `{d}` that the query {checks.listing(q)} lacks",
        )
        for d in checks.ordered(k)
        if d not in q and d not in over and d != "c"
    )
    for d in over:
        if d in k and d in v:
            found += checks.equal(d, k[d], v[d])
    if "c" in q and "c" in k:
        found += checks.equal("c", q["c"], k["c"])
    rest, clashes = agree((q, k, v), apart=over + "c")
    heads, wrong = checks.whole("heads", call.attrs["heads"])
    found += clashes + wrong + _number_or_none(call.attrs["scale"])
    found += checks.one_of("act", call.attrs["act"], ACTS)
    for size in dict.fromkeys(one["c"] for one in (q, v) if "c" in one):
        found += checks.divisible(size, heads, "{} channels", "heads")
    return Result({d: q[d] for d in q if d in over} | rest | {"c": v.get("c", ONE)}, found)


def _joins(name: str, shape: Shape, over: str) -> Problems:
    """The positions and the channels are there."""
    found = [
        checks.problem(
            shapes.MISSING_DIMENSION,
            f"dimension `{d}` is missing from the {name}; it has {checks.listing(shape)}",
        )
        for d in dict.fromkeys(over + "c")
        if d not in shape and d != "b"
    ]
    return (checks.named(over) if name == "query" else ()) + tuple(found)


def _attend_macs(call: Call, out: Shape) -> Expr:
    """Scores, then answers: each is a product of positions × positions × what describes one."""
    q, k, v = call.inputs
    over = call.attrs["over"].table[0]
    pairs = [q.get(d, ONE) for d in over] + [k.get(d, ONE) for d in over]
    scores, _ = agree((q, k), apart=over + "c")
    answers, _ = agree((q, k, v), apart=over + "c")
    score = volume([*pairs, *scores.values(), q.get("c", ONE)])
    answer = volume([*pairs, *answers.values(), v.get("c", ONE)])
    return lift(_sum, score, answer)


def _attend_origins(call: Call, out: Shape) -> Origins:
    """Positions as the query has them, channels as the values."""
    return {**through(call, out), "c": Same(((2, "c"),))}


def _has_heads(call: Call, out: Shape) -> bool:
    return call.attrs["heads"] != ONE


def _scales(call: Call, out: Shape) -> bool:
    return call.attrs["scale"] == constant(None)


def _number_or_none(scale: Expr) -> Problems:
    return checks.unless(shapes.ATTRIBUTE, _wrong_scale, scale)


def _wrong_scale(scale: Any) -> str | None:
    if scale is None or scale.__class__ in (int, float):
        return None
    return f"`scale` is {value_text(scale)}, neither a number nor none"


def _sum(a: int, b: int) -> int:
    return a + b


PRIMITIVES = (
    Primitive(
        name="dot",
        parameters=(
            Parameter(
                "over",
                "axes",
                doc="the dimensions that are summed over; both inputs have them",
            ),
        ),
        shape=_dot_shape,
        macs=_dot_macs,
        role="attention",
        over=(Over("summed", named("over")),),
        arity=2,
        doc="""The product of two tensors, summed over dimensions: a matrix product by names.

y = Σ_over x · z. Other dimensions that both have are matched, those that one has alone are outer.

[batch…, m…, over…], [batch…, n…, over…] → [batch…, m…, n…]. MACs: the product of the sizes of all dimensions
that occur.""",
        source="Einstein's summation convention (1916)",
    ),
    Primitive(
        name="attend",
        parameters=(
            Parameter(
                "over",
                "axes",
                doc="the positions that attend to each other, all of them together",
            ),
            Parameter(
                "heads",
                "int",
                1,
                "parts of the channels that attend apart; the head is the slower index of c",
            ),
            Parameter(
                "act",
                "string",
                "softmax",
                f"what makes weights of the scores: {', '.join(ACTS)}; softmax goes over the positions of "
                "the key",
            ),
            Parameter(
                "scale",
                "number",
                None,
                "what the scores are multiplied by; none is (c / heads)^−½, c the channels of the query",
            ),
        ),
        shape=_attend_shape,
        macs=_attend_macs,
        role="attention",
        origins=_attend_origins,
        over=(
            Over("statistics", named("over")),
            Over(
                "counted",
                letters("c"),
                "heads cut the channels otherwise for each width",
                when=_has_heads,
                words="with heads",
            ),
            Over(
                "counted",
                letters("c"),
                "the scale of `attend` counts the channels",
                (0,),
                _scales,
                "of the query, where no scale is given",
            ),
            Over("summed", letters("c"), inputs=(0, 1), words="of query and key"),
        ),
        arity=3,
        doc="""Attention of a query to keys and values: `(q, k, v) -> attend(@thw)`.

y[p] = Σ_r act(scale · q[p]·k[r]) · v[r] for each head, p over the query's positions and r over the key's.

q [rest…, over…, c], k [rest…, over…, c], v [rest…, over…, c'] → [rest…, over… as in q, c']. Key and value
have equally many positions, the query maybe others. Further dimensions are matched by name; where the key or
value lacks one of the query's it is repeated. The value may have further dimensions of its own, which
describe a position like its channels do. MACs: Nq · Nk · c + Nq · Nk · c' for each combination of the further
dimensions.""",
        source=(
            "Vaswani et al., Attention Is All You Need (2017); Wang et al., Non-local Neural Networks (2018)"
        ),
    ),
)

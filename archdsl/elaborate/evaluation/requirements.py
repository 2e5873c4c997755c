"""`require`: conditions on choices, and bounds on the cost of the whole network."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.codes import choices as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.elaborate.evaluation import operators
from archdsl.elaborate.evaluation.evaluator import evaluate, scalar
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.state import fail
from archdsl.elaborate.evaluation.values import Poison
from archdsl.ir.expr import TRUE
from archdsl.ir.graph import CostBound
from archdsl.ir.notation import value_text
from archdsl.syntax import ast

METRICS = ("macs", "params")
_MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<"}


def require(node: ast.Require, frame: Frame) -> None:
    """Records a requirement or a cost bound.

    Raises DiagnosticError for one that nothing satisfies, or that is no condition.
    """
    bound = cost_bound(node.condition, frame)
    if bound is not None:
        if frame.state.condition != TRUE or frame.state.pinned:
            fail(
                codes.NOT_A_BOUND,
                node.span,
                "a bound on the cost of the whole network cannot stand under a choice",
            )
        frame.state.bounds.append(bound)
        return
    value = evaluate(node.condition, frame)
    if isinstance(value, Poison):
        return
    frame.state.require(
        operators.truth(value, node.condition.span, "a requirement"), node.span
    )


def cost_bound(
    node: ast.Expr, frame: Frame, known: Sequence[str] = METRICS
) -> CostBound | None:
    """`macs <= 2.0G` or `2.0G >= macs`; None for a condition that mentions no cost. `known` are the costs
    there are.

    Raises DiagnosticError where a cost stands in any other arithmetic.
    """
    metrics = [m for m in known if frame.env.find(m) is None and _mentions(node, m)]
    if not metrics:
        return None
    if isinstance(node, ast.Binary) and node.op in _MIRRORED:
        left, right, op = node.left, node.right, str(node.op)
        if isinstance(right, ast.Ref) and right.name in metrics:
            left, right, op = right, left, _MIRRORED[op]
        if (
            isinstance(left, ast.Ref)
            and left.name in metrics
            and not any(_mentions(right, m) for m in known)
        ):
            limit = scalar(right, frame, "the limit")
            if not limit.is_constant:
                fail(
                    value_codes.NOT_CONSTANT,
                    right.span,
                    "the limit of a cost depends on a choice",
                )
            if isinstance(limit.value, bool) or not isinstance(limit.value, int | float):
                fail(
                    value_codes.WRONG_KIND,
                    right.span,
                    f"the limit of a cost is a number, not {value_text(limit.value)}",
                )
            return CostBound(left.name, op, float(limit.value), node.span)  # type: ignore[arg-type]
    fail(
        codes.NOT_A_BOUND,
        node.span,
        f"`{metrics[0]}` is a total: it can be bounded, and nothing else",
        help=f"one bound at a time: `{metrics[0]} <= 2.0G`",
    )


def _mentions(node: ast.Expr, name: str) -> bool:
    match node:
        case ast.Ref():
            return node.name == name
        case ast.Binary():
            return _mentions(node.left, name) or _mentions(node.right, name)
        case ast.Unary():
            return _mentions(node.operand, name)
        case ast.Call():
            return any(_mentions(a.value, name) for a in node.args)
        case ast.Conditional():
            return any(_mentions(e, name) for e in (node.test, node.value, node.orelse))
    return False

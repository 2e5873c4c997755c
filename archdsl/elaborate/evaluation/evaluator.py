"""The value of any expression: the one place where evaluation turns back to itself.

A call evaluates its arguments, which may be calls; a layer runs a body, whose expressions apply layers. What
each kind of node does stands above, in `expressions` and its neighbours; they call `evaluate`, which finds
their functions in FUNCTIONS. `tables` fills it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.sequences import size_expr
from archdsl.elaborate.evaluation.state import fail
from archdsl.elaborate.evaluation.values import POISON, Poison, Thing, describe
from archdsl.ir.expr import Expr
from archdsl.ir.work import Exhausted
from archdsl.syntax import ast

FUNCTIONS: dict[type[ast.Expr], Callable[[Any, Frame], Thing]] = {}


def evaluate(node: ast.Expr, frame: Frame) -> Thing:
    """The value of an expression.

    Raises DiagnosticError for what has no value, Structural where the structure would depend on a choice.
    """
    frame.state.tick(node.span)
    return FUNCTIONS[type(node)](node, frame)


def attempt(node: ast.Expr, frame: Frame) -> Thing:
    """The value of a part of an expression: where it has none that is reported, and the other parts are still
    looked at.

    Raises DiagnosticError outside of bodies, where values are kept for later.
    """
    try:
        return evaluate(node, frame)
    except Exhausted:
        raise
    except DiagnosticError as error:
        if frame.constant:
            raise
        frame.state.report(*error.diagnostics)
        return POISON


def scalar(node: ast.Expr, frame: Frame, what: str) -> Expr:
    """A number, text, truth value or size.

    Raises DiagnosticError for anything else; an empty one for what was reported before.
    """
    value = evaluate(node, frame)
    expr = size_expr(value)
    if expr is None:
        if isinstance(value, Poison):
            raise DiagnosticError()  # reported where it went wrong
        fail(codes.WRONG_KIND, node.span, f"{what} must be a number, not {describe(value)}")
    return expr

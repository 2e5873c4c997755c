"""Every kind of expression and statement has its function."""

from typing import get_args

from archdsl.elaborate.evaluation.bodies import STATEMENTS
from archdsl.elaborate.evaluation.evaluator import FUNCTIONS
from archdsl.syntax import ast


def test_every_expression_is_evaluated() -> None:
    assert set(FUNCTIONS) == set(get_args(ast.Expr))


def test_every_statement_is_run() -> None:
    assert set(STATEMENTS) == set(get_args(ast.Stmt))

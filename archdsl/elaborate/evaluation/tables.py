"""Which function evaluates which expression and runs which statement: here the circle is closed."""

from __future__ import annotations

from archdsl.elaborate.evaluation import (
    calls,
    expressions,
    flows,
    members,
    ports,
    statements,
)
from archdsl.elaborate.evaluation.bodies import STATEMENTS
from archdsl.elaborate.evaluation.evaluator import FUNCTIONS
from archdsl.elaborate.evaluation.requirements import require
from archdsl.syntax import ast

FUNCTIONS.update(
    {
        ast.Int: expressions.literal,
        ast.Float: expressions.literal,
        ast.Quantity: expressions.literal,
        ast.Bool: expressions.literal,
        ast.String: expressions.literal,
        ast.Size: expressions.size,
        ast.Axes: expressions.axes,
        ast.Ref: expressions.reference,
        ast.Tuple: expressions.several,
        ast.List: expressions.several,
        ast.Named: expressions.named,
        ast.Mode: expressions.mode,
        ast.Binary: expressions.binary,
        ast.Unary: expressions.unary,
        ast.Conditional: expressions.conditional,
        ast.Range: expressions.range_,
        ast.Of: expressions.of,
        ast.Broken: expressions.broken,
        ast.Flow: flows.flow,
        ast.Call: calls.call,
        ast.Attr: members.attribute,
        ast.Item: members.item,
        ast.Comprehension: members.comprehension,
    }
)

STATEMENTS.update(
    {
        ast.Bind: statements.bind,
        ast.Choose: statements.choose,
        ast.For: statements.loop,
        ast.If: statements.branch,
        ast.Output: statements.output,
        ast.Input: ports.inputs,
        ast.Weight: ports.parameter,
        ast.Require: require,
        ast.Broken: statements.broken,
    }
)

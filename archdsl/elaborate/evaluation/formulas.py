"""`const mask: [i = n, j = n] = if j > i then -inf else 0`: a tensor by a formula of its positions.

The letters of its dimensions are positions there, counted from 0, and `inf` is a number. What does not
mention them is evaluated first, so that sizes and choices become numbers: `const m: [i = 3] = slope * i` has
the formula `(0.5 * i)` where slope is 0.5, and as many formulas as there are slopes where it is a choice. The
primitive `const` holds that text; `archdsl.ops.formula` says what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation import layers
from archdsl.elaborate.evaluation.calls import match
from archdsl.elaborate.evaluation.evaluator import evaluate, scalar
from archdsl.elaborate.evaluation.frame import Frame, file_frame
from archdsl.elaborate.evaluation.functions import NUMBER_FUNCTIONS
from archdsl.elaborate.evaluation.ports import check_letter, declared_sizes
from archdsl.elaborate.evaluation.primitives import operation
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.elaborate.evaluation.state import DEPTH_LIMIT, fail
from archdsl.elaborate.evaluation.values import FunctionV, PrimitiveL, Tensor
from archdsl.ir.expr import Expr, Undefined, constant, lift, placed
from archdsl.ir.notation import value_text
from archdsl.ops.formula import DEEPEST, INFINITY, LONGEST
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax import ast

Kind: TypeAlias = Literal["number", "truth"]

_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">"})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%"})


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a formula: its text, which may depend on choices, and what it gives."""

    text: Expr
    kind: Kind


_Given: TypeAlias = Mapping[
    str, _Part
]  # positions, `inf`, and what a function was called with


def tensor(node: ast.Formula, frame: Frame) -> None:
    """Binds the tensor. Raises DiagnosticError for a formula of anything but numbers and positions."""
    if is_reserved(node.name):
        message = (
            f"`{node.name}` cannot name a constant: PyTorch's modules or Python use it"
        )
        fail(name_codes.RESERVED_INSTANCE, node.span, message)
    for dim in node.shape:
        check_letter(dim)
    sizes = declared_sizes(node.shape, frame, "a constant")
    given = {name: _Part(constant(name), "number") for name in (*sizes, INFINITY)}
    part = _numeric(_part(node.value, frame, given), node.value)
    inner = frame.under(layers.enter(frame, node.name, "const", "primitive", node.span))
    frame.state.instances.setdefault(inner.instance.path, inner.instance)
    made = operation(
        PRIMITIVES["const"], (), {"formula": part.text}, sizes, inner.at(node.span)
    )
    frame.env.assign(node.name, Tensor(made))


def _part(node: ast.Expr, frame: Frame, given: _Given) -> _Part:
    if not _mentions(node, frame, given):
        return _number(node, frame)
    match node:
        case ast.Ref():
            return given[node.name]
        case ast.Unary():
            return _unary(node, frame, given)
        case ast.Binary():
            return _binary(node, frame, given)
        case ast.Conditional():
            return _conditional(node, frame, given)
        case ast.Call():
            return _call(node, frame, given)
    message = "the positions of a constant go into arithmetic, comparisons, `if … then … else` and functions"
    fail(codes.WRONG_KIND, node.span, message)


def _mentions(node: ast.Expr, frame: Frame, given: _Given) -> bool:
    """Whether a position occurs in an expression; looking is work."""
    seen = 0
    for one in ast.walk(node):
        seen += 1
        if isinstance(one, ast.Ref) and one.name in given:
            return True
    frame.state.tick(node.span, 1 + seen // 4)
    return False


def _number(node: ast.Expr, frame: Frame) -> _Part:
    """What is the same at every position."""
    value = frame.state.settled(scalar(node, frame, "a part of a formula"))
    defined = [v for v in value.distinct() if not isinstance(v, Undefined)]
    truth = bool(defined) and all(isinstance(v, bool) for v in defined)
    return _Part(
        placed(lift(_literal, value), node.span, codes.WRONG_KIND),
        "truth" if truth else "number",
    )


def _literal(value: Any) -> str:
    if not isinstance(value, int | float):
        raise Undefined(f"a formula has numbers, not {value_text(value)}")
    text = value_text(value) if isinstance(value, bool | int) else repr(value)
    return f"({text})" if text.startswith("-") else text


def _numeric(part: _Part, node: ast.Expr) -> _Part:
    if part.kind == "truth":
        help = "write `if … then 1 else 0`"
        fail(
            codes.WRONG_KIND,
            node.span,
            "a number is needed here, not a truth value",
            help=help,
        )
    return part


def _true_or_false(part: _Part, node: ast.Expr) -> _Part:
    if part.kind == "number":
        fail(codes.WRONG_KIND, node.span, "a truth value is needed here, not a number")
    return part


def _unary(node: ast.Unary, frame: Frame, given: _Given) -> _Part:
    inner = _part(node.operand, frame, given)
    if node.op == "not":
        return _made("(not {})", "truth", node.span, _true_or_false(inner, node.operand))
    return _made("(-{})", "number", node.span, _numeric(inner, node.operand))


def _binary(node: ast.Binary, frame: Frame, given: _Given) -> _Part:
    if node.op not in _COMPARISONS | _ARITHMETIC | {"and", "or"}:
        fail(codes.BAD_OPERANDS, node.span, f"`{node.op}` does not apply to positions")
    left, right = _part(node.left, frame, given), _part(node.right, frame, given)
    form = f"({{}} {node.op} {{}})"
    if node.op in ("and", "or"):
        sides = _true_or_false(left, node.left), _true_or_false(right, node.right)
        return _made(form, "truth", node.span, *sides)
    sides = _numeric(left, node.left), _numeric(right, node.right)
    return _made(form, "truth" if node.op in _COMPARISONS else "number", node.span, *sides)


def _conditional(node: ast.Conditional, frame: Frame, given: _Given) -> _Part:
    if not _mentions(node.test, frame, given):
        test = frame.state.settled(scalar(node.test, frame, "the condition"))
        if test.is_constant and isinstance(test.value, bool):
            return _part(node.value if test.value else node.orelse, frame, given)
    condition = _true_or_false(_part(node.test, frame, given), node.test)
    yes = _numeric(_part(node.value, frame, given), node.value)
    no = _numeric(_part(node.orelse, frame, given), node.orelse)
    return _made("(if {} then {} else {})", "number", node.span, condition, yes, no)


def _call(node: ast.Call, frame: Frame, given: _Given) -> _Part:
    callee = evaluate(node.callee, frame)
    if isinstance(callee, FunctionV) and callee.definition is not None:
        return _defined(node, callee, frame, given)
    name = callee.name if isinstance(callee, FunctionV) else ""
    if isinstance(callee, PrimitiveL) and not callee.args:
        name = callee.primitive.name
    function = NUMBER_FUNCTIONS.get(name)
    if function is None:
        fail(
            codes.WRONG_KIND,
            node.span,
            "positions of a constant go into functions of numbers alone",
        )
    least, most = function.arity
    if any(arg.name for arg in node.args) or not least <= len(node.args) <= (
        most or len(node.args)
    ):
        message = f"`{name}` takes numbers by position, at least {least}"
        fail(codes.WRONG_INPUTS, node.span, message)
    parts = [_numeric(_part(arg.value, frame, given), arg.value) for arg in node.args]
    return _made(f"{name}({', '.join(['{}'] * len(parts))})", "number", node.span, *parts)


def _defined(node: ast.Call, callee: FunctionV, frame: Frame, given: _Given) -> _Part:
    """A function of the file: its expression with what it is called with."""
    definition, module, state = callee.definition, callee.module, frame.state
    assert definition is not None and module is not None
    names = [p.name for p in definition.params]
    nodes = match(
        names,
        {},
        [(arg, constant(i)) for i, arg in enumerate(node.args)],
        f"`{callee.name}`",
    )
    inner = file_frame(module, state)
    called: dict[str, _Part] = {}
    for parameter in definition.params:
        if parameter.name in nodes:
            place = nodes[parameter.name]
            assert isinstance(place, Expr)
            called[parameter.name] = _part(node.args[place.value].value, frame, given)
        elif parameter.default is not None:
            called[parameter.name] = _number(parameter.default, inner)
        else:
            message = f"the function `{callee.name}` needs `{parameter.name}`"
            fail(codes.MISSING_PARAMETER, node.span, message)
    if state.depth >= DEPTH_LIMIT:
        fail(
            bounds.TOO_DEEP,
            node.span,
            f"functions call functions more than {DEPTH_LIMIT} levels deep",
        )
    state.depth += 1
    try:
        return _part(definition.value, inner, called)
    finally:
        state.depth -= 1


def _made(form: str, kind: Kind, span: Span, *parts: _Part) -> _Part:
    text = lift(partial(_filled, form), *[part.text for part in parts])
    return _Part(placed(text, span, codes.NO_VALUE), kind)


def _filled(form: str, *texts: str) -> str:
    found = form.format(*texts)
    if len(found) > LONGEST:
        raise Undefined(f"a formula of more than {LONGEST:,} characters")
    depth = 0
    for char in found:
        depth += (char == "(") - (char == ")")
        if depth > DEEPEST:
            raise Undefined(f"a formula nested more than {DEEPEST} levels deep")
    return found

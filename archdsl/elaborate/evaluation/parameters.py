"""Parameters of blocks and networks, bound when one of them is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.binding import bound
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame, frame_of
from archdsl.elaborate.evaluation.scope import Scope
from archdsl.elaborate.evaluation.sequences import items_of
from archdsl.elaborate.evaluation.state import fail
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    ListV,
    Poison,
    Tensor,
    Thing,
    describe,
)
from archdsl.ir.activity import defined
from archdsl.ir.expr import Expr
from archdsl.syntax import ast

Overrides = Mapping[str, tuple[ast.Expr, Scope]]

_THINGS: dict[str, type | tuple[type, ...]] = {
    "layer": LAYERS,
    "list": ListV,
    "tensor": Tensor,
}
_SCALARS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "number": (int, float),
    "bool": (bool,),
    "text": (str,),
}


def bind_parameters(
    declared: tuple[ast.Param, ...],
    given: Mapping[str, Thing],
    overrides: Overrides,
    frame: Frame,
    span: Span,
    what: str,
) -> None:
    """Binds every parameter in the frame: edits first, then what was given, then defaults.

    Raises DiagnosticError for one that is missing, or of another kind than it is declared.
    """
    for parameter in declared:
        name, kind = parameter.name, parameter.kind
        if name in overrides:
            node, scope = overrides[name]
            value = evaluate(node, frame_of(scope, frame.state))
        elif name in given:
            value = given[name]
        elif parameter.default is not None:
            value = evaluate(parameter.default, frame)
        else:
            fail(codes.MISSING_PARAMETER, span, f"{what} needs `{name}`")
        if (
            kind is not None
            and not isinstance(value, Poison)
            and not _is_kind(value, kind, parameter.span)
        ):
            message = f"`{name}` of {what} is declared `{kind}`, not {describe(value)}"
            fail(codes.WRONG_KIND, span, message)
        frame.env.names[name] = bound(value, name, frame)


def settable(declared: ast.Block) -> list[str]:
    """The parameters that an edit may set: a choice of the same name answers for itself."""
    chosen = {s.name for s in declared.body or () if isinstance(s, ast.Choose)}
    return [p.name for p in declared.params or () if p.name not in chosen]


def _is_kind(value: Thing, kind: str, span: Span) -> bool:
    things = _THINGS.get(kind)
    if things is not None:
        return isinstance(value, things)
    if kind == "size":
        return items_of(value) is not None or _all_of(value, (int,))
    if kind not in _SCALARS:
        fail(
            codes.WRONG_KIND,
            span,
            f"`{kind}` is no kind of parameter",
            help="kinds are layer, list, tensor, int, number, bool, text and size",
        )
    return _all_of(value, _SCALARS[kind])


def _all_of(value: Thing, types: tuple[type, ...]) -> bool:
    """Whether a number or text is of these types, whatever is chosen; true and false are no numbers."""
    return isinstance(value, Expr) and all(_is_of(v, types) for v in defined(value))


def _is_of(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))

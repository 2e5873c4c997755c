"""What names are given: the word of an expression, and the value as the name holds it."""

from __future__ import annotations

from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.sequences import unpack
from archdsl.elaborate.evaluation.values import Item, ListV, ModeL, NamedL, Thing, TupleV
from archdsl.syntax import ast


def called(node: ast.Expr) -> str | None:
    """The word that an expression is called by: the last name of a reference or of what is called."""
    match node:
        case ast.Ref() | ast.Named():
            return node.name
        case ast.Call():
            return called(node.callee)
        case ast.Mode():
            return called(node.operand)
        case ast.Attr():
            return node.name
    return None


def bound(value: Thing, name: str, frame: Frame) -> Thing:
    """The value as the name holds it: a `shared` or `tied` layer lives where it is first bound."""
    if isinstance(value, ModeL):
        layer = value.layer
        if isinstance(layer, ModeL):  # `shared tied unit`
            inner = bound(layer, name, frame)
            assert isinstance(inner, ModeL)
            layer = inner
        home = (
            frame.weights_path(name) if value.mode == "shared" else frame.choice_path(name)
        )
        return ModeL(value.mode, layer, value.home or home)
    if isinstance(value, NamedL) and isinstance(value.layer, ModeL):
        inner = bound(value.layer, value.name, frame)
        assert isinstance(inner, ModeL)
        return NamedL(inner, value.name)
    if isinstance(value, ListV | TupleV) and any(
        isinstance(i.value, ModeL) for i in value.items
    ):
        items = tuple(
            Item(bound(i.value, f"{name}[{k}]", frame), i.label, i.word)
            for k, i in enumerate(value.items)
        )
        return ListV(items) if isinstance(value, ListV) else TupleV(items)
    return value


def assign(pattern: ast.Pattern, value: Thing, frame: Frame) -> None:
    """Binds the names of a pattern in the innermost scope.

    Raises DiagnosticError where the parts do not match.
    """
    if isinstance(pattern, ast.NamePattern):
        frame.env.names[pattern.name] = value
        return
    for inner, part in zip(
        pattern.items, unpack(value, len(pattern.items), pattern.span), strict=True
    ):
        assign(inner, part, frame)

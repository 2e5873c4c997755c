"""What edits leave of the domain of a choice: `act = relu` settles it, `width ~ [16, 24]` narrows it."""

from __future__ import annotations

from typing import Any, NoReturn

from archdsl.diagnostics.codes import edits as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import closest, question, quoted
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.edits import EditTable
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame, frame_of
from archdsl.elaborate.evaluation.sequences import numbers_of, size_expr
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import ListV, Poison, RangeV, Thing
from archdsl.ir.choice import Alternative
from archdsl.ir.notation import value_text
from archdsl.syntax import ast


def allowed(
    path: str, alternatives: tuple[Alternative, ...], table: EditTable, state: State
) -> list[int]:
    """The indices of the alternatives that edits leave to the choice of this path.

    Raises DiagnosticError for a value outside the domain.
    """
    kept = list(range(len(alternatives)))
    for edit in table.of_choice(path):
        edit.matched = True
        node = edit.node
        assert isinstance(node, ast.SetEdit | ast.NarrowEdit)
        if isinstance(node, ast.SetEdit):
            wanted = [answer(node.value, alternatives, path, frame_of(edit.scope, state))]
            kept = [i for i in range(len(alternatives)) if i in wanted]
        else:
            wanted = _narrowed(node.domain, alternatives, path, frame_of(edit.scope, state))
            kept = [i for i in kept if i in wanted]
        if not kept:
            message = f"nothing is left of the domain of `{path}`"
            raise DiagnosticError(
                codes.NOT_AN_ALTERNATIVE.error(
                    node.span, message, help=_domain(alternatives)
                )
            )
    return kept


def answer(
    node: ast.Expr, alternatives: tuple[Alternative, ...], path: str, frame: Frame
) -> int:
    """The index of the alternative that a value names, by label or by value. Raises DiagnosticError where
    none is meant.
    """
    if isinstance(node, ast.Ref):
        for i, alternative in enumerate(alternatives):
            if alternative.label == node.name:
                return i
        if (
            frame.env.find(node.name) is None
            and find(frame.module, node.name, frame.state) is None
        ):
            _refuse(node, node.name, alternatives, path)
    given = evaluate(node, frame)
    if isinstance(given, Poison):
        raise DiagnosticError()  # reported where it went wrong
    value = _constant(given, node.span, frame.state)
    for i, alternative in enumerate(alternatives):
        if _is_same(alternative.value, value):
            return i
    text = (
        value_text(value) if isinstance(value, int | float | str) else node.span.text[:60]
    )
    _refuse(node, text, alternatives, path, value)


def _refuse(
    node: ast.Expr,
    text: str,
    alternatives: tuple[Alternative, ...],
    path: str,
    value: Any = None,
) -> NoReturn:
    settled = f"it is settled: {alternatives[0].label}" if len(alternatives) == 1 else None
    help = settled or _nearest(text, value, alternatives) + _domain(alternatives)
    raise DiagnosticError(
        codes.NOT_AN_ALTERNATIVE.error(
            node.span, f"`{text}` is not an alternative of `{path}`", help=help
        )
    )


def _domain(alternatives: tuple[Alternative, ...]) -> str:
    labels = [a.label for a in alternatives]
    more = f", … ({len(labels)} in all)" if len(labels) > 12 else ""
    return f"its alternatives are {', '.join(labels[:12])}{more}"


def _nearest(text: str, value: Any, alternatives: tuple[Alternative, ...]) -> str:
    """What was probably meant: the neighbours of a number, or a name spelt alike."""
    numbers = [a for a in alternatives if type(a.value) in (int, float)]
    if type(value) in (int, float) and numbers:
        below = max(
            (a for a in numbers if a.value < value), key=lambda a: a.value, default=None
        )
        above = min(
            (a for a in numbers if a.value > value), key=lambda a: a.value, default=None
        )
        near = quoted(a.label for a in (below, above) if a is not None)
        verb = "is" if len(near) == 1 else "are"
        return f"the nearest {verb} {' and '.join(near)}; " if near else ""
    word, labels = text.strip('"'), [a.label for a in alternatives]
    found = [word] if word in labels else closest(word, labels)
    return f"{question(found[:1])} " if found else ""


def _narrowed(
    node: ast.Expr, alternatives: tuple[Alternative, ...], path: str, frame: Frame
) -> list[int]:
    if isinstance(node, ast.List):
        return [answer(entry.value, alternatives, path, frame) for entry in node.entries]
    value = evaluate(node, frame)
    if isinstance(value, RangeV):
        inside = []
        for number in numbers_of(value, node.span, frame.state):
            same = [i for i, a in enumerate(alternatives) if _is_same(a.value, number)]
            if not same:
                _refuse(node, value_text(number), alternatives, path, number)
            inside += same
        return inside
    return [answer(node, alternatives, path, frame)]


def _constant(value: Thing, span: Span, state: State) -> Any:
    if isinstance(value, ListV):
        parts = [_constant(v, span, state) for v in value.values()]
        return tuple(parts)
    expr = size_expr(value)
    return state.concrete(expr, span, "an answer") if expr is not None else None


def _is_same(a: Any, b: Any) -> bool:
    return (
        bool(a == b)
        and isinstance(a, bool) == isinstance(b, bool)
        and isinstance(a, str) == isinstance(b, str)
    )

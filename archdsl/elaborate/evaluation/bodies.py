"""Runs bodies: their statements in order, an error in one of them poisoning what it binds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import elaboration as bound_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.state import fail, too_wide_help
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    ListV,
    Tensor,
    Thing,
    TooLarge,
    TupleV,
)
from archdsl.ir.expr import TooWide
from archdsl.ir.work import Exhausted
from archdsl.syntax import ast
from archdsl.syntax.slipped import head_of

STATEMENTS: dict[type[ast.Stmt], Callable[[Any, Frame], None]] = {}  # `tables` fills it


def run_body(body: tuple[ast.Stmt, ...], frame: Frame, span: Span) -> Thing:
    """A whole body; the value is that of its `output`, a tuple of several.

    Errors of single statements are reported and the rest goes on with what they bind poisoned.
    """
    run(body, frame)
    if not frame.outputs:
        # What an unsound statement lacks may be the word `output`.
        unsound = [s for s in body if isinstance(s, ast.Broken) or has_slip(s, frame)]
        if unsound or _has_output(body):
            return POISON
        fail(
            codes.NO_OUTPUT,
            span,
            "this body has no `output`",
            help="end it with `output x`",
        )
    return frame.outputs[0]


def has_slip(statement: ast.Stmt, frame: Frame) -> bool:
    """Whether a statement has an error of syntax and is read as if that were mended."""
    slipped = frame.module.slipped
    return bool(slipped) and head_of(statement) in slipped


def run(body: tuple[ast.Stmt, ...], frame: Frame) -> None:
    """The statements in order, each on its own: one that fails poisons what it should have bound."""
    for statement in body:
        frame.state.tick(statement.span)
        if has_slip(statement, frame):
            _mended(statement, frame)
        elif not _succeeds(statement, frame):
            _poison(statement, frame)


def _mended(statement: ast.Stmt, frame: Frame) -> None:
    """A statement with an error of syntax: what else is wrong in it may only follow from that."""
    state = frame.state
    known = dict(state.diagnostics)
    sound = _succeeds(statement, frame) and len(known) == len(state.diagnostics)
    if sound and not _binds_nonsense(statement, frame):
        return
    _poison(statement, frame)
    if not isinstance(statement, ast.For | ast.If):
        state.broken = True
        state.diagnostics.clear()
        state.diagnostics.update(known)


def _succeeds(statement: ast.Stmt, frame: Frame) -> bool:
    """Runs a statement; whether nothing stopped it. What did is reported."""
    state, span = frame.state, statement.span
    try:
        STATEMENTS[type(statement)](statement, frame)
        return True
    except Exhausted as exhausted:
        raise Exhausted(
            *[replace(d, span=d.span or span) for d in exhausted.diagnostics]
        ) from None
    except DiagnosticError as error:
        state.report(*error.diagnostics)
    except TooWide as wide:
        state.report(choice_codes.TOO_WIDE.error(span, str(wide), help=too_wide_help(wide)))
    except TooLarge as large:
        help = "make loops shorter, or lists smaller"
        state.report(bound_codes.TOO_MUCH_WORK.error(span, str(large), help=help))
    return False


def _poison(statement: ast.Stmt, frame: Frame) -> None:
    for name in assigned((statement,)):
        frame.env.assign(name, POISON)
    if isinstance(statement, ast.Output) and not frame.outputs:
        frame.outputs.append(POISON)


def _binds_nonsense(statement: ast.Stmt, frame: Frame) -> bool:
    """Whether a list of tensors and layers was bound: of `[x  relu]`, read as `[x, relu]`, where an arrow is
    missing.
    """
    for name in assigned((statement,)):
        value = frame.env.find(name)
        if not isinstance(value, ListV | TupleV):
            continue
        parts = value.values()
        if any(isinstance(part, Tensor) for part in parts) and any(
            isinstance(part, LAYERS) for part in parts
        ):
            return True
    return False


def _has_output(body: Sequence[ast.Stmt]) -> bool:
    """Whether an `output` stands anywhere in a body, in branches and loops too."""
    for statement in body:
        if isinstance(statement, ast.Output):
            return True
        if isinstance(statement, ast.For | ast.If) and _has_output(statement.body):
            return True
        if isinstance(statement, ast.If) and _has_output(statement.orelse or ()):
            return True
    return False


def assigned(body: Sequence[ast.Stmt]) -> list[str]:
    """The names that statements bind in their own or an outer scope, in order."""
    names: dict[str, None] = {}
    for statement in body:
        match statement:
            case ast.Bind():
                names.update(dict.fromkeys(statement.targets))
            case ast.Choose() | ast.Weight() | ast.Formula():
                names[statement.name] = None
            case ast.Input():
                names.update(dict.fromkeys(p.name for p in statement.ports))
            case ast.Broken():
                names.update(dict.fromkeys(statement.names))
            case ast.For():
                names.update(dict.fromkeys(assigned(statement.body)))
            case ast.If():
                names.update(dict.fromkeys(assigned(statement.body)))
                names.update(dict.fromkeys(assigned(statement.orelse or ())))
    return list(names)

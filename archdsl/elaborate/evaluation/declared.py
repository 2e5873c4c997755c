"""The values of what a file declares or imports, evaluated when they are first used."""

from __future__ import annotations

from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import names as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.evaluation.binding import bound
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import (
    POISON,
    BlockL,
    FunctionV,
    GenotypeV,
    NetV,
    Thing,
    TooLarge,
)
from archdsl.syntax import ast


def find(module: Module, name: str, state: State) -> Thing | None:
    """The value of a name of a file; None if the file has none.

    Raises DiagnosticError where a constant is defined by itself.
    """
    if name in module.values:
        value: Thing = module.values[name]
        return value
    if name in module.imports:
        home, original = module.imports[name]
        return find(home, original, state)
    if name in module.missing:
        return POISON
    declaration = module.declarations.get(name)
    if declaration is None:
        return None
    value = _value(declaration, module, state)
    module.values[name] = value
    return value


def _value(
    node: ast.Const | ast.Fn | ast.Block | ast.Net | ast.Genotype | ast.Search,
    module: Module,
    state: State,
) -> Thing:
    match node:
        case ast.Fn():
            return FunctionV(node.name, node, module)
        case ast.Block():
            return BlockL(node, module)
        case ast.Net():
            return NetV(node, module)
        case ast.Genotype():
            return GenotypeV(node, module)
        case ast.Search():
            return POISON
    return _constant(node, module, state)


def _constant(node: ast.Const, module: Module, state: State) -> Thing:
    name, place = node.name, node.span.word(node.name)
    if name in module.busy:
        raise DiagnosticError(
            codes.RECURSION.error(place, f"`{name}` is defined by itself")
        )
    if name in module.failed:
        raise module.failed[name]
    module.busy.add(name)
    frame = file_frame(module, state)
    try:
        return bound(evaluate(node.value, frame), name, frame)
    except DiagnosticError as error:
        module.failed[name] = error
        raise
    except TooLarge as large:
        module.failed[name] = DiagnosticError(bounds.TOO_MUCH_WORK.error(place, str(large)))
        raise module.failed[name] from None
    finally:
        module.busy.discard(name)

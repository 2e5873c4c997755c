"""Everything wrong with a file: syntax, names, and every network, genotype and plan in it."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.codes.elaboration import TOO_MUCH_WORK
from archdsl.diagnostics.codes.names import UNKNOWN_NAME
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.checks.idle import idle_answers, is_sound
from archdsl.elaborate.checks.names import check_names
from archdsl.elaborate.checks.unread import unread_inputs
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.frame import file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, NetV
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.spaces import Spaces
from archdsl.elaborate.plans.plan import check_plan
from archdsl.ir.work import bounded
from archdsl.syntax import ast
from archdsl.syntax.slipped import lies_in


def checked(module: Module, syntax: Sequence[Diagnostic] = ()) -> list[Diagnostic]:
    """The diagnostics of a parsed file in the order of its text, its own errors of syntax given."""
    unread = {d.span.start for d in syntax if d.span is not None and d.about == "text"}
    whole = not unread
    found = list(syntax)
    for d in check_names(module, whole):
        # A word that stands where something is missing before it may be meant otherwise.
        mended = d.span is not None and d.span.start in unread
        if not mended and (d.code == UNKNOWN_NAME.id or not _has_slipped(d, module)):
            found.append(d)
    # A file beyond a limit was not read to its end, and what reaches itself has no value.
    if not any(d.severity == "error" and d.about == "bounds" for d in found):
        if whole:
            found += unread_inputs(module)
        found += _evaluated(module, whole, found)
    unique: dict[tuple[object, ...], Diagnostic] = {}
    for d in found:
        place = (d.span.source.name, d.span.start) if d.span else ("", -1)
        unique.setdefault((d.code, place, d.message), d)
    return sorted(unique.values(), key=lambda d: _order(d, module))


def _has_slipped(diagnostic: Diagnostic, module: Module) -> bool:
    return lies_in(diagnostic.span, module.file, module.slipped)


def _order(diagnostic: Diagnostic, module: Module) -> tuple[bool, int]:
    span = diagnostic.span
    return (True, 0) if span is None else (span.source is not module.source, span.start)


def _evaluated(module: Module, whole: bool, told: Sequence[Diagnostic]) -> list[Diagnostic]:
    """What is wrong with the values of a file, without what was told of its names.

    Of a file that could not be read as a `whole` nothing is warned of: what is missing may be what was not
    read.
    """
    spaces = Spaces()
    found: list[Diagnostic] = []
    with bounded():
        for declaration in module.file.declarations:
            try:
                with nets.deep_stack(declaration.span):
                    found += _declared(declaration, module, spaces)
            except DiagnosticError as error:
                found += error.diagnostics
            if any(d.code == TOO_MUCH_WORK.id for d in found):
                break
    messages = {d.message for d in told}
    places = {
        d.span.start for d in told if d.span is not None and d.span.source is module.source
    }
    left = []
    for d in found:
        again = d.message in messages or (d.span is not None and d.span.start in places)
        again = again and d.code == UNKNOWN_NAME.id
        if not again and not _has_slipped(d, module) and (whole or d.severity == "error"):
            left.append(d)
    return left


def _declared(
    node: ast.Declaration, module: Module, spaces: Spaces
) -> Sequence[Diagnostic]:
    """The warnings of one declaration. Raises DiagnosticError with what is wrong."""
    state = State()
    match node:
        case ast.Const():
            find(module, node.name, state)
        case ast.Net() if all(p.default is not None for p in node.params or ()):
            instantiation = nets.resolve(NetV(node, module), {}, node.span, state)
            if node.kind == "space":
                return spaces.of(instantiation).warnings
            return nets.elaborate(instantiation, name=node.name, kind="model").warnings
        case ast.Genotype():
            return _settled(GenotypeV(node, module), spaces, state)
        case ast.Search():
            return check_plan(node, module, spaces)
    return ()


def _settled(value: GenotypeV, spaces: Spaces, state: State) -> Sequence[Diagnostic]:
    """The warnings of a genotype. One that is sound need not be elaborated."""
    node = value.genotype
    net, given = nets.base_of(node.of, file_frame(value.module, state))
    instantiation = nets.resolve(net, given, node.of.span, state)
    space = spaces.of(instantiation).graph
    if is_sound(space, value):
        return ()
    elaborated = nets.elaborate(
        instantiation, name=node.name, kind="space", genotypes=[value]
    )
    return [*elaborated.warnings, *idle_answers(space, value)]

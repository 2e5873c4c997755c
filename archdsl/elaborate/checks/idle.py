"""Answers of a genotype that its other answers make idle."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from archdsl.diagnostics.codes import edits as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.evaluation.answers import allowed
from archdsl.elaborate.evaluation.edits import Edit, EditTable, matches, split, text_of
from archdsl.elaborate.evaluation.scope import Scope
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV
from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, restrict
from archdsl.ir.graph import Graph


def idle_answers(space: Graph, genotype: GenotypeV) -> list[Diagnostic]:
    """A warning for each line whose choices are all inactive under the other answers.

    Raises DiagnosticError for answers outside a domain.
    """
    table = _table(genotype)
    found = []
    for edit in _idle(space, table, _reached(space, table)):
        message = f"`{text_of(edit.pattern)}` is inactive under the other answers; this line has no effect"
        found.append(
            codes.INACTIVE_ANSWER.warning(edit.node.span, message, help="remove it")
        )
    return found


def is_sound(space: Graph, genotype: GenotypeV) -> bool:
    """Whether every line answers an active choice with one of its alternatives, in a space that requires
    nothing.
    """
    if space.requirements or space.bounds:
        return False
    table = _table(genotype)
    reached = _reached(space, table)
    try:
        return all(reached.values()) and not _idle(space, table, reached)
    except DiagnosticError:
        return False


def _table(genotype: GenotypeV) -> EditTable:
    table = EditTable()
    table.add(genotype.genotype.edits, Scope(genotype.module), genotype=True)
    return table


def _reached(space: Graph, table: EditTable) -> dict[Edit, list[Choice]]:
    """The choices that each line answers."""
    paths = {choice: split(choice.path) for choice in space.choices}
    reached: dict[Edit, list[Choice]] = {}
    for edit in table.edits:
        reached[edit] = [c for c, path in paths.items() if matches(edit.pattern, path)]
    return reached


def _idle(
    space: Graph, table: EditTable, reached: Mapping[Edit, list[Choice]]
) -> list[Edit]:
    """The lines that reach choices, all of them inactive. Raises DiagnosticError for answers outside a
    domain.
    """
    state = State()
    asked = dict.fromkeys(chain.from_iterable(reached.values()))
    answers = {c: allowed(c.path, c.alternatives, table, state)[0] for c in asked}
    live = activity(space.outputs)
    active = {c for c in asked if restrict(live.guard(c), answers) != FALSE}
    return [
        edit for edit, choices in reached.items() if choices and active.isdisjoint(choices)
    ]

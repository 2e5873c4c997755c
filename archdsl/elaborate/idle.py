"""Answers of a genotype that its other answers make idle."""

from __future__ import annotations

from archdsl.elaborate.edits import EditTable, matches, split, text_of
from archdsl.elaborate.state import State
from archdsl.elaborate.values import GenotypeV
from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, restrict
from archdsl.ir.graph import Graph
from archdsl.syntax.codes import edits as codes
from archdsl.syntax.diagnostics import Diagnostic


def idle_answers(space: Graph, genotype: GenotypeV) -> list[Diagnostic] | None:
    """A warning for each line whose choices are all inactive under the other answers; None where a line reaches no choice.

    Raises DiagnosticError for answers outside a domain.
    """
    table, state = EditTable(), State(EditTable())
    table.add(genotype.genotype.edits, genotype.module.frame(), genotype=True)
    paths = {choice: split(choice.path) for choice in space.choices}
    reached = {edit: [c for c, path in paths.items() if matches(edit.pattern, path)] for edit in table.edits}
    if not all(reached.values()):
        return None
    answers: dict[Choice, int] = {}
    for choice in {c for found in reached.values() for c in found}:
        kept = table.kept(choice.path, choice.alternatives, state)
        answers[choice] = kept[0]
    live = activity(space.outputs)
    found = []
    for edit, choices in reached.items():
        if all(restrict(live.guard(c), answers) == FALSE for c in choices):
            message = f"`{text_of(edit.pattern)}` is inactive under the other answers; this line has no effect"
            found.append(codes.INACTIVE_ANSWER.warning(edit.node.span, message, help="remove it"))
    return found

"""Genotypes: their answers, and the space that they are of."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.elaborate.checks.idle import is_sound
from archdsl.elaborate.evaluation.answers import allowed
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.edits import EditTable
from archdsl.elaborate.evaluation.frame import file_frame
from archdsl.elaborate.evaluation.scope import Scope
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV
from archdsl.elaborate.files.reference import Reference
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.spaces import Spaces
from archdsl.ir.choice import Choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import Genotype, genotype_of
from archdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class Opened:
    """A genotype's answers, the definition that it answers, the space as elaborated, and the graph that it
    leaves.
    """

    genotype: Genotype
    definition: ast.Net
    space: Graph
    graph: Graph


def open_genotype(reference: Reference, name: str, spaces: Spaces) -> Opened | None:
    """The genotype of this name in a file; None where the name is of something else. `spaces` keeps what it
    is of.

    Raises DiagnosticError for whatever is wrong with it.
    """
    state = State()
    value = find(reference.module, name, state)
    if not isinstance(value, GenotypeV):
        return None
    net, given = nets.base_of(value.genotype.of, file_frame(value.module, state))
    space = nets.resolve(net, given, value.genotype.span, state)
    graph = spaces.of(space).graph
    if not is_sound(graph, value):
        reference.project.elaborate(
            reference.module, name
        )  # reports every edit that fits nothing
    answers = _answers(value, graph, state)
    settled = fix(graph, answers)
    left_open = {choice.path for choice in settled.choices}
    full = genotype_of(graph, answers)
    given_answers = tuple(
        (path, label) for path, label in full.answers if path not in left_open
    )
    return Opened(Genotype(given_answers, full.of), space.net, graph, settled)


def _answers(value: GenotypeV, graph: Graph, state: State) -> dict[Choice, int]:
    """The index of every choice that the genotype settles."""
    table = EditTable()
    table.add(value.genotype.edits, Scope(value.module), genotype=True)
    kept = {
        choice: allowed(choice.path, choice.alternatives, table, state)
        for choice in graph.choices
    }
    return {choice: indices[0] for choice, indices in kept.items() if len(indices) == 1}

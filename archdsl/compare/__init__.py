"""What differs between two architectures or two genotypes, by meaning.

Begin with `diff`, `patch` and `apply` here. `graphs` pairs two graphs (`matching`, `pairing`, `choices`)
and collects `edits`, from `properties`, `wiring` and `choice_edits`; `genotypes` compares answers.
`difference` is the result, `text` and `facts` print it, `patches` carry it over. `channels`, `inheritance`
and `migration` say what becomes of weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

from archdsl.compare.difference import Difference
from archdsl.compare.facts import as_facts
from archdsl.compare.genotypes import (
    Patch,
    apply_to_answers,
    compare_genotypes,
    patch_answers,
    read_answers_patch,
)
from archdsl.compare.graphs import compare_graphs
from archdsl.compare.patches import (
    GraphPatch,
    apply_to_graph,
    kind_of,
    patch_graphs,
    read_graph_patch,
)
from archdsl.compare.text import as_markdown, as_text
from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph

__all__ = [
    "Difference",
    "GraphPatch",
    "Patch",
    "apply",
    "as_facts",
    "as_markdown",
    "as_text",
    "diff",
    "patch",
    "read_patch",
]


def diff(a: Graph | Mapping[str, str], b: Graph | Mapping[str, str]) -> Difference:
    """The edits that lead from one space or model to another, or from one genotype to another.

    Raises TypeError where one side is a genotype and the other is not: fix the genotype in its space first.
    """
    if isinstance(a, Graph) and isinstance(b, Graph):
        return compare_graphs(a, b)
    if isinstance(a, Graph) or isinstance(b, Graph):
        raise TypeError(
            "a genotype compares with a genotype, an architecture with an architecture"
        )
    return compare_genotypes(a, b, ("a", "b"))


@overload
def patch(a: Graph, b: Graph) -> GraphPatch: ...
@overload
def patch(a: Mapping[str, str], b: Mapping[str, str]) -> Patch: ...
def patch(a: Graph | Mapping[str, str], b: Graph | Mapping[str, str]) -> GraphPatch | Patch:
    """What turns one architecture, or one genotype, into another: canonical, and nothing but the
    differences.
    """
    if isinstance(a, Graph) and isinstance(b, Graph):
        return patch_graphs(a, b)
    if isinstance(a, Graph) or isinstance(b, Graph):
        raise TypeError(
            "a patch leads from a genotype to a genotype, or from an architecture to an architecture"
        )
    return patch_answers(a, b)


@overload
def apply(change: GraphPatch, a: Graph) -> Graph: ...
@overload
def apply(change: Patch, a: Mapping[str, str]) -> dict[str, str]: ...
def apply(
    change: GraphPatch | Patch, a: Graph | Mapping[str, str]
) -> Graph | dict[str, str]:
    """The architecture, or the genotype, that a patch makes of `a`.

    Raises DiagnosticError (E0961) where `a` is not what the patch starts from, and (E0962) where the patch is
    of the other kind or what comes out is no architecture.
    """
    if isinstance(change, GraphPatch) and isinstance(a, Graph):
        return apply_to_graph(change, a)
    if isinstance(change, GraphPatch) or isinstance(a, Graph):
        own, other = "a genotype", "an architecture"
        if isinstance(change, GraphPatch):
            own, other = other, own
        message = f"this is a patch of {own}, and it is applied to {other}"
        raise DiagnosticError(codes.NOT_A_PATCH.error(None, message))
    return apply_to_answers(change, a)


def read_patch(facts: object) -> GraphPatch | Patch:
    """The patch of a JSON document. Raises DiagnosticError (E0962) for anything that is not one."""
    if isinstance(facts, Mapping) and kind_of(facts) == "architecture":
        return read_graph_patch(facts)
    return read_answers_patch(facts)

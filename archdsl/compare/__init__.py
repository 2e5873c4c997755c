"""What differs between two architectures or two genotypes, by meaning."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.compare.difference import Difference
from archdsl.compare.facts import as_facts
from archdsl.compare.genotypes import Patch, apply, compare_genotypes, patch, read_patch
from archdsl.compare.graphs import compare_graphs
from archdsl.compare.text import as_markdown, as_text
from archdsl.ir.graph import Graph

__all__ = ["Difference", "Patch", "apply", "as_facts", "as_markdown", "as_text", "diff", "patch", "read_patch"]


def diff(a: Graph | Mapping[str, str], b: Graph | Mapping[str, str]) -> Difference:
    """The edits that lead from one space or model to another, or from one genotype to another.

    Raises TypeError where one side is a genotype and the other is not: fix the genotype in its space first.
    """
    if isinstance(a, Graph) and isinstance(b, Graph):
        return compare_graphs(a, b)
    if isinstance(a, Graph) or isinstance(b, Graph):
        raise TypeError("a genotype compares with a genotype, an architecture with an architecture")
    return compare_genotypes(a, b, ("a", "b"))

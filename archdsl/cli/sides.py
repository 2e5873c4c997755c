"""The two sides of a comparison: files, what they declare, files of another revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archdsl.cli import standard_input
from archdsl.cli.genotypes import Opened, open_genotype
from archdsl.cli.report import report
from archdsl.cli.revisions import open_revision
from archdsl.cli.sources import open_reference
from archdsl.compare import Difference, GraphPatch, Patch, diff, patch
from archdsl.compare.genotypes import compare_genotypes
from archdsl.compare.totals import totals
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.files.project import Project, networks
from archdsl.elaborate.files.reference import Reference
from archdsl.elaborate.networks.spaces import Spaces
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph


@dataclass(frozen=True, slots=True)
class Side:
    """A file, and which of its networks is meant: None for all of them."""

    label: str
    meant: Reference
    is_elsewhere: bool = False  # from another revision, so that what it uses may differ too
    spaces: Spaces = field(default_factory=Spaces)

    def names(self) -> list[str]:
        return networks(self.meant.module) if self.meant.name is None else [self.meant.name]

    def graph(self, name: str, settings: Mapping[str, str] | None = None) -> Graph:
        """The elaborated network or settled genotype, with these parameters; its warnings are printed."""
        elaborated = self.meant.project.elaborate(
            self.meant.module, name, settings=settings
        )
        report(elaborated.warnings)
        return elaborated.graph

    def genotype(self, name: str) -> Opened | None:
        return open_genotype(self.meant, name, self.spaces)


def open_side(reference: str, other: Side | None = None) -> Side:
    """`FILE[:NAME]` or `REVISION:PATH[:NAME]`; a file that is there comes before a revision.

    What both sides use is read and elaborated once. Raises DiagnosticError where there is neither.
    """
    reference = standard_input.named(reference)
    shares = other is not None and not other.is_elsewhere
    project = standard_input.given(
        other.meant.project if other is not None and shares else Project(), reference
    )
    try:
        meant = open_reference(reference, project)
    except DiagnosticError as error:
        if any(problem.code != files.NOT_FOUND.id for problem in error.diagnostics):
            raise
        revision = open_revision(reference)
        if revision is None:
            raise
        return Side(reference, revision, is_elsewhere=True)
    return Side(
        reference, meant, spaces=other.spaces if other is not None and shares else Spaces()
    )


def single(side: Side) -> str:
    """The one network that is meant. Raises DiagnosticError where the file declares several and none is
    named.
    """
    return side.meant.network()


def compare(a: Side, b: Side, name_a: str, name_b: str) -> Difference:
    """Two genotypes of one definition compare answer by answer, everything else as elaborated."""
    first, second = a.genotype(name_a), b.genotype(name_b)
    if (
        first is not None
        and second is not None
        and _same_space(first, second, a.is_elsewhere or b.is_elsewhere)
    ):
        costs = totals(first.graph), totals(second.graph)
        return compare_genotypes(
            first.genotype, second.genotype, (a.label, b.label), *costs
        )
    return diff(a.graph(name_a), b.graph(name_b))


def patch_between(a: Side, b: Side, name_a: str, name_b: str) -> GraphPatch | Patch:
    """A patch of answers between two genotypes of one definition, of the elaborated IR otherwise."""
    first, second = a.genotype(name_a), b.genotype(name_b)
    if (
        first is not None
        and second is not None
        and _same_space(first, second, a.is_elsewhere or b.is_elsewhere)
    ):
        return patch(first.genotype, second.genotype)
    return patch(a.graph(name_a), b.graph(name_b))


def compare_files(a: Side, b: Side) -> Mapping[str, Difference | str]:
    """Every network of either file by name: its difference, or "added" or "removed"."""
    ours, theirs = a.names(), b.names()
    found: dict[str, Difference | str] = {}
    for name in dict.fromkeys((*ours, *theirs)):
        if name in ours and name in theirs:
            found[name] = compare(a, b, name, name)
        else:
            found[name] = "removed" if name in ours else "added"
    return found


def _same_space(a: Opened, b: Opened, is_elsewhere: bool) -> bool:
    """Whether both are genotypes of one space: of one definition, and with it of the same blocks."""
    if a.definition != b.definition:
        return False
    return not is_elsewhere or print_graph(a.space) == print_graph(b.space)

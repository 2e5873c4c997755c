"""A space or a model as users hold it: what `archdsl.load` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.files.inputs import Inputs
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import Reference, opened
from archdsl.ir.activity import activity
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ir.requirements import unmet

if TYPE_CHECKING:
    from archdsl.questions.genotype import Genotype


@dataclass(frozen=True, eq=False, slots=True)
class Architecture:
    """A space (with choices) or a model (without), elaborated. `warnings` are what came up on the way."""

    graph: Graph
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        return self.graph.name

    @property
    def kind(self) -> Literal["space", "model"]:
        return self.graph.kind

    def sample(self, seed: int = 0, max_macs: float | None = None) -> Genotype:
        """A genotype drawn uniformly from the architectures of the space, those within `max_macs` if given.

        Raises DiagnosticError where none is within the budget.
        """
        return self.samples(1, seed, max_macs)[0]

    def samples(
        self, n: int, seed: int = 0, max_macs: float | None = None
    ) -> list[Genotype]:
        """`n` genotypes drawn independently; the same seed gives the same list."""
        from archdsl.questions.sample import sample

        return sample(self.graph, n, seed, max_macs)

    def fix(self, genotype: Mapping[str, str]) -> Architecture:
        """The architecture with the choices that the genotype answers settled; complete, it is a model.

        Raises DiagnosticError for unknown paths and values outside a domain, and E0504 where nothing that is
        left satisfies the requirements of the space.
        """
        from archdsl.questions.genotype import assignment

        fixed = fix(self.graph, assignment(self.graph, genotype))
        broken = unmet(fixed, activity(fixed.outputs))
        if broken:
            raise DiagnosticError(*broken)
        return Architecture(fixed)

    def cost(self, genotypes: Any) -> Any:
        """Params and MACs of many genotypes, vectorised.

        `genotypes` is a sequence of genotypes or an integer array [n, choices] of alternative indices in the
        order of `graph.choices`. Returns a mapping of "params" and "macs" to integer arrays [n].
        """
        from archdsl.questions.cost import costs

        return costs(self.graph, genotypes)

    def count(self) -> int | tuple[int, int]:
        """The exact number of architectures; an interval only under a bound on cost."""
        from archdsl.questions.count import architectures

        return architectures(self.graph)


def load(
    reference: str,
    *,
    inputs: Inputs | None = None,
    settings: Mapping[str, str] | None = None,
    genotype: str | None = None,
    project: Project | None = None,
) -> Architecture:
    """The space or model of a reference: `file:name`, where a local path comes before the name of what ships.

    Without a name the file must declare a single network. `inputs` feeds another size: what `--input` takes
    ("clip=1x3x16x224x224", or several such texts), or a mapping of inputs to sizes, by dimension or all of
    them in order; `settings` are parameters as text; `genotype` names one, as `file:name` or a name in the
    same file.

    Raises DiagnosticError with everything wrong.
    """
    project = project or Project()
    meant = opened(reference, project)
    genotypes = [] if genotype is None else [_beside(meant, genotype).genotype()]
    elaborated = project.elaborate(
        meant.module, meant.network(), inputs=inputs, settings=settings, genotypes=genotypes
    )
    return Architecture(elaborated.graph, elaborated.warnings)


def _beside(other: Reference, reference: str) -> Reference:
    """What a genotype's reference means beside that of its space: a name alone is one of the same file."""
    return (
        replace(other, name=reference)
        if reference.isidentifier()
        else opened(reference, other.project)
    )

"""Spaces that several declarations of a file speak of, elaborated once."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.nets import Elaborated, Instantiation


@dataclass(eq=False, slots=True)
class Spaces:
    """What genotypes and plans of one file are checked against."""

    known: list[tuple[Instantiation, Elaborated | DiagnosticError]] = field(
        default_factory=list
    )

    def of(self, instantiation: Instantiation) -> Elaborated:
        """The whole space of an instantiation. Raises DiagnosticError with everything wrong."""
        found = next((found for other, found in self.known if other == instantiation), None)
        if found is None:
            try:
                found = nets.elaborate(
                    instantiation, name=instantiation.net.name, kind="space"
                )
            except DiagnosticError as error:
                found = error
            self.known.append((instantiation, found))
        if isinstance(found, DiagnosticError):
            raise found
        return found

"""A file's namespace: its declarations, and what it imports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.syntax import ast
from archdsl.syntax.slipped import Head


@dataclass(eq=False)
class Module:
    """One parsed file. `imports` maps local names to the module and name they stand for."""

    name: str
    source: Source
    file: ast.File
    declarations: dict[
        str, ast.Const | ast.Fn | ast.Block | ast.Net | ast.Genotype | ast.Search
    ] = field(default_factory=dict)
    imports: dict[str, tuple[Module, str]] = field(default_factory=dict)
    values: dict[str, Any] = field(
        default_factory=dict
    )  # what `find` in `declared` has evaluated
    missing: set[str] = field(
        default_factory=set
    )  # what could not be read, here or in a file of a `use`: reported there, silent here
    slipped: frozenset[Head] = frozenset()  # statements with an error of syntax
    busy: set[str] = field(default_factory=set)
    failed: dict[str, DiagnosticError] = field(
        default_factory=dict
    )  # constants without a value, so that all uses say the same

    @property
    def usable(self) -> frozenset[str]:
        """The names of the file that an expression may use: no networks, genotypes and plans."""
        own = (
            name
            for name, node in self.declarations.items()
            if isinstance(node, ast.Const | ast.Fn | ast.Block)
        )
        return frozenset(own) | frozenset(self.imports)

"""A file's namespace: its declarations, and what it imports, evaluated when they are first used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import archdsl.elaborate.expressions as expressions
from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import names as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.elaborate.scope import Env, Frame
from archdsl.elaborate.slipped import Head
from archdsl.elaborate.values import POISON, BlockL, FunctionV, GenotypeV, NetV, Thing, TooLarge
from archdsl.ir.instance import Instance
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.state import State


@dataclass(eq=False)
class Module:
    """One parsed file. `imports` maps local names to the module and name they stand for."""

    name: str
    source: Source
    file: ast.File
    declarations: dict[str, ast.Const | ast.Fn | ast.Block | ast.Net | ast.Genotype | ast.Search] = field(
        default_factory=dict
    )
    imports: dict[str, tuple[Module, str]] = field(default_factory=dict)
    values: dict[str, Thing] = field(default_factory=dict)
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

    def find(self, name: str, state: State) -> Thing | None:
        """The value of a declared or imported name; None if the file has none.

        Raises DiagnosticError where a constant is defined by itself.
        """
        if name in self.values:
            return self.values[name]
        if name in self.imports:
            module, original = self.imports[name]
            return module.find(original, state)
        if name in self.missing:
            return POISON
        declaration = self.declarations.get(name)
        if declaration is None:
            return None
        value = self._evaluate(name, declaration, state)
        self.values[name] = value
        return value

    def _evaluate(
        self,
        name: str,
        declaration: ast.Const | ast.Fn | ast.Block | ast.Net | ast.Genotype | ast.Search,
        state: State,
    ) -> Thing:
        if isinstance(declaration, ast.Fn):
            return FunctionV(name, declaration, self)
        if isinstance(declaration, ast.Block):
            return BlockL(declaration, self)
        if isinstance(declaration, ast.Net):
            return NetV(declaration, self)
        if isinstance(declaration, ast.Genotype):
            return GenotypeV(declaration, self)
        if isinstance(declaration, ast.Search):
            return POISON
        if name in self.busy:
            raise DiagnosticError(
                codes.RECURSION.error(declaration.span.word(name), f"`{name}` is defined by itself")
            )
        if name in self.failed:
            raise self.failed[name]
        self.busy.add(name)
        try:
            return expressions.bound(
                expressions.evaluate(declaration.value, self.frame(), state), name, self.frame()
            )
        except DiagnosticError as error:
            self.failed[name] = error
            raise
        except TooLarge as large:
            self.failed[name] = DiagnosticError(
                bounds.TOO_MUCH_WORK.error(declaration.span.word(name), str(large))
            )
            raise self.failed[name] from None
        finally:
            self.busy.discard(name)

    def frame(self) -> Frame:
        """A frame for evaluating declarations: no tensors exist here."""
        return Frame(self, Env(), Instance("", None, "", "root"), constant=True)

"""`FILE[:NAME]`, opened: the file, read, and the one of its networks, genotypes or plans that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import Code, DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean, few, quoted
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV
from archdsl.elaborate.files.project import Project, networks
from archdsl.syntax import ast

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Kind:
    """What may be meant, the code of its absence, and how one is written."""

    one: str
    several: str
    code: Code
    written: str | None = None


_NETWORK = _Kind("space or model", "networks", codes.NO_SUCH_NAME)
_GENOTYPE = _Kind("genotype", "genotypes", codes.NO_GENOTYPE)
_PLAN = _Kind(
    "plan", "plans", codes.NO_SUCH_NAME, "a plan is written `search NAME of SPACE { … }`"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A file and a name in it; without a name the file must declare a single thing of the kind asked for."""

    project: Project
    module: Module
    name: str | None

    def network(self) -> str:
        """The name of a space, a model or a genotype. Raises DiagnosticError where it has to be named and is
        not.
        """
        if self.name is not None:
            return self.name
        names = networks(self.module)
        nets = [
            node.name for node in self.module.file.declarations if isinstance(node, ast.Net)
        ]
        return self._only(nets if len(nets) == 1 else names, _NETWORK)

    def genotype(self) -> GenotypeV:
        """Raises DiagnosticError E0912 where the file has no such genotype, or several and none is named."""
        module, state = self.module, State()
        names = [
            name
            for name in module.declarations
            if isinstance(find(module, name, state), GenotypeV)
        ]
        settling: set[str] = set()
        for node in module.declarations.values():
            if isinstance(node, ast.Net):
                settling.update(patch.span.text for patch in node.patches)
        whole = [
            name for name in names if name not in settling
        ]  # the others are parts of spaces of the file
        name = self.name or self._only(whole if len(whole) == 1 else names, _GENOTYPE)
        value = find(module, name, state)
        if not isinstance(value, GenotypeV):
            raise self._missing(name, names, _GENOTYPE)
        return value

    def plan(self) -> ast.Search:
        """Raises DiagnosticError where the file has no such plan, or several and none is named."""
        names = [
            node.name
            for node in self.module.file.declarations
            if isinstance(node, ast.Search)
        ]
        name = self.name or self._only(names, _PLAN)
        node = self.module.declarations.get(name)
        if not isinstance(node, ast.Search):
            raise self._missing(name, names, _PLAN)
        return node

    def _only(self, names: Sequence[str], kind: _Kind) -> str:
        """The only one of a kind."""
        if len(names) == 1:
            return names[0]
        file = self.module.source.name
        if not names:
            raise DiagnosticError(
                kind.code.error(None, f"{file} declares no {kind.one}", help=kind.written)
            )
        shown = few(quoted(names), _SHOWN)
        message = f"{file} declares several {kind.several}: {shown}"
        raise DiagnosticError(
            codes.WHICH_NAME.error(None, message, help=f"name one: `{file}:{names[0]}`")
        )

    def _missing(self, name: str, names: Sequence[str], kind: _Kind) -> DiagnosticError:
        has = (
            f"it has {few([f'`{each}`' for each in names], _SHOWN)}"
            if names
            else kind.written
        )
        message = f"{self.module.source.name} declares no {kind.one} `{name}`"
        return DiagnosticError(
            kind.code.error(None, message, help=did_you_mean(name, names, has))
        )


def opened(reference: str, project: Project) -> Reference:
    """The file of a reference, read. Raises DiagnosticError where it is missing or has errors of syntax."""
    file, name = split_reference(reference)
    return Reference(project, project.module(file), name)


def split_reference(reference: str) -> tuple[str, str | None]:
    """`file:name` taken apart; the name is what follows the last colon, if it can be one."""
    file, colon, name = reference.rpartition(":")
    if colon and file and name.isidentifier():
        return file, name
    return reference, None

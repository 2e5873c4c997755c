"""What commands and the public API ask of files: find, check, and elaborate what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.suggestions import closest, did_you_mean, question, quoted
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, NetV, Thing
from archdsl.elaborate.files.checking import checked
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.inputs import Inputs
from archdsl.elaborate.files.request import Request
from archdsl.elaborate.networks.nets import Elaborated, Instantiation
from archdsl.syntax import ast
from archdsl.syntax.shipped import shipped

_SUFFIXES = ("", ".arch", ".yaml")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)


@dataclass(eq=False, slots=True)
class Project:
    """Files by path, and by the names of what ships. Each file is read once."""

    importer: Importer = field(default_factory=lambda: Importer(shipped("specs")))

    def find(self, name: str) -> Path:
        """The file of a reference: a local path first, then a shipped one, with or without its suffix and its
        folder `zoo`.

        Raises DiagnosticError where there is none.
        """
        if "\0" in name:
            raise DiagnosticError(
                codes.NOT_FOUND.error(None, "a path cannot contain a NUL character")
            )
        if Path(name).absolute() in self.importer.texts:
            return Path(name)
        try:
            found = next(filter(_is_meant, self._candidates(name)), None)
        except (
            OSError,
            RuntimeError,
        ) as error:  # a name too long, a closed folder, links in circles
            reason = getattr(error, "strerror", None) or str(error)
            raise DiagnosticError(
                codes.UNREADABLE.error(None, f"`{name}` cannot be read: {reason}")
            ) from None
        if found is not None:
            return found
        specs = sorted(self.importer.shipped.rglob("*.arch"))
        near = self._declaring(name) or closest(name, [self.shown(path) for path in specs])
        message = f"no file `{name}`, here or among the shipped specs"
        raise DiagnosticError(codes.NOT_FOUND.error(None, message, help=question(near[:1])))

    def _candidates(self, name: str) -> Iterator[Path]:
        """What a reference may mean, in the order in which it is looked for; what ships stays in its root."""
        words = [name]
        if _DOTTED.fullmatch(name):  # `zoo.x3d`, as `use` has it
            words.append(name.replace(".", "/"))
        files = list(map("".join, product(words, _SUFFIXES)))
        yield from map(Path, files)
        for root in (self.importer.shipped, self.importer.shipped / "zoo"):
            for file in files:
                if (root / file).resolve().is_relative_to(root.resolve()):
                    yield root / file

    def _declaring(self, name: str) -> list[str]:
        """The networks of this name among the shipped specs, as references."""
        if not name.isidentifier():
            return []
        declared = re.compile(rf"^(?:space|model|genotype) {name}\b", re.MULTILINE)
        files = sorted(self.importer.shipped.rglob("*.arch"))
        return [
            f"{self.shown(p)}:{name}"
            for p in files
            if declared.search(p.read_text(encoding="utf-8"))
        ]

    def shown(self, path: Path) -> str:
        """How messages call a file: what ships by the name that `archdsl list` gives it."""
        inside = path.absolute().is_relative_to(
            self.importer.shipped
        ) and not path.is_relative_to(".")
        return (
            path.absolute().relative_to(self.importer.shipped).as_posix()
            if inside
            else str(path)
        )

    def module(self, name: str) -> Module:
        """The parsed file of a reference. Raises DiagnosticError where it is missing or has errors of
        syntax.
        """
        path = self.find(name)
        module = self.importer.load(path, name if path == Path(name) else self.shown(path))
        errors = [
            d for d in self.importer.diagnostics[path.absolute()] if d.severity == "error"
        ]
        if errors:
            raise DiagnosticError(*errors)
        return module

    def check(self, name: str) -> list[Diagnostic]:
        """Everything wrong with a file: syntax, names, and every network, genotype and plan in it.

        Raises DiagnosticError where it cannot be read.
        """
        path = self.find(name)
        module = self.importer.load(path, name if path == Path(name) else self.shown(path))
        return checked(module, self.importer.diagnostics[path.absolute()])

    def elaborate(
        self,
        module: Module,
        name: str,
        *,
        inputs: Inputs | None = None,
        settings: Mapping[str, str] | None = None,
        genotypes: Sequence[GenotypeV] = (),
    ) -> Elaborated:
        """The graph of a network that a file declares; a genotype's name gives the network it is of, settled
        by it.

        `inputs` feeds inputs of another size to the same model; `settings` are parameters as text.

        Raises DiagnosticError with everything wrong.
        """
        value = find(module, name, State())
        if isinstance(value, GenotypeV):
            genotypes = [value, *genotypes]
        elif not isinstance(value, NetV):
            names = networks(module)
            has = f"it has {', '.join(quoted(names[:12]))}" if names else None
            message = f"{module.source.name} declares no space, model or genotype `{name}`"
            raise DiagnosticError(
                codes.NO_SUCH_NAME.error(None, message, help=did_you_mean(name, names, has))
            )
        return Request(value, name, settings or {}, genotypes).elaborated(inputs)

    def instantiation(
        self, value: Thing, settings: Mapping[str, str] | None
    ) -> Instantiation:
        """The network that a name stands for, with its parameters; of a genotype, the one that it is of."""
        assert isinstance(value, NetV | GenotypeV)
        request = Request(value, "", settings or {})
        return request.instantiation(request.values)


def _is_meant(path: Path) -> bool:
    """Whether a file is there; of a folder without a suffix nothing is meant."""
    return path.exists() and (not path.is_dir() or path.suffix != "")


def networks(module: Module) -> list[str]:
    """The spaces, models and genotypes that a file declares, in order."""
    return [
        d.name for d in module.file.declarations if isinstance(d, ast.Net | ast.Genotype)
    ]

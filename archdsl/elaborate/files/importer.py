"""The one place that reads files: modules by name, inside their roots only."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from archdsl.diagnostics.codes import names as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate.evaluation.module import Module
from archdsl.syntax import ast
from archdsl.syntax.decoding import MAX_BYTES, decode, form_of
from archdsl.syntax.parser import parse
from archdsl.syntax.slipped import slipped
from archdsl.whole_files import read_bytes


@dataclass(eq=False)
class Importer:
    """Reads each file once. `use name` is looked for beside the file that says so, then among the shipped
    specs.

    A file outside its root folder is never opened, links included.
    """

    shipped: Path
    modules: dict[Path, Module] = field(default_factory=dict)
    diagnostics: dict[Path, list[Diagnostic]] = field(default_factory=dict)
    loading: list[Path] = field(default_factory=list)
    texts: dict[Path, str] = field(
        default_factory=dict
    )  # what an editor holds, in place of the files

    def load(self, path: Path, name: str | None = None) -> Module:
        """The module of a file, with its diagnostics of syntax and imports in `diagnostics`.

        Raises DiagnosticError where the file cannot be read.
        """
        path = path.absolute()
        if path in self.modules:
            return self.modules[path]
        return self._module(path, self._read(path, name or str(path)))

    def load_text(self, source: Source, folder: Path) -> Module:
        """The module of a text that is not a file; its imports are looked for in `folder`."""
        return self._module((folder / "<text>").absolute(), source)

    def _module(self, path: Path, source: Source) -> Module:
        if path.suffix in (".yaml", ".yml") or (
            not path.suffix and form_of(source.text) == "yaml"
        ):
            from archdsl.syntax.yaml_form import from_yaml

            file, diagnostics = from_yaml(source)
        else:
            file, diagnostics = parse(source)
        module = Module(path.stem, source, file, slipped=slipped(file, diagnostics))
        self.modules[path] = module
        self.diagnostics[path] = diagnostics
        self.loading.append(path)
        try:
            for declaration in file.declarations:
                try:
                    self._declare(module, declaration, path)
                except DiagnosticError as error:
                    self.diagnostics[path].extend(error.diagnostics)
        finally:
            self.loading.pop()
        return module

    def _read(self, path: Path, name: str) -> Source:
        if path in self.texts:
            return Source(name, self.texts[path])
        data = read_bytes(path, MAX_BYTES, name)
        return replace(
            decode(name, data), shipped=path.is_relative_to(self.shipped.absolute())
        )

    def _declare(self, module: Module, declaration: ast.Declaration, path: Path) -> None:
        if isinstance(declaration, ast.Use):
            self._use(module, declaration, path)
            return
        if isinstance(declaration, ast.Broken):
            module.missing.update(declaration.names)
            return
        _fresh(module, declaration.name, declaration.span.word(declaration.name))
        module.declarations[declaration.name] = declaration

    def _use(self, module: Module, use: ast.Use, path: Path) -> None:
        try:
            target = self._find(use, path)
            if target in self.loading:
                chain = " → ".join(
                    p.stem for p in [*self.loading[self.loading.index(target) :], target]
                )
                raise DiagnosticError(
                    codes.IMPORT_CYCLE.error(
                        use.span, f"these files use each other: {chain}"
                    )
                )
            used = self.load(target, self._display(target, module, path))
        except DiagnosticError:
            module.missing.update(alias.alias or alias.name for alias in use.names)
            raise
        errors = [d for d in self.diagnostics.get(target, ()) if d.severity == "error"]
        self.diagnostics[path].extend(errors)
        for alias in use.names:
            name = alias.alias or alias.name
            _fresh(module, name, alias.span)
            if alias.name not in used.declarations:
                module.missing.add(name)
                if errors:
                    continue
                hint = did_you_mean(alias.name, used.declarations)
                self.diagnostics[path].append(
                    codes.NOT_EXPORTED.error(
                        alias.span,
                        f"`{'.'.join(use.module)}` declares no `{alias.name}`",
                        help=hint,
                    )
                )
                continue
            module.imports[name] = (used, alias.name)

    def _find(self, use: ast.Use, path: Path) -> Path:
        relative = Path(*use.module)
        outside: Path | None = None
        for root in (path.parent, self.shipped, self.shipped / "zoo"):
            for suffix in (".arch", ".yaml"):
                candidate = root / relative.with_suffix(suffix)
                if candidate.absolute() in self.texts:
                    return candidate.absolute()
                if not os.path.isfile(candidate):
                    continue
                if candidate.resolve().is_relative_to(root.resolve()):
                    return candidate.absolute()
                outside = outside or candidate
        if outside is not None:
            raise DiagnosticError(
                codes.UNKNOWN_MODULE.error(
                    use.span,
                    f"`{outside.name}` is a link that leads out of this folder, so it is not read",
                    help="copy the file to where it is used",
                )
            )
        beside = chain.from_iterable(
            root.glob("*.arch") for root in (path.parent, self.shipped)
        )
        known = sorted({p.stem for p in beside})
        name = ".".join(use.module)
        raise DiagnosticError(
            codes.UNKNOWN_MODULE.error(
                use.span,
                f"no file `{name}.arch` beside this one or among the shipped specs",
                help=did_you_mean(use.module[-1], known),
            )
        )

    def _display(self, target: Path, module: Module, path: Path) -> str:
        if target.parent == path.parent:
            shown = Path(module.source.name)
            return (
                str(shown.parent / target.name)
                if shown.parent != Path(".")
                else target.name
            )
        return (
            str(target.relative_to(self.shipped))
            if target.is_relative_to(self.shipped)
            else str(target)
        )


def _fresh(module: Module, name: str, span: Span) -> None:
    if name in module.declarations or name in module.imports:
        raise DiagnosticError(
            codes.DUPLICATE_NAME.error(
                span,
                f"`{name}` is declared twice in this file",
                help="rename one, or import it `as` another name",
            )
        )

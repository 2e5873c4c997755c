"""The files of a run in the language: a copy of the plan's sources, and genotypes that lead back to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.plans.plan import Step
from archdsl.ir.notation import exact
from archdsl.questions.cost import cost
from archdsl.questions.genotype import Genotype
from archdsl.syntax import ast
from archdsl.syntax.shipped import shipped
from archdsl.syntax.spelling import flat

_PLAIN = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True, eq=False, slots=True)
class Documents:
    """What a plan's files are called in its run directory. `uses` are the lines that a genotype of its space
    begins with.
    """

    copies: Mapping[str, str]
    uses: tuple[str, ...]
    of: ast.Expr

    def genotype(self, genotype: Genotype, name: str, step: Step) -> str:
        """A file with one genotype, of the space at the parameters that its step has fixed."""
        costs = cost(step.graph, genotype)
        uses = "".join(f"{line}\n" for line in self.uses)
        comment = f"# {exact(costs.macs)} MACs, {exact(costs.params)} params"
        return f"arch 1\n{uses}\n{comment}\n{genotype.to_text(name, self._space(step))}"

    def _space(self, step: Step) -> str:
        """`net(classes = 10, two_streams = false)`: the plan's arguments with those that the step fixes."""
        callee, args = (
            (self.of.callee, self.of.args)
            if isinstance(self.of, ast.Call)
            else (self.of, ())
        )
        given = [
            flat(a.value) if a.name is None else f"{a.name} = {flat(a.value)}"
            for a in args
            if a.name not in step.parameters
        ]
        given += [f"{name} = {flat(value)}" for name, value in step.parameters.items()]
        return flat(callee) + (f"({', '.join(given)})" if given else "")


def documents(node: ast.Search, module: Module, project: Project) -> Documents:
    """The documents of a plan. Local files are copied, as they lie to each other; shipped ones are named."""
    paths = {id(m): path for path, m in project.importer.modules.items()}
    root = shipped("specs")
    main = paths[id(module)]
    names: dict[int, str] = {}
    copies: dict[str, str] = {}
    for path, held in project.importer.modules.items():
        inside = path.is_relative_to(root)
        home = root if inside else main.parent
        below = path.relative_to(home) if path.is_relative_to(home) else Path(path.name)
        parts = [_PLAIN.sub("_", part) for part in below.with_suffix("").parts]
        names[id(held)] = ".".join(parts)
        if not inside:
            copies["/".join(parts) + below.suffix] = held.source.text
    wanted: dict[str, list[str]] = {}
    for name in dict.fromkeys(_references(node)):
        if name in module.declarations:
            wanted.setdefault(names[id(module)], []).append(name)
        elif name in module.imports:
            other, original = module.imports[name]
            wanted.setdefault(names[id(other)], []).append(
                name if name == original else f"{original} as {name}"
            )
    return Documents(
        copies,
        tuple(f"use {file}: {', '.join(names_)}" for file, names_ in wanted.items()),
        node.of,
    )


def _references(node: ast.Search) -> Iterator[str]:
    """The names that the space, its arguments and fixed parameters speak of."""
    yield from _names(node.of)
    for entry in node.entries:
        for inner in entry.entries if isinstance(entry, ast.Step) else (entry,):
            if isinstance(inner, ast.Fix) and inner.value is not None:
                yield from _names(inner.value)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, ast.Ref):
        yield node.name
    elif isinstance(node, tuple):
        for part in node:
            yield from _names(part)
    elif is_dataclass(node) and isinstance(node, ast.Node):
        for f in fields(node):
            if f.name != "span":
                yield from _names(getattr(node, f.name))

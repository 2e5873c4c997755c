"""A file of genotypes that stands by itself: what `archdsl sample` prints above them.

    $ archdsl sample nets.arch:half            where `genotype half of net(width = 8) { … }`
    arch 1
    use nets: net

    genotype sample of net(width = 8) { … }

What a name stands for is brought in by `use`, where that finds the file from the current folder; else its
text is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from archdsl.cli import standard_input
from archdsl.cli.target import module_name
from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.frame import file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, NetV
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import opened
from archdsl.elaborate.networks.nets import base_of, elaborate
from archdsl.ir.activity import activity
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import Genotype, assignment, genotype_of
from archdsl.syntax import ast
from archdsl.syntax.parser import parse
from archdsl.syntax.spelling import flat


@dataclass(frozen=True, slots=True)
class Head:
    """The lines above genotypes, the text behind their `of`, and the names that are taken."""

    text: str
    of: str
    taken: frozenset[str]

    def title(self, number: int | None) -> str:
        """What a genotype is called: `sample`, `sample_3`, unless a declaration is called so."""
        word = "sample"
        while any(name.startswith(word) for name in self.taken):
            word = f"drawn_{word}"
        return word if number is None else f"{word}_{number}"


def head(project: Project, reference: str, settings: Mapping[str, str]) -> Head:
    """What genotypes of the network of a reference need. Of a genotype it is the network that it is of."""
    meant = opened(reference, project)
    value = find(meant.module, meant.network(), State())
    assert isinstance(value, NetV | GenotypeV), "it has been elaborated"
    home = value.module
    node = value.genotype.of if isinstance(value, GenotypeV) else None
    net = base_of(node, file_frame(home, State()))[0].net if node is not None else None
    if net is None:
        assert isinstance(value, NetV)
        net = value.net
    callee = net.name
    if node is not None:
        callee = flat(node.callee if isinstance(node, ast.Call) else node)
    given = _arguments(node, net, settings)
    of = callee + (
        f"({', '.join(f'{name} = {text}' for name, text in given.items())})"
        if given
        else ""
    )
    needed = _Needed(project)
    needed.add(home, [callee, *_words(of)])
    return Head(needed.text(), of, frozenset((*needed.used, *needed.copied)))


def _arguments(
    node: ast.Expr | None, net: ast.Net, settings: Mapping[str, str]
) -> dict[str, str]:
    """The parameters of a network as they are given, by name: in the text, and over that by `--set`."""
    names = [param.name for param in net.params or ()]
    given: dict[str, str] = {}
    if isinstance(node, ast.Call):
        for place, arg in enumerate(node.args):
            given[arg.name or names[place]] = flat(arg.value)
    return {**given, **{name: text for name, text in settings.items() if name in names}}


def _words(of: str) -> list[str]:
    """The names in the text behind `of`."""
    tree, _ = parse(Source("of", f"arch 1\ngenotype g of {of} {{ }}\n"))
    return list(_mentioned(tree))


class _Needed:
    """The declarations that names stand for, and all that those rest on: used where a file can be named, else
    copied.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._texts: dict[Module, dict[str, str]] = {}
        self.used: dict[
            str, tuple[str, str]
        ] = {}  # from a name to the file that declares it, and its name there
        self.copied: dict[str, str] = {}  # from a name to its text

    def add(self, module: Module, names: Iterable[str]) -> None:
        for name in names:
            home, original = module.imports.get(name, (module, name))
            declaration = home.declarations.get(original)
            if declaration is None or name in self.used or name in self.copied:
                continue
            called = self._called(home)
            if called is not None:
                self.used[name] = called, original
                continue
            self.copied[name] = self._text(home, original)
            self.add(home, _mentioned(declaration))

    def text(self) -> str:
        of_file: dict[str, list[str]] = {}
        for name, (file, original) in self.used.items():
            of_file.setdefault(file, []).append(
                name if name == original else f"{original} as {name}"
            )
        lines = [f"use {file}: {', '.join(names)}" for file, names in of_file.items()]
        return (
            "\n".join(["arch 1", *lines])
            + "\n"
            + "".join(f"\n{text}\n" for text in self.copied.values())
        )

    def _called(self, module: Module) -> str | None:
        importer = self._project.importer
        path = next(path for path, known in importer.modules.items() if known is module)
        return module_name(path, importer.shipped)

    def _text(self, module: Module, name: str) -> str:
        if module not in self._texts:
            self._texts[module] = _texts(module)
        return self._texts[module][name]


def _texts(module: Module) -> dict[str, str]:
    """The text of every declaration of a file, whichever form it is in."""
    declarations = module.file.declarations
    if module.source.name.endswith((".yaml", ".yml")):
        from archdsl.syntax.formatter import format

        declarations = parse(Source(module.source.name, format(module.file)))[
            0
        ].declarations
    return {
        each.name: each.span.text
        for each in declarations
        if not isinstance(each, ast.Use | ast.Broken)
    }


def _mentioned(part: object) -> Iterator[str]:
    """Every name that a piece of text refers to, genotypes behind `with` included."""
    stack = [part]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Ref):
            yield node.name
        elif isinstance(node, ast.Net):
            yield from (
                str(patch.span.text)
                for patch in node.patches
                if isinstance(patch, ast.Path)
            )
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, ast.Node):
            stack.extend(
                getattr(node, each.name) for each in fields(node) if each.name != "span"
            )


# -- answers -----------------------------------------------------------------------------------------


def whole(
    reference: str, graph: Graph, drawn: Sequence[Genotype], settings: Mapping[str, str]
) -> list[Genotype]:
    """Genotypes with the answers that the reference has settled already, in the order of the whole space."""
    space = _before_answers(reference, settings)
    if space is None:
        return list(drawn)
    choices = {choice.path: choice for choice in space.choices}
    open_now = {choice.path for choice in graph.choices}
    settled = {
        path: graph.answers[path]
        for path in choices
        if path not in open_now and path in graph.answers
    }
    if not open_now <= choices.keys():  # edits have made another network of it
        return list(drawn)
    active = activity(space.outputs)
    return [
        genotype_of(space, assignment(space, {**settled, **genotype}), active)
        for genotype in drawn
    ]


def _before_answers(reference: str, settings: Mapping[str, str]) -> Graph | None:
    """The space without the genotypes and edits of the reference; None where it has none."""
    project = standard_input.given(Project(), reference)
    meant = opened(reference, project)
    value = find(meant.module, meant.network(), State())
    assert value is not None, "it has been elaborated"
    found = project.instantiation(value, settings)
    if not isinstance(value, GenotypeV) and not found.patches:
        return None
    return elaborate(replace(found, patches=()), name=found.net.name, kind="space").graph

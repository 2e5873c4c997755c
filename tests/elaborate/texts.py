"""Networks from texts, and what tests ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV
from archdsl.elaborate.files.checking import checked
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.inputs import Inputs
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.networks.nets import Elaborated
from archdsl.ir.graph import Graph, Op
from archdsl.syntax.shipped import shipped


def module_of(text: str) -> tuple[Project, Module]:
    """The module of a text without its edition line; imports are found among the shipped specs."""
    importer = Importer(shipped("specs"))
    module = importer.load_text(Source("test.arch", f"arch 1\n{text}"), Path("/nowhere"))
    found = [d for diagnostics in importer.diagnostics.values() for d in diagnostics]
    assert not found, found
    return Project(importer), module


def elaborated(
    text: str,
    name: str = "net",
    *,
    inputs: Inputs | None = None,
    settings: Mapping[str, str] | None = None,
    genotypes: Sequence[str] = (),
) -> Elaborated:
    project, module = module_of(text)
    values = [find(module, g, State()) for g in genotypes]
    assert all(isinstance(v, GenotypeV) for v in values)
    return project.elaborate(
        module, name, inputs=inputs, settings=settings, genotypes=values
    )  # type: ignore[arg-type]


def graph_of(text: str, name: str = "net", **asked: object) -> Graph:
    return elaborated(text, name, **asked).graph  # type: ignore[arg-type]


def errors(text: str, name: str = "net", **asked: object) -> list[str]:
    """The codes of what is wrong with a network."""
    try:
        elaborated(text, name, **asked)  # type: ignore[arg-type]
    except DiagnosticError as error:
        return [d.code for d in error.diagnostics]
    return []


def warnings(text: str) -> list[tuple[str, str]]:
    """Code and message of everything that `check` finds."""
    _, module = module_of(text)
    return [(d.code, d.message) for d in checked(module)]


def choices(graph: Graph) -> dict[str, list[str]]:
    """The labels of every choice by its path."""
    return {c.path: list(c.labels()) for c in graph.choices}


def weights(graph: Graph) -> list[str]:
    """The names of all weights, sorted."""
    return sorted({w.full_name for w in graph.weights().values()})


def operations(graph: Graph) -> list[str]:
    """The names of all operations in the order of the graph."""
    return [v.name for v in graph.values if isinstance(v, Op)]

"""Models of other formats wherever a command takes FILE:NAME: a `.pt2`, an `.onnx`, `pkg.mod:factory`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archdsl.cli.torch_backend import torch_backend
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.inputs import Inputs
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import Reference, opened, split_reference
from archdsl.importing.opening import is_factory, is_file, open_source


def is_source(reference: str, project: Project) -> bool:
    """Whether a reference means a model of another format; a file of ours comes before a Python module."""
    if is_file(reference):
        return True
    if not is_factory(reference):
        return False
    try:
        project.find(split_reference(reference)[0])
    except DiagnosticError as error:
        return any(problem.code == files.NOT_FOUND.id for problem in error.diagnostics)
    return False


def open_reference(
    reference: str, project: Project, inputs: Inputs | None = None
) -> Reference:
    """The file of a reference, read; of a model of another format the text that it is imported as, which is
    held against the graph of its source, but not run.
    """
    if not is_source(reference, project):
        return opened(reference, project)
    from archdsl.importing.imported import import_captured

    with torch_backend(f"reading {reference}"):
        imported = import_captured(open_source(reference, inputs), verify=False)
    source = Source(reference, imported.text)
    module = project.importer.load_text(source, Path.cwd())
    return Reference(project, module, imported.architecture.name)


def weights_of(reference: str, inputs: Inputs | None = None) -> dict[str, Any] | None:
    """The weights that a model of another format brings along."""
    if not is_source(reference, Project()):
        return None
    from archdsl.importing.imported import import_captured

    return import_captured(open_source(reference, inputs), verify=False).weights()

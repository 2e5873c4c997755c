"""What `FILE[:NAME]` with its options stands for: an elaborated space or model."""

from __future__ import annotations

import os
import re
from itertools import product
from pathlib import Path
from typing import NotRequired, TypedDict

from archdsl.architecture import Architecture, load
from archdsl.cli import standard_input
from archdsl.cli.options import parse_settings
from archdsl.cli.report import report
from archdsl.cli.sources import is_source, open_reference
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import split_reference
from archdsl.syntax.complaints import RESERVED
from archdsl.syntax.shipped import shipped

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Target(TypedDict):
    """The argument `FILE[:NAME]` of a command and the options that say more of it."""

    reference: str
    inputs: tuple[str, ...]
    settings: tuple[str, ...]
    genotype: NotRequired[str | None]


def open_target(
    reference: str,
    *,
    inputs: tuple[str, ...] = (),
    settings: tuple[str, ...] = (),
    genotype: str | None = None,
) -> Architecture:
    """The space or model of a reference; its warnings are printed.

    Raises DiagnosticError for whatever is wrong with the options or the files.
    """
    values = parse_settings(settings)
    reference = standard_input.named(reference)
    genotype = None if genotype is None else standard_input.named(genotype)
    project = standard_input.given(Project(), reference, genotype)
    if is_source(reference, project):
        if genotype is not None:
            message = (
                f"{reference} is a model, which leaves nothing for a genotype to settle"
            )
            raise DiagnosticError(files.NO_GENOTYPE.error(None, message))
        meant = open_reference(reference, project, inputs)
        found = project.elaborate(meant.module, meant.network(), settings=values)
        report(found.warnings)
        return Architecture(found.graph, found.warnings)
    architecture = load(
        reference, inputs=inputs, settings=values, genotype=genotype, project=project
    )
    report(architecture.warnings)
    return architecture


def module_path(reference: str) -> str | None:
    """What `use` calls the file of a reference in a file beside it; None where its name cannot be written
    there.
    """
    path = standard_input.given(Project(), reference).find(split_reference(reference)[0])
    root = shipped("specs")
    inside = path.is_relative_to(root)
    return _dotted(path.relative_to(root) if inside else Path(path.name))


def module_name(path: Path, root: Path) -> str | None:
    """What `use` calls a file in a file of the current folder; None where it would not find it, or find
    another one.
    """
    inside = path.is_relative_to(root)
    here = Path.cwd()
    if not inside and not path.is_relative_to(here):
        return None
    relative = path.relative_to(root if inside else here)
    name = _dotted(relative)
    for folder, suffix in product((here, root), (".arch", ".yaml")):
        place = (folder / relative).with_suffix(suffix)
        if os.path.isfile(place):
            return name if place.absolute() == path.absolute() else None
    return None


def _dotted(relative: Path) -> str | None:
    parts = relative.with_suffix("").parts
    return (
        ".".join(parts)
        if all(_NAME.fullmatch(part) and part not in RESERVED for part in parts)
        else None
    )

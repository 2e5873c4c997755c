"""What `FILE[:NAME]` with its options stands for: an elaborated space or model."""

from __future__ import annotations

import re
from pathlib import Path

from archdsl.architecture import Architecture, load
from archdsl.cli.options import parse_settings
from archdsl.cli.report import report
from archdsl.elaborate.project import Project
from archdsl.elaborate.reference import split_reference
from archdsl.syntax.shipped import shipped

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def open_target(
    reference: str, *, inputs: tuple[str, ...] = (), settings: tuple[str, ...] = (), genotype: str | None = None
) -> Architecture:
    """The space or model of a reference; its warnings are printed.

    Raises DiagnosticError for whatever is wrong with the options or the files.
    """
    values = parse_settings(settings)
    architecture = load(reference, inputs=inputs, settings=values, genotype=genotype)
    report(architecture.warnings)
    return architecture


def module_path(reference: str) -> str | None:
    """What `use` calls the file of a reference; None where its name cannot be written there."""
    path = Project().find(split_reference(reference)[0])
    root = shipped("specs")
    inside = path.is_relative_to(root)
    parts = (path.relative_to(root) if inside else Path(path.name)).with_suffix("").parts
    return ".".join(parts) if all(_NAME.fullmatch(part) for part in parts) else None

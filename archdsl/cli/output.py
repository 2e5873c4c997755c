"""What commands print, and which suffix stands for what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError

Format = TypeVar("Format")


def print_json(facts: Any) -> None:
    """Facts as every `--json` prints them."""
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


def by_suffix(path: Path, known: Mapping[str, Format]) -> Format:
    """What the suffix of a path stands for.

    Raises DiagnosticError (E0904) with the list of known suffixes.
    """
    suffix = path.suffix.lower()
    if suffix not in known:
        listed = ", ".join(known)
        problem = f"unknown suffix `{path.suffix}` of `{path}`" if path.suffix else f"`{path}` has no suffix"
        raise DiagnosticError(files.UNKNOWN_SUFFIX.error(None, problem, help=f"known suffixes: {listed}"))
    return known[suffix]

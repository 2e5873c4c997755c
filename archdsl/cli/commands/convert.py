"""`archdsl convert A B`."""

from __future__ import annotations

from pathlib import Path

import click

from archdsl.cli.files import read
from archdsl.cli.output import by_suffix
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.syntax import ast
from archdsl.whole_files import write_text

_FORMS = {".arch": "text", ".yaml": "yaml", ".yml": "yaml"}


@click.command()
@click.argument("source", metavar="A")
@click.argument("target", metavar="B")
def command(source: str, target: str) -> None:
    """Write the document A in the form that B's suffix names: .arch or .yaml. Nothing is lost but comments.

    \b
    Examples:
      archdsl convert found.arch found.yaml
      archdsl convert found.yaml found.arch
    """
    forms = by_suffix(Path(source), _FORMS), by_suffix(Path(target), _FORMS)
    tree, errors = _parse(read(Path(source)), forms[0])
    if errors:
        raise DiagnosticError(*errors)
    write_text(Path(target), _print(tree, forms[1]))


def _parse(source: Source, form: str) -> tuple[ast.File, list[Diagnostic]]:
    if form == "yaml":
        from archdsl.syntax.yaml_form import from_yaml

        return from_yaml(source)
    from archdsl.syntax.parser import parse

    return parse(source)


def _print(tree: ast.File, form: str) -> str:
    if form == "yaml":
        from archdsl.syntax.yaml_form import to_yaml

        return to_yaml(tree)
    from archdsl.syntax.formatter import format

    return format(tree)

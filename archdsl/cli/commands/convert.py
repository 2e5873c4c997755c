"""`archdsl convert A B`."""

from __future__ import annotations

from pathlib import Path

import click

from archdsl.cli import standard_input
from archdsl.cli.files import read
from archdsl.cli.output import by_suffix, print_document
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.syntax import ast
from archdsl.syntax.decoding import form_of
from archdsl.whole_files import write_text

_FORMS = {".arch": "text", ".yaml": "yaml", ".yml": "yaml"}


@click.command()
@click.argument("source", metavar="A")
@click.argument("target", metavar="B")
def command(source: str, target: str) -> None:
    """Write the document A in the form that B's suffix names: .arch or .yaml. Nothing is lost but comments.

    `-` as A is standard input, in either form; as B it is standard output, in the form that A does not have.

    \b
    Examples:
      archdsl convert found.arch found.yaml
      archdsl convert found.yaml found.arch
      archdsl convert - - < found.arch
    """
    there = None if target == standard_input.NAME else by_suffix(Path(target), _FORMS)
    here = None if source == standard_input.NAME else by_suffix(Path(source), _FORMS)
    document = read(Path(source))
    here = here or form_of(document.text)
    tree, errors = _parse(document, here)
    if errors:
        raise DiagnosticError(*errors)
    if there is None:
        print_document(_print(tree, "text" if here == "yaml" else "yaml"))
    else:
        write_text(Path(target), _print(tree, there))


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

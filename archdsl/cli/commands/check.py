"""`archdsl check FILE…`."""

from __future__ import annotations

import click

from archdsl.cli import standard_input
from archdsl.cli.options import json_option
from archdsl.cli.output import print_json
from archdsl.cli.report import exit_code, report
from archdsl.cli.sources import is_source, open_reference
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.files.checking import checked
from archdsl.elaborate.files.project import Project


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@json_option
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], as_json: bool) -> None:
    """Report every error and warning of each FILE, over the whole space.

    Exits with 1 where there are errors, with 2 where a file cannot be read. `-` is standard input.

    \b
    Examples:
      archdsl check zoo/autox3d.arch
      archdsl check --json *.arch
      archdsl sample zoo/autox3d.arch:autox3d | archdsl check -
    """
    found: list[Diagnostic] = []
    for file in map(standard_input.named, files):
        try:
            found.extend(_checked(file))
        except DiagnosticError as error:
            found.extend(error.diagnostics)
    if as_json:
        print_json([diagnostic.facts() for diagnostic in found])
    else:
        report(found)
    ctx.exit(exit_code(found))


def _checked(file: str) -> list[Diagnostic]:
    """The diagnostics of a file; of a model of another format whether it can be said."""
    project = Project()
    if is_source(file, project):
        return checked(open_reference(file, project).module)
    return standard_input.given(project, file).check(file)

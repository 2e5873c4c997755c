"""`archdsl fmt FILE…`."""

from __future__ import annotations

from pathlib import Path

import click

from archdsl.cli import standard_input
from archdsl.cli.files import read
from archdsl.cli.output import by_suffix, print_document, say
from archdsl.cli.report import FINE, NO, exit_code, report
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.whole_files import write_text


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; name the files that would change and exit with 1.",
)
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], check: bool) -> None:
    """Bring each FILE into the canonical form, comments kept. A file with errors of syntax is left as it is.

    `-` is standard input, whose form is printed.

    \b
    Examples:
      archdsl fmt my_space.arch
      archdsl fmt --check specs/*.arch
      archdsl fmt - < my_space.arch
    """
    found: list[Diagnostic] = []
    changed = False
    for file in files:
        try:
            changed = _format(Path(file), check) or changed
        except DiagnosticError as error:
            found.extend(error.diagnostics)
    report(found)
    ctx.exit(max(exit_code(found), NO if changed and check else FINE))


def _format(path: Path, check: bool) -> bool:
    """Formats one file; whether it was not in the canonical form."""
    is_input = str(path) == standard_input.NAME
    if not is_input:
        by_suffix(path, {".arch": "text"})
    source = read(path)
    tree, errors = parse(source)
    if errors:
        raise DiagnosticError(*errors)
    text = format(tree)
    if is_input and not check:
        print_document(text)
        return False
    if text == source.text:
        return False
    say(f"{'would reformat' if check else 'reformatted'} {source.name}", to_errors=True)
    if not check:
        write_text(path, text)
    return True

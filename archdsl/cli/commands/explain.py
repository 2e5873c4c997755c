"""`archdsl explain E0123`."""

from __future__ import annotations

import click

from archdsl.cli.options import json_option
from archdsl.cli.output import print_json
from archdsl.syntax.codes import CODES, files
from archdsl.syntax.diagnostics import Code, DiagnosticError


@click.command()
@click.argument("code", required=False)
@json_option
def command(code: str | None, as_json: bool) -> None:
    """Say what a diagnostic's CODE means, why it is one, and what to write instead.

    Without a CODE, list all of them.

    \b
    Example:
      archdsl explain E0201
    """
    if code is None:
        if as_json:
            print_json([{"code": c.id, "title": c.title} for c in _sorted()])
        else:
            click.echo("\n".join(f"{c.id}  {c.title}" for c in _sorted()))
        return
    found = CODES.get(code.strip("[]").upper())
    if found is None:
        raise DiagnosticError(
            files.UNKNOWN_CODE.error(None, f"no diagnostic has the code `{code}`", help="`archdsl explain` lists all codes")
        )
    if as_json:
        print_json({"code": found.id, "title": found.title, "explanation": found.explanation})
    else:
        click.echo(f"{found.id}: {found.title}\n\n{found.explanation}")


def _sorted() -> list[Code]:
    return [CODES[code] for code in sorted(CODES)]

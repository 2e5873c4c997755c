"""`archdsl explain E0123`, and of primitives."""

from __future__ import annotations

import click

from archdsl.cli.options import json_option
from archdsl.cli.output import print_json, say
from archdsl.diagnostics.codes import CODES, files
from archdsl.diagnostics.diagnostic import DiagnosticError


@click.command()
@click.argument("subject", required=False, metavar="[CODE|PRIMITIVE]")
@json_option
def command(subject: str | None, as_json: bool) -> None:
    """Say what a diagnostic's CODE means, why it is one, and what to write instead; or what a PRIMITIVE
    computes.

    Without an argument, list all codes.

    \b
    Examples:
      archdsl explain E0201
      archdsl explain conv
    """
    if subject is None:
        codes = [CODES[number] for number in sorted(CODES)]
        if as_json:
            print_json([{"code": code.id, "title": code.title} for code in codes])
        else:
            say("\n".join(f"{code.id}  {code.title}" for code in codes))
        return
    code = CODES.get(subject.strip("[]").upper())
    about = (
        (code.id, code.title, code.explanation) if code is not None else _primitive(subject)
    )
    if as_json:
        print_json(dict(zip(("code", "title", "explanation"), about, strict=True)))
    else:
        say(f"{about[0]}: {about[1]}\n\n{about[2]}")


def _primitive(name: str) -> tuple[str, str, str]:
    """The name of a primitive, how it is called, and its page's text.

    Raises DiagnosticError (E0910) where there is none.
    """
    from archdsl.ops.reference import signature
    from archdsl.ops.table import PRIMITIVES

    primitive = PRIMITIVES.get(name)
    if primitive is None:
        hint = "`archdsl explain` lists all codes, docs/primitives.md the primitives"
        raise DiagnosticError(
            files.UNKNOWN_CODE.error(
                None, f"`{name}` is no code of a diagnostic and no primitive", help=hint
            )
        )
    parameters = "\n".join(
        f"  {p.name:<10} {p.doc}" for p in primitive.parameters if p.given
    )
    return (
        name,
        signature(primitive),
        "\n\n".join(part for part in (primitive.doc, parameters, primitive.source) if part),
    )

"""`archdsl diff A[:NAME] B[:NAME]`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from archdsl.cli.output import by_suffix, replacing
from archdsl.cli.report import FINE, NO
from archdsl.cli.target import open_target
from archdsl.compare import as_facts, as_markdown, as_text, diff

DRAWINGS = (".svg", ".html")


@click.command()
@click.argument("a", metavar="A[:NAME]")
@click.argument("b", metavar="B[:NAME]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json (schema in grammar/).")
@click.option("-o", "--output", metavar="OUT", help="Also draw the difference: .svg or .html.")
@click.pass_context
def command(ctx: click.Context, a: str, b: str, form: str, output: str | None) -> None:
    """Compare two spaces, models or genotypes by what they mean: structure, choices, size of the space, cost, weights.

    Exits with 1 where they differ.

    \b
    Examples:
      archdsl diff zoo/x3d.arch:x3d_s zoo/x3d.arch:x3d_l
      archdsl diff zoo/autox3d.arch:example_s found.arch --format markdown
    """
    if output is not None:
        by_suffix(Path(output), dict.fromkeys(DRAWINGS))
    before, after = open_target(a).graph, open_target(b).graph
    difference = diff(before, after)
    if output is not None:
        from archdsl_draw import render_difference

        with replacing(Path(output)) as beside:
            render_difference(before, after, difference).save(beside)
    if form == "json":
        click.echo(json.dumps(as_facts(difference), indent=2, ensure_ascii=False))
    else:
        click.echo(as_markdown(difference) if form == "markdown" else as_text(difference), nl=False)
    ctx.exit(NO if difference.edits else FINE)

"""`archdsl diff A[:NAME] B[:NAME]`."""

from __future__ import annotations

import json

import click

from archdsl.cli.genotypes import open_genotype
from archdsl.cli.report import FINE, NO
from archdsl.cli.target import open_target
from archdsl.compare import Difference, as_facts, as_markdown, as_text, diff
from archdsl.compare.genotypes import compare_genotypes
from archdsl.compare.totals import totals


@click.command()
@click.argument("a", metavar="A[:NAME]")
@click.argument("b", metavar="B[:NAME]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json (schema in grammar/).")
@click.pass_context
def command(ctx: click.Context, a: str, b: str, form: str) -> None:
    """Compare two spaces, models or genotypes by what they mean: structure, choices, size of the space, cost, weights.

    Exits with 1 where they differ.

    \b
    Examples:
      archdsl diff zoo/x3d.arch:x3d_s zoo/x3d.arch:x3d_l
      archdsl diff zoo/autox3d.arch:example_s found.arch --format markdown
    """
    difference = _compare(a, b)
    if form == "json":
        click.echo(json.dumps(as_facts(difference), indent=2, ensure_ascii=False))
    else:
        click.echo(as_markdown(difference) if form == "markdown" else as_text(difference), nl=False)
    ctx.exit(NO if difference.edits else FINE)


def _compare(a: str, b: str) -> Difference:
    """Two genotypes of one definition compare answer by answer, everything else as elaborated."""
    first, second = open_genotype(a), open_genotype(b)
    if first is not None and second is not None and first.definition == second.definition:
        costs = totals(first.graph), totals(second.graph)
        return compare_genotypes(first.genotype, second.genotype, (a, b), *costs)
    return diff(open_target(a).graph, open_target(b).graph)

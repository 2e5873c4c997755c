"""`archdsl sample FILE[:NAME]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import click

from archdsl.cli import standard_input
from archdsl.cli.drawn import Head, head, whole
from archdsl.cli.options import (
    input_option,
    json_option,
    parse_quantity,
    parse_settings,
    seed_option,
    set_option,
)
from archdsl.cli.output import print_document, print_json
from archdsl.cli.target import Target, open_target
from archdsl.elaborate.files.project import Project
from archdsl.ir.notation import exact, macs_word
from archdsl.outline.reading import batch_of
from archdsl.questions.genotype import Genotype


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    metavar="N",
    help="How many.",
)
@seed_option("The same seed draws the same genotypes.")
@click.option(
    "--max-macs", metavar="COST", help="Only architectures within this cost, e.g. 2.0G."
)
@input_option
@set_option
@json_option
def command(
    count: int,
    seed: int,
    max_macs: str | None,
    as_json: bool,
    **target: Unpack[Target],
) -> None:
    """Draw genotypes, every architecture of the space equally likely.

    What is printed is a file: redirect it, and give it to --genotype. A longer list begins with the shorter
    one.

    \b
    Examples:
      archdsl sample zoo/autox3d.arch:autox3d --seed 7 > found.arch
      archdsl sample zoo/autox3d.arch:autox3d -n 1000 --max-macs 2.0G --json
    """
    budget = None if max_macs is None else parse_quantity(max_macs)
    architecture = open_target(**target)
    drawn = architecture.samples(count, seed, budget)
    costs = architecture.cost(drawn)
    reference, settings = (
        standard_input.named(target["reference"]),
        parse_settings(target["settings"]),
    )
    genotypes = whole(reference, architecture.graph, drawn, settings)
    params, macs = costs["params"].tolist(), costs["macs"].tolist()
    if as_json:
        print_json([_facts(*one) for one in zip(genotypes, params, macs, strict=True)])
        return
    above = head(standard_input.given(Project(), reference), reference, settings)
    unit = macs_word(batch_of(architecture.graph))
    costs = [
        f"{exact(m)} {unit}, {exact(p)} params" for p, m in zip(params, macs, strict=True)
    ]
    print_document(_document(above, genotypes, costs))


def _document(above: Head, genotypes: Sequence[Genotype], costs: Sequence[str]) -> str:
    """A file of genotypes, each with its cost in a comment."""
    parts = [above.text]
    for number, (genotype, cost) in enumerate(zip(genotypes, costs, strict=True)):
        title = above.title(None if len(genotypes) == 1 else number)
        parts.append(f"# {cost}\n{genotype.to_text(title, above.of)}")
    return "\n".join(parts)


def _facts(genotype: Genotype, params: int, macs: int) -> dict[str, Any]:
    return {"genotype": dict(genotype), "params": params, "macs": macs}

"""`archdsl sample FILE[:NAME]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from archdsl.cli.options import input_option, json_option, parse_quantity, set_option
from archdsl.cli.output import print_json
from archdsl.cli.target import module_path, open_target
from archdsl.ir.graph import Graph
from archdsl.ir.notation import exact, macs_word
from archdsl.outline.reading import batch_of
from archdsl.questions.genotype import Genotype


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@click.option("-n", "count", type=click.IntRange(1, 1_000_000), default=1, show_default=True, metavar="N", help="How many.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed draws the same genotypes.")
@click.option("--max-macs", metavar="COST", help="Only architectures within this cost, e.g. 2.0G.")
@input_option
@set_option
@json_option
def command(
    reference: str, count: int, seed: int, max_macs: str | None, inputs: tuple[str, ...], settings: tuple[str, ...], as_json: bool
) -> None:
    """Draw genotypes, every architecture of the space equally likely.

    What is printed is a file: redirect it, and give it to --genotype. A longer list begins with the shorter one.

    \b
    Examples:
      archdsl sample zoo/autox3d.arch:autox3d --seed 7 > found.arch
      archdsl sample zoo/autox3d.arch:autox3d -n 1000 --max-macs 2.0G --json
    """
    budget = None if max_macs is None else parse_quantity(max_macs)
    architecture = open_target(reference, inputs=inputs, settings=settings)
    genotypes = architecture.samples(count, seed, budget)
    costs = architecture.cost(genotypes)
    params, macs = costs["params"].tolist(), costs["macs"].tolist()
    if as_json:
        print_json([_facts(*one) for one in zip(genotypes, params, macs, strict=True)])
        return
    click.echo("\n".join(_document(reference, architecture.graph, genotypes, params, macs)), nl=False)


def _document(reference: str, graph: Graph, genotypes: Sequence[Genotype], params: Sequence[int], macs: Sequence[int]) -> list[str]:
    """A file of genotypes, each with its cost in a comment."""
    module = module_path(reference)
    parts = ["arch 1" + (f"\nuse {module}: {graph.name}" if module else "") + "\n"]
    unit = macs_word(batch_of(graph))
    for number, (genotype, p, m) in enumerate(zip(genotypes, params, macs, strict=True)):
        title = "sample" if len(genotypes) == 1 else f"sample_{number}"
        parts.append(f"# {exact(m)} {unit}, {exact(p)} params\n{genotype.to_text(title, graph.name)}")
    return parts


def _facts(genotype: Genotype, params: int, macs: int) -> dict[str, Any]:
    return {"genotype": dict(genotype), "params": params, "macs": macs}

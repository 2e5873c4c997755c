"""`archdsl render FILE[:NAME] -o OUT`."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from archdsl.cli.options import genotype_option, input_option, scale_option, set_option
from archdsl.cli.output import by_suffix
from archdsl.cli.target import Target, open_target
from archdsl.whole_files import replacing

_VIEWS = (
    "macro",
    "cell",
    "graph",
    "space",
)  # archdsl_draw's, which is imported only to draw


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@genotype_option
@input_option
@set_option
@click.option(
    "--view", type=click.Choice(_VIEWS), help="What to show; without it, what suits."
)
@click.option(
    "--depth",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Graph view: how deep blocks are opened.",
)
@click.option("--focus", metavar="PATH", help="Show one instance: group[3] or cell[2].")
@click.option(
    "--probabilities",
    metavar="RUN",
    help="Show what a search learned: its directory, or its metrics.jsonl.",
)
@scale_option
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="Where to; the suffix decides: .svg, .html, .dot, .png or .pdf.",
)
def command(
    view: str | None,
    depth: int | None,
    focus: str | None,
    probabilities: str | None,
    scale: float,
    output: str,
    **target: Unpack[Target],
) -> None:
    """Draw a space or a model.

    \b
    Views:
      macro   stages from left to right, streams as lanes
      cell    the nodes of a cell and what flows between them
      graph   the operations, blocks collapsed below --depth
      space   every open choice with its alternatives

    \b
    Examples:
      archdsl render zoo/autox3d.arch:autox3d -o autox3d.svg
      archdsl render zoo/autox3d.arch:autox3d --genotype example_s -o example_s.html
      archdsl render zoo/nas.arch:darts_v2_cifar --view cell --focus cell[3] -o normal.png
      archdsl render zoo/slowfast.arch:slowfast_4x16_r50 --view graph --depth 2 -o slowfast.svg
      archdsl render zoo/autox3d.arch:autox3d --probabilities runs/parsec -o learned.svg
    """
    from archdsl_draw import SUFFIXES, read_probabilities, render

    path = Path(output)
    by_suffix(path, dict.fromkeys(SUFFIXES))
    graph = open_target(**target).graph
    chances = None if probabilities is None else read_probabilities(Path(probabilities))
    drawing = render(graph, view=view, depth=depth, focus=focus, probabilities=chances)
    with replacing(path) as beside:
        drawing.save(beside, scale=scale)

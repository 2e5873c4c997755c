"""`archdsl render FILE[:NAME] -o OUT`."""

from __future__ import annotations

from pathlib import Path

import click

from archdsl.cli.options import genotype_option, input_option, set_option
from archdsl.cli.output import by_suffix
from archdsl.cli.target import open_target
from archdsl.whole_files import replacing


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@genotype_option
@input_option
@set_option
@click.option("-o", "--output", required=True, metavar="OUT", help="Where to; the suffix decides the format.")
def command(reference: str, genotype: str | None, inputs: tuple[str, ...], settings: tuple[str, ...], output: str) -> None:
    """Draw a space or a model.

    \b
    Examples:
      archdsl render zoo/autox3d.arch:autox3d -o autox3d.svg
      archdsl render zoo/autox3d.arch:autox3d --genotype example_s -o example_s.html
    """
    from archdsl_draw import SUFFIXES, render

    path = Path(output)
    by_suffix(path, dict.fromkeys(SUFFIXES))
    drawing = render(open_target(reference, inputs=inputs, settings=settings, genotype=genotype).graph)
    with replacing(path) as beside:
        drawing.save(beside)

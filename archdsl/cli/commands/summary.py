"""`archdsl summary FILE[:NAME]`."""

from __future__ import annotations

import click

from archdsl.cli.options import genotype_option, input_option, json_option, set_option
from archdsl.cli.output import print_json
from archdsl.cli.target import open_target
from archdsl.questions.summary import summarise


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@genotype_option
@input_option
@set_option
@json_option
def command(
    reference: str,
    genotype: str | None,
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print a space or a model as its paper's table does: stages, output shapes, params, MACs, choices.

    Of a space, params and MACs are the exact extremes over all architectures, and their number is exact. MACs
    are the multiply-accumulates that papers call FLOPs, for one clip.

    \b
    Examples:
      archdsl summary zoo/autox3d.arch:autox3d
      archdsl summary zoo/autox3d.arch:autox3d --genotype example_s
      archdsl summary zoo/x3d.arch:x3d_s --input clip=1x3x16x224x224
      archdsl summary zoo/x3d.arch:x3d_s --set classes=174 --json
    """
    summary = summarise(
        open_target(reference, inputs=inputs, settings=settings, genotype=genotype).graph
    )
    if as_json:
        print_json(summary.facts())
        return
    from archdsl.cli.summary_table import print_summary

    print_summary(summary)

"""`archdsl compile FILE[:NAME] -o OUT`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Unpack

import click

from archdsl.backends import backend, suffixes
from archdsl.cli.options import genotype_option, input_option, seed_option, set_option
from archdsl.cli.output import by_suffix
from archdsl.cli.sources import weights_of
from archdsl.cli.target import Target, open_target
from archdsl.cli.torch_backend import torch_backend
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.whole_files import replacing, write_text


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@genotype_option
@input_option
@set_option
@click.option(
    "--weights",
    metavar="W",
    help="Take the weights from this file instead of starting anew.",
)
@seed_option("Decides the weights that start anew.")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="Where to; the suffix decides the format.",
)
def command(weights: str | None, seed: int, output: str, **target: Unpack[Target]) -> None:
    """Write a model to OUT in the format of its suffix.

    .py is source that needs only PyTorch, .pt2 an exported program, .onnx the same for other runtimes,
    .safetensors the weights, .json the IR (of a space as well).

    \b
    Examples:
      archdsl compile zoo/x3d.arch:x3d_s -o x3d_s.py
      archdsl compile zoo/autox3d.arch:autox3d --genotype found.arch -o found.pt2
    """
    path = Path(output)
    suffix = path.suffix.lower()
    writer = backend(suffix)
    if writer is None and suffix != ".json":
        by_suffix(path, dict.fromkeys((*suffixes(), ".json")))
    if weights is not None and not os.path.isfile(weights):
        raise DiagnosticError(files.NOT_FOUND.error(None, f"no file `{weights}`"))
    graph = open_target(**target).graph
    if writer is None:
        from archdsl.ir.codec import to_json

        write_text(path, json.dumps(to_json(graph), ensure_ascii=False) + "\n")
        return
    with replacing(path) as beside, torch_backend(f"writing {suffix}"):
        own = (
            weights_of(target["reference"], target["inputs"])
            if weights is None and suffix != ".py"
            else weights
        )
        writer.write(graph, beside, weights=own, seed=seed)

"""`archdsl train FILE:NAME --data D --run DIR`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import click

from archdsl.cli.interrupts import INTERRUPTED, asked_to_stop
from archdsl.cli.options import (
    RunOptions,
    genotype_option,
    input_option,
    json_option,
    run_options,
    seed_option,
    set_option,
)
from archdsl.cli.output import print_json
from archdsl.cli.report import report
from archdsl.cli.target import open_target
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.plans.table import defaults
from archdsl.elaborate.plans.values import written


class _Options(RunOptions):
    genotype: str | None
    inputs: tuple[str, ...]
    settings: tuple[str, ...]
    epochs: str | None
    batch: str | None
    optimiser: str | None
    precision: str
    checkpointing: bool


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@click.option(
    "--data",
    required=True,
    metavar="D",
    help="Where examples come from: video:DIR, tensor:FILE, python:pkg.mod:factory, motion.",
)
@run_options
@genotype_option
@input_option
@set_option
@click.option(
    "--weights",
    metavar="W",
    type=click.Path(path_type=Path),
    help="Start from these weights instead of anew.",
)
@click.option("--epochs", metavar="N", help="Passes over the data.  [default: 10]")
@click.option(
    "--batch", metavar="N", help="Examples in a batch, over all processes.  [default: 16]"
)
@click.option(
    "--optimiser",
    metavar="O",
    help="As in a plan, e.g. 'sgd(0.1, momentum = 0.9, schedule = \"cosine\")', the default.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "float64", "bfloat16"]),
    default="float32",
    show_default=True,
)
@click.option(
    "--checkpointing",
    is_flag=True,
    help="Compute activations again in the backward pass, for memory.",
)
@seed_option("Where the random numbers start.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Processes that read the data.",
)
@json_option
def command(
    reference: str,
    data: str,
    seed: int,
    weights: Path | None,
    workers: int,
    **options: Unpack[_Options],
) -> None:
    """Train a model, from scratch or from weights, and leave DIR/weights.safetensors.

    DIR also holds metrics.jsonl, a line an epoch, checkpoints, and index.html, a page with the curves. The
    same model, data and seed lead to the same weights; so does a training that was stopped, at any moment,
    and resumed. Under
    torchrun all processes train together.

    \b
    Examples:
      archdsl train zoo/motion.arch:with_no_cell --data motion --run runs/plain
      archdsl train zoo/x3d.arch:x3d_s --set classes=8 --data video:clips --epochs 30 --run runs/x3d
      torchrun --nproc-per-node=2 -m archdsl -- train zoo/motion.arch:with_no_cell --data motion --run plain
    """
    planned = _settings(
        {
            "weights": (options["optimiser"], "--optimiser"),
            "epochs": (options["epochs"], "--epochs"),
            "batch": (options["batch"], "--batch"),
        }
    )
    planned |= {
        "precision": options["precision"],
        "checkpointing": options["checkpointing"],
        "seed": seed,
    }
    folder, chunks, as_json = options["folder"], options["chunks"], options["as_json"]
    if weights is not None and not os.path.isfile(weights):
        raise DiagnosticError(files.NOT_FOUND.error(None, f"no file `{weights}`"))
    graph = open_target(
        reference,
        inputs=options["inputs"],
        settings=options["settings"],
        genotype=options["genotype"],
    ).graph
    try:
        from archdsl.cli.run_progress import progress
        from archdsl.search import data as sources
        from archdsl.search import ranks, running
        from archdsl.search.runs import Stopped
        from archdsl.search.training import Training, check, frozen, train
    except ModuleNotFoundError as missing:
        message = f"training needs the package {missing.name}, which is not installed"
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[torch]'")
        ) from missing

    with ranks.joined(options["device"]) as own:
        opened = sources.open(data, None, graph)
        report(opened.complaints() if own.is_first else ())
        training = Training(
            graph,
            planned,
            seed,
            opened,
            own,
            running.cuts(chunks, own),
            own.device,
            weights,
            workers,
        )
        # what cannot be learned from or with is refused before there is a run
        check(training)
        held = frozen(training, reference, data, running.conditions(opened, chunks, own))
        with (
            running.begun(
                running.Asked(folder, options["resume"], chunks), held, own, _complain
            ) as run,
            asked_to_stop(quiet=not own.is_first) as stop,
            progress(quiet=as_json or not own.is_first) as watch,
        ):
            try:
                found = train(training, run, watch=watch, stop=stop, complain=_complain)
            except Stopped:
                found = None
    if not own.is_first:
        raise SystemExit(INTERRUPTED if found is None else 0)
    if found is None:
        click.echo(f"stopped; `--resume` goes on where {folder} is now", err=True)
        raise SystemExit(INTERRUPTED)
    if as_json:
        print_json(
            {
                "model": graph.name,
                **found,
                "run": str(folder),
                "weights": str(folder / "weights.safetensors"),
            }
        )
    else:
        click.echo(
            f"accuracy {found['accuracy']:.4f}, loss {found['validation_loss']:.4f}: "
            f"{folder / 'weights.safetensors'}"
        )


def _complain(diagnostic: Diagnostic) -> None:
    report([diagnostic])


def _settings(given: Mapping[str, tuple[str | None, str]]) -> dict[str, Any]:
    """A plan's settings, with those that the command line gives as texts. Raises DiagnosticError with all
    that is wrong.
    """
    found = defaults()
    wrong: list[Diagnostic] = []
    for name, (text, option) in given.items():
        if text is not None:
            try:
                found[name] = written(name, text, option)
            except DiagnosticError as error:
                wrong.extend(error.diagnostics)
    if wrong:
        raise DiagnosticError(*wrong)
    return found

"""`archdsl search FILE:PLAN --data D --run DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from archdsl.cli.interrupts import INTERRUPTED, asked_to_stop
from archdsl.cli.options import RunOptions, json_option, run_options
from archdsl.cli.output import print_json
from archdsl.cli.report import report
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import opened
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.elaborate.evaluation.module import Module
    from archdsl.elaborate.plans.plan import Plan
    from archdsl.search.search import Found
    from archdsl.search.strategies.protocol import Facts


@click.command()
@click.argument("reference", metavar="FILE:PLAN")
@click.option(
    "--data",
    metavar="D",
    help="Where examples come from, in place of the plan's: video:DIR, tensor:FILE, motion …",
)
@run_options
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="In place of the plan's."
)
@click.option(
    "--storage",
    metavar="URL",
    help="Where a bandit shares its trials: sqlite:///FILE, another database, or a journal's path.",
)
@json_option
def command(
    reference: str,
    data: str | None,
    seed: int | None,
    storage: str | None,
    **options: Unpack[RunOptions],
) -> None:
    """Search a space as a plan says, and write the genotype that it finds to DIR/genotype.arch.

    DIR also holds the plan, metrics.jsonl, checkpoints and index.html, a page with every choice's
    probabilities over time. The same plan, data and seed find the same; so does a run that was stopped, at
    any moment, and resumed. Under
    torchrun all processes search together.

    \b
    Examples:
      archdsl search zoo/motion.arch:narrow_fair --run runs/narrow
      archdsl search mine.arch:plan --data video:clips --run runs/mine
      torchrun --nproc-per-node=2 -m archdsl -- search zoo/motion.arch:narrow_fair --run runs/narrow
    """
    project = Project()
    plan, node, module = open_plan(reference, project, seed)
    try:
        from archdsl.cli.run_progress import progress
        from archdsl.search import ranks, running
        from archdsl.search.documents import documents
        from archdsl.search.runs import Stopped
        from archdsl.search.search import search
    except ModuleNotFoundError as missing:
        message = f"searching needs the package {missing.name}, which is not installed"
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[torch]'")
        ) from missing

    folder, as_json = options["folder"], options["as_json"]
    asked = running.Asked(folder, options["resume"], options["chunks"], storage)
    with (
        ranks.joined(options["device"]) as own,
        running.started(plan, data, asked, own, _complain) as (run, around),
        asked_to_stop(quiet=not own.is_first) as stop,
        progress(quiet=as_json or not own.is_first) as watch,
    ):

        def watching(event: Facts) -> None:
            report(around.data.complaints())
            watch(event)

        try:
            found = search(
                plan,
                documents(node, module, project),
                run,
                around,
                watch=watching,
                stop=stop,
            )
        except Stopped:
            found = None
    if found is None:
        if own.is_first:
            click.echo(f"stopped; `--resume` goes on where {folder} is now", err=True)
        raise SystemExit(INTERRUPTED)
    if own.is_first:
        _report(plan, found, folder, as_json)


def _complain(diagnostic: Diagnostic) -> None:
    report([diagnostic])


def open_plan(
    reference: str, project: Project, seed: int | None = None
) -> tuple[Plan, ast.Search, Module]:
    """The plan of a reference, against its space. Raises DiagnosticError where there is none, or with all
    that is wrong.
    """
    from dataclasses import replace

    from archdsl.elaborate.plans.plan import resolve_plan

    meant = opened(reference, project)
    node, module = meant.plan(), meant.module
    plan = resolve_plan(node, module)
    if seed is not None:
        steps = tuple(replace(s, settings={**s.settings, "seed": seed}) for s in plan.steps)
        plan = replace(plan, settings={**plan.settings, "seed": seed}, steps=steps)
    return plan, node, module


def _report(plan: Plan, found: Found, folder: Path, as_json: bool) -> None:
    if as_json:
        facts = {
            "plan": plan.name,
            "strategy": plan.strategy.name,
            "genotype": dict(found.genotype),
            "macs": found.costs["macs"],
            "params": found.costs["params"],
            "steps": {name: dict(answers) for name, answers in found.steps.items()},
            "run": str(folder),
        }
        print_json(facts)
        return
    click.echo((folder / "genotype.arch").read_text(encoding="utf-8"), nl=False)

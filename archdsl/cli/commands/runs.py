"""`archdsl runs DIR…`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.options import json_option
from archdsl.cli.output import by_suffix, print_json
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError

if TYPE_CHECKING:
    from archdsl.search.listing import Listed


@click.command()
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the page here.",
)
@json_option
def command(folders: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    """List the runs in directories and below them, and compare them on one page.

    A run is running, finished, stopped (by Ctrl-C or SIGTERM), failed, or killed: then `--resume` goes on
    with it. The page has a plot for each number with a line for each run.

    \b
    Examples:
      archdsl runs runs
      archdsl runs runs/narrow runs/wide -o compared.html
    """
    if output is not None:
        by_suffix(output, {".html": "page"})
    try:
        from archdsl.search.listing import comparison, found_below
    except ModuleNotFoundError as missing:
        message = f"reading runs needs the package {missing.name}, which is not installed"
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[torch]'")
        ) from missing
    from archdsl.whole_files import write_text

    found = found_below(folders)
    if output is not None:
        write_text(output, comparison(found))
    if as_json:
        print_json({"runs": [run.facts() for run in found]})
    elif output is None:
        _print(found)


def _print(runs: list[Listed]) -> None:
    from rich.table import Table

    from archdsl.cli.terminal import console
    from archdsl.search.listing import SHOWN, spent
    from archdsl.search.plots import number

    names = [name for name in SHOWN if any(name in run.last() for run in runs)]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in ("run", "of", "status", "time", "rounds"):
        table.add_column(
            head, justify="right" if head in ("time", "rounds") else "left", overflow="fold"
        )
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for run in runs:
        last = run.last()
        told = [run.name, run.of, run.status, spent(run.seconds), f"{len(run.records):,}"]
        table.add_row(*told, *(number(last[n]) if n in last else "" for n in names))
    console().print(table)

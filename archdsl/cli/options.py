"""Options that several commands share, and the text of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isinf
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError

Command = TypeVar("Command", bound=Callable[..., Any])

_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.*\S)\s*", re.ASCII | re.DOTALL)
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?(?:[eE]\+?\d{1,2})?)\s*([KMGT]?)\s*", re.ASCII)
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def input_option(command: Command) -> Command:
    """`--input clip=1x3x16x224x224`, repeatable."""
    return click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="NAME=SIZES",
        help="Feed another size, e.g. clip=1x3x16x224x224.",
    )(command)


def set_option(command: Command) -> Command:
    """`--set name=value`, repeatable."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Change a parameter, e.g. classes=174.",
    )(command)


def genotype_option(command: Command) -> Command:
    """`--genotype G`."""
    return click.option(
        "--genotype",
        metavar="G",
        help="Settle choices: a genotype's FILE, FILE:NAME, or NAME.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print the facts as JSON (schema in grammar/).",
    )(command)


def scale_option(command: Command) -> Command:
    """`--scale S`."""
    help = "Of a PNG: pixels for each point."
    return click.option(
        "--scale",
        type=click.FloatRange(0.1, 20),
        default=2,
        show_default=True,
        metavar="S",
        help=help,
    )(command)


def seed_option(help: str) -> Callable[[Command], Command]:
    """`--seed N`, 0 by default, and what it decides."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="N",
        help=help,
    )


class RunOptions(TypedDict):
    """What `run_options` and `json_option` give."""

    folder: Path
    resume: bool
    chunks: int
    device: str | None
    as_json: bool


def run_options(command: Command) -> Command:
    """`--run DIR`, `--resume`, `--chunks N` and `--device D`, of all that learns in a run directory."""
    directory = click.Path(path_type=Path)
    chunks = "Compute each batch in so many parts, a rank's share."
    for option in (
        click.option(
            "--device", metavar="D", help="cpu or cuda; by default what there is."
        ),
        click.option(
            "--chunks",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help=chunks,
        ),
        click.option(
            "--resume", is_flag=True, help="Go on from the run's latest checkpoint."
        ),
        click.option(
            "--run",
            "folder",
            required=True,
            metavar="DIR",
            type=directory,
            help="The run directory.",
        ),
    ):
        command = option(command)
    return command


def parse_settings(texts: tuple[str, ...]) -> Mapping[str, str]:
    """The text of each value by the name of its parameter.

    Raises DiagnosticError (E0908).
    """
    values: dict[str, str] = {}
    for text in texts:
        match = _SETTING.fullmatch(text)
        if match is None or match[1] in values:
            problem = "is given twice" if match else "is not a name and a value"
            raise DiagnosticError(
                files.BAD_SETTING.error(
                    None, f"`--set {text}` {problem}", help="write `--set classes=174`"
                )
            )
        values[match[1]] = match[2]
    return values


def parse_quantity(text: str) -> float:
    """A cost: `2.0G` is 2·10⁹.

    Raises DiagnosticError (E0909).
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise DiagnosticError(
            files.BAD_QUANTITY.error(
                None, f"`{text}` is not a cost", help="write `2.0G` or `2000000000`"
            )
        )
    cost = float(match[1]) * _UNITS[match[2]]
    if isinf(cost):
        raise DiagnosticError(
            files.BAD_QUANTITY.error(None, f"the cost `{text}` is beyond every number")
        )
    return cost

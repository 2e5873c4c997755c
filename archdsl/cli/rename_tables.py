"""Rename tables: where they lie, and which are tried for the checkpoint of a model."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import chain
from pathlib import Path

from archdsl.cli import standard_input
from archdsl.cli.files import read
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import split_reference
from archdsl.questions import rename
from archdsl.questions.checkpoint import Table
from archdsl.syntax.shipped import shipped

SUFFIX = ".rename"


def tables_for(reference: str) -> list[Table]:
    """Keys as they are, the tables beside the model's file that begin with its name, and those that ship.

    The tables beside the file say what is resized of keys that are ours already.

    Raises DiagnosticError for tables that cannot be read.
    """
    reference = standard_input.named(reference)
    file = standard_input.given(Project(), reference).find(split_reference(reference)[0])
    paths = sorted(
        path
        for path in file.parent.glob(f"*{SUFFIX}")
        if path.is_file() and path.stem.startswith(file.stem)
    )
    here = {path.absolute() for path in paths}
    others = [path for path in _shipped() if path.absolute() not in here]
    beside = list(map(_open, paths))
    own = tuple(chain.from_iterable(table.rules.of_our_keys() for table in beside))
    tables = [*beside, *map(_open, others)]
    return [Table(None, rename.Rules(own)), *sorted(tables, key=_starts_anew)]


def table_named(name: str) -> Table:
    """The table of a path, or of the name of one that ships, as one that was asked for.

    Raises DiagnosticError where there is none, or it cannot be read.
    """
    path = Path(name)
    if os.path.exists(path):
        return replace(_open(path), is_asked=True)
    known = {}
    for ours in _shipped():
        known[ours.stem] = known[ours.relative_to(shipped("specs")).as_posix()] = ours
    if name not in known:
        hint = did_you_mean(
            name, known, f"those that ship: {', '.join(p.stem for p in _shipped())}"
        )
        text = f"no rename table `{name}`, here or among those that ship"
        raise DiagnosticError(files.NOT_FOUND.error(None, text, help=hint))
    return replace(_open(known[name]), is_asked=True)


def _shipped() -> list[Path]:
    return sorted(shipped("specs").rglob(f"*{SUFFIX}"))


def _starts_anew(table: Table) -> bool:
    """Of tables that fit alike, those of whole checkpoints come before those that begin a training."""
    return any(rule.theirs is None for rule in table.rules.rules)


def _open(path: Path) -> Table:
    return Table(path.stem, rename.read(read(path)))

"""What a search has learned so far, read from the directory of its run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl.whole_files import read_bytes

_MOST_BYTES = 1 << 28
_ROUNDED = 1e-4  # what a sum of rounded shares may be beyond
Chances = Mapping[str, Mapping[str, float]]


def read_probabilities(path: Path) -> dict[str, dict[str, float]]:
    """The latest probabilities of every choice, by path and label, from a run's directory or its
    `metrics.jsonl`.

    A last line that is still being written is left out. Raises DiagnosticError E0967 for a file that cannot
    be read or holds no probabilities.
    """
    file = path / "metrics.jsonl" if path.is_dir() else path
    lines = _lines(file)
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
            latest(records[-1:])
        except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError):
            if number == len(lines) > 1:
                del records[number - 1 :]
                break
            raise DiagnosticError(
                codes.BAD_PROBABILITIES.error(
                    None, f"line {number} of `{file}` is no record of a search"
                )
            ) from None
    found = latest(records)
    if not found:
        help = "runs of `archdsl search` hold them from the first round on"
        raise DiagnosticError(
            codes.BAD_PROBABILITIES.error(
                None, f"`{file}` holds no probabilities", help=help
            )
        )
    return found


def _lines(file: Path) -> list[str]:
    try:
        data = read_bytes(file, _MOST_BYTES)
        problem = "it is too large" if len(data) > _MOST_BYTES else None
        lines = data.decode("utf-8").splitlines()
    except DiagnosticError as error:
        problem = error.diagnostics[0].message
    except UnicodeDecodeError:
        problem = "it is not text"
    if problem is not None:
        raise DiagnosticError(
            codes.BAD_PROBABILITIES.error(None, f"cannot read `{file}`: {problem}")
        )
    return lines


def latest(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The probabilities of every choice in the last of the records of a run that has them: steps open
    different choices. Raises ValueError, TypeError or AttributeError for what is no record.
    """
    found: dict[str, dict[str, float]] = {}
    for record in records:
        for path, chances in record.get("probabilities", {}).items():
            found[path] = {label: float(p) for label, p in chances.items()}
            if not all(-_ROUNDED <= p <= 1 + _ROUNDED for p in found[path].values()):
                raise ValueError(f"{chances} are no probabilities")
    return found


def fitting(graph: Graph, chances: Chances) -> dict[str, dict[str, float]]:
    """Those of the choices that the graph has, or had before they were answered.

    Raises DiagnosticError E0967 where it has none of them, or other alternatives.
    """
    known = {c.path: c for c in graph.choices}
    found = {p: dict(c) for p, c in chances.items() if p in known or p in graph.answers}
    if chances and not found:
        path = next(iter(chances))
        message = f"`{graph.name}` has none of the choices of the search, such as `{path}`"
        raise DiagnosticError(
            codes.BAD_PROBABILITIES.error(
                None, message, help="draw the space that was searched"
            )
        )
    for path, labels in found.items():
        other = sorted(set(labels) - set(known[path].labels())) if path in known else []
        if other:
            message = f"the search knows `{other[0]}` as an alternative of `{path}`; `{graph.name}` does not"
            raise DiagnosticError(
                codes.BAD_PROBABILITIES.error(
                    None, message, help="draw the space that was searched"
                )
            )
    return found

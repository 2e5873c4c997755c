"""Run directories, listed and compared: what each is of, how it stands, and what it has reached.

Nothing of a run is executed or trusted: what is no record of a run is passed over, and said.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.visible import markup, visible
from archdsl.search import clock
from archdsl.search.curves import QUANTITIES, Records, across_of, chance
from archdsl.search.plots import Line, Plot, figure, number
from archdsl.search.runs import facts_of, is_worked_in
from archdsl.search.sheet import circumstances, framed

_LINE = 1 << 20  # characters of a record
_RECORDS = 200_000
_BEST = {
    "accuracy": max,
    "best": max,
    "validation_loss": min,
    "loss": min,
    "entropy": min,
}
SHOWN = (
    "best",
    "accuracy",
    "validation_loss",
    "loss",
    "entropy",
    "expected_macs",
    "macs",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A run as it is listed. `status` is that of its last session; one that says it is running, though no
    process is at work, was killed.
    """

    folder: Path
    frozen: Mapping[str, Any]
    status: str
    why: str = ""
    seconds: float | None = None
    records: Records = field(default=(), repr=False)
    broken: int = 0  # lines of its metrics that are no records

    @property
    def name(self) -> str:
        """Its directory, as it is shown."""
        return visible(str(self.folder))

    @property
    def of(self) -> str:
        """The plan and its space, or the model."""
        plan, space = self.frozen.get("plan"), self.frozen.get("space")
        return visible(f"{plan} of {space}" if plan else str(self.frozen.get("model", "?")))

    @property
    def kind(self) -> str:
        return "search" if "plan" in self.frozen else "train"

    def best(self) -> dict[str, float]:
        """The best that it reached of each number: of accuracies the greatest, of losses the least."""
        found: dict[str, float] = {}
        for name, better in _BEST.items():
            values = list(_numbers(self.records, name))
            if values:
                found[name] = better(values)
        return found

    def last(self) -> dict[str, float]:
        """What it says last of each number."""
        found: dict[str, float] = {}
        for name in SHOWN:
            values = list(_numbers(self.records, name))
            if values:
                found[name] = values[-1]
        return found

    def facts(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "run": self.name,
            "kind": self.kind,
            "of": self.of,
            "status": self.status,
            "why": self.why,
            "seconds": self.seconds,
            "rounds": len(self.records),
            "best": self.best(),
            "last": self.last(),
            "circumstances": circumstances(self.frozen),
        }


def found_below(folders: Sequence[Path]) -> list[Listed]:
    """The runs in these directories and below them, by their paths. Raises DiagnosticError E0721 where there
    is none in one of them.
    """
    found: dict[Path, Listed] = {}
    for folder in folders:
        here = list(_directories(folder))
        if not here:
            problem = f"`{folder}` holds no run, and no directory below it does"
            help = "runs are what `archdsl search` and `archdsl train` wrote with `--run`"
            raise DiagnosticError(codes.NO_RUN.error(None, problem, help=help))
        for run in here:
            found.setdefault(run, listed(run))
    return [found[path] for path in sorted(found)]


def listed(folder: Path) -> Listed:
    """One run. Raises DiagnosticError E0721 where its `frozen.json` cannot be read."""
    try:
        frozen = facts_of(folder)
        if not isinstance(frozen, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError, RecursionError) as error:
        problem = f"`{folder}/frozen.json` cannot be read: {error}"
        raise DiagnosticError(codes.NO_RUN.error(None, problem)) from None
    told = clock.read(folder)
    records, broken = _records(folder / "metrics.jsonl")
    if told is None:
        return Listed(
            folder,
            frozen,
            "running" if is_worked_in(folder) else "killed",
            "",
            None,
            records,
            broken,
        )
    status = told.status
    if status == "running" and not is_worked_in(folder):
        status = "killed"
    return Listed(
        folder,
        frozen,
        status,
        visible(told.why),
        told.seconds,
        records,
        broken,
    )


def comparison(runs: Sequence[Listed]) -> str:
    """One page that shows runs beside each other: a table, and a plot for each number with a line a run."""
    title = f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
    parts = [f"<h1>{title}</h1>", f'<div class="wide">{_table(runs)}</div>']
    plots = [figure(plot) for plot in _plots(runs)]
    parts.append(f'<h2>Beside each other</h2><div class="plots">{"".join(plots)}</div>')
    return framed(title, parts)


def _plots(runs: Sequence[Listed]) -> Iterator[Plot]:
    """A plot of each number that any of the runs has, with a line a run."""
    words = " or ".join(sorted({across_of(run.records) for run in runs if run.records}))
    onward = [_onward(run.records) for run in runs]
    for quantity in QUANTITIES:
        levels = _agreed([chance(quantity, run.frozen.get("classes")) for run in runs])
        for name in dict.fromkeys(quantity.names.values()):
            lines = []
            for i, (run, records) in enumerate(zip(runs, onward, strict=True)):
                plot = quantity.only(name).plot(records, words)
                if plot is not None:
                    lines.append(Line(run.name, plot.lines[0].points, i))
            if lines:
                yield Plot(
                    f"{quantity.title}: {name}",
                    words,
                    lines,
                    levels,
                    quantity.most,
                )


def _onward(records: Records) -> Records:
    """The records of a search with the rounds of its steps counted on, one after the other."""
    found: list[Mapping[str, Any]] = []
    offset, before = 0, -1
    for record in records:
        if record["round"] <= before:
            offset += before + 1
        before = record["round"]
        found.append({**record, "round": before + offset})
    return found


def _agreed(levels: Sequence[Any]) -> Any:
    """The levels that all runs have."""
    return levels[0] if levels and all(level == levels[0] for level in levels) else ()


def _table(runs: Sequence[Listed]) -> str:
    lasts = [run.last() for run in runs]
    names = [name for name in SHOWN if _any_has(lasts, name)]
    heads = [
        "run",
        "of",
        "status",
        "time",
        "rounds",
        "data",
        "seed",
        "device",
    ]
    cells = "".join(f"<th>{h}</th>" for h in heads)
    cells += "".join(f'<th class="number">{n.replace("_", " ")}</th>' for n in names)
    rows = [f"<tr>{cells}</tr>"]
    for i, run in enumerate(runs):
        around, last = circumstances(run.frozen), run.last()
        told = [
            run.of,
            f"{run.status} {run.why}".strip(),
            spent(run.seconds),
            f"{len(run.records):,}",
        ]
        told += [around["data"], around["seed"], around["device"]]
        key = f'<i class="key ink-{i % 8}{" dashed" if i >= 8 else ""}"></i>'
        cells = f"<td>{key}{markup(run.name)}</td>" + "".join(
            f"<td>{markup(t)}</td>" for t in told
        )
        cells += "".join(
            f'<td class="number">{number(last[n]) if n in last else ""}</td>' for n in names
        )
        rows.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _any_has(found: Sequence[Mapping[str, float]], name: str) -> bool:
    return any(name in one for one in found)


def spent(seconds: float | None) -> str:
    """`1:02:03`, hours, minutes and seconds; "" where nobody knows."""
    if seconds is None or not 0 <= seconds < 1e9:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _directories(folder: Path) -> Iterator[Path]:
    """Those with a run, links aside."""
    for place, below, names in os.walk(folder):
        below.sort()
        if "frozen.json" in names:
            below.clear()
            yield Path(place)


def _records(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The records of a file of metrics, and how many of its lines are none."""
    found: list[dict[str, Any]] = []
    broken = 0
    if not path.is_file():
        return found, broken
    with path.open(encoding="utf-8", errors="replace") as file:
        while len(found) < _RECORDS and (line := file.readline(_LINE)):
            record = _record(line)
            if record is None:
                broken += 1
            elif "note" not in record:
                found.append(record)
    return found, broken


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_record = isinstance(record, dict) and isinstance(record.get("round"), int)
    return record if is_record else None


def _numbers(records: Records, name: str) -> Iterator[float]:
    for record in records:
        value = record.get(name)
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and isfinite(value)
        ):
            yield float(value)

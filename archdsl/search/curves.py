"""What is plotted of the records of a run: quantities that belong together in one plot, with what they are
compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from archdsl.search.plots import Level, Line, Plot, points_of

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Quantity:
    """`names` says what the line of a key of records is called; one that begins with a minus is of the
    negated value. `cost` is the metric that a budget may limit.
    """

    title: str
    names: Mapping[str, str]
    most: float | None = None
    cost: str = ""

    def only(self, name: str) -> Quantity:
        """The same with one of its lines, under any of its keys."""
        return replace(self, names={key: n for key, n in self.names.items() if n == name})

    def plot(
        self, records: Records, across: str, levels: Sequence[Level] = ()
    ) -> Plot | None:
        """Its lines in the records of one step or training; None where it has none."""
        lines, inks = [], list(dict.fromkeys(self.names.values()))
        for key, name in self.names.items():
            sign = -1.0 if key.startswith("-") else 1.0
            points = points_of((place(r), r.get(key.removeprefix("-"))) for r in records)
            signed = [(at, sign * value) for at, value in points]
            if signed:
                lines.append(Line(name, signed, inks.index(name)))
        last = place(records[-1]) if records else 1
        return Plot(self.title, across, lines, levels, self.most, last) if lines else None


_LOSSES = {
    "loss": "training",
    "validation_loss": "validation",
    "-likelihood": "validation",
}
LOSS = Quantity("Loss, nats", _LOSSES)
ACCURACY = Quantity("Accuracy on validation data", {"accuracy": "accuracy"}, most=1.0)
QUANTITIES = (
    LOSS,
    ACCURACY,
    Quantity("Value of trials", {"value": "trial", "best": "best so far"}),
    Quantity("Entropy of the distribution, nats", {"entropy": "entropy"}),
    Quantity(
        "MACs",
        {
            "expected_macs": "expected",
            "samples_macs": "mean of samples",
            "macs": "trial",
        },
        cost="macs",
    ),
    Quantity("Parameters", {"params": "trial"}, cost="params"),
    Quantity("Latency", {"latency": "trial"}, cost="latency"),
    Quantity("Learning rate", {"rate": "rate"}),
)


def place(record: Mapping[str, Any]) -> float:
    """Where a record stands from left to right: its epoch in a training, else its round from 1."""
    if "rate" in record and isinstance(record.get("epoch"), int):
        return int(record["epoch"])
    return int(record["round"]) + 1


def across_of(records: Records) -> str:
    """What is counted from left to right."""
    if any("rate" in r for r in records[:1]):
        return "epoch"
    return "trial" if any("genotype" in r for r in records[:1]) else "round"


def chance(quantity: Quantity, classes: object) -> list[Level]:
    """What a guess among so many classes has of a quantity."""
    if not isinstance(classes, int) or classes < 2:
        return []
    if quantity is LOSS:
        return [Level("chance", log(classes))]
    return [Level("chance", 1 / classes)] if quantity is ACCURACY else []


def scaled(steps: Sequence[Sequence[Plot]]) -> list[list[Plot]]:
    """The plots of several steps with one scale for each quantity."""
    most: dict[str, float] = {}
    for plots in steps:
        for plot in plots:
            most[plot.title] = max(most.get(plot.title, 0.0), plot.greatest())
    found = []
    for plots in steps:
        found.append([replace(plot, most=most[plot.title]) for plot in plots])
    return found

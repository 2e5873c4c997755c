"""Probabilities of alternatives over time, as SVG: shares of one, stacked. A kernel has the colour that it
has in every picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from archdsl.diagnostics.visible import markup
from archdsl.search.plots import (
    Scale,
    chart,
    framed,
    thinned,
    told,
    whole_ticks,
)

Shares = Sequence[tuple[int, Mapping[str, float]]]

# Dark to light and back, so that neighbours differ in grey as well; the labels beneath are in the same order.
_SHADES = (
    "#34495e",
    "#a9b8cc",
    "#5e4b56",
    "#d8c7d0",
    "#3d5a45",
    "#b9cfbf",
    "#5c5436",
    "#d6cfae",
    "#525252",
    "#d9d9d9",
)
_LISTED = 6  # alternatives that are named under the pointer, the likeliest first


def shares(
    path: str,
    series: Shares,
    colours: Mapping[str, str],
    across: str,
    last: int,
) -> str:
    """A figure of a choice's probabilities by round. `colours` are those that alternatives have elsewhere."""
    labels = list(series[-1][1])
    filled = {
        label: colours.get(label, _SHADES[i % len(_SHADES)])
        for i, label in enumerate(labels)
    }
    keys = [
        f'<span><i class="key" style="background:{filled[label]}"></i>'
        f"{markup(label)} <b>{series[-1][1][label]:.0%}</b></span>"
        for label in labels
    ]
    svg = _areas(path, thinned(series), filled, across, last)
    caption = f"<figcaption>{', '.join(keys)}</figcaption>"
    return f"<figure><h3>{markup(path)}</h3>{svg}{caption}</figure>"


def _areas(
    path: str,
    series: Shares,
    colours: Mapping[str, str],
    across: str,
    last: int,
) -> str:
    """The first label at the bottom."""
    axes, x, y = framed(whole_ticks(last), [0, 0.5, 1], across)
    levels = [[0.0] * len(series)]
    for label in colours:
        parts = zip(levels[-1], series, strict=True)
        levels.append([below + chances.get(label, 0.0) for below, (_, chances) in parts])
    xs = [x(at) for at, _ in series]
    shapes = [
        f'<path fill="{colour}" d="{_between(xs, below, above, y)}"/>'
        for colour, (below, above) in zip(colours.values(), pairwise(levels), strict=True)
    ]

    def tell(i: int) -> tuple[str, str]:
        at, chances = series[i]
        likely = sorted(chances.items(), key=lambda entry: -entry[1])[:_LISTED]
        words = ", ".join(f"{label} {chance:.0%}" for label, chance in likely)
        return "", f"{across} {at}: {words}"

    under = told([at for at, _ in series], x, tell)
    return chart(path, "".join([*shapes, axes, under]))


def _between(
    xs: Sequence[float],
    below: Sequence[float],
    above: Sequence[float],
    y: Scale,
) -> str:
    """The outline between two levels; of a single round a bar that can be seen."""
    if len(xs) == 1:
        xs, below, above = (
            [xs[0] - 2, xs[0] + 2],
            [below[0]] * 2,
            [above[0]] * 2,
        )
    there = [f"{at:.1f} {y(value):.1f}" for at, value in zip(xs, above, strict=True)]
    back = [f"{at:.1f} {y(value):.1f}" for at, value in zip(xs, below, strict=True)]
    return f"M{'L'.join([*there, *reversed(back)])}Z"

"""Charts of a run as SVG: curves, and shares over time; and the frame of a page that shows them. One file,
nothing fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from archdsl.diagnostics.codes.files import NO_DOT
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl.ir.notation import amount
from archdsl.questions.genotype import Genotype

_POINTS = 240  # of a curve, at most
_WIDTH, _HEIGHT = 260, 72
# Dark to light and back, so that neighbours differ in grey as well; the labels beneath are in the same order.
_SHADES = (
    "#0b4a6f",
    "#9ecae1",
    "#a63603",
    "#fdd0a2",
    "#3f007d",
    "#bcbddc",
    "#00441b",
    "#a1d99b",
    "#525252",
    "#d9d9d9",
)
_STYLE = """
  body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; background: #fff; color: #1a1a1a;
    font: 15px/1.45 system-ui, sans-serif; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
  h3 { font: 600 .85rem/1.3 ui-monospace, monospace; margin: 0; }
  .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(17.5rem, 1fr)); gap: 1.1rem; }
  figure { margin: 0; } figcaption { font-size: .8rem; color: #444; } figcaption b { color: #1a1a1a; }
  svg.chart { width: 100%; height: auto; background: #f6f6f6; }
  .key { display: inline-block; width: .7em; height: .7em; margin-right: .25em; }
  .drawing { overflow-x: auto; } pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; }
  @media (prefers-color-scheme: dark) {
    body { background: #1b1b1d; color: #eee; } figcaption { color: #bbb; } figcaption b { color: #fff; }
    pre { background: #2a2a2d; } svg.chart { background: #2a2a2d; } .drawing { background: #fff; }
  }
  @media print { .grid { grid-template-columns: repeat(3, 1fr); } body { margin: 0; max-width: none; } }
"""


def framed(title: str, parts: Sequence[str]) -> str:
    """A whole page."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def drawing(graph: Graph, genotype: Genotype | None = None) -> str:
    """The diagram of an architecture, or why there is none: of a cell its nodes, where a program that
    places them is there.
    """
    from archdsl_draw import render

    try:
        return render(graph, genotype).svg()
    except DiagnosticError as error:
        if error.diagnostics[0].code == NO_DOT.id:
            return render(graph, genotype, view="macro").svg()
        return f"<p>{escape(error.diagnostics[0].message)}</p>"


def learned(graph: Graph, records: Iterable[Mapping[str, Any]]) -> str:
    """Every open choice of a space, its alternatives shaded by the latest of the records that tell their
    probabilities; "" where none does.
    """
    from archdsl_draw import latest, render

    chances = latest(records)
    return render(graph, view="space", probabilities=chances).svg() if chances and graph.choices else ""


def curves(records: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[str]:
    """A figure for each of the named numbers that at least two records have."""
    found = []
    for name, title in titles.items():
        values = [(i, float(r[name])) for i, r in enumerate(records) if isinstance(r.get(name), int | float)]
        if len(values) > 1:
            found.append(
                figure(
                    _line(thinned(values)),
                    f"{title}: <b>{_number(values[-1][1])}</b>, at first {_number(values[0][1])}",
                )
            )
    return found


def shares(series: Sequence[tuple[int, Mapping[str, float]]], path: str) -> str:
    """A figure of a choice's probabilities over time, the last ones in words."""
    labels = list(series[-1][1])
    keys = [
        f'<span class="key" style="background:{_SHADES[i % len(_SHADES)]}"></span>'
        f"{escape(label)} <b>{series[-1][1][label]:.0%}</b>"
        for i, label in enumerate(labels)
    ]
    return figure(_areas(thinned(series), labels), ", ".join(keys), path)


def figure(svg: str, caption: str, title: str = "") -> str:
    heading = f"<h3>{escape(title)}</h3>" if title else ""
    return f"<figure>{heading}{svg}<figcaption>{caption}</figcaption></figure>"


def thinned(values: Sequence[Any]) -> list[Any]:
    """At most so many points, the first and the last among them."""
    if len(values) <= _POINTS:
        return list(values)
    return [values[round(i * (len(values) - 1) / (_POINTS - 1))] for i in range(_POINTS)]


def _line(values: Sequence[tuple[int, float]]) -> str:
    low, high = min(v for _, v in values), max(v for _, v in values)
    span, last = (high - low) or 1.0, values[-1][0] or 1
    points = " ".join(
        f"{_WIDTH * i / last:.1f},{4 + (_HEIGHT - 8) * (high - v) / span:.1f}" for i, v in values
    )
    return _chart(f'<polyline fill="none" stroke="#2b7bba" stroke-width="1.5" points="{points}"/>')


def _areas(series: Sequence[tuple[int, Mapping[str, float]]], labels: Sequence[str]) -> str:
    """Probabilities stacked, the first label at the bottom."""
    at = [i for i, _ in series]
    first, span = at[0], (at[-1] - at[0]) or 1
    xs = [_WIDTH * (i - first) / span for i in at] if len(at) > 1 else [0.0, float(_WIDTH)]
    columns = [p for _, p in series] if len(at) > 1 else [series[0][1]] * 2
    levels = [[0.0] * len(xs)]
    for label in labels:
        levels.append(
            [below + column.get(label, 0.0) for below, column in zip(levels[-1], columns, strict=True)]
        )
    shapes = []
    for number, (below, above) in enumerate(pairwise(levels)):
        edge = [f"{x:.1f},{_HEIGHT * (1 - y):.1f}" for x, y in zip(xs, above, strict=True)]
        edge += [f"{x:.1f},{_HEIGHT * (1 - y):.1f}" for x, y in reversed(list(zip(xs, below, strict=True)))]
        shapes.append(
            f'<polygon fill="{_SHADES[number % len(_SHADES)]}" points="{" ".join(edge)}">'
            f"<title>{escape(labels[number])}</title></polygon>"
        )
    return _chart("".join(shapes))


def _chart(content: str) -> str:
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
    return f'<svg class="chart" role="img" {box}>{content}</svg>'


def _number(value: float) -> str:
    return amount(round(value)) if abs(value) >= 1000 else f"{value:.4g}"

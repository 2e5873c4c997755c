"""The page of a run: curves, the probabilities of every choice over time, and the diagram. One file, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from archdsl.compare.text import amount
from archdsl.elaborate.plans import Plan, Step
from archdsl.questions.cost import cost
from archdsl.questions.genotype import Genotype
from archdsl.syntax.diagnostics import DiagnosticError

_CURVES = {
    "loss": "loss on training batches",
    "validation_loss": "loss on validation batches",
    "likelihood": "log-likelihood of samples, per example",
    "value": "value of trials",
    "best": "best value so far",
    "entropy": "entropy of the distribution, nats",
    "expected_macs": "expected MACs",
    "samples_macs": "MACs of samples, mean",
}
_POINTS = 240  # of a curve, at most
_WIDTH, _HEIGHT = 260, 72
# Dark to light and back, so that neighbours differ in grey as well; the labels beneath are in the same order.
_SHADES = ("#0b4a6f", "#9ecae1", "#a63603", "#fdd0a2", "#3f007d", "#bcbddc", "#00441b", "#a1d99b", "#525252", "#d9d9d9")
_STYLE = """
  body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; background: #fff; color: #1a1a1a; font: 15px/1.45 system-ui, sans-serif; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font: 600 .85rem/1.3 ui-monospace, monospace; margin: 0; }
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


def page(plan: Plan, step: Step, genotype: Genotype, records: Iterable[Mapping[str, Any]]) -> str:
    """The page for the records of all rounds so far, with the present genotype of the step that is searched."""
    by_step: dict[str, list[Mapping[str, Any]]] = {s.name: [] for s in plan.steps}
    for record in records:
        if record.get("step") in by_step:
            by_step[record["step"]].append(record)
    costs = cost(step.graph, genotype)
    title = escape(f"{plan.name}: {plan.strategy.name} on {plan.of}")
    parts = [f"<h1>{title}</h1>", f"<p>{escape(str(plan.strategy))}</p>"]
    for name, rounds in by_step.items():
        if rounds:
            parts.append(f"<h2>{escape(name)}, {len(rounds):,} rounds</h2>")
            parts.append(f'<div class="grid">{"".join(_curves(rounds))}</div>')
            parts.append(f'<h2>{escape(name)}: probabilities over time</h2><div class="grid">{"".join(_choices(rounds))}</div>')
    parts.append(f"<h2>The architecture, {amount(costs.macs)} MACs, {amount(costs.params)} parameters</h2>")
    parts.append(f"<pre>{escape(genotype.to_text('found', step.graph.name))}</pre>")
    parts.append(f'<div class="drawing">{_drawing(step, genotype)}</div>')
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _drawing(step: Step, genotype: Genotype) -> str:
    from archdsl_draw import render

    try:
        return render(step.graph, genotype).svg()
    except DiagnosticError as error:
        return f"<p>{escape(error.diagnostics[0].message)}</p>"


def _curves(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for name, title in _CURVES.items():
        values = [(i, float(r[name])) for i, r in enumerate(rounds) if isinstance(r.get(name), int | float)]
        if len(values) > 1:
            found.append(_figure(_line(_thinned(values)), f"{title}: <b>{_number(values[-1][1])}</b>, at first {_number(values[0][1])}"))
    return found


def _choices(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    over_time: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
    for i, record in enumerate(rounds):
        for path, probabilities in record.get("probabilities", {}).items():
            over_time.setdefault(path, []).append((i, probabilities))
    found = []
    for path, series in over_time.items():
        labels = list(series[-1][1])
        keys = [
            f'<span class="key" style="background:{_SHADES[i % len(_SHADES)]}"></span>{escape(label)} <b>{series[-1][1][label]:.0%}</b>'
            for i, label in enumerate(labels)
        ]
        found.append(_figure(_areas(_thinned(series), labels), ", ".join(keys), path))
    return found


def _figure(svg: str, caption: str, title: str = "") -> str:
    heading = f"<h3>{escape(title)}</h3>" if title else ""
    return f"<figure>{heading}{svg}<figcaption>{caption}</figcaption></figure>"


def _thinned(values: Sequence[Any]) -> list[Any]:
    """At most so many points, the first and the last among them."""
    if len(values) <= _POINTS:
        return list(values)
    return [values[round(i * (len(values) - 1) / (_POINTS - 1))] for i in range(_POINTS)]


def _line(values: Sequence[tuple[int, float]]) -> str:
    low, high = min(v for _, v in values), max(v for _, v in values)
    span, last = (high - low) or 1.0, values[-1][0] or 1
    points = " ".join(f"{_WIDTH * i / last:.1f},{4 + (_HEIGHT - 8) * (high - v) / span:.1f}" for i, v in values)
    return _chart(f'<polyline fill="none" stroke="#2b7bba" stroke-width="1.5" points="{points}"/>')


def _areas(series: Sequence[tuple[int, Mapping[str, float]]], labels: Sequence[str]) -> str:
    """Probabilities stacked, the first label at the bottom."""
    at = [i for i, _ in series]
    first, span = at[0], (at[-1] - at[0]) or 1
    xs = [_WIDTH * (i - first) / span for i in at] if len(at) > 1 else [0.0, float(_WIDTH)]
    columns = [p for _, p in series] if len(at) > 1 else [series[0][1]] * 2
    levels = [[0.0] * len(xs)]
    for label in labels:
        levels.append([below + column.get(label, 0.0) for below, column in zip(levels[-1], columns, strict=True)])
    shapes = []
    for number, (below, above) in enumerate(pairwise(levels)):
        edge = [f"{x:.1f},{_HEIGHT * (1 - y):.1f}" for x, y in zip(xs, above, strict=True)]
        edge += [f"{x:.1f},{_HEIGHT * (1 - y):.1f}" for x, y in reversed(list(zip(xs, below, strict=True)))]
        shapes.append(
            f'<polygon fill="{_SHADES[number % len(_SHADES)]}" points="{" ".join(edge)}"><title>{escape(labels[number])}</title></polygon>'
        )
    return _chart("".join(shapes))


def _chart(content: str) -> str:
    return f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">{content}</svg>'


def _number(value: float) -> str:
    return amount(round(value)) if abs(value) >= 1000 else f"{value:.4g}"

"""The frame of the pages of runs: one file each, with what a run is of, how it stands, and diagrams.

A page is a function of what the run holds, so that it is the same however often the run was killed and
resumed. Only the time is elsewhere, in `clock.js` beside it, and filled in by the browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from archdsl.diagnostics.codes.files import NO_DOT
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.visible import markup, visible
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import Genotype
from archdsl.search.clock import FILE, Status

_TIME = '<span id="time">in clock.js beside this page</span>'
_FILL = (
    "<script>if (typeof clock === 'object') {"
    " const s = clock.seconds, parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, Math.floor(s) % 60];"
    " const n = clock.sessions;"
    " document.getElementById('time').textContent = parts[0] + ' h ' + parts[1] + ' min ' + parts[2] + ' s'"
    " + (n > 1 ? ', in ' + n + ' sessions' : '');"
    "}</script>"
)


def framed(title: str, parts: Iterable[str]) -> str:
    """A whole page."""
    style = _style()
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{markup(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>\n{style}</style>\n</head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def heading(title: str, status: Status, progress: str, facts: Mapping[str, str]) -> str:
    """What a run is of and how it stands; its time is filled in where the page is read."""
    why = f": {markup(status.why)}" if status.why else ""
    rows = [
        f"<dt>{markup(name)}</dt><dd>{markup(text)}</dd>"
        for name, text in facts.items()
        if text
    ]
    return (
        f"<h1>{markup(title)}</h1>\n"
        f'<p><span class="status {status.word}">{status.word}</span>{why} · {markup(progress)}</p>\n'
        f"<dl>{''.join(rows)}<dt>time</dt><dd>{_TIME}</dd></dl>\n"
        f'<script src="{FILE}"></script>{_FILL}'
    )


def circumstances(frozen: Mapping[str, Any]) -> dict[str, str]:
    """What a run's numbers depend on, as its page says it."""
    settings = frozen.get("settings", {})
    settings = settings if isinstance(settings, dict) else {}
    found = {
        "data": frozen.get("data", ""),
        "classes": frozen.get("classes", ""),
        "batch": settings.get("batch", ""),
        "weights": settings.get("weights", ""),
        "seed": settings.get("seed", frozen.get("seed", "")),
        "device": _device(frozen),
        "precision": str(settings.get("precision", "")).strip('"'),
        "versions": f"archdsl {frozen.get('archdsl', '?')}, PyTorch {frozen.get('torch', '?')}",
    }
    return {name: visible(str(value)) for name, value in found.items()}


def _device(frozen: Mapping[str, Any]) -> str:
    """`cpu, 2 threads`, `cuda, 4 processes`."""
    parts = [str(frozen.get("device", ""))]
    for name, word in (("threads", "thread"), ("ranks", "process")):
        count = frozen.get(name, 1)
        if isinstance(count, int) and count > 1:
            parts.append(f"{count} {word}{'es' if word == 'process' else 's'}")
    return ", ".join(p for p in parts if p)


def drawing(graph: Graph, genotype: Genotype | None = None) -> str:
    """The diagram of an architecture, or why there is none: of a cell its nodes, where the program that
    places them is there.
    """
    from archdsl_draw import render
    from archdsl_draw.svg import as_svg
    from archdsl_draw.theme import themed

    try:
        made = render(graph, genotype)
    except DiagnosticError as error:
        if error.diagnostics[0].code != NO_DOT.id:
            return f"<p>{markup(error.diagnostics[0].message)}</p>"
        made = render(graph, genotype, view="macro")
    return f'<div class="drawing">{as_svg(themed(made.scene))}</div>'


def learned(graph: Graph, records: Sequence[Mapping[str, Any]]) -> str:
    """Every open choice of a space, its alternatives shaded by the latest of the records that tell their
    probabilities; "" where none does.
    """
    from archdsl_draw import latest, render
    from archdsl_draw.svg import as_svg
    from archdsl_draw.theme import themed

    chances = latest(records)
    if not chances or not graph.choices:
        return ""
    scene = render(graph, view="space", probabilities=chances).scene
    return f'<div class="drawing">{as_svg(themed(scene))}</div>'


@cache
def _style() -> str:
    return (files("archdsl.search") / "page.css").read_text(encoding="utf-8")

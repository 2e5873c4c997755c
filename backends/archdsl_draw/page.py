"""One self-contained HTML file: the drawing, the architecture as data, and a viewer. It asks no network for
anything.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from archdsl.compare.difference import Difference
from archdsl.compare.edits import Moved
from archdsl.compare.text import as_text
from archdsl.diagnostics.visible import markup, visible
from archdsl.ir.graph import Graph
from archdsl.outline.paths import spelled_out
from archdsl_draw.anatomy import anatomy
from archdsl_draw.scene import Scene
from archdsl_draw.svg import as_svg
from archdsl_draw.theme import themed

_SCRIPTS = ("layered.js", "camera.js", "facts.js", "structure.js", "viewer.js")
_FOREIGN = re.compile(r"[^\x20-\x7e]+")
_PLACES = 50  # paths of an edit that the page can point at


@dataclass(frozen=True, slots=True)
class Subject:
    """What a drawing is of: one graph, or two with their difference. Empty, the page shows the drawing
    alone.
    """

    graphs: tuple[Graph, ...] = ()
    difference: Difference | None = None


def as_page(scene: Scene, subject: Subject) -> str:
    """The page of a drawing; the same architecture gives the same bytes.

    Without JavaScript it shows the drawing. The policy in its head admits its own script and style sheet, by
    their hashes, and nothing else; texts of the architecture are escaped wherever they stand.
    """
    style = _datum("viewer.css")
    script = "".join(["(() => {\n'use strict';\n", *map(_datum, _SCRIPTS), "})();\n"])
    policy = (
        f"default-src 'none'; img-src data:; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": markup(scene.title),
        "style": style,
        "script": script,
        "picture": as_svg(themed(scene)),
        "differences": _differences(subject.difference),
        "data": _embedded(
            {**anatomy(subject.graphs), "edits": list(_edits(subject.difference))}
        ),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _datum("page.html"))


@cache
def _datum(name: str) -> str:
    return (files("archdsl_draw") / "html" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _embedded(data: Any) -> str:
    """JSON that cannot end the element that it stands in, and whose texts are visible."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = _FOREIGN.sub(lambda found: visible(found[0]).replace("\\", "\\\\"), text)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _differences(difference: Difference | None) -> str:
    """The edits as text, readable without a script."""
    if difference is None:
        return ""
    count = len(difference.edits)
    lines = as_text(difference).splitlines()
    items = "\n".join(
        f'<li data-edit="{i}"><code>{markup(line)}</code></li>'
        for i, line in enumerate(lines[:count])
    )
    rest = escape("\n".join(map(visible, lines[count:])))
    heading = f"{count} difference{'' if count == 1 else 's'}"
    listed = f"<ol>\n{items}\n</ol>\n<pre>{rest}</pre>"
    return f'<details class="differences" open>\n<summary>{heading}</summary>\n{listed}\n</details>'


def _edits(difference: Difference | None) -> Iterator[list[Sequence[str] | str]]:
    """For each edit its line, and the paths above and below that it concerns."""
    if difference is None:
        return
    for line, edit in zip(as_text(difference).splitlines(), difference.edits, strict=False):
        before = list(map(str, spelled_out(edit.path)[:_PLACES]))
        after = (
            list(map(str, spelled_out(edit.to)[:_PLACES]))
            if isinstance(edit, Moved)
            else before
        )
        yield [" ".join(line.split()), before, after]

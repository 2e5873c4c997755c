"""From a graph to a drawing, and from a drawing to a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archdsl.compare.text import amount
from archdsl.compare.totals import totals
from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.syntax.codes import files as codes
from archdsl.syntax.diagnostics import DiagnosticError
from archdsl_draw.boxes import face, key_of, scaled
from archdsl_draw.dot import as_dot
from archdsl_draw.layout import MARGIN, draw_flow, place
from archdsl_draw.legend import draw_legend
from archdsl_draw.look import Look, cost_of, looks
from archdsl_draw.macro import Macro, Unit, arrange, joined, units_of
from archdsl_draw.metrics import text_width
from archdsl_draw.page import as_page
from archdsl_draw.palette import SOFT
from archdsl_draw.plan import Band, Plan
from archdsl_draw.scene import Label, Scene
from archdsl_draw.stages import draw_stages
from archdsl_draw.svg import as_svg

SUFFIXES = (".svg", ".html", ".dot", ".png", ".pdf")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn architecture. The same architecture gives the same bytes."""

    scene: Scene

    def svg(self) -> str:
        return as_svg(self.scene)

    def dot(self) -> str:
        return as_dot(self.scene)

    def html(self) -> str:
        return as_page(self.scene)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the drawing in the form that the suffix asks for: svg, html, dot, or through Graphviz png and pdf.

        The file appears whole or not at all. Raises DiagnosticError: E0904 for another suffix, E0960 where the program
        `dot` is missing or fails, E0903 where the file cannot be written.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            raise DiagnosticError(codes.UNKNOWN_SUFFIX.error(None, f"`{target}` ends in none of {', '.join(SUFFIXES)}"))
        if suffix in (".png", ".pdf"):
            content = _through_dot(self.dot(), suffix[1:])
        else:
            content = {".svg": self.svg, ".html": self.html, ".dot": self.dot}[suffix]().encode()
        _write(target, content)


def render(graph: Graph, genotype: Mapping[str, str] | None = None, *, title: str | None = None) -> Drawing:
    """The macro view of a space or a model: stages from left to right, streams as lanes, a box per block.

    With a genotype, the architecture that it selects. Raises DiagnosticError (E0961) where the genotype names a choice
    or an alternative that the graph does not have.
    """
    if genotype is not None:
        graph = fix(graph, _assignment(graph, genotype))
    live = activity(graph.outputs)
    units = units_of(graph)
    if graph.choices:
        first = looks(units, live)
        units = joined(units, lambda a, b: _alike(first[a], first[b]))
    found = looks(units, live)
    macro = arrange(units)
    faces, ground = scaled({unit: face(unit, found[unit]) for unit in units})
    plan = Plan(title or graph.name, _subtitle(graph), macro, faces, _bands(macro, found), key_of(found), ground)
    return Drawing(_scene(plan))


def _scene(plan: Plan) -> Scene:
    scene = Scene(plan.title, plan.subtitle)
    scene.items.append(Label(MARGIN, MARGIN + 12, plan.title, 16, "start", bold=True))
    scene.items.append(Label(MARGIN, MARGIN + 28, plan.subtitle, 10, "start", colour=SOFT))
    placed = place(plan, MARGIN + 42)
    texts = (text_width(plan.title, 16, True), text_width(plan.subtitle, 10), 420)
    right = max([row.right for row in placed.rows] + [MARGIN + width for width in texts])
    draw_stages(scene, plan, placed)
    draw_flow(scene, plan, placed)
    bottom = draw_legend(scene, plan, MARGIN, placed.rows[-1].bottom + 70, right)
    scene.width, scene.height = right + MARGIN, bottom + MARGIN / 2
    return scene


def _alike(a: Look, b: Look) -> bool:
    return (a.kernels, a.channels, a.expansion, a.options, a.attention, a.sizes) == (
        b.kernels,
        b.channels,
        b.expansion,
        b.options,
        b.attention,
        b.sizes,
    )


def _bands(macro: Macro, found: Mapping[Unit, Look]) -> tuple[Band, ...]:
    """The stages; their size is that of the longest lane where it leaves them."""
    main = Counter(u.lane for u in macro.units).most_common(1)[0][0]
    bands = []
    for name, first, last in macro.bands:
        inside = [u for u in macro.units if first <= u.column <= last and not u.is_input]
        leaving = max((u for u in inside if u.lane == main), key=lambda u: u.column, default=None)
        bands.append(Band(name, first, last, found[leaving].sizes if leaving is not None else "", cost_of(inside, found)))
    return tuple(bands)


def _subtitle(graph: Graph) -> str:
    known = totals(graph)
    parts = ["a space" if graph.choices else "a model"]
    for what, ends in (("params", known.params), ("MACs", known.macs)):
        if ends is not None:
            low, high = amount(ends[0]), amount(ends[1])
            parts.append(f"{low if low == high else f'{low}–{high}'} {what}")
    if graph.choices:
        parts.append(f"{len(graph.choices)} choices")
        if known.architectures is not None:
            parts.append(f"{_many(known.architectures[0])} architectures")
    return " · ".join(parts)


def _many(n: int) -> str:
    return f"{n:,}" if n < 10**9 else f"{n:.3g}"


def _assignment(graph: Graph, genotype: Mapping[str, str]) -> dict[Choice, int]:
    by_path = {choice.path: choice for choice in graph.choices}
    wrong = []
    settled: dict[Choice, int] = {}
    for path, label in genotype.items():
        choice = by_path.get(path)
        if choice is None:
            wrong.append(codes.NOTHING_TO_DRAW.error(None, f"`{graph.name}` has no choice `{path}`"))
        elif label not in choice.labels():
            message = f"`{path}` cannot be {label}"
            wrong.append(codes.NOTHING_TO_DRAW.error(None, message, help=f"it is one of {', '.join(choice.labels())}"))
        else:
            settled[choice] = choice.labels().index(label)
    if wrong:
        raise DiagnosticError(*wrong)
    return settled


def _through_dot(text: str, form: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        message = f"a {form.upper()} needs the program `dot`, which is not installed"
        raise DiagnosticError(codes.NO_DOT.error(None, message, help="`apt install graphviz`, or save as .svg, which needs no program"))
    done = subprocess.run([program, f"-T{form}", "-Gdpi=144"], input=text.encode(), capture_output=True, timeout=120, check=False)
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no output"]
        raise DiagnosticError(codes.NO_DOT.error(None, f"`dot` failed: {lines[-1]}", help="save as .svg, which needs no program"))
    return done.stdout


def _write(target: Path, content: bytes) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError as error:
        raise DiagnosticError(codes.UNWRITABLE.error(None, f"`{target}`: {error.strerror}")) from None

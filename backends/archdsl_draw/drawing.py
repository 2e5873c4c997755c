"""A drawing and the files that it can become."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.whole_files import replacing
from archdsl_draw.dot import as_dot
from archdsl_draw.page import Subject, as_page
from archdsl_draw.scene import Scene
from archdsl_draw.svg import as_svg

_MOST_PIXELS = 32_000  # a side; beyond, Graphviz's bitmaps are scaled down unasked
SUFFIXES = (".svg", ".html", ".dot", ".png", ".pdf")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn architecture, and what it is of, which the page tells more about. The same architecture gives
    the same bytes.
    """

    scene: Scene
    subject: Subject = field(default=Subject(), repr=False)

    def svg(self) -> str:
        return as_svg(self.scene)

    def dot(self) -> str:
        return as_dot(self.scene)

    def html(self) -> str:
        return as_page(self.scene, self.subject)

    def save(self, path: str | os.PathLike[str], *, scale: float = 2) -> None:
        """Writes the drawing in the form that the suffix asks for: svg, html, dot, or through Graphviz png
        and pdf.

        `scale` is how many pixels of a PNG a point becomes; the other forms have no pixels. The file appears
        whole or not at all. Raises DiagnosticError: E0904 for another suffix, E0960 where the program `dot`
        is missing or fails or the picture has more pixels than it draws, E0903 where the file cannot be
        written.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            raise DiagnosticError(
                codes.UNKNOWN_SUFFIX.error(None, f"`{target}` ends in none of {', '.join(SUFFIXES)}")
            )
        if suffix in (".png", ".pdf"):
            pixels = max(self.scene.width, self.scene.height) * scale
            if suffix == ".png" and pixels > _MOST_PIXELS:
                fits = _MOST_PIXELS / max(self.scene.width, self.scene.height)
                message = f"a PNG of {pixels:,.0f} pixels is more than `dot` draws"
                raise DiagnosticError(
                    codes.NO_DOT.error(None, message, help=f"a scale of {fits:.2g} at most, or save as .svg")
                )
            content = _through_dot(self.dot(), suffix[1:], scale)
        else:
            content = {".svg": self.svg, ".html": self.html, ".dot": self.dot}[suffix]().encode()
        with replacing(target) as beside:
            beside.write_bytes(content)


def _through_dot(text: str, form: str, scale: float) -> bytes:
    program = shutil.which("dot")
    if program is None:
        message = f"a {form.upper()} needs the program `dot`, which is not installed"
        raise DiagnosticError(
            codes.NO_DOT.error(
                None, message, help="`apt install graphviz`, or save as .svg, which needs no program"
            )
        )
    options = [f"-T{form}", f"-Gdpi={72 * scale:g}"] if form == "png" else [f"-T{form}"]
    done = subprocess.run(
        [program, *options], input=text.encode(), capture_output=True, timeout=120, check=False
    )
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no output"]
        raise DiagnosticError(
            codes.NO_DOT.error(
                None, f"`dot` failed: {lines[-1]}", help="save as .svg, which needs no program"
            )
        )
    return done.stdout

"""A drawing and the files that it can become."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.whole_files import replacing
from archdsl_draw.dot import as_dot
from archdsl_draw.engine import run
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
        whole or not at all. Raises DiagnosticError: E0904 for another suffix, E0960 where no program of
        Graphviz is installed or it fails or the picture has more pixels than it draws, E0903 where the file
        cannot be written.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            raise DiagnosticError(
                codes.UNKNOWN_SUFFIX.error(
                    None, f"`{target}` ends in none of {', '.join(SUFFIXES)}"
                )
            )
        is_bitmap = suffix in (".png", ".pdf")
        content = (
            self._bitmap(suffix[1:], scale) if is_bitmap else self._text(suffix).encode()
        )
        with replacing(target) as beside:
            beside.write_bytes(content)

    def _text(self, suffix: str) -> str:
        return {".svg": self.svg, ".html": self.html, ".dot": self.dot}[suffix]()

    def _bitmap(self, form: str, scale: float) -> bytes:
        if form == "pdf":
            return run(self.dot(), form)
        longest = max(self.scene.width, self.scene.height)
        if longest * scale > _MOST_PIXELS:
            message = f"a PNG of {longest * scale:,.0f} pixels is more than Graphviz draws"
            help = f"a scale of {_MOST_PIXELS / longest:.2g} at most, or save as .svg"
            raise DiagnosticError(codes.NO_DOT.error(None, message, help=help))
        return run(self.dot(), form, f"-Gdpi={72 * scale:g}")

"""One self-contained HTML file around the drawing."""

from __future__ import annotations

from html import escape

from archdsl_draw.metrics import FONT
from archdsl_draw.scene import Scene
from archdsl_draw.svg import as_svg


def as_page(scene: Scene) -> str:
    """The SVG in a page that scrolls, prints on one sheet's width, and needs no network."""
    style = f"""
  body {{ margin: 0; background: #fff; color: #1a1a1a; font-family: {FONT}; }}
  figure {{ margin: 0; padding: 1rem; overflow-x: auto; }}
  @media (prefers-color-scheme: dark) {{ body {{ background: #1b1b1d; }} svg {{ border-radius: 6px; }} }}
  @media print {{ figure {{ padding: 0; overflow: visible; }} svg {{ max-width: 100%; height: auto; }} }}
"""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(scene.title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{style}</style>\n</head>\n'
        f"<body>\n<figure>\n{as_svg(scene)}</figure>\n</body>\n</html>\n"
    )

"""Draws spaces, models and differences: SVG, HTML and DOT by itself, PNG and PDF through Graphviz (`engine`).

Begin with `views`: which there are, and `render`. `macro`, `space_view`, `graph_view`, `cell` and
`cell_view` turn an outline into a `scene` of placed shapes, `comparison` two outlines; `layout`, `placing`
and `routes` say where boxes and arrows stand, `look`, `palette` and `theme` how they look. `svg`, `dot` and
`page` (with `html/`) write.
"""

from archdsl_draw.comparison import render_difference
from archdsl_draw.drawing import SUFFIXES, Drawing
from archdsl_draw.probabilities import latest, read_probabilities
from archdsl_draw.views import VIEWS, render

__all__ = [
    "SUFFIXES",
    "VIEWS",
    "Drawing",
    "latest",
    "read_probabilities",
    "render",
    "render_difference",
]

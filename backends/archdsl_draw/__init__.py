"""Draws spaces, models and differences: SVG, HTML and DOT by itself, PNG and PDF through Graphviz."""

from archdsl_draw.comparison import render_difference
from archdsl_draw.drawing import SUFFIXES, Drawing
from archdsl_draw.probabilities import latest, read_probabilities
from archdsl_draw.views import VIEWS, render

__all__ = ["SUFFIXES", "VIEWS", "Drawing", "latest", "read_probabilities", "render", "render_difference"]

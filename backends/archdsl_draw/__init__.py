"""Draws spaces, models and differences: SVG, HTML and DOT by itself, PNG and PDF through Graphviz."""

from archdsl_draw.comparison import render_difference
from archdsl_draw.drawing import SUFFIXES, Drawing
from archdsl_draw.view import render

__all__ = ["SUFFIXES", "Drawing", "render", "render_difference"]

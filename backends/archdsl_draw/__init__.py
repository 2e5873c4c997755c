"""Draws spaces and models: SVG, HTML and DOT by itself, PNG and PDF through Graphviz."""

from archdsl_draw.drawing import SUFFIXES, Drawing, render

__all__ = ["SUFFIXES", "Drawing", "render"]

"""Pairs of networks that differ in one thing, as edits to one text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from archdsl.elaborate.importer import Importer
from archdsl.elaborate.project import Project
from archdsl.ir.graph import Graph
from archdsl.syntax.shipped import shipped
from archdsl.syntax.source import Source

BASE = """arch 1
use std: mbconv3d, project, se

space base(width = 16, classes = 10) {
  input clip: [b, c = 3, t = 4, h = 32, w = 32]
  x = clip -> conv(width, 1x3x3, 1x2x2) as stem -> batch_norm as stem_norm -> relu
  for (i, channels) in enumerate([16, 32]) as stage {
    kernel ~ [1x3x3, 3x3x3]
    gate   ~ [identity, se]
    for j in range(2) {
      step, shortcut = if j == 0 then ((1, 2, 2), project(channels, (1, 2, 2))) else (1, identity)
      x = x -> mbconv3d(channels, kernel, 2.0, step, shortcut = shortcut) as block
    }
    x = x -> gate
  }
  y = x -> mean(@thw)
  output y -> linear(32) as neck -> relu -> linear(classes) as classify
}

genotype one of base {
  stage[0] { kernel = 1x3x3  gate = identity }
  stage[1] { kernel = 3x3x3  gate = se }
}
model fixed = base() with one
"""

# name -> what to replace in BASE, and the network to compare
PAIRS: Mapping[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "formatting_only": ((("    kernel ~ [1x3x3, 3x3x3]", "    # spatial or not\n    kernel   ~   [1x3x3,3x3x3]"),), "base"),
    "stage_deepened": ((("range(2)", "range(3)"),), "fixed"),
    "kernel_changed": ((("conv(width, 1x3x3", "conv(width, 3x3x3"),), "base"),
    "choice_widened": ((("[1x3x3, 3x3x3]", "[1x3x3, 3x3x3, 5x3x3]"),), "base"),
    "layer_choice_widened": ((("[identity, se]", "[identity, se, relu]"),), "base"),
    "choice_settled": ((("kernel ~ [1x3x3, 3x3x3]", "kernel = 3x3x3"), ("kernel = 1x3x3  ", ""), ("kernel = 3x3x3  gate", "gate")), "base"),
    "choice_renamed": ((("kernel ~", "window ~"), ("channels, kernel", "channels, window"), ("{ kernel", "{ window")), "base"),
    "instance_renamed": ((("as neck", "as wide"),), "base"),
    "loop_renamed": ((("as stage", "as group"), ("stage[0]", "group[0]"), ("stage[1]", "group[1]")), "base"),
    "activation_replaced": ((("as neck -> relu", "as neck -> gelu"),), "base"),
    "layer_inserted": ((("as stem_norm -> relu", "as stem_norm -> relu -> max_pool(1x3x3) as pool"),), "base"),
    "layer_removed": ((("as stem_norm -> relu", "as stem_norm"),), "base"),
    "block_added": (
        (
            ("as stem_norm -> relu\n", "as stem_norm -> relu\n  x = x -> pointwise as extra\n"),
            ("\nspace base", "\nblock pointwise = conv(16) -> batch_norm as norm\n\nspace base"),
        ),
        "base",
    ),
    "join_added": ((("x = x -> gate", "x = (x -> gate) + x"),), "base"),
    "order_swapped": ((("-> batch_norm as stem_norm -> relu", "-> relu -> batch_norm as stem_norm"),), "base"),
    "input_size": ((("h = 32, w = 32", "h = 64, w = 64"),), "base"),
    "answer_changed": ((("kernel = 1x3x3  gate = identity", "kernel = 3x3x3  gate = se"),), "fixed"),
    "requirement_added": ((("  y = x", "  require macs <= 8M\n  y = x"),), "base"),
}


@cache
def network(text: str, name: str) -> Graph:
    """The network of a text, elaborated as from a file."""
    importer = Importer(shipped("specs"))
    module = importer.load_text(Source("net.arch", text), Path("."))
    return Project(importer).elaborate(module, name).graph


def pair(name: str) -> tuple[Graph, Graph]:
    """Both sides of a pair."""
    text, (edits, network_name) = BASE, PAIRS[name]
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return network(BASE, network_name), network(text, network_name)

"""Pairs of networks that differ in one thing, as edits to one text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.ir.graph import Graph
from archdsl.syntax.shipped import shipped

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
    "formatting_only": (
        (
            (
                "    kernel ~ [1x3x3, 3x3x3]",
                "    # spatial or not\n    kernel   ~   [1x3x3,3x3x3]",
            ),
        ),
        "base",
    ),
    "stage_deepened": ((("range(2)", "range(3)"),), "fixed"),
    "kernel_changed": ((("conv(width, 1x3x3", "conv(width, 3x3x3"),), "base"),
    "choice_widened": ((("[1x3x3, 3x3x3]", "[1x3x3, 3x3x3, 5x3x3]"),), "base"),
    "layer_choice_widened": ((("[identity, se]", "[identity, se, relu]"),), "base"),
    "choice_settled": (
        (
            ("kernel ~ [1x3x3, 3x3x3]", "kernel = 3x3x3"),
            ("kernel = 1x3x3  ", ""),
            ("kernel = 3x3x3  gate", "gate"),
        ),
        "base",
    ),
    "choice_renamed": (
        (
            ("kernel ~", "window ~"),
            ("channels, kernel", "channels, window"),
            ("{ kernel", "{ window"),
        ),
        "base",
    ),
    "instance_renamed": ((("as neck", "as wide"),), "base"),
    "loop_renamed": (
        (("as stage", "as group"), ("stage[0]", "group[0]"), ("stage[1]", "group[1]")),
        "base",
    ),
    "activation_replaced": ((("as neck -> relu", "as neck -> gelu"),), "base"),
    "layer_inserted": (
        (("as stem_norm -> relu", "as stem_norm -> relu -> max_pool(1x3x3) as pool"),),
        "base",
    ),
    "layer_removed": ((("as stem_norm -> relu", "as stem_norm"),), "base"),
    "block_added": (
        (
            (
                "as stem_norm -> relu\n",
                "as stem_norm -> relu\n  x = x -> pointwise as extra\n",
            ),
            (
                "\nspace base",
                "\nblock pointwise = conv(16) -> batch_norm as norm\n\nspace base",
            ),
        ),
        "base",
    ),
    "join_added": ((("x = x -> gate", "x = (x -> gate) + x"),), "base"),
    "order_swapped": (
        (("-> batch_norm as stem_norm -> relu", "-> relu -> batch_norm as stem_norm"),),
        "base",
    ),
    "input_size": ((("h = 32, w = 32", "h = 64, w = 64"),), "base"),
    "answer_changed": (
        (("kernel = 1x3x3  gate = identity", "kernel = 3x3x3  gate = se"),),
        "fixed",
    ),
    "choice_narrowed": (
        (
            ("[identity, se]", "[identity]"),
            ("gate = identity }", "}"),
            ("  gate = se }", " }"),
        ),
        "base",
    ),
    "domain_reordered": ((("[identity, se]", "[se, identity]"),), "base"),
    "stride_changed": (
        (
            (
                "(1, 2, 2), project(channels, (1, 2, 2))",
                "(2, 2, 2), project(channels, (2, 2, 2))",
            ),
        ),
        "fixed",
    ),
    "width_changed": ((("width = 16", "width = 24"),), "fixed"),
    "classes_changed": ((("classes = 10", "classes = 20"),), "fixed"),
    "stage_removed": (
        (("[16, 32]) as", "[16]) as"), ("\n  stage[1] { kernel = 3x3x3  gate = se }", "")),
        "fixed",
    ),
    "block_moved": (
        (
            (
                "conv(width, 1x3x3, 1x2x2) as stem -> batch_norm as stem_norm",
                "entry(width) as entry",
            ),
            (
                "\nspace base",
                "\nblock entry(width) = conv(width, 1x3x3, 1x2x2) as stem -> batch_norm as "
                "stem_norm\n\nspace base",
            ),
        ),
        "base",
    ),
    "stream_added": (
        (
            (
                "  for (i,",
                "  fast = clip -> conv(4, 3x1x1, 1x2x2) as fast_stem -> relu -> mean(@thw)\n  for (i,",
            ),
            ("  output y ->", "  output [y, fast] -> concat(@c) ->"),
        ),
        "base",
    ),
    "two_choices_for_one": (
        (
            ("[identity, se]", "[identity, se]\n    act    ~ [relu, swish]"),
            ("x -> gate", "x -> gate -> act"),
            ("gate = identity }", "gate = identity  act = relu }"),
            ("gate = se }", "gate = se  act = swish }"),
        ),
        "base",
    ),
    "initialiser_changed": (
        (("linear(classes)", "linear(classes, init = normal(0.02))"),),
        "fixed",
    ),
    "requirement_added": ((("  y = x", "  require macs <= 8M\n  y = x"),), "base"),
}

# What ships against what ships: name -> two references
SHIPPED_PAIRS: Mapping[str, tuple[str, str]] = {
    "x3d_s_against_m": ("zoo/x3d.arch:x3d_s", "zoo/x3d.arch:x3d_m"),
    "x3d_s_against_l": ("zoo/x3d.arch:x3d_s", "zoo/x3d.arch:x3d_l"),
    "divided_against_joint": (
        "zoo/timesformer.arch:timesformer_divided",
        "zoo/timesformer.arch:timesformer_joint",
    ),
    "s3d_against_i3d": ("zoo/s3d.arch:s3d", "zoo/i3d.arch:i3d"),
    "slow_against_slowfast": (
        "zoo/slowfast.arch:slow_4x16_r50",
        "zoo/slowfast.arch:slowfast_4x16_r50",
    ),
    "lite_against_glore": ("zoo/glore.arch:r50_lite", "zoo/glore.arch:glore_r50"),
    "non_local_inserted": ("zoo/i3d.arch:i3d_r50", "zoo/i3d.arch:i3d_r50_nl"),
    "autox3d_s_against_l": ("zoo/autox3d.arch:autox3d_s", "zoo/autox3d.arch:autox3d_l"),
    "space_against_its_model": ("zoo/autox3d.arch:autox3d", "zoo/autox3d.arch:autox3d_s"),
    "agnostic_against_specific": (
        "zoo/attentionnas.arch:i3d_agnostic",
        "zoo/attentionnas.arch:i3d_specific",
    ),
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

"""A space of two architectures, and how tests call commands."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]

TINY = """arch 1

space tiny(width = 8) {
  input x: [b, c = 3, h = 8, w = 8]
  kernel ~ [1, 3x3]
  output x -> conv(width, kernel) as stem -> relu
}

genotype small of tiny { kernel = 1 }
genotype large of tiny { kernel = 3x3 }
"""

"""Supergraphs of spaces as users write them: what each mode makes of choices within, across and under other
choices.
"""

from __future__ import annotations

import pytest
import torch

from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import assignment
from archdsl_torch import compile
from archdsl_torch.supergraph import supergraph
from tests.strategies.specs import Spec, elaborate

SPACES = {
    "nested": """
  outer ~ [plain: conv(c, 1), wide: inner(c)]
  x = x -> conv(c, 1) as stem -> outer
  output x -> mean(@hw) -> linear(3) as head""",
    "depth": """
  depth ~ 1..3
  x = x -> conv(c, 1) as stem
  for i in range(depth) { x = x + (x -> conv(c, 3x3) as mix -> batch_norm as norm -> relu) }
  output x -> mean(@hw) -> linear(3) as head""",
    "widths": """
  width ~ 4..12 by 4
  kernel ~ [1x1, 3x3, 5x5]
  expand ~ 1.0..2.0 by 0.5
  x = x -> conv(width, 1) as stem -> batch_norm as norm
  h = x -> conv(int(width * expand), 1) as spread -> relu
  h = h -> conv(h.c, kernel, groups = h.c) as depthwise -> conv(width, 1) as narrow
  output x + h -> mean(@hw) -> linear(3) as head""",
    "several": """
  xs = [x -> conv(c, 1) as a, x -> conv(c, 3x3) as b, x -> relu -> conv(c, 1) as d]
  used ~ 1..3 of xs
  output used -> concat(@c) -> conv(4, 1) as joined -> mean(@hw) -> linear(3) as head""",
    "unequal": """
  xs = [x -> conv(4, 1) as a, x -> conv(6, 1) as b, x -> conv(8, 1) as d]
  used ~ 2 of xs
  output used -> concat(@c) -> batch_norm as norm -> conv(4, 1) as joined -> mean(@hw) -> linear(3) as head""",
    "summed": """
  xs = [x -> conv(c, 1) as a, x -> conv(c, 3x3) as b, x]
  used ~ 1..2 of xs
  output used -> weighted_sum -> mean(@hw) -> linear(3) as head""",
    "required": """
  first ~ 4..8 by 2
  second ~ 4..8 by 2
  require first <= second
  output x -> conv(first, 1) as a -> relu -> conv(second, 1) as b -> relu -> mean(@hw) -> linear(3) as head""",
}
FIRST = (
    "arch 1\nblock inner(c) {\n  input x\n  kernel ~ [1x1, 3x3]\n  output x -> conv(c, kernel) as own -> "
    "batch_norm as norm\n}\n"
)
TIED = """arch 1
block pair(c) {
  input x
  kernel ~ [1x1, 3x3]
  width ~ 4..8 by 4
  output x -> conv(width, kernel) as mix -> relu -> conv(c, 1) as back
}
space example(c = 4) {
  input x: [b, c = 4, h = 6, w = 6]
  layer = tied pair(c)
  output x -> layer as one -> layer as two -> mean(@hw) -> linear(3) as head
}
"""
SHARED = """arch 1
block turn(c) {
  input x
  act ~ [relu, sigmoid, tanh]
  output x -> conv(c, 3x3) as mix -> act
}
space example(c = 4) {
  input x: [b, c = 4, h = 6, w = 6]
  layer = shared turn(c)
  output x -> layer as one -> layer as two -> mean(@hw) -> linear(3) as head
}
"""
TEXTS = {
    name: f"{FIRST}space example(c = 4) {{\n  input x: [b, c = 4, h = 6, w = 6]{body}\n}}\n"
    for name, body in SPACES.items()
}
TEXTS["tied"] = TIED
TEXTS["shared"] = SHARED


def space(text: str) -> Graph:
    return elaborate(Spec(text, ("example",), frozenset()))


@pytest.mark.parametrize("mode", ["sampled", "mixed"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_question_of_a_supergraph(name: str, mode: str) -> None:
    graph = space(TEXTS[name])
    above = supergraph(graph, mode).double()
    x = torch.randn(2, 4, 6, 6, dtype=torch.float64)
    random = torch.Generator().manual_seed(1)
    macs = above.expected_macs()
    assert macs.requires_grad == (name != "shared")  # activations cost nothing
    if macs.requires_grad:
        macs.backward()
        assert any(p.grad is not None and p.grad.any() for p in above.logit_parameters())
    for _ in range(4):
        drawn = above.sample(random)
        y = above(x)
        alone = compile(fix(graph, assignment(graph, drawn))).double()
        alone.load_state_dict(above.extract(drawn))
        torch.testing.assert_close(y, alone(x), rtol=1e-9, atol=1e-9)
        assert above.log_prob(drawn) <= 0
        path, label = next(iter(drawn.items()))
        whole = above.entropy()
        above.set({path: label})
        assert 0 <= above.entropy() <= whole
        assert above.sample(random)[path] == label
        above.set({})
    derived = above.genotype()
    above.set(derived)
    assert above.entropy() == 0
    assert above.genotype() == derived
    assert above(x).shape == (2, 3)
